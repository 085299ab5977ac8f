/*
 * task.h - a future that the runtime polls: spawn, join, abort.
 */
#ifndef WEIR_TASK_H
#define WEIR_TASK_H

#include <weir/future.h>

typedef struct weir_task weir_task;
typedef struct weir_runtime weir_runtime;

/*
 * An owner's reference to a task. It is used up by exactly one of weir_join(),
 * weir_detach(); until then weir_abort() and weir_is_finished() may be called.
 * task == NULL: the spawn failed (see weir_spawn), joining says why.
 */
typedef struct weir_join_handle {
    weir_task *task;
    int error; /* why there is no task: -ENOMEM, -ECANCELED (the runtime is shutting down) */
} weir_join_handle;

/*
 * weir_spawn() - run a future as a task of its own on the runtime of this thread.
 *
 * The future must be Send (a compile error otherwise) and is moved into the
 * task. Outside of a runtime use weir_spawn_on(). It never blocks; what bounds
 * the number of tasks is a weir_join_set with a bound.
 *
 * Errors:      none here; a spawn that failed has dropped the future, and the
 *              join resolves to -ENOMEM or -ECANCELED.
 * Ownership:   the handle is yours, see weir_join_handle.
 */
#define weir_spawn(...) weir_spawn_on(weir_runtime_current(), __VA_ARGS__)

#define weir_spawn_on(runtime, ...)                                                                                 \
    __extension__({                                                                                                 \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                                                        \
        _Static_assert(WEIR_IS_SEND(weir_frame_), "only a Send future can be spawned: another thread may poll it"); \
        weir_spawn_frame((runtime), WEIR_HEAD(weir_frame_));                                                        \
    })

weir_join_handle weir_spawn_frame(weir_runtime *runtime, weir_future *frame);

/*
 * weir_spawn_named() - the same, for a task that dumps, panics and statistics
 * call by a name of its own; others bear that of their root future. The name is
 * borrowed, for as long as the program runs.
 */
#define weir_spawn_named(name, ...)                                                                                 \
    __extension__({                                                                                                 \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                                                        \
        _Static_assert(WEIR_IS_SEND(weir_frame_), "only a Send future can be spawned: another thread may poll it"); \
        weir_spawn_frame_named(weir_runtime_current(), WEIR_HEAD(weir_frame_), (name));                             \
    })
weir_join_handle weir_spawn_frame_named(weir_runtime *runtime, weir_future *frame, const char *name);

/*
 * weir_spawn_detached(), weir_spawn_detached_on() - a task that nobody will join or abort: there is no handle.
 *
 * The same as to spawn and to detach, for some nanoseconds less.
 *
 * Returns 0, or -ENOMEM, or -ECANCELED (the runtime is shutting down, or there is none): then the future was dropped.
 */
#define weir_spawn_detached(...) weir_spawn_detached_on(weir_runtime_current(), __VA_ARGS__)
#define weir_spawn_detached_on(runtime, ...)                                                                        \
    __extension__({                                                                                                 \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                                                        \
        _Static_assert(WEIR_IS_SEND(weir_frame_), "only a Send future can be spawned: another thread may poll it"); \
        weir_spawn_frame_detached((runtime), WEIR_HEAD(weir_frame_));                                               \
    })
int weir_spawn_frame_detached(weir_runtime *runtime, weir_future *frame);

/*
 * The runtime whose task, weir_block_on() or blocking job this thread is in, or
 * that it entered (weir_runtime_enter()); NULL outside. Keep it with
 * weir_runtime_hold().
 */
weir_runtime *weir_runtime_current(void);

/*
 * weir_join() - await a task.
 *
 * Resolves to 0 (and its output is in *ret, which may be NULL), -ECANCELED (it
 * was aborted or the runtime is gone), -ENOTRECOVERABLE (it failed, see
 * weir_panic()), or the error of its spawn.
 *
 * Ownership:   takes the handle. *ret must live until the join is ready or dropped.
 * Cancel safe: dropping it detaches the task, which runs on.
 */
typedef struct weir_join_future {
    weir_future future;
    int output;
    weir_join_handle handle;
    void *ret;
} weir_join_future;

#define weir_join(handle, ret_ptr) weir_join_sized((handle), (ret_ptr), WEIR_OUTPUT_SIZE_(ret_ptr))
#define WEIR_OUTPUT_SIZE_(ptr) \
    _Generic((ptr), void * : 0, default : sizeof(*_Generic((ptr), void * : (char *)0, default : (ptr))))
