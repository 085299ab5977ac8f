/* join_all.c - all of several futures. */
#include "branches.h"

#define AT_WAIT 1

/*
 * Polls each branch that is on, once, and begins one further the next time.
 * Stops early at the first branch for which `is_last` is true. Sets *ret_stop
 * to it; NULL if there was none. WEIR_READY: nothing is left to wait for.
 */
static weir_poll poll_all(weir_branches *branches, weir_cx *cx, bool (*is_last)(const weir_future *branch),
                          const weir_future **ret_stop)
{
    const unsigned count = branches->count, start = branches->turn;
    weir_poll all = WEIR_READY;
    *ret_stop = NULL;
    branches->turn = start + 1 < count ? start + 1 : 0;
    for (unsigned i = 0; i < count; i++) {
        weir_future *branch = branches_at(branches, start + i < count ? start + i : start + i - count);
        if (!branches_is_on(branch))
            continue;
        if (weir_future_poll(branch, cx) == WEIR_PENDING) {
            all = WEIR_PENDING;
            continue;
        }
        branch->line = WEIR_AT_DONE;
        if (is_last(branch)) {
            *ret_stop = branch;
            return WEIR_READY;
        }
    }
    return all;
}

static bool never(const weir_future *branch)
{
    (void)branch;
    return false;
}

static weir_poll join_all_poll(weir_future *future, weir_cx *cx)
{
    weir_join_all_future *self = (weir_join_all_future *)(void *)future;
    const weir_future *stop;
    future->line = AT_WAIT;
    return poll_all(&self->branches, cx, never, &stop);
}

static void join_all_drop(weir_future *future)
{
    branches_drop(&((weir_join_all_future *)(void *)future)->branches);
}

const weir_future_type weir_join_all_type =
    WEIR_FUTURE_TYPE(weir_join_all_future, "join_all", join_all_poll, join_all_drop);
const weir_future_type weir_wide_join_all_type =
    WEIR_FUTURE_TYPE(weir_wide_join_all_future, "join_all", join_all_poll, join_all_drop);

weir_join_all_future weir_join_all_array(weir_future *const *branches, unsigned count)
{
    return (weir_join_all_future){
        .future = WEIR_FUTURE_INIT(&weir_join_all_type),
        .branches = { .far = branches, .count = count },
    };
}

/* --- with errors ------------------------------------------------------------------ */

static int status_of(const weir_future *branch)
{
    const void *output = (const char *)branch + branch->type->output_offset;
    switch (branch->type->output_size) {
    case sizeof(int):
        return *(const int *)output;
    case sizeof(int64_t): {
        const int64_t status = *(const int64_t *)output;
        return status < 0 ? (int)status : 0;
    }
    default:
        return -EINVAL;
    }
}

static bool has_failed(const weir_future *branch)
{
    return status_of(branch) < 0;
}

static weir_poll try_join_all_poll(weir_future *future, weir_cx *cx)
{
    weir_try_join_all_future *self = (weir_try_join_all_future *)(void *)future;
    const weir_future *failed;
    future->line = AT_WAIT;
    if (poll_all(&self->branches, cx, has_failed, &failed) == WEIR_PENDING)
        return WEIR_PENDING;
    self->output = failed == NULL ? 0 : status_of(failed);
    if (failed != NULL)
        branches_drop(&self->branches);
    return WEIR_READY;
}

static void try_join_all_drop(weir_future *future)
{
    branches_drop(&((weir_try_join_all_future *)(void *)future)->branches);
}

const weir_future_type weir_try_join_all_type =
    WEIR_FUTURE_TYPE(weir_try_join_all_future, "try_join_all", try_join_all_poll, try_join_all_drop);
const weir_future_type weir_wide_try_join_all_type =
    WEIR_FUTURE_TYPE(weir_wide_try_join_all_future, "try_join_all", try_join_all_poll, try_join_all_drop);

weir_try_join_all_future weir_try_join_all_array(weir_future *const *branches, unsigned count)
{
    return (weir_try_join_all_future){
        .future = WEIR_FUTURE_INIT(&weir_try_join_all_type),
        .branches = { .far = branches, .count = count },
    };
}
