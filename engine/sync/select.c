/* select.c - the first of several futures. */
#include "branches.h"

#define AT_WAIT 1

/* Only the head is looked at, and never written. */
_Alignas(64) const unsigned char weir_switched_off[sizeof(weir_future)];

static _Thread_local uint64_t start_state = 0x9e3779b97f4a7c15u;

void wi_select_seed(uint64_t seed)
{
    start_state = seed ^ 0x9e3779b97f4a7c15u;
    if (start_state == 0) /* the one state xorshift doesn't leave */
        start_state = 1;
}

/* xorshift64*, Vigna 2014; scaled by its upper half. */
static unsigned random_start(unsigned count)
{
    start_state ^= start_state >> 12;
    start_state ^= start_state << 25;
    start_state ^= start_state >> 27;
    const uint64_t upper = (start_state * 2685821657736338717u) >> 32;
    return (unsigned)((upper * count) >> 32);
}

/* A select takes a step itself where its winner didn't, or a loop over one might never end. */
static weir_poll end(weir_select_future *self, weir_cx *cx, uint32_t budget, int winner)
{
    if (cx->budget == budget)
        (void)weir_budget_take(cx);
    if ((self->branches.flags & WEIR_SELECT_REF) == 0)
        branches_drop(&self->branches); /* the winner is marked as done and stays */
    self->output = winner;
    return WEIR_READY;
}

/*
 * Without budget no branch is polled at all. Were they polled, those that take
 * none would win each time over those that do, for as long as the task goes on.
 */
static weir_poll select_poll(weir_future *future, weir_cx *cx)
{
    weir_select_future *self = (weir_select_future *)(void *)future;
    const weir_branches *branches = &self->branches;
    const unsigned count = branches->count;
    future->line = AT_WAIT;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    weir_budget_give_back(cx);

    const uint32_t budget = cx->budget;
    const bool is_biased = (branches->flags & WEIR_SELECT_BIASED) != 0;
    const unsigned start = is_biased ? 0 : random_start(count);
    bool any_on = false;
    for (unsigned i = 0; i < count; i++) {
        const unsigned index = start + i < count ? start + i : start + i - count;
        weir_future *branch = branches_at(branches, index);
        if (!branches_is_on(branch))
            continue;
        any_on = true;
        if (weir_future_poll(branch, cx) == WEIR_READY) {
            branch->line = WEIR_AT_DONE;
            return end(self, cx, budget, (int)index);
        }
    }
    return any_on ? WEIR_PENDING : end(self, cx, budget, -1);
}

static void select_drop(weir_future *future)
{
    const weir_select_future *self = (const weir_select_future *)(void *)future;
    if ((self->branches.flags & WEIR_SELECT_REF) == 0)
        branches_drop(&self->branches);
}

const weir_future_type weir_select_type = WEIR_FUTURE_TYPE(weir_select_future, "select", select_poll, select_drop);
const weir_future_type weir_wide_select_type =
    WEIR_FUTURE_TYPE(weir_wide_select_future, "select", select_poll, select_drop);

weir_select_future weir_select_array(unsigned flags, weir_future *const *branches, unsigned count)
{
    return (weir_select_future){
        .future = WEIR_FUTURE_INIT(&weir_select_type),
        .branches = { .far = branches, .count = count, .flags = flags },
    };
}
