/*
 * test_dump.c - what a dump says, and that nobody notices it. LABELS: stress
 */
#include <weir/cancel.h>
#include <weir/dump.h>
#include <weir/mpsc.h>
#include <weir/mutex.h>
#include <weir/oneshot.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/semaphore.h>
#include <weir/time.h>

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static weir_runtime *make(unsigned workers)
{
    weir_runtime_options options = workers > 0 ? weir_runtime_defaults() : weir_runtime_current_thread();
    options.workers = workers;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    return runtime;
}

/* The dump as a string, to be freed. */
static char *dump_text(weir_runtime *runtime, unsigned flags)
{
    const int fd = memfd_create("dump", 0);
    CHECK(fd >= 0);
    CHECK_EQ(weir_dump(runtime, fd, flags), 0);
    const off_t size = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    CHECK(text != NULL);
    CHECK_EQ(pread(fd, text, (size_t)size, 0), size);
    close(fd);
    return text;
}

static void check_has(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        return;
    fprintf(stderr, "no '%s' in:\n%s", part, text);
    CHECK(strstr(text, part) != NULL);
}

static char *line_text(const char *name, unsigned line)
{
    static char text[4][96];
    static unsigned next;
    char *to = text[next++ % 4];
    (void)snprintf(to, sizeof text[0], "%s (test_dump.c:%u)", name, line);
    return to;
}

/* --- chains ----------------------------------------------------------------------- */

static unsigned inner_line, outer_line;

WEIR_ASYNC(inner_wait, int, weir_never never;)
{
    WEIR_BEGIN
    inner_line = __LINE__ + 1;
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(outer_wait, int, struct inner_wait inner;)
{
    WEIR_BEGIN
    outer_line = __LINE__ + 1;
    AWAIT(self->inner, WEIR_CALL(inner_wait));
    WEIR_FINALLY
    WEIR_END
}

static unsigned select_line;

WEIR_ASYNC(choosing, int, struct inner_wait inner; weir_sleep nap; weir_select_future which;)
{
    WEIR_BEGIN
    self->inner = WEIR_CALL(inner_wait);
    self->nap = weir_sleep_for(WEIR_SEC(3600));
    select_line = __LINE__ + 1;
    AWAIT(self->which, weir_select(self->inner, self->nap));
    WEIR_FINALLY
    WEIR_END
}

/* Runs `count` tasks of a kind until all wait; gives the dump made by a task beside them. */
WEIR_ASYNC(settle_and_dump, int, unsigned flags; char **ret_text; unsigned turns; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->turns = 0; self->turns < 3; self->turns++)
        AWAIT(self->nap, weir_yield_now());
    *self->ret_text = dump_text(weir_runtime_current(), self->flags);
    WEIR_FINALLY
    WEIR_END
}

static char *dump_beside(weir_runtime *runtime, unsigned flags)
{
    char *text = NULL;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(settle_and_dump, .flags = flags, .ret_text = &text), NULL), 0);
    return text;
}

/* 86: the await line of every suspended task, of every frame down to the leaf. */
static void test_a_dump_names_the_await_line_of_every_frame(void)
{
    weir_runtime *runtime = make(0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(outer_wait)));
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(choosing)));
    char *text = dump_beside(runtime, 0);
    check_has(text, line_text("    outer_wait", outer_line));
    check_has(text, line_text("    inner_wait", inner_line));
    check_has(text, "    never\n");
    check_has(text, line_text("    choosing", select_line));
    check_has(text, "    select\n");
    check_has(text, line_text("      inner_wait", inner_line));
    check_has(text, "      sleep: a time, due in 3");
    check_has(text, "'settle_and_dump' runs on worker 0");
    check_has(text, "weir: 3 tasks: 2 wait, 0 are queued, 1 run\n");
    free(text);
    weir_runtime_destroy(runtime);
}

static void test_tasks_at_one_place_are_one_entry_unless_every_one_is_wanted(void)
{
    weir_runtime *runtime = make(0);
    for (int i = 0; i < 100; i++)
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(outer_wait)));
    char *text = dump_beside(runtime, 0);
    check_has(text, "and 99 others at the same place:");
    CHECK(strstr(strstr(text, "'outer_wait'") + 1, "'outer_wait'") == NULL);
    free(text);
    text = dump_beside(runtime, WEIR_DUMP_EVERY);
    unsigned entries = 0;
    for (const char *at = text; (at = strstr(at, "'outer_wait' waits")) != NULL; at++)
        entries++;
    CHECK_EQ(entries, 100);
    free(text);
    weir_runtime_destroy(runtime);
}

