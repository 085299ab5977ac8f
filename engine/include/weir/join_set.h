/*
 * join_set.h - a set of tasks that are awaited as they end, and aborted together.
 *
 *     AWAIT(self->room, weir_join_set_reserve(self->set));
 *     (void)weir_join_set_spawn(self->set, WEIR_CALL(fetch, .url = url));
 *     ...
 *     AWAIT(self->next, weir_join_next(self->set, &self->result));
 *     if (self->next.output == 0) -> the set is empty
 *     if (self->next.status < 0)  -> that task failed or was aborted
 */
#ifndef WEIR_JOIN_SET_H
#define WEIR_JOIN_SET_H

#include <weir/task.h>

typedef struct weir_join_set weir_join_set;

/*
 * weir_join_set_create() - a set that never holds more than `bound` tasks.
 *
 * Returns 0, -EINVAL (bound 0) or -ENOMEM. A set belongs to one task at a time.
 */
WEIR_MUST_USE int weir_join_set_create(size_t bound, weir_join_set **ret_set);

/* Aborts every task of the set and frees it, without waiting. Takes NULL. For FINALLY. */
void weir_join_set_destroy(weir_join_set *set);

/*
 * weir_join_set_reserve() - wait until the set has room, and keep it for the next spawn.
 *
 * Resolves to 0. Cancel safe: dropping it gives the place in the queue, or the
 * room, to the next in line.
 */
typedef struct weir_join_set_room {
    weir_future future;
    int output;
    weir_join_set *set;
    weir_waker *waker;
    struct {
        void *next, *prev;
    } node;
    bool granted;
} weir_join_set_room;
WEIR_MUST_USE weir_join_set_room weir_join_set_reserve(weir_join_set *set);
/* Gives reserved room back unused. */
void weir_join_set_unreserve(weir_join_set *set);

/*
 * weir_join_set_spawn() - spawn a task into the set, into reserved room first.
 *
 * Returns 0, -EAGAIN (full: the future was dropped; reserve first), -ENOMEM or
 * -ECANCELED (the runtime is shutting down).
 */
#define weir_join_set_spawn(set, ...)                                                                               \
    __extension__({                                                                                                 \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                                                        \
        _Static_assert(WEIR_IS_SEND(weir_frame_), "only a Send future can be spawned: another thread may poll it"); \
        weir_join_set_spawn_frame((set), WEIR_HEAD(weir_frame_));                                                   \
    })
int weir_join_set_spawn_frame(weir_join_set *set, weir_future *frame);

/*
 * weir_join_next() - await whichever task of the set ends first.
 *
 * Resolves to 1, with the task's `status` as in weir_join(), its `id`, and its
 * output copied to ret_output (which may be NULL and must hold the largest
 * output of the set); or to 0 when the set is empty.
 *
 * Cancel safe: a task that ended is still in the set.
 */
typedef struct weir_join_next_future {
    weir_future future;
    int output;
    int status;
    uint64_t id;
    weir_join_set *set;
    void *ret_output;
} weir_join_next_future;
WEIR_MUST_USE weir_join_next_future weir_join_next(weir_join_set *set, void *ret_output);

/* Tasks in the set, ended ones that were not joined included. */
size_t weir_join_set_len(weir_join_set *set);

/* Aborts all that run; all stay in the set until joined, and results that are there stay. */
void weir_join_set_abort_all(weir_join_set *set);
/* Lets all run on unobserved; the set is empty, and may be used again. */
void weir_join_set_detach_all(weir_join_set *set);

#endif
