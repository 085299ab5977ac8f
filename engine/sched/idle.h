/*
 * idle.h - who sleeps, who searches for work, and whom to wake.
 *
 * One word counts the workers that search (low half) and those that are not
 * asleep (high half). The two rules that lose no wake-up:
 *
 *   - a worker that gives up its search announces it *before* its last look at
 *     the queues (idle_sleep() says who is the last searcher: it looks again);
 *   - whoever makes work looks at the word *after* the work can be seen.
 *
 * At most half of the workers search. The protocol is tokio's; the watch below is ours.
 */
#ifndef WI_IDLE_H
#define WI_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

#define IDLE_NOBODY UINT32_MAX

struct idle {
    uint64_t word;
    uint32_t workers;
    struct lock lock;
    uint32_t sleepers; /* length of the stack */
    uint32_t stack[];  /* indices of sleeping workers; the one on top was awake last */
};

struct idle *wi_idle_create(uint32_t workers);
void wi_idle_destroy(struct idle *idle);

/* Some worker sleeps. */
bool wi_idle_any_asleep(const struct idle *idle);
/* Every worker sleeps. Looks after what the caller made visible before. */
bool wi_idle_all_asleep(struct idle *idle);

/*
 * Whom to wake for new work: a worker that is off the stack now, counted as
 * awake and searching; or IDLE_NOBODY, when somebody searches already or nobody sleeps.
 */
uint32_t wi_idle_take_sleeper(struct idle *idle);

/* May this worker search? Not when half of them do. True counts it as searching. */
bool wi_idle_search_begin(struct idle *idle);
/* It found something. True: it was the last searcher, and should wake another in its place. */
bool wi_idle_search_end(struct idle *idle);

/* This worker goes to sleep. True: it was the last searcher and must look at all queues once more. */
bool wi_idle_sleep(struct idle *idle, uint32_t worker, bool searching);
/* It woke by itself. False: somebody took it off the stack meanwhile, so it counts as searching. */
bool wi_idle_wake(struct idle *idle, uint32_t worker);

#endif
