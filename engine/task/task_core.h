/*
 * task_core.h - a task: one allocation with a header and the root frame inline.
 *
 * task/ knows no scheduler: a task carries its owner, which is told when the
 * task must be queued and gets its memory back at the end. So the life of a
 * task is tested without any runtime.
 */
#ifndef WI_TASK_CORE_H
#define WI_TASK_CORE_H

#include <weir/task.h>

#include "sched/inject.h"
#include "task/current.h"

struct task_owner {
    weir_waker_type waker; /* first: the type of its tasks' wakers, by which they find it */
    void (*schedule)(struct task_owner *owner, struct weir_task *task); /* it is BUSY and in no queue */
    void (*free)(struct task_owner *owner, struct weir_task *task);     /* its last reference is gone */
};

#define TASK_OWNER_INIT(schedule_, free_)                                     \
    {                                                                         \
        { wi_task_wake, wi_task_hold, wi_task_release }, (schedule_), (free_) \
    }
void wi_task_wake(weir_waker *waker);
void wi_task_hold(weir_waker *waker);
void wi_task_release(weir_waker *waker);

struct weir_task {
    weir_waker waker; /* first, see slab.h: its type is NULL in a free cell */
    uint64_t state;   /* task_state.h, also for who may touch the rest when; and slab.h: a cell's second word */
    union {
        struct inject_node link; /* in the injection queue or a worker's list of yielded tasks */
        int64_t polled_ns;       /* while idle: when it was polled last, to a few milliseconds */
    };
    weir_waker *join_waker;
    uint64_t id;
    weir_future frame; /* the head of the root frame; the rest of the frame follows */
};

/* What some tasks have behind their frame, and say so in their id. */
struct task_trailer {
    const char *name;   /* NULL: it is that of the root frame */
    uint64_t queued_at; /* while polls are measured: the stamp of the spawn, the wake or the yield */
};
#define TASK_HAS_TRAILER ((uint64_t)1 << 63)

static inline struct task_owner *wi_task_owner(const struct weir_task *task)
{
    return weir_container_of(task->waker.type, struct task_owner, waker);
}

static inline uint64_t wi_task_id(const struct weir_task *task)
{
    return task->id & ~TASK_HAS_TRAILER;
}

/* The bytes of a task whose root frame is of this type. */
static inline size_t wi_task_size(const weir_future_type *type)
{
    return offsetof(struct weir_task, frame) + type->size;
}

/* NULL: it has none. */
static inline struct task_trailer *wi_task_trailer(struct weir_task *task)
{
    if ((task->id & TASK_HAS_TRAILER) == 0)
        return NULL;
    return (struct task_trailer *)(void *)((char *)task + wi_task_size(task->frame.type));
}

static inline const char *wi_task_name(const struct weir_task *task)
{
    const struct task_trailer *trailer = wi_task_trailer((struct weir_task *)(uintptr_t)task);
    return trailer != NULL && trailer->name != NULL ? trailer->name : task->frame.type->name;
}

/* Fills in a task in `memory` of wi_task_size(); the frame is moved in. It is BUSY: queue it. */
void wi_task_init(struct weir_task *task, struct task_owner *owner, weir_future *frame, uint64_t id);
/* The same for one without a join handle. */
void wi_task_init_detached(struct weir_task *task, struct task_owner *owner, weir_future *frame, uint64_t id);

typedef enum task_poll {
    TASK_IDLE,    /* pending, not the caller's any more */
    TASK_AGAIN,   /* pending, and woken meanwhile: queue it */
    TASK_YIELDED, /* pending, still owned by the caller: queue it behind all others */
    TASK_DONE,    /* finished or cancelled, maybe freed */
} task_poll;

/*
 * One turn of a task that came out of a queue. A weir_panic() in it jumps to
 * wi_panic_landing, from where the caller goes on with wi_task_fail().
 */
task_poll wi_task_run(struct weir_task *task, weir_cx *cx);

/* The poll or the drop of this task panicked: drop what is left of its frames, make it -ENOTRECOVERABLE. May panic
 * again. */
void wi_task_fail(struct weir_task *task);

/* A reference to a task that isn't complete, found in the slab; False: it is, and may be freed at any moment. */
bool wi_task_pin(struct weir_task *task);
void wi_task_unpin(struct weir_task *task);

/* At shutdown, no worker runs: drops the frame wherever it is suspended. */
void wi_task_shutdown(struct weir_task *task);

/*
 * The join handle of a complete task takes its result: copies the output to
 * *ret (unless NULL), lets go of the task, returns the status as weir_join() does.
 */
int wi_task_take(struct weir_task *task, void *ret);

#endif