/* --- who has it -------------------------------------------------------------------- */

struct pair {
    weir_mutex *mine, *other;
};

WEIR_ASYNC(lock_both, int, struct pair pair; weir_mutex_guard first, second; weir_mutex_lock_future lock;
           weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->lock, weir_mutex_lock(self->pair.mine, &self->first));
    AWAIT(self->nap, weir_yield_now());
    AWAIT(self->lock, weir_mutex_lock(self->pair.other, &self->second));
    WEIR_FINALLY
    weir_mutex_unlock(&self->second);
    weir_mutex_unlock(&self->first);
    WEIR_END
}

static void test_a_circle_of_mutexes_is_told_as_a_deadlock(void)
{
    weir_runtime *runtime = make(0);
    weir_mutex a, b, c;
    weir_mutex_init(&a);
    weir_mutex_init(&b);
    weir_mutex_init(&c);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(lock_both, .pair = { &a, &b })));
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(lock_both, .pair = { &b, &c })));
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(lock_both, .pair = { &c, &a })));
    char *text = dump_beside(runtime, 0);
    check_has(text, "DEADLOCK: each of these waits for the next, and the last for the first:\n");
    unsigned members = 0;
    for (const char *at = text; (at = strstr(at, "'lock_both' waits for a mutex 0x")) != NULL; at++)
        members++;
    CHECK_EQ(members, 3);
    CHECK(strstr(strstr(text, "DEADLOCK") + 1, "DEADLOCK") == NULL);
    free(text);
    weir_runtime_destroy(runtime);
}

WEIR_ASYNC(hold_and_wait, int, weir_mutex *mutex; weir_mutex_guard guard; weir_mutex_lock_future lock;
           weir_never never;)
{
    WEIR_BEGIN
    AWAIT(self->lock, weir_mutex_lock(self->mutex, &self->guard));
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

WEIR_ASYNC(want_permit, int, weir_semaphore *semaphore; weir_semaphore_acquire_future acquire; weir_permit permit;
           weir_never never;)
{
    WEIR_BEGIN
    AWAIT(self->acquire, weir_semaphore_acquire_owned(self->semaphore, 1, &self->permit));
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    weir_permit_release(&self->permit);
    WEIR_END
}

WEIR_ASYNC(join_one, int, weir_join_handle handle; weir_join_future join;)
{
    WEIR_BEGIN
    AWAIT(self->join, weir_join(self->handle, NULL));
    WEIR_FINALLY
    weir_drop(self->join);
    WEIR_END
}

static void test_a_dump_says_what_is_waited_for_and_who_has_it(void)
{
    weir_runtime *runtime = make(0);
    weir_mutex mutex;
    weir_semaphore *semaphore;
    weir_mutex_init(&mutex);
    CHECK_EQ(weir_semaphore_create(1, &semaphore), 0);
    weir_join_handle first = weir_spawn_on(runtime, WEIR_CALL(hold_and_wait, .mutex = &mutex));
    const uint64_t first_id = weir_task_id(first);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hold_and_wait, .mutex = &mutex)));
    weir_join_handle taker = weir_spawn_on(runtime, WEIR_CALL(want_permit, .semaphore = semaphore));
    const uint64_t taker_id = weir_task_id(taker);
    weir_detach(taker);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(want_permit, .semaphore = semaphore)));
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(join_one, .handle = first)));
    char *text = dump_beside(runtime, 0);
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted, "mutex_lock: a mutex %p, by task %" PRIu64 " 'hold_and_wait'\n",
                   (void *)&mutex, first_id);
    check_has(text, wanted);
    (void)snprintf(wanted, sizeof wanted, ", 1 permits, created with 1, by task %" PRIu64 " 'want_permit'\n", taker_id);
    check_has(text, wanted);
    (void)snprintf(wanted, sizeof wanted, "join: the end of a task, by task %" PRIu64 " 'hold_and_wait'\n", first_id);
    check_has(text, wanted);
    CHECK(strstr(text, "DEADLOCK") == NULL);
    free(text);
    weir_runtime_destroy(runtime);
    weir_semaphore_unref(semaphore);
}

WEIR_ASYNC(fill_channel, int, weir_mpsc_sender *to; int item; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (;;)
        AWAIT(self->send, weir_mpsc_send(self->to, &self->item));
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->to);
    WEIR_END
}

