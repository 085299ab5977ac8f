/*
 * runtime_rig.h - runtimes for tests, and the few tasks that most of them need.
 *
 * Every test of behaviour runs on the current thread, on one worker, and on four:
 *
 *     FOR_EACH_FLAVOUR(runtime)
 *     {
 *         CHECK_EQ(weir_block_on(runtime, ...), 0);
 *     }
 */
#ifndef RUNTIME_RIG_H
#define RUNTIME_RIG_H

#include <weir/runtime.h>

#include "base/atomic.h"
#include "check.h"

static const unsigned rig_flavours[] __attribute__((unused)) = { 0, 1, 4 };

static inline weir_runtime_options rig_options(unsigned workers)
{
    weir_runtime_options options = workers > 0 ? weir_runtime_defaults() : weir_runtime_current_thread();
    options.workers = workers;
    return options;
}

static inline weir_runtime *rig_create(const weir_runtime_options *options)
{
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(options, &runtime), 0);
    return runtime;
}

static inline weir_runtime *rig_runtime(unsigned workers)
{
    const weir_runtime_options options = rig_options(workers);
    return rig_create(&options);
}

#define FOR_EACH_FLAVOUR(runtime)                                                            \
    for (unsigned flavour_ = 0; flavour_ < 3; flavour_++)                                    \
        for (weir_runtime *runtime = rig_runtime(rig_flavours[flavour_]); (runtime) != NULL; \
             weir_runtime_destroy(runtime), (runtime) = NULL)

/* Counted by every FINALLY of the tasks below. */
static uint32_t rig_finallys __attribute__((unused));

WEIR_ASYNC(rig_add_one, int, int x;)
{
    WEIR_BEGIN
    RETURN(self->x + 1);
    WEIR_FINALLY
    WEIR_END
}

/* Never ends. Says in *entered (may be NULL) that it has begun. */
WEIR_ASYNC(rig_for_ever, int, uint32_t *entered; weir_never never;)
{
    WEIR_BEGIN
    if (self->entered != NULL)
        (void)wi_fetch_add(self->entered, 1u, ACQ_REL);
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY(void)
    wi_fetch_add(&rig_finallys, 1u, ACQ_REL);
    WEIR_END
}

/* Resolves to the status of a join. */
WEIR_ASYNC(rig_join, int, weir_join_handle handle; weir_join_future join;)
{
    WEIR_BEGIN
    AWAIT(self->join, weir_join(self->handle, NULL));
    RETURN(self->join.output);
    WEIR_FINALLY
    WEIR_END
}

/* Yields until the word is at least `wanted`. */
WEIR_ASYNC(rig_until, int, const uint32_t *word; uint32_t wanted; weir_yield nap;)
{
    WEIR_BEGIN
    while (wi_load(self->word, ACQUIRE) < self->wanted)
        AWAIT(self->nap, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

/* Awaits the task on `runtime`; its status. */
static inline int rig_join_on(weir_runtime *runtime, weir_join_handle handle)
{
    int status = 1;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_join, .handle = handle), &status), 0);
    return status;
}

/* Runs the tasks of `runtime` until the word is at least `wanted`. */
static inline void rig_wait(weir_runtime *runtime, const uint32_t *word, uint32_t wanted)
{
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_until, .word = word, .wanted = wanted), NULL), 0);
}

#endif
