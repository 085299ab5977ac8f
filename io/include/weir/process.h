/*
 * process.h - child processes: start, talk to, wait for, kill.
 *
 *     const char *argv[] = { "sort", "-u", NULL };
 *     weir_command command = { .argv = argv, .in = WEIR_STDIO_PIPE, .out = WEIR_STDIO_PIPE };
 *     error = weir_child_start(&command, &child);
 *     AWAIT(self->write, weir_stream_write_all(weir_child_in(self->child), text, size));
 *     AWAIT(self->output, weir_child_output(self->child, 1 << 20, &self->text, NULL));
 *     weir_child_put(self->child);
 *
 * Futures resolve as those of stream.h do. A wait is a wait for the child's own
 * descriptor (a pidfd): no SIGCHLD handler, and no process but ours is ever meant.
 */
#ifndef WEIR_PROCESS_H
#define WEIR_PROCESS_H

#include <sys/types.h>
#include <sys/wait.h>
#include <weir/select.h>
#include <weir/stream.h>

/* What a standard stream of the child is: one of these, or the number of a descriptor of ours plus WEIR_STDIO_FD. */
#define WEIR_STDIO_INHERIT 0 /* ours */
#define WEIR_STDIO_NULL 1    /* /dev/null */
#define WEIR_STDIO_PIPE 2    /* a pipe, whose other end is weir_child_in(), _out() or _err() */
#define WEIR_STDIO_FD 16

typedef struct weir_command {
    const char *program;     /* NULL: argv[0]. Without a slash it is looked for in PATH */
    const char *const *argv; /* up to NULL; argv[0] is the name that it sees */
    const char *const *env;  /* "NAME=value" up to NULL; NULL: ours */
    const char *cwd;         /* NULL: ours. Where `program` is relative it is found from there */
    int in, out, err;        /* WEIR_STDIO_* */
    bool new_group;          /* a process group of its own: a Ctrl-C for ours doesn't reach it */
    bool kill_on_drop;       /* SIGKILL with weir_child_put(), if it still runs */
} weir_command;

typedef struct weir_child weir_child;

/*
 * weir_child_start() - start a process.
 *
 * Returns 0 or a negative errno: what execve(2) said (-ENOENT, -EACCES, ...);
 * -EAGAIN, too many processes; -EMFILE; -EINVAL, no argv. It returns when the
 * program has begun, which takes some milliseconds: where that is much, call it
 * in a weir_offload().
 *
 * The child starts with no signal blocked or ignored but what we ignore
 * ourselves (SIGPIPE excepted, which has its default), and with no descriptor
 * of ours but its standard streams, as far as ours have O_CLOEXEC.
 */
WEIR_MUST_USE int weir_child_start(const weir_command *command, weir_child **ret_child);

/*
 * weir_child_put() - let it go; takes NULL. Its pipes are closed. If it still runs
 * it runs on, unless kill_on_drop says otherwise, and is reaped when the next
 * child is started, waited for or let go. Never blocks; no wait may be pending.
 */
void weir_child_put(weir_child *child);

pid_t weir_child_pid(const weir_child *child);
/* Our ends of its pipes, NULL where there is none. They are the child's: hold what is to outlive it. */
weir_stream *weir_child_in(const weir_child *child);
weir_stream *weir_child_out(const weir_child *child);
weir_stream *weir_child_err(const weir_child *child);
/* Closes our end of its input: it reads the end. */
void weir_child_close_in(weir_child *child);

/* Sends it a signal. 0 or a negative errno; -ESRCH: it has ended and was waited for. Any thread. */
int weir_child_kill(weir_child *child, int signo);

/*
 * weir_child_wait() - wait until it ends; closes its input first, or a child that
 * reads it might wait for us.
 *
 * Resolves to a status for WIFEXITED() and the like, or to a negative errno.
 *
 * Cancel safe: yes; wait again, also after it was ready.
 */
typedef struct weir_child_future {
    weir_future future;
    int64_t output;
    weir_child *child;
    weir_io_wait wait;
} weir_child_future;
WEIR_MUST_USE weir_child_future weir_child_wait(weir_child *child);

/* The same at once: a status, -EAGAIN (it runs), or a negative errno. */
int64_t weir_child_try_wait(weir_child *child);

/*
 * weir_child_output() - read both of its outputs to their ends, then wait for it.
 *
 * Resolves to the status, or to a negative errno; -EFBIG: one of them was longer
 * than `bytes_max`. ret_out and ret_err may be NULL, and are where the child has
 * such a pipe: data for free(3), and its size.
 *
 * Cancel safe: no: what was read is gone. select refuses it.
 */
typedef struct weir_child_text {
    uint8_t *data;
    size_t size;
} weir_child_text;
WEIR_ASYNC_DECLARE_LOSSY(weir_child_output_future, int64_t, weir_child *child; size_t bytes_max;
                         weir_child_text * ret_out; weir_child_text * ret_err; weir_child_text out; weir_child_text err;
                         weir_stream_end read_out; weir_stream_end read_err; weir_lossy_join_all_future both;
                         weir_child_future wait;);
typedef struct weir_child_output_future weir_child_output_future;
WEIR_MUST_USE weir_child_output_future weir_child_output(weir_child *child, size_t bytes_max, weir_child_text *ret_out,
                                                         weir_child_text *ret_err);

#endif
