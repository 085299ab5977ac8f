/*
 * inject.h - the queue of tasks that come from outside of the workers, and of
 * what their own queues have no room for.
 *
 * A few lists, each under its own lock; a thread always pushes to the same one,
 * so that its tasks stay in order and threads don't meet. One word says which
 * lists hold anything: looking for work costs one load when there is none.
 */
#ifndef WI_INJECT_H
#define WI_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef WI_MODEL
#define INJECT_SHARDS 2u
#else
#define INJECT_SHARDS 8u
#endif

/* Embedded in what is queued. */
struct inject_node {
    struct inject_node *next;
};

struct inject;

/* NULL: no memory. */
struct inject *inject_create(void);
/* What is still in it isn't touched. Takes NULL. */
void inject_destroy(struct inject *inject);

typedef enum inject_pushed {
    INJECT_CLOSED, /* nothing was pushed: what it was is the caller's */
    INJECT_BEHIND, /* behind others, whose pusher has seen to it that somebody comes */
    INJECT_FIRST,  /* the list was empty: the caller sees to it that somebody comes */
} inject_pushed;

/* Any thread. */
inject_pushed inject_push(struct inject *inject, struct inject_node *node);
/* The same for a chain of `count` nodes, `first` to `last`, which is pushed as a whole or not at all. */
inject_pushed inject_push_batch(struct inject *inject, struct inject_node *first, struct inject_node *last,
                                uint32_t count);

/*
 * Any thread. Takes up to `max` nodes, the oldest of their lists; returns their
 * chain, which ends with NULL, or NULL. `worker` spreads the callers over the
 * lists; none of these is looked at last for ever.
 */
struct inject_node *inject_pop_batch(struct inject *inject, uint32_t worker, uint32_t max);

/* Any thread; one load when it is empty. Never 0 while there is one that was pushed before and isn't taken. */
uint32_t inject_len(const struct inject *inject);

/* From its return on no push succeeds, so that what is inside can be drained to the last one. */
void inject_close(struct inject *inject);

/* 1 + the list this thread pushes to; 0: given one at its first push. Tests set it. */
extern _Thread_local uint32_t wi_inject_home;

#endif