extern const weir_future_type weir_join_type;
/* Panics unless that is the size of the task's output. */
void weir_join_check_size(weir_join_handle handle, size_t ret_size);

/* ret_size 0: not checked. */
WEIR_MUST_USE static inline weir_join_future weir_join_sized(weir_join_handle handle, void *ret, size_t ret_size)
{
    if (ret != NULL && ret_size != 0)
        weir_join_check_size(handle, ret_size);
    weir_join_future self = { .future = WEIR_FUTURE_INIT(&weir_join_type), .handle = handle, .ret = ret };
    return self;
}

/*
 * AWAIT_JOIN() - AWAIT(slot, weir_join(handle, ret_ptr)), and without a future where the task has ended already.
 *
 * For many tasks that are joined one by one. `handle` and `ret_ptr` are evaluated twice. What it spends of the budget
 * is the same.
 */
#define AWAIT_JOIN(slot, handle, ret_ptr)                                                        \
    do {                                                                                         \
        if (!weir_join_now((handle), (ret_ptr), WEIR_OUTPUT_SIZE_(ret_ptr), &(slot).output, cx)) \
            AWAIT(slot, weir_join((handle), (ret_ptr)));                                         \
    } while (0)

/* One step: what weir_join() would resolve to is in *ret_status, and the handle is used up. False: await it. */
bool weir_join_now(weir_join_handle handle, void *ret, size_t ret_size, int *ret_status, weir_cx *cx);

/*
 * weir_abort() - cancel a task: it is dropped at the await it is suspended on,
 * or when its running poll ends; its FINALLYs run, then its join resolves to
 * -ECANCELED. One that has finished keeps its output. Any thread; never blocks.
 */
void weir_abort(weir_join_handle handle);

/* True once the output is there or the task was cancelled. Any thread. */
bool weir_is_finished(weir_join_handle handle);

/* Lets the task run on unobserved. Uses up the handle. */
void weir_detach(weir_join_handle handle);

/*
 * weir_abort_handle_of() - a right to abort, apart from the right to the output.
 *
 * A reference of its own, which may outlive the join handle, the task and the
 * runtime. Of a handle without a task it is one to nothing: finished, with id 0.
 * Any thread, all of them.
 */
typedef struct weir_abort_handle {
    weir_task *task;
} weir_abort_handle;

WEIR_MUST_USE weir_abort_handle weir_abort_handle_of(weir_join_handle handle);
WEIR_MUST_USE weir_abort_handle weir_abort_handle_clone(weir_abort_handle handle);
/* Gives the reference back; the task runs on. */
void weir_abort_handle_drop(weir_abort_handle handle);
/* As weir_abort(). */
void weir_abort_handle_abort(weir_abort_handle handle);
bool weir_abort_handle_is_finished(weir_abort_handle handle);
uint64_t weir_abort_handle_id(weir_abort_handle handle);

/* A number that no other task of this process has had; 0 for no task. */
uint64_t weir_task_id(weir_join_handle handle);
/* The id of the task being polled or dropped on this thread; 0 outside of one. */
uint64_t weir_task_id_current(void);

/*
 * weir_panic() - fail the task that runs here, and no other.
 *
 * Doesn't return. The task's frame chain is dropped (FINALLYs run, innermost
 * first), its join resolves to -ENOTRECOVERABLE, the runtime goes on. Inside a
 * job of the blocking pool it fails that job. Outside of both it ends the
 * process with abort(3). The runtime's on_panic hook is told the message.
 */
#define weir_panic(...)                                                                           \
    do {                                                                                          \
        /* It does come back, elsewhere: what was written before it must be in memory by then. */ \
        __asm__ volatile("" ::: "memory");                                                        \
        weir_panic_at(__FILE__, __LINE__, __VA_ARGS__);                                           \
    } while (0)
WEIR_NORETURN void weir_panic_at(const char *file, int line, const char *format, ...) WEIR_PRINTF(3, 4);

/* A condition whose failure is a fault of this task, in every build. */
#define weir_assert(condition)                              \
    do {                                                    \
        if (weir_unlikely(!(condition)))                    \
            weir_panic("assertion failed: %s", #condition); \
    } while (0)

#endif
