/*
 * branches.h - the branches of a combinator, one by one.
 *
 * A combinator waits for several futures at once, so its head's `awaiting` is
 * NULL. Whoever prints a chain of awaits asks wi_branches_of() when a chain
 * ends, and goes on with each branch.
 */
#ifndef WI_BRANCHES_H
#define WI_BRANCHES_H

#include <weir/select.h>

/* Seeds the random starts of the selects polled on this thread. 0 is a seed, too; so is the start of a thread. */
void wi_select_seed(uint64_t seed);

/* A wide combinator is one of these with a longer array at its end. */
_Static_assert(offsetof(weir_wide_branches, near) == offsetof(weir_branches, near) &&
                   offsetof(weir_wide_select_future, branches) == offsetof(weir_select_future, branches) &&
                   offsetof(weir_wide_join_all_future, branches) == offsetof(weir_join_all_future, branches) &&
                   offsetof(weir_wide_try_join_all_future, branches) == offsetof(weir_try_join_all_future, branches),
               "wide and narrow ones begin the same way");

static inline bool branches_of_select(const weir_future *future)
{
    return future->type == &weir_select_type || future->type == &weir_wide_select_type;
}

/* The branches of a select or a join; NULL for any other future. */
static inline const weir_branches *wi_branches_of(const weir_future *future)
{
    if (branches_of_select(future))
        return &((const weir_select_future *)(const void *)future)->branches;
    if (future->type == &weir_join_all_type || future->type == &weir_wide_join_all_type)
        return &((const weir_join_all_future *)(const void *)future)->branches;
    if (future->type == &weir_try_join_all_type || future->type == &weir_wide_try_join_all_type)
        return &((const weir_try_join_all_future *)(const void *)future)->branches;
    return NULL;
}

static inline weir_future *branches_at(const weir_branches *branches, unsigned i)
{
    if (branches->far != NULL)
        return branches->far[i];
    /* Not near[i], which would be a promise that it is one of the eight. */
    const void *near = (const char *)branches + offsetof(weir_branches, near);
    return ((weir_future *const *)near)[i];
}

/* False: the slot is empty or what it held is done. */
static inline bool branches_is_on(const weir_future *branch)
{
    return branch->type != NULL && branch->line != WEIR_AT_DONE;
}

static inline void branches_drop(const weir_branches *branches)
{
    for (unsigned i = 0; i < branches->count; i++)
        weir_future_drop(branches_at(branches, i));
}

#endif