/* Receives one item, then waits for the end of the one who fills the channel up. */
WEIR_ASYNC(wait_for_filler, int, weir_mpsc_receiver *from; weir_mpsc_sender *to; int item; weir_mpsc_recv_future recv;
           weir_join_handle filler; weir_join_future join; weir_yield nap;)
{
    WEIR_BEGIN
    self->recv = weir_mpsc_recv(self->from, &self->item);
    self->filler = weir_spawn(WEIR_CALL(fill_channel, .to = self->to));
    AWAIT_SLOT(self->recv);
    AWAIT(self->join, weir_join(self->filler, NULL));
    WEIR_FINALLY
    weir_drop(self->join);
    weir_mpsc_receiver_drop(self->from);
    WEIR_END
}

/* Over a channel and a join: the receiver waits for the sender's end, who waits for room. */
static void test_a_circle_over_a_full_channel_is_a_deadlock_too(void)
{
    weir_runtime *runtime = make(0);
    weir_mpsc_sender *tx;
    weir_mpsc_receiver *rx;
    CHECK_EQ(weir_mpsc_create(sizeof(int), 2, NULL, &tx, &rx), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(wait_for_filler, .from = rx, .to = tx)));
    char *text = dump_beside(runtime, 0);
    check_has(text, "DEADLOCK");
    check_has(text, "'fill_channel' waits for room in a channel 0x");
    check_has(text, "'wait_for_filler' waits for the end of a task\n");
    check_has(text, ", all 2 places taken, by task ");
    free(text);
    weir_runtime_destroy(runtime);
}

/* --- nobody notices ---------------------------------------------------------------- */

#define HOPS 2000

WEIR_ASYNC(pass_on, int, weir_mpsc_receiver *from; weir_mpsc_sender *to; int item; weir_mpsc_recv_future recv;
           weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->recv, weir_mpsc_recv(self->from, &self->item));
        if (self->recv.output < 0)
            RETURN(0);
        AWAIT(self->send, weir_mpsc_send(self->to, &self->item));
        if (self->send.output < 0)
            RETURN(0);
    }
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->from);
    weir_mpsc_sender_unref(self->to);
    WEIR_END
}

WEIR_ASYNC(ping, int, int count; int item; weir_mpsc_receiver *from; weir_mpsc_sender *to; weir_mpsc_recv_future recv;
           weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (self->count = 0; self->count < HOPS; self->count++) {
        AWAIT(self->send, weir_mpsc_send(self->to, &self->count));
        AWAIT(self->recv, weir_mpsc_recv(self->from, &self->item));
        if (self->item != self->count)
            RETURN(-1);
    }
    RETURN(self->count);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->from);
    weir_mpsc_sender_unref(self->to);
    WEIR_END
}

static uint32_t stop_dumping;

static void count_task(const weir_dump_task *task, void *arg)
{
    CHECK(task->name != NULL && task->id != 0);
    CHECK(task->doing != WEIR_TASK_WAITS || task->frame_count > 0);
    (*(uint64_t *)arg)++;
}

static void *dump_again_and_again(void *arg)
{
    uint64_t seen = 0;
    while (__atomic_load_n(&stop_dumping, __ATOMIC_ACQUIRE) == 0)
        CHECK_EQ(weir_dump_each(arg, count_task, &seen), 0);
    return NULL;
}

/* Every wake of a task that is being looked at must still lead to a poll: a lost one hangs this test. */
static void test_no_wake_is_lost_while_two_threads_dump_without_a_pause(void)
{
    for (unsigned workers = 0; workers <= 2; workers += 2) {
        weir_runtime *runtime = make(workers);
        pthread_t dumpers[2];
        stop_dumping = 0;
        for (int i = 0; i < 2; i++)
            CHECK_EQ(pthread_create(&dumpers[i], NULL, dump_again_and_again, runtime), 0);
        weir_mpsc_sender *there_tx, *back_tx;
        weir_mpsc_receiver *there_rx, *back_rx;
        CHECK_EQ(weir_mpsc_create(sizeof(int), 1, NULL, &there_tx, &there_rx), 0);
        CHECK_EQ(weir_mpsc_create(sizeof(int), 1, NULL, &back_tx, &back_rx), 0);
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(pass_on, .from = there_rx, .to = back_tx)));
        int hops = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(ping, .from = back_rx, .to = there_tx), &hops), 0);
        CHECK_EQ(hops, HOPS);
        __atomic_store_n(&stop_dumping, 1, __ATOMIC_RELEASE);
        for (int i = 0; i < 2; i++)
            CHECK_EQ(pthread_join(dumpers[i], NULL), 0);
        weir_runtime_destroy(runtime);
    }
}

