/* test_process.c - children: their streams, their end, and what is left of them when they are let go. */
#include <fcntl.h>
#include <weir/process.h>
#include <weir/time.h>

#include "every_ring.h"
#include "io_runtime.h"

/* A shell that runs `script`. */
#define SHELL(script_, ...) \
    ((weir_command){ .argv = (const char *const[]){ "sh", "-c", (script_), NULL }, ##__VA_ARGS__ })

static weir_child *start(weir_command command)
{
    weir_child *child = NULL;
    CHECK_EQ(weir_child_start(&command, &child), 0);
    return child;
}

static void run_output(struct io_rig *rig)
{
    weir_child *child = start(
        SHELL("cat; echo oops >&2; exit 7", .in = WEIR_STDIO_PIPE, .out = WEIR_STDIO_PIPE, .err = WEIR_STDIO_PIPE));
    weir_stream_all write_;
    CHECK_EQ(RUN_FUTURE(rig, write_, weir_stream_write_all(weir_child_in(child), "through\n", 8)), 8);
    weir_child_text out, err;
    weir_child_output_future output;
    const int64_t status = RUN_FUTURE(rig, output, weir_child_output(child, 1000, &out, &err));
    CHECK(WIFEXITED((int)status));
    CHECK_EQ(WEXITSTATUS((int)status), 7);
    CHECK_EQ(out.size, 8);
    CHECK_EQ(memcmp(out.data, "through\n", 8), 0);
    CHECK_EQ(err.size, 5);
    free(out.data);
    free(err.data);
    CHECK(weir_child_in(child) == NULL);
    CHECK_EQ(weir_child_try_wait(child), status);
    CHECK_EQ(weir_child_kill(child, SIGTERM), -ESRCH);
    weir_child_put(child);
}

/* What goes in comes out, both outputs are read at once, and the status is there; it stays there. */
static void test_a_child_is_talked_to_and_waited_for(void)
{
    on_every_ring(run_output);
}

static void run_wait(struct io_rig *rig)
{
    weir_child *child = start(SHELL("read line", .in = WEIR_STDIO_PIPE));
    CHECK_EQ(weir_child_try_wait(child), -EAGAIN);
    weir_child_future wait_ = weir_child_wait(child); /* closes its input: it ends */
    io_rig_run(rig, WEIR_HEAD(wait_));
    CHECK_EQ(WEXITSTATUS((int)wait_.output), 1);
    CHECK_EQ(RUN_FUTURE(rig, wait_, weir_child_wait(child)), 1 << 8); /* again */
    weir_child_put(child);

    child = start(SHELL("exec sleep 1000"));
    weir_child_future dropped = weir_child_wait(child);
    CHECK_EQ(POLL_SLOT(rig, dropped), WEIR_PENDING);
    weir_drop(dropped);
    CHECK_EQ(weir_child_kill(child, SIGTERM), 0);
    const int64_t status = RUN_FUTURE(rig, wait_, weir_child_wait(child));
    CHECK(WIFSIGNALED((int)status));
    CHECK_EQ(WTERMSIG((int)status), SIGTERM);
    weir_child_put(child);
}

/* A wait closes the child's input, can be dropped and repeated, and says which signal ended it. */
static void test_waits(void)
{
    on_every_ring(run_wait);
}

static int64_t read_all(struct io_rig *rig, weir_stream *stream, uint8_t **ret_data)
{
    weir_stream_end end;
    return RUN_FUTURE(rig, end, weir_stream_read_to_end(stream, 4096, ret_data));
}

static void run_kill_on_drop(struct io_rig *rig)
{
    weir_child *child = start(SHELL("echo started; exec sleep 1000", .out = WEIR_STDIO_PIPE, .kill_on_drop = true));
    weir_stream *out = weir_stream_hold(weir_child_out(child));
    const pid_t pid = weir_child_pid(child);
    char buffer[16];
    weir_stream_io read_;
    CHECK_EQ(RUN_FUTURE(rig, read_, weir_stream_read(out, buffer, sizeof buffer)), 8);
    weir_child_put(child);
    uint8_t *data;
    CHECK_EQ(read_all(rig, out, &data), 0); /* the pipe has its end: nobody is there */
    weir_stream_put(out);
    /* When it has ended it is reaped by whatever we do with children next, and then isn't ours any more. */
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0 || errno == ECHILD);
    child = start(SHELL("exit 0"));
    weir_child_future wait_;
    CHECK_EQ(RUN_FUTURE(rig, wait_, weir_child_wait(child)), 0);
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), -1);
    weir_child_put(child);
}

