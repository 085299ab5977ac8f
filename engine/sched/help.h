/*
 * help.h - when a worker with more work than it can do calls another one, and whether that was worth it.
 *
 * A call costs some 10 us and brings tasks and their data to another core. Where that one is through with what it was
 * called for in less time than was waited before the call, it has cost more than it brought, as when the two ends of a
 * channel come to lie on two cores. Then the next call waits twice as long, up to 16 times; after one that was worth it
 * calls are made as soon as ever.
 *
 * All of it is a hint, which workers overwrite for each other: what is lost is a call earlier or later.
 */
#ifndef WI_HELP_H
#define WI_HELP_H

#include "base/atomic.h"
#include "base/stamp.h"

/* Work that has lasted this long with more in the queue is worth another core. */
#define HELP_AFTER_STAMPS (50 * STAMPS_PER_US)
/* A shorter stay wasn't worth the call. */
#define HELP_WORTH_STAMPS (2 * HELP_AFTER_STAMPS)
#define HELP_DOUBT_MAX 4u

struct help {
    uint32_t called; /* who wakes next comes to help */
    uint32_t doubt;  /* calls in a row that weren't worth it */
};

/* How long there has to be more work than can be done until another worker is called. */
static inline uint64_t help_after(const struct help *help)
{
    return (uint64_t)HELP_AFTER_STAMPS << wi_load(&help->doubt, RELAXED);
}

static inline void help_call(struct help *help)
{
    wi_store(&help->called, 1u, RELAXED);
}

/* Of one that has just woken: was it called to help? */
static inline bool help_comes(struct help *help)
{
    if (wi_load(&help->called, RELAXED) == 0)
        return false;
    wi_store(&help->called, 0u, RELAXED);
    return true;
}

/* Of one that came to help and is about to sleep again: it was awake for so long. */
static inline void help_ends(struct help *help, uint64_t stayed)
{
    const uint32_t doubt = wi_load(&help->doubt, RELAXED);
    if (stayed >= HELP_WORTH_STAMPS)
        wi_store(&help->doubt, 0u, RELAXED);
    else if (doubt < HELP_DOUBT_MAX)
        wi_store(&help->doubt, doubt + 1, RELAXED);
}

#endif
