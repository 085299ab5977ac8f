/* test_signal.c - every listener hears of every signal, whatever happens to the others. */
#include <sys/wait.h>
#include <weir/signal.h>
#include <weir/task.h>

#include "every_ring.h"
#include "io_runtime.h"

static void run_heard(struct io_rig *rig)
{
    weir_signal *one, *two;
    CHECK_EQ(weir_signal_open(SIGUSR1, &one), 0);
    CHECK_EQ(weir_signal_open(SIGUSR1, &two), 0);
    weir_signal_future next;
    weir_signal_future pending = weir_signal_next(one);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(raise(SIGUSR1), 0);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, 1);
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(RUN_FUTURE(rig, next, weir_signal_next(two)), 2); /* it listened to both */
    CHECK_EQ(RUN_FUTURE(rig, next, weir_signal_next(one)), 1);
    pending = weir_signal_next(one);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(raise(SIGUSR1), 0);
    weir_drop(pending);
    CHECK_EQ(RUN_FUTURE(rig, next, weir_signal_next(one)), 1); /* it isn't lost with the drop */
    weir_signal_close(one);
    CHECK_EQ(RUN_FUTURE(rig, next, weir_signal_next(two)), 1);
    weir_signal_close(two);
    weir_signal_close(NULL);
}

/* Two listeners hear of the same signals, each at its own pace. */
static void test_every_listener_hears_of_every_signal(void)
{
    on_every_ring(run_heard);
}

/* A listener hears nothing of what was before it, and the eventfds of closed ones are used again. */
static void test_a_new_listener_begins_anew(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    weir_signal *signal;
    unsigned fds = 0;
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(weir_signal_open(SIGUSR2, &signal), 0);
        if (i == 0)
            fds = io_rig_open_fds();
        weir_signal_future next = weir_signal_next(signal);
        CHECK_EQ(POLL_SLOT(&rig, next), WEIR_PENDING);
        weir_drop(next);
        CHECK_EQ(raise(SIGUSR2), 0);
        weir_signal_close(signal);
        CHECK_EQ(raise(SIGUSR2), 0); /* nobody listens, and nothing happens */
    }
    CHECK_EQ(io_rig_open_fds(), fds);
    io_rig_settle(&rig);
    io_rig_fini(&rig);
}

/* What can't be caught, or would come again as soon as its handler returns, is refused. */
static void test_what_cant_be_heard_is_refused(void)
{
    static const int refused[] = { 0, -1, NSIG, NSIG + 1, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    weir_signal *signal = NULL;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_EQ(weir_signal_open(refused[i], &signal), -EINVAL);
    CHECK(signal == NULL);
}

/* A child that was forked and got a signal of its own is no reason for the parent's listener to hear one. */
static void test_a_forked_child_keeps_its_signals(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    weir_signal *signal;
    CHECK_EQ(weir_signal_open(SIGUSR1, &signal), 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        raise(SIGUSR1);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    weir_signal_future next = weir_signal_next(signal);
    CHECK_EQ(POLL_SLOT(&rig, next), WEIR_PENDING);
    weir_drop(next);
    weir_signal_close(signal);
    io_rig_settle(&rig);
    io_rig_fini(&rig);
}

WEIR_ASYNC(hear, int64_t, weir_signal *signal; int times; weir_signal_future next;)
{
    WEIR_BEGIN
    while (self->times > 0) {
        AWAIT(self->next, weir_signal_next(self->signal));
        if (self->next.output < 0)
            RETURN(self->next.output);
        self->times -= (int)self->next.output;
    }
    WEIR_FINALLY
    WEIR_END
}

/* A runtime that goes away with a listener in its tasks takes nothing from the listeners of another one. */
static void test_dropping_loops_starves_nobody(void)
{
    static const weir_io_mode modes[] = { WEIR_IO_EPOLL, WEIR_IO_URING };
    for (unsigned i = 0; i < 4; i++) {
        struct io_runtime first, second;
        if (!io_runtime_init(&first, modes[i % 2], i < 2 ? 0 : 2))
            continue;
        CHECK(io_runtime_init(&second, modes[i % 2], i < 2 ? 0 : 2));
        weir_signal *in_first, *in_second;
        CHECK_EQ(weir_signal_open(SIGUSR1, &in_first), 0);
        CHECK_EQ(weir_signal_open(SIGUSR1, &in_second), 0);
        weir_join_handle handle = weir_spawn_on(first.runtime, WEIR_CALL(hear, .signal = in_first, .times = 9));
        CHECK_EQ(raise(SIGUSR1), 0);
        CHECK_EQ(BLOCK_ON(second.runtime, WEIR_CALL(hear, .signal = in_second, .times = 1)), 0);
        io_runtime_fini(&first);
        weir_detach(handle);
        weir_signal_close(in_first);
        CHECK_EQ(raise(SIGUSR1), 0);
        CHECK_EQ(BLOCK_ON(second.runtime, WEIR_CALL(hear, .signal = in_second, .times = 1)), 0);
        weir_signal_close(in_second);
        io_runtime_fini(&second);
    }
}

int main(void)
{
    RUN(test_every_listener_hears_of_every_signal);
    RUN(test_a_new_listener_begins_anew);
    RUN(test_what_cant_be_heard_is_refused);
    RUN(test_a_forked_child_keeps_its_signals);
    RUN(test_dropping_loops_starves_nobody);
    return check_done();
}
