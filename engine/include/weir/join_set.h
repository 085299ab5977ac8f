/*
 * join_set.h - a set of tasks that are awaited as they end, and aborted together.
 *
 *     AWAIT_SPAWN(self->room, self->set, WEIR_CALL(fetch, .url = url));
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

/*
 * weir_join_set_create_ordered() - one whose results come in the order of the spawns.
 *
 * A task that takes long holds up the results of all that were spawned after
 * it, and the room they take; how much that is weir_join_set_blocked_get() says.
 */
WEIR_MUST_USE int weir_join_set_create_ordered(size_t bound, weir_join_set **ret_set);

/*
 * What tasks that are spawned into it from now on are called (weir_spawn_named()); NULL: as their root future. The name
 * is borrowed for as long as they, or a trace that they are in, are there.
 */
void weir_join_set_name(weir_join_set *set, const char *name);

/* Of an ordered set: what waits for the first task of the set, and for how long results have done so in all. */
typedef struct weir_join_set_blocked {
    size_t results;
    int64_t ns;
} weir_join_set_blocked;
weir_join_set_blocked weir_join_set_blocked_get(weir_join_set *set);

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
 *
 * The others: _on() on a runtime of your choice; _abortable() also gives an abort
 * handle, which is yours to drop; _blocking() a job of the blocking pool
 * (weir_offload(), which see), whose output is an int64_t.
 */
#define weir_join_set_spawn(set, ...) WEIR_JOIN_SET_SPAWN_(set, weir_runtime_current(), NULL, __VA_ARGS__)
#define weir_join_set_spawn_on(set, runtime, ...) WEIR_JOIN_SET_SPAWN_(set, runtime, NULL, __VA_ARGS__)
#define weir_join_set_spawn_abortable(set, ret_abort, ...) \
    WEIR_JOIN_SET_SPAWN_(set, weir_runtime_current(), ret_abort, __VA_ARGS__)
#define weir_join_set_spawn_blocking(set, lane, fn, arg, release) \
    weir_join_set_spawn(set, weir_offload(lane, fn, arg, release))

#define WEIR_JOIN_SET_SPAWN_(set, runtime, ret_abort, ...)                                                          \
    __extension__({                                                                                                 \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                                                        \
        _Static_assert(WEIR_IS_SEND(weir_frame_), "only a Send future can be spawned: another thread may poll it"); \
        weir_join_set_spawn_frame((set), (runtime), WEIR_HEAD(weir_frame_), (ret_abort));                           \
    })
int weir_join_set_spawn_frame(weir_join_set *set, weir_runtime *runtime, weir_future *frame,
                              weir_abort_handle *ret_abort);

/*
 * AWAIT_SPAWN(slot, set, future) - wait until the set has room, then spawn. The
 * slot is a weir_join_set_room; its output is what weir_join_set_spawn() returned.
 * The future is constructed when there is room.
 */
#define AWAIT_SPAWN(slot, set_, ...)                                  \
    do {                                                              \
        AWAIT(slot, weir_join_set_reserve(set_));                     \
        (slot).output = weir_join_set_spawn((slot).set, __VA_ARGS__); \
    } while (0)

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

/* The same without waiting: 1, 0 (the set is empty), or -EAGAIN: nothing to take yet. */
typedef struct weir_join_result {
    uint64_t id;
    int status;
} weir_join_result;
int weir_join_set_try_next(weir_join_set *set, weir_join_result *ret_result, void *ret_output);

/*
 * weir_join_set_all() - await every task of the set.
 *
 * Resolves to their number, with their outputs one after the other in the array
 * at ret_outputs (or NULL), in the order of weir_join_next(); or, as soon as one
 * of them has failed or was aborted, to its status: then the others were
 * aborted, and are still in the set.
 *
 * Cancel safe: no: what was joined by then is joined.
 */
typedef struct weir_join_set_all_future {
    weir_lossy_future future;
    int64_t output;
    weir_join_set *set;
    void *ret_outputs;
    size_t output_size;
    size_t count;
    bool aborts;
} weir_join_set_all_future;
#define weir_join_set_all(set, ret_outputs) \
    weir_join_set_all_sized((set), (ret_outputs), WEIR_OUTPUT_SIZE_(ret_outputs))
WEIR_MUST_USE weir_join_set_all_future weir_join_set_all_sized(weir_join_set *set, void *ret_outputs,
                                                               size_t output_size);

/*
 * weir_join_set_shutdown() - abort every task of the set, and wait until they are gone.
 *
 * Resolves to their number. Cancel safe: they are aborted in any case; those
 * that were not awaited are still in the set.
 */
typedef struct weir_join_set_shutdown_future {
    weir_future future;
    int64_t output;
    weir_join_set *set;
} weir_join_set_shutdown_future;
WEIR_MUST_USE weir_join_set_shutdown_future weir_join_set_shutdown(weir_join_set *set);

/* Tasks in the set, ended ones that were not joined included. */
size_t weir_join_set_len(weir_join_set *set);
bool weir_join_set_is_empty(weir_join_set *set);

/* Aborts all that run; all stay in the set until joined, and results that are there stay. */
void weir_join_set_abort_all(weir_join_set *set);
/* Lets all run on unobserved; the set is empty, and may be used again. */
void weir_join_set_detach_all(weir_join_set *set);

#endif
