/*
 * local_set.h - tasks that stay on one thread: for futures that aren't Send.
 *
 *     WEIR_ASYNC_LOCAL(local_main, int, weir_local_set *set; struct serve serve; weir_local_run_until_future run;)
 *     {
 *         WEIR_BEGIN
 *         if (weir_local_set_create(&self->set) < 0)
 *             RETURN(-1);
 *         self->serve = WEIR_CALL(serve);              it calls weir_spawn_local()
 *         AWAIT(self->run, weir_local_run_until(self->set, &self->serve));
 *         WEIR_FINALLY
 *         weir_local_set_destroy(self->set);
 *         WEIR_END
 *     }
 *     weir_block_on(current_thread_runtime, WEIR_CALL(local_main), NULL);
 *
 * The tasks of a set are polled and dropped on the thread that created it, and
 * only while one of its runs is polled: they share that task's budget. Wakers,
 * join handles and abort handles of them may be used anywhere.
 */
#ifndef WEIR_LOCAL_SET_H
#define WEIR_LOCAL_SET_H

#include <weir/combine.h>
#include <weir/join_set.h>

typedef struct weir_local_set weir_local_set;

/* A set of this thread. Returns 0 or -ENOMEM. */
WEIR_MUST_USE int weir_local_set_create(weir_local_set **ret_set);

/* Drops its tasks, then the set. On its own thread, or it is a weir_panic(). No run of it may be left. Takes NULL. */
void weir_local_set_destroy(weir_local_set *set);

/* Tasks that have not ended. On its own thread. */
size_t weir_local_set_len(const weir_local_set *set);

/*
 * weir_spawn_local() - run a future as a task of the local set that is being run.
 *
 * weir_local_set_spawn() takes the set, also outside of a run. On the set's own
 * thread, both.
 *
 * Errors:      none here; a spawn that failed has dropped the future, and the join
 *              resolves to -ENOMEM, -ECANCELED (the set is being destroyed), or
 *              -EINVAL (there is no set, or it is another thread's).
 */
#define weir_spawn_local(...) weir_local_set_spawn(weir_local_set_current(), __VA_ARGS__)
#define weir_local_set_spawn(set, ...)                             \
    __extension__({                                                \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);       \
        weir_local_set_spawn_frame((set), WEIR_HEAD(weir_frame_)); \
    })
weir_join_handle weir_local_set_spawn_frame(weir_local_set *set, weir_future *frame);

/* The same, for a task with a name of its own, as weir_spawn_named(): borrowed, for as long as the program runs. */
#define weir_spawn_local_named(name, ...) weir_local_set_spawn_named(weir_local_set_current(), name, __VA_ARGS__)
#define weir_local_set_spawn_named(set, name, ...)                               \
    __extension__({                                                              \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                     \
        weir_local_set_spawn_frame_named((set), WEIR_HEAD(weir_frame_), (name)); \
    })
weir_join_handle weir_local_set_spawn_frame_named(weir_local_set *set, weir_future *frame, const char *name);

/* The set whose run is being polled on this thread; NULL: none. */
weir_local_set *weir_local_set_current(void);

/* As weir_join_set_spawn(), into a join set and as a task of a local set. */
#define weir_join_set_spawn_local(set, local_set, ...)                               \
    __extension__({                                                                  \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                         \
        weir_join_set_spawn_local_frame((set), (local_set), WEIR_HEAD(weir_frame_)); \
    })
int weir_join_set_spawn_local_frame(weir_join_set *set, weir_local_set *local_set, weir_future *frame);

/*
 * weir_local_run_until() - await the future in *slot, and run the set's tasks beside it.
 *
 * Resolves when that future is ready; the tasks that are left go on with the next
 * run. The field is a weir_local_run_until_future (weir_local_lossy_... if losing
 * *slot loses data).
 *
 * Ownership:   owns what is in the slot: drops it when it is itself dropped.
 * Cancel safe: as *slot is; the tasks of the set stay where they are.
 */
#define weir_local_run_until(set, slot_ptr)                        \
    WEIR_COMBINATOR_(run_until, false, WEIR_IS_LOSSY(*(slot_ptr)), \
                     weir_local_run_until_frame((set), WEIR_HEAD(*(slot_ptr))))

WEIR_COMBINATOR_TYPES_(run_until, weir_unit output; weir_local_set * set; weir_future * inner;);
WEIR_MUST_USE weir_run_until_future weir_local_run_until_frame(weir_local_set *set, weir_future *inner);

/* weir_local_run() - run the set's tasks until all have ended. Cancel safe: they stay where they are. */
typedef struct weir_local_run_future {
    weir_local_future future;
    weir_unit output;
    weir_local_set *set;
} weir_local_run_future;
WEIR_MUST_USE weir_local_run_future weir_local_run(weir_local_set *set);

#endif
