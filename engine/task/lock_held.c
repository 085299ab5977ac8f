/* lock_held.c - the locks that this thread holds, and where it took them: debug builds only. */
#include <weir/lock_held.h>

#include "lock_held_check.h"
#include "task_core.h"

#ifdef WEIR_DEBUG
#include <stdio.h>
#include <stdlib.h>

#define HELD_MAX 16

struct held_lock {
    const void *lock;
    const char *file;
    int line;
};

static _Thread_local struct held_lock held[HELD_MAX];
static _Thread_local unsigned held_count; /* also beyond the room: then the last ones have no place */

void weir_lock_held_begin_at(const void *lock, const char *file, int line)
{
    if (held_count < HELD_MAX)
        held[held_count] = (struct held_lock){ lock, file, line };
    held_count++;
}

/* In any order. */
void weir_lock_held_end(const void *lock)
{
    unsigned at = held_count < HELD_MAX ? held_count : HELD_MAX;
    while (at > 0 && held[at - 1].lock != lock)
        at--;
    if (at == 0 && held_count <= HELD_MAX)
        return; /* taken before this build looked, or elsewhere */
    held_count--;
    for (unsigned i = at > 0 ? at - 1 : HELD_MAX; i + 1 < HELD_MAX; i++)
        held[i] = held[i + 1];
}

/* The innermost frame that isn't a leaf: the one that awaits. */
static const weir_future *await_site(const struct weir_task *task)
{
    const weir_future *future = &task->frame;
    while (future->awaiting != NULL && future->awaiting->awaiting != NULL)
        future = future->awaiting;
    return future;
}

void wi_lock_held_check(const struct weir_task *task)
{
    if (held_count == 0)
        return;
    const weir_future *site = await_site(task);
    fprintf(stderr, "weir: task %llu '%s' awaits in %s (%s:%u) with a lock held, taken at %s:%d: use a weir_mutex\n",
            (unsigned long long)task->id, task->frame.type->name, site->type->name, site->type->file, site->line,
            held[0].file, held[0].line);
    abort();
}
#endif