/* A child that is let go is killed if it was said so: its pipes end, and no zombie stays. */
static void test_kill_on_drop(void)
{
    on_every_ring(run_kill_on_drop);
}

static void run_left_alone(struct io_rig *rig)
{
    weir_child *child = start(SHELL("read line; echo $line", .in = WEIR_STDIO_PIPE, .out = WEIR_STDIO_PIPE));
    weir_stream *in = weir_stream_hold(weir_child_in(child));
    weir_stream *out = weir_stream_hold(weir_child_out(child));
    const pid_t pid = weir_child_pid(child);
    weir_child_put(child);
    weir_stream_all write_;
    CHECK_EQ(RUN_FUTURE(rig, write_, weir_stream_write_all(in, "alive\n", 6)), 6);
    weir_stream_put(in);
    uint8_t *data;
    CHECK_EQ(read_all(rig, out, &data), 6);
    free(data);
    weir_stream_put(out);
    siginfo_t info;
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0); /* it has ended */
    child = start(SHELL("exit 0"));
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), -1); /* and was reaped */
    weir_child_future wait_;
    CHECK_EQ(RUN_FUTURE(rig, wait_, weir_child_wait(child)), 0);
    weir_child_put(child);
}

/* One that is let go without a word runs on, and is reaped when it has ended. */
static void test_a_child_that_is_let_go_runs_on(void)
{
    on_every_ring(run_left_alone);
}

/* Program, arguments, environment, directory, streams: the child gets what it was given. */
static void test_a_child_gets_what_it_was_given(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    const unsigned fds = io_rig_open_fds();
    const char *const argv[] = {
        "a name", "-c", "echo \"$0 $WORD $(pwd) $1\"; cat; echo err >&2", "zero", "o n e", NULL
    };
    const char *const env[] = { "WORD=given", NULL };
    int fd[2];
    CHECK_EQ(pipe2(fd, O_CLOEXEC), 0);
    weir_child *child = start((weir_command){ .program = "/bin/sh",
                                              .argv = argv,
                                              .env = env,
                                              .cwd = "/",
                                              .in = WEIR_STDIO_NULL,
                                              .out = WEIR_STDIO_FD + fd[1],
                                              .err = WEIR_STDIO_NULL,
                                              .new_group = true });
    CHECK_EQ(getpgid(weir_child_pid(child)), weir_child_pid(child));
    CHECK(weir_child_out(child) == NULL);
    weir_child_future wait_;
    CHECK_EQ(RUN_FUTURE(&rig, wait_, weir_child_wait(child)), 0);
    char buffer[64] = "";
    CHECK(read(fd[0], buffer, sizeof buffer - 1) > 0);
    CHECK_STR(buffer, "zero given / o n e\n");
    weir_child_put(child);
    close(fd[0]);
    close(fd[1]);
    CHECK_EQ(io_rig_open_fds(), fds);

    weir_command command = { .argv = (const char *const[]){ "/no/such/program", NULL } };
    CHECK_EQ(weir_child_start(&command, &child), -ENOENT);
    command.argv = (const char *const[]){ "/", NULL };
    CHECK_EQ(weir_child_start(&command, &child), -EACCES);
    command.argv = (const char *const[]){ NULL };
    CHECK_EQ(weir_child_start(&command, &child), -EINVAL);
    command = SHELL("exit 0", .cwd = "/no/such/directory", .in = WEIR_STDIO_PIPE, .out = WEIR_STDIO_PIPE);
    CHECK_EQ(weir_child_start(&command, &child), -ENOENT);
    command = SHELL("exit 0", .in = WEIR_STDIO_PIPE, .out = WEIR_STDIO_FD + 9999);
    CHECK_EQ(weir_child_start(&command, &child), -EBADF);
    command = SHELL("exit 0", .in = WEIR_STDIO_PIPE, .out = 9);
    CHECK_EQ(weir_child_start(&command, &child), -EINVAL);
    CHECK_EQ(io_rig_open_fds(), fds);
    weir_child_put(NULL);
    io_rig_fini(&rig);
}

