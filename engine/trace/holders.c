/* holders.c - see holders.h. */
#include "holders.h"

#include <stdlib.h>

/* Of one that waits for a certain other, without another way out. */
static const struct weir_wait *only_wait(const weir_dump_task *task)
{
    if (task->doing != WEIR_TASK_WAITS || task->any)
        return NULL;
    for (unsigned i = 0; i < task->wait_count; i++)
        if (task->waits[i].holder != NULL)
            return &task->waits[i];
    return NULL;
}

static struct wait_edge edge_of(const weir_dump_task *task, const struct weir_wait *wait)
{
    return (struct wait_edge){
        .task = task->task, .holder = wait->holder, .object = wait->object, .polled_ns = task->polled_ns
    };
}

static bool make_room(struct holders *holders)
{
    if (holders->edge_count < holders->edges_room)
        return true;
    const size_t room = holders->edges_room == 0 ? 64 : 2 * holders->edges_room;
    struct wait_edge *edges = realloc(holders->edges, room * sizeof *edges);
    if (edges == NULL) {
        holders->no_memory = true;
        return false;
    }
    holders->edges = edges;
    holders->edges_room = room;
    return true;
}

void wi_holders_note(struct holders *holders, const weir_dump_task *task)
{
    /* Also those of a select: for the name of the one they wait for. */
    for (unsigned i = 0; i < task->wait_count; i++) {
        const struct weir_wait *wait = &task->waits[i];
        if (wait->holder != NULL && make_room(holders))
            holders->edges[holders->edge_count++] = edge_of(task, wait);
    }
}

static int by_holder(const void *a, const void *b)
{
    const uintptr_t left = (uintptr_t)((const struct wait_edge *)a)->holder;
    const uintptr_t right = (uintptr_t)((const struct wait_edge *)b)->holder;
    return (left > right) - (left < right);
}

static int by_task(const void *a, const void *b)
{
    const uintptr_t left = (uintptr_t)((const struct holder *)a)->task;
    const uintptr_t right = (uintptr_t)((const struct holder *)b)->task;
    return (left > right) - (left < right);
}

struct holder *wi_holders_get(const struct holders *holders, const void *task)
{
    const struct holder key = { .task = task };
    return holders->count == 0 ? NULL : bsearch(&key, holders->list, holders->count, sizeof key, by_task);
}

static bool is_holder(const struct weir_task *task, void *arg)
{
    return wi_holders_get(arg, task) != NULL;
}

static bool same(const struct wait_edge *a, const struct wait_edge *b)
{
    return a->task == b->task && a->holder == b->holder && a->object == b->object && a->polled_ns == b->polled_ns;
}

static bool was_seen_before(const struct holders *holders, const struct wait_edge *edge)
{
    /* They lie by holder. */
    const struct wait_edge *first =
        bsearch(edge, holders->edges, holders->edge_count, sizeof *holders->edges, by_holder);
    if (first == NULL)
        return false;
    const struct wait_edge *at = first;
    while (at > holders->edges && by_holder(at - 1, edge) == 0)
        at--;
    for (; at < holders->edges + holders->edge_count && by_holder(at, edge) == 0; at++)
        if (same(at, edge))
            return true;
    return false;
}

static void found(const weir_dump_task *task, void *arg)
{
    struct holders *holders = arg;
    struct holder *holder = wi_holders_get(holders, task->task);
    holder->id = task->id;
    holder->name = task->name;
    const struct weir_wait *wait = only_wait(task);
    if (wait == NULL)
        return;
    const struct wait_edge edge = edge_of(task, wait);
    if (!was_seen_before(holders, &edge))
        return;
    holder->waits = edge;
    holder->what = wait->what;
}

void wi_holders_find(struct holders *holders, struct weir_runtime *runtime)
{
    if (holders->edge_count == 0)
        return;
    qsort(holders->edges, holders->edge_count, sizeof *holders->edges, by_holder);
    holders->list = calloc(holders->edge_count, sizeof *holders->list);
    if (holders->list == NULL) {
        holders->no_memory = true;
        return;
    }
    for (size_t i = 0; i < holders->edge_count; i++)
        if (i == 0 || by_holder(&holders->edges[i - 1], &holders->edges[i]) != 0)
            holders->list[holders->count++].task = holders->edges[i].holder;
    (void)wi_survey(runtime, is_holder, found, holders);
}

/* Follows the waits from one; true: it comes back to it. */
static bool closes(struct holders *holders, struct holder *start, uint32_t mark)
{
    struct holder *at = start;
    while (at != NULL && at->waits.holder != NULL) {
        if (at->mark == mark)
            return at == start;
        at->mark = mark;
        at = wi_holders_get(holders, at->waits.holder);
    }
    return false;
}

struct holder *wi_holders_next_circle(struct holders *holders)
{
    for (size_t i = 0; i < holders->count; i++) {
        struct holder *start = &holders->list[i];
        if (start->in_circle || start->waits.holder == NULL || !closes(holders, start, (uint32_t)i + 1))
            continue;
        for (struct holder *at = start; !at->in_circle; at = wi_holders_get(holders, at->waits.holder))
            at->in_circle = true;
        return start;
    }
    return NULL;
}

void wi_holders_fini(struct holders *holders)
{
    free(holders->edges);
    free(holders->list);
}