WEIR_ASYNC(short_lived, int, char ballast[2000]; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(spawn_many, int, int count; int large; weir_join_handle handle; weir_join_future join;)
{
    WEIR_BEGIN
    for (self->count = 0; self->count < HOPS; self->count++) {
        self->large = self->count % 2;
        self->handle = self->large ? weir_spawn(WEIR_CALL(short_lived)) : weir_spawn(WEIR_CALL(outer_wait));
        if (!self->large)
            weir_abort(self->handle);
        AWAIT(self->join, weir_join(self->handle, NULL));
        if (self->join.output != (self->large ? 0 : -ECANCELED))
            RETURN(-1);
    }
    RETURN(self->count);
    WEIR_FINALLY
    WEIR_END
}

/* Also of the tasks that are too large for the slab, whose memory really goes. */
static void test_tasks_may_end_while_they_are_looked_at(void)
{
    weir_runtime *runtime = make(2);
    pthread_t dumper;
    stop_dumping = 0;
    CHECK_EQ(pthread_create(&dumper, NULL, dump_again_and_again, runtime), 0);
    int count = 0;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawn_many), &count), 0);
    CHECK_EQ(count, HOPS);
    __atomic_store_n(&stop_dumping, 1, __ATOMIC_RELEASE);
    CHECK_EQ(pthread_join(dumper, NULL), 0);
    weir_runtime_destroy(runtime);
}

/* --- the signal --------------------------------------------------------------------- */

/* What goes to stderr until `part` has come, at most for as long as the test may run. */
static void check_stderr_gets(int read_end, const char *part)
{
    static char got[64 * 1024];
    size_t size = 0;
    memset(got, 0, sizeof got);
    while (strstr(got, part) == NULL && size < sizeof got - 1) {
        const ssize_t more = read(read_end, got + size, sizeof got - 1 - size);
        CHECK(more > 0);
        size += (size_t)more;
    }
    CHECK(strstr(got, part) != NULL);
}

static uint32_t stuck, release_stuck;

WEIR_ASYNC(never_comes_back, int, int unused;)
{
    WEIR_BEGIN
    __atomic_store_n(&stuck, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&release_stuck, __ATOMIC_ACQUIRE) == 0)
        ;
    WEIR_FINALLY
    WEIR_END
}

/* The moment at which it is wanted is the one at which no worker comes back. */
static void test_a_signal_dumps_also_when_every_worker_is_stuck(void)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    const int saved = dup(STDERR_FILENO);
    weir_runtime *runtime = make(1);
    CHECK_EQ(weir_dump_on_signal(runtime, SIGQUIT), 0);
    CHECK_EQ(weir_dump_on_signal(runtime, SIGKILL), -EINVAL);
    stuck = release_stuck = 0;
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(never_comes_back)));
    while (__atomic_load_n(&stuck, __ATOMIC_ACQUIRE) == 0)
        ;
    CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
    CHECK_EQ(raise(SIGQUIT), 0);
    check_stderr_gets(ends[0], "'never_comes_back' runs on worker 0");
    CHECK(dup2(saved, STDERR_FILENO) >= 0);
    __atomic_store_n(&release_stuck, 1, __ATOMIC_RELEASE);
    weir_runtime_destroy(runtime);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    struct sigaction after;
    CHECK_EQ(sigaction(SIGQUIT, NULL, &after), 0);
    CHECK(after.sa_handler == SIG_DFL);
}

int main(void)
{
    RUN(test_a_dump_names_the_await_line_of_every_frame);
    RUN(test_tasks_at_one_place_are_one_entry_unless_every_one_is_wanted);
    RUN(test_a_circle_of_mutexes_is_told_as_a_deadlock);
    RUN(test_a_dump_says_what_is_waited_for_and_who_has_it);
    RUN(test_a_circle_over_a_full_channel_is_a_deadlock_too);
    RUN(test_no_wake_is_lost_while_two_threads_dump_without_a_pause);
    RUN(test_tasks_may_end_while_they_are_looked_at);
    RUN(test_a_signal_dumps_also_when_every_worker_is_stuck);
    return check_done();
}
