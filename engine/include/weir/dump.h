/*
 * dump.h - what every task of a runtime is doing: its chain of awaits, what it
 * waits for and since when, who has that, and who waits for whom in a circle.
 *
 *     weir_dump(runtime, STDERR_FILENO, 0);
 *     weir_dump_on_signal(runtime, SIGQUIT);      Ctrl-\ prints it, the program goes on
 *
 * A dump doesn't stop the workers. A task that waits is taken aside for the
 * moment of the look, as if it were polled; one that is being polled, or waits in
 * a queue for its poll, is only named.
 */
#ifndef WEIR_DUMP_H
#define WEIR_DUMP_H

#include <weir/task.h>

/* What a leaf waits for; see weir_future_type.inspect. */
struct weir_wait {
    const char *what;   /* "a mutex": constant text */
    const void *object; /* tells one from another; NULL: there is only its kind */
    const void *holder; /* the weir_task that has it or must do it; NULL: unknown. It may have ended: only compare it */
    int64_t due_ns;     /* it ends by then, on the runtime's clock; 0: no limit */
    char detail[48];    /* "3 of 8 free", or "" */
};

#define WEIR_DUMP_FRAMES_MAX 48
#define WEIR_DUMP_WAITS_MAX 8

typedef enum weir_task_doing {
    WEIR_TASK_WAITS,
    WEIR_TASK_QUEUED, /* it was woken, and waits for a worker */
    WEIR_TASK_RUNS,   /* in a poll, or has yielded in the middle of its turn */
} weir_task_doing;

/* A future in a task, from the root inwards. */
typedef struct weir_dump_frame {
    const weir_future_type *type;
    uint32_t line;  /* of the await it stands at, in type->file; 0: it is a leaf */
    uint16_t depth; /* a branch of a select or a join is one deeper than that */
    int16_t wait;   /* index in waits, or -1 */
} weir_dump_frame;

typedef struct weir_dump_task {
    const weir_task *task; /* its address; it may be gone */
    uint64_t id;
    const char *name;
    weir_task_doing doing;
    int worker;        /* that polls it; -1: none */
    int64_t polled_ns; /* when it was polled last, or this poll began, to a few milliseconds; 0: unknown */
    int64_t waited_ns; /* since then */
    bool any;          /* one of several waits is enough: it stands in a select, or has a timeout */
    bool cut;          /* there is more than fits */
    unsigned frame_count, wait_count; /* 0 unless it waits */
    weir_dump_frame frames[WEIR_DUMP_FRAMES_MAX];
    struct weir_wait waits[WEIR_DUMP_WAITS_MAX];
} weir_dump_task;

/*
 * weir_dump_each() - call `fn` for each task that isn't complete. Any thread.
 *
 * Tasks that are spawned or end meanwhile may be left out. Names and types live
 * as long as the program. Returns 0, -ENOMEM (some of the largest tasks are
 * missing), or -ECANCELED (the runtime has dropped its tasks).
 */
int weir_dump_each(weir_runtime *runtime, void (*fn)(const weir_dump_task *task, void *arg), void *arg);

/*
 * weir_dump() - the same as text, to a descriptor. Any thread, a task included.
 *
 * Tasks that stand at the same place are one entry with their number. A circle
 * of tasks that wait for each other is shown as a deadlock if it is one that
 * nothing else can end. Returns 0, what write(2) said, or as weir_dump_each().
 */
int weir_dump(weir_runtime *runtime, int fd, unsigned flags);
#define WEIR_DUMP_EVERY 1u /* an entry a task, however many */

/*
 * weir_dump_on_signal() - dump to stderr when the process gets this signal.
 *
 * A thread of its own does it, so it works when every worker is stuck. It
 * replaces the signal's action, for the process; several runtimes may ask for
 * the same signal. It ends with the runtime. 0, -EINVAL (not a signal that can
 * be caught, or another one is in use), -EAGAIN, -ENOMEM.
 */
int weir_dump_on_signal(weir_runtime *runtime, int signal_number);

#endif
