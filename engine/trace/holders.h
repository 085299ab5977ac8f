/*
 * holders.h - who waits for whom: edges between tasks, the names of those who
 * are waited for, and the circles among them.
 *
 * Each task is looked at at another moment, so what was seen first need not be
 * true any more. Those who are waited for are looked at twice, the second time
 * after all have been seen once: who stands at the same wait, and wasn't polled
 * between, stood there at the moment between the two rounds, all of them at once.
 */
#ifndef WI_HOLDERS_H
#define WI_HOLDERS_H

#include "survey.h"

/* A task waits for another, and nothing else can wake it. */
struct wait_edge {
    const void *task, *holder, *object;
    int64_t polled_ns; /* tells one wait from the next */
};

/* A task that is waited for. */
struct holder {
    const void *task;
    uint64_t id; /* 0: there is no such task any more */
    const char *name;
    struct wait_edge waits; /* what it waits for itself, as the second look saw it; holder NULL: nothing like that */
    const char *what;
    bool in_circle; /* and has been told of */
    uint32_t mark;
};

struct holders {
    struct wait_edge *edges;
    size_t edge_count, edges_room;
    struct holder *list; /* by address */
    size_t count;
    bool no_memory;
};

/* First round: what `task` waits for. */
void wi_holders_note(struct holders *holders, const weir_dump_task *task);
/* Second round: looks the holders up. */
void wi_holders_find(struct holders *holders, struct weir_runtime *runtime);
/* After it. NULL: unknown. */
struct holder *wi_holders_get(const struct holders *holders, const void *task);
/* The next circle, as one of its members; the others come by its `waits`. NULL: no more. */
struct holder *wi_holders_next_circle(struct holders *holders);
void wi_holders_fini(struct holders *holders);

#endif