/* A child's standard streams may be ours in another order. */
static void test_standard_streams_may_change_places(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    int fd[2];
    CHECK_EQ(pipe2(fd, O_CLOEXEC), 0);
    const int saved = dup(STDERR_FILENO);
    CHECK_EQ(dup2(fd[1], STDERR_FILENO), STDERR_FILENO);
    weir_command command = SHELL("echo out; echo err >&2", .out = WEIR_STDIO_FD + 2, .err = WEIR_STDIO_NULL);
    weir_child *child;
    const int error = weir_child_start(&command, &child);
    CHECK_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    CHECK_EQ(error, 0);
    weir_child_future wait_;
    CHECK_EQ(RUN_FUTURE(&rig, wait_, weir_child_wait(child)), 0);
    close(fd[1]);
    char buffer[16] = "";
    CHECK_EQ(read(fd[0], buffer, sizeof buffer), 4);
    CHECK_STR(buffer, "out\n");
    close(fd[0]);
    weir_child_put(child);
    io_rig_fini(&rig);
}

/* Signals that the parent ignores for its own sake are the default again. */
static void test_a_child_dies_of_a_broken_pipe(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    weir_child *child = start(SHELL("kill -PIPE $$; exit 3", .out = WEIR_STDIO_PIPE));
    weir_child_future wait_;
    const int64_t status = RUN_FUTURE(&rig, wait_, weir_child_wait(child));
    CHECK(WIFSIGNALED((int)status));
    CHECK_EQ(WTERMSIG((int)status), SIGPIPE);
    weir_child_put(child);
    io_rig_fini(&rig);
}

/* An output longer than the limit is an error, and what was read of it isn't lost on the floor. */
static void test_output_has_a_limit(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    weir_child *child = start(SHELL("yes", .out = WEIR_STDIO_PIPE, .kill_on_drop = true));
    weir_child_output_future output;
    CHECK_EQ(RUN_FUTURE(&rig, output, weir_child_output(child, 100000, NULL, NULL)), -EFBIG);
    weir_child_put(child);

    child = start(SHELL("printf 12345678", .out = WEIR_STDIO_PIPE));
    weir_child_text out = { NULL, 0 };
    CHECK_EQ(RUN_FUTURE(&rig, output, weir_child_output(child, 8, &out, NULL)), 0); /* exactly as long as the limit */
    CHECK_EQ(out.size, 8);
    free(out.data);
    weir_child_put(child);
    child = start(SHELL("printf 123456789", .out = WEIR_STDIO_PIPE));
    CHECK_EQ(RUN_FUTURE(&rig, output, weir_child_output(child, 8, &out, NULL)), -EFBIG);
    weir_child_put(child);
    io_rig_settle(&rig);
    io_rig_fini(&rig);
}

static int start_counting(weir_child **ret_child)
{
    const weir_command command = SHELL("seq 1 10000", .out = WEIR_STDIO_PIPE);
    return weir_child_start(&command, ret_child);
}

WEIR_ASYNC(run_children, int64_t, weir_child *child; weir_child_text out; weir_child_output_future all; int round;)
{
    WEIR_BEGIN
    for (; self->round < 5; self->round++) {
        self->output = start_counting(&self->child);
        if (self->output != 0)
            RETURN(self->output);
        AWAIT(self->all, weir_child_output(self->child, 1 << 20, &self->out, NULL));
        weir_child_put(self->child);
        self->child = NULL;
        if (self->all.output != 0 || self->out.size != 48894)
            RETURN(-EIO);
        free(self->out.data);
        self->out.data = NULL;
    }
    WEIR_FINALLY
    weir_child_put(self->child);
    free(self->out.data);
    WEIR_END
}

static void run_runtime(weir_runtime *runtime)
{
    weir_join_handle other = weir_spawn_on(runtime, WEIR_CALL(run_children));
    CHECK_EQ(BLOCK_ON(runtime, WEIR_CALL(run_children)), 0);
    CHECK_EQ(BLOCK_ON(runtime, WEIR_CALL(run_children)), 0);
    int64_t output = -1;
    int error = 1;
    CHECK_EQ(weir_block_on(runtime, weir_join(other, &output), &error), 0);
    CHECK_EQ(error, 0);
    CHECK_EQ(output, 0);
}

/* The same in tasks of a runtime, several at once. */
static void test_tasks_run_children(void)
{
    on_every_runtime(run_runtime);
}

int main(void)
{
    RUN(test_a_child_is_talked_to_and_waited_for);
    RUN(test_waits);
    RUN(test_kill_on_drop);
    RUN(test_a_child_that_is_let_go_runs_on);
    RUN(test_a_child_gets_what_it_was_given);
    RUN(test_standard_streams_may_change_places);
    RUN(test_a_child_dies_of_a_broken_pipe);
    RUN(test_output_has_a_limit);
    RUN(test_tasks_run_children);
    return check_done();
}
