/* test_op.c - an operation ends once, whoever comes first: the reaper, the future's drop, the driver's end. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>

#include "io_rig.h"
#include "op.h"
#include "ring.h"

static struct op *start_op(struct io_rig *rig, enum op_kind kind)
{
    struct op *op = take_op(rig, kind);
    wi_op_start(op);
    return op;
}

static bool all_home(struct io_rig *rig)
{
    return rig->ring->ops == rig->ring->ops_free;
}

static int puts_seen;
static void count_put(void *arg)
{
    CHECK(arg == &puts_seen);
    puts_seen++;
}

static void hold_op(struct op *op)
{
    puts_seen = 0;
    op->hold = &puts_seen;
    op->hold_put = count_put;
}

/* The result is there when the waker is woken, and not before. */
static void test_a_finished_op_wakes_and_gives_its_result(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ .manual = true });
    struct op *op = start_op(&rig, OP_NOP);
    int64_t result = 0;
    CHECK(!wi_op_poll(op, &rig.task.waker, &result));
    CHECK(!wi_op_poll(op, &rig.task.waker, &result));
    CHECK(!io_rig_reap(&rig));
    CHECK_EQ(wi_ring_in_flight(rig.ring), 1);
    ring_fake_finish(rig.ring, op, 42);
    CHECK(io_rig_reap(&rig));
    CHECK_EQ(rig.task.wakes, 1);
    CHECK(wi_op_poll(op, &rig.task.waker, &result));
    CHECK_EQ(result, 42);
    CHECK_EQ(wi_ring_in_flight(rig.ring), 0);
    wi_op_put(op);
    CHECK(all_home(&rig));
    io_rig_fini(&rig);
    CHECK_EQ(rig.counts.destroyed, 1);
}

/* A future may move to another task between two polls (out of a select, say): only the last waker counts. */
static void test_only_the_last_waker_is_woken(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ .manual = true });
    struct mock_task other;
    mock_task_init(&other);
    struct op *op = start_op(&rig, OP_NOP);
    int64_t result;
    CHECK(!wi_op_poll(op, &other.waker, &result));
    CHECK_EQ(mock_task_holds(&other), 1);
    CHECK(!wi_op_poll(op, &rig.task.waker, &result));
    CHECK_EQ(mock_task_holds(&other), 0);
    ring_fake_finish(rig.ring, op, 0);
    io_rig_reap(&rig);
    CHECK(!mock_task_is_woken(&other));
    CHECK(mock_task_is_woken(&rig.task));
    CHECK(wi_op_poll(op, &rig.task.waker, &result));
    wi_op_put(op);
    io_rig_fini(&rig);
}

/* The driver's contract: at most WEIR_WAKES_MAX wakers at once, and it says that there are more. */
static void test_wakes_come_in_batches(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    struct op *ops[150];
    int64_t result;
    for (int i = 0; i < 150; i++) {
        ops[i] = start_op(&rig, OP_NOP);
        CHECK(!wi_op_poll(ops[i], &rig.task.waker, &result));
    }
    unsigned woken[4] = { 0 };
    bool more = true;
    for (int call = 0; more; call++) {
        CHECK(call < 4);
        weir_wakes wakes = { 0 };
        more = rig.worker.driver->type->reap(rig.worker.driver, &wakes);
        woken[call] = wakes.count;
        for (unsigned i = 0; i < wakes.count; i++)
            weir_waker_release(wakes.waker[i]);
    }
    CHECK_EQ(woken[0], WEIR_WAKES_MAX);
    CHECK_EQ(woken[1], WEIR_WAKES_MAX);
    CHECK_EQ(woken[2], 150 - 2 * WEIR_WAKES_MAX);
    for (int i = 0; i < 150; i++) {
        CHECK(wi_op_poll(ops[i], &rig.task.waker, &result));
        wi_op_put(ops[i]);
    }
    CHECK(all_home(&rig));
    io_rig_fini(&rig);
}

/* What the kernel may touch stays until it has let go, and goes then, once. */
static void test_a_dropped_op_keeps_its_buffer_until_it_ends(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ .manual = true });
    struct op *op = take_op(&rig, OP_NOP);
    hold_op(op);
    wi_op_start(op);
    int64_t result;
    CHECK(!wi_op_poll(op, &rig.task.waker, &result));
    wi_op_drop(op);
    CHECK_EQ(mock_task_holds(&rig.task), 0);
    CHECK_EQ(rig.counts.cancels, 1);
    CHECK_EQ(puts_seen, 0);
    CHECK(!io_rig_reap(&rig)); /* ends, cancelled, and wakes nobody */
    CHECK_EQ(puts_seen, 1);
    CHECK(all_home(&rig));
    io_rig_fini(&rig);
}

/* A drop that comes after the end has nothing to cancel. */
static void test_a_drop_after_the_end_gives_the_op_back(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ .manual = true });
    struct op *op = take_op(&rig, OP_NOP);
    hold_op(op);
    wi_op_start(op);
    ring_fake_finish(rig.ring, op, 7);
    io_rig_reap(&rig);
    CHECK_EQ(puts_seen, 0);
    wi_op_drop(op);
    CHECK_EQ(puts_seen, 1);
    CHECK_EQ(rig.counts.cancels, 0);
    CHECK(all_home(&rig));
    io_rig_fini(&rig);
}

/* An open whose future is gone may still succeed: nobody else knows the descriptor. */
static void test_a_descriptor_that_comes_too_late_is_closed(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ .manual = true, .seed = 1 });
    const unsigned before = io_rig_open_fds();
    for (int dropped_first = 0; dropped_first < 2; dropped_first++) {
        struct op *op = take_op(&rig, OP_OPEN);
        op->fd = AT_FDCWD;
        op->how.flags = O_RDONLY | O_CLOEXEC;
        CHECK_EQ(wi_op_set_path(op, "/"), 0);
        wi_op_start(op);
        if (dropped_first)
            wi_op_drop(op);
        ring_fake_run(rig.ring, op);
        io_rig_settle(&rig);
        if (!dropped_first)
            wi_op_drop(op);
    }
    CHECK_EQ(io_rig_open_fds(), before);
    CHECK(all_home(&rig));
    io_rig_fini(&rig);
}

/* Whose future is gone is closed all the same, so it is never cancelled. */
static void test_a_dropped_close_still_closes(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    const unsigned before = io_rig_open_fds();
    struct op *op = take_op(&rig, OP_CLOSE);
    op->fd = open("/", O_RDONLY | O_CLOEXEC);
    CHECK(op->fd >= 0);
    wi_op_start(op);
    wi_op_drop(op);
    CHECK_EQ(rig.counts.cancels, 0);
    io_rig_settle(&rig);
    CHECK_EQ(io_rig_open_fds(), before);
    CHECK(all_home(&rig));
    io_rig_fini(&rig);
}

/* A path is the op's own, short or long; one that no kernel would take is refused. */
static void test_paths_are_copied(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    char path[5000];
    for (size_t length = 0; length < 4096; length = length < 200 ? length + 1 : length + 779) {
        memset(path, 'a', sizeof path);
        path[length] = 0;
        struct op *op = take_op(&rig, OP_RENAME);
        CHECK_EQ(wi_op_set_path(op, path), 0);
        CHECK_EQ(wi_op_set_path2(op, path), 0);
        path[0] = 'b';
        CHECK(strlen(op->path) == length && strlen(op->path2) == length);
        CHECK(length == 0 || (op->path[0] == 'a' && op->path2[0] == 'a'));
        wi_op_put(op);
    }
    memset(path, 'a', sizeof path);
    path[4096] = 0;
    struct op *op = take_op(&rig, OP_OPEN);
    CHECK_EQ(wi_op_set_path(op, path), -ENAMETOOLONG);
    wi_op_put(op);
    io_rig_fini(&rig);
}

/* Every slot of the store has a number of its own, small ones first: rings keep tables by it. */
static void test_indices_are_dense(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    struct op *ops[200];
    bool seen[256] = { false };
    for (int i = 0; i < 200; i++) {
        ops[i] = take_op(&rig, OP_NOP);
        CHECK(ops[i]->index < 256 && !seen[ops[i]->index]);
        CHECK(i >= 64 || ops[i]->index < 64);
        seen[ops[i]->index] = true;
    }
    for (int i = 0; i < 200; i++)
        wi_op_put(ops[i]);
    io_rig_fini(&rig);
}

/* --- other threads ---------------------------------------------------------------------- */

static void *drop_op(void *arg)
{
    wi_op_drop(arg);
    return NULL;
}

static void on_another_thread(void *(*function)(void *), void *arg)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, function, arg), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Only the owner may talk to the ring: a drop elsewhere wakes it, and its next flush cancels. */
static void test_a_drop_elsewhere_is_cancelled_by_the_owner(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ .manual = true });
    struct op *op = take_op(&rig, OP_NOP);
    hold_op(op);
    wi_op_start(op);
    on_another_thread(drop_op, op);
    CHECK_EQ(rig.counts.wakes, 1);
    CHECK_EQ(rig.counts.cancels, 0);
    rig.worker.driver->type->submit(rig.worker.driver);
    CHECK_EQ(rig.counts.cancels, 1);
    io_rig_reap(&rig);
    CHECK_EQ(puts_seen, 1);
    CHECK(all_home(&rig));

    /* The other order: it ends before the owner gets the letter, which then names nothing to cancel. */
    op = start_op(&rig, OP_NOP);
    on_another_thread(drop_op, op);
    ring_fake_finish(rig.ring, op, 3);
    io_rig_reap(&rig);
    CHECK(!all_home(&rig));
    rig.worker.driver->type->submit(rig.worker.driver);
    CHECK_EQ(rig.counts.cancels, 1);
    CHECK(all_home(&rig));
    io_rig_fini(&rig);
}

static void *put_op(void *arg)
{
    wi_op_put(arg);
    return NULL;
}

/* A result may be taken by a task that moved: its op comes back by way of another thread. */
static void test_ops_put_elsewhere_are_used_again(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    for (int i = 0; i < 200; i++)
        on_another_thread(put_op, take_op(&rig, OP_NOP));
    CHECK_EQ(rig.ring->ops, 64);
    io_rig_fini(&rig);
    CHECK_EQ(rig.counts.destroyed, 1);
}

/* A future may outlive the worker whose ring it used: result and memory are still there. */
static void test_an_op_outlives_its_driver(void)
{
    for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
        struct io_rig rig;
        io_rig_init_fake(&rig, (struct ring_fake_options){ .manual = true });
        struct op *finished = start_op(&rig, OP_NOP);
        struct op *running = start_op(&rig, OP_NOP);
        ring_fake_finish(rig.ring, finished, 9);
        io_rig_reap(&rig);
        int64_t result;
        CHECK(!wi_op_poll(running, &rig.task.waker, &result));
        rig.worker.driver->type->destroy(rig.worker.driver);
        CHECK(mock_task_is_woken(&rig.task));
        CHECK_EQ(rig.counts.destroyed, 0);
        CHECK(wi_op_poll(finished, &rig.task.waker, &result));
        CHECK_EQ(result, 9);
        CHECK(wi_op_poll(running, &rig.task.waker, &result));
        CHECK_EQ(result, -ECANCELED);
        if (elsewhere)
            on_another_thread(put_op, finished);
        else
            wi_op_put(finished);
        CHECK_EQ(rig.counts.destroyed, 0);
        wi_op_drop(running);
        CHECK_EQ(rig.counts.destroyed, 1);
        CHECK_EQ(mock_task_holds(&rig.task), 0);
    }
}

/* --- all at once ------------------------------------------------------------------------- */

#define STORM_OPS 20000

struct storm {
    struct io_rig rig;
    _Atomic(struct op *) to_drop[16];
    _Atomic bool stop;
    _Atomic unsigned puts;
};

static void storm_put(void *arg)
{
    atomic_fetch_add(&((struct storm *)arg)->puts, 1);
}

static void *storm_reaper(void *arg)
{
    struct storm *storm = arg;
    while (!atomic_load(&storm->stop)) {
        io_rig_reap(&storm->rig);
        sched_yield();
    }
    return NULL;
}

static void *storm_dropper(void *arg)
{
    struct storm *storm = arg;
    for (unsigned i = 0; !atomic_load(&storm->stop); i++) {
        struct op *op = atomic_exchange(&storm->to_drop[i % 16], NULL);
        if (op != NULL)
            wi_op_drop(op);
        else
            sched_yield();
    }
    return NULL;
}

/* Owner, reaper and dropper on three threads: each op is let go of once, and all come home. */
static void test_a_storm_of_drops_loses_nothing(void)
{
    static struct storm storm;
    memset(&storm, 0, sizeof storm);
    io_rig_init_fake(&storm.rig, (struct ring_fake_options){ .seed = 5, .delay_max = 3 });
    pthread_t threads[2];
    CHECK_EQ(pthread_create(&threads[0], NULL, storm_reaper, &storm), 0);
    CHECK_EQ(pthread_create(&threads[1], NULL, storm_dropper, &storm), 0);
    for (unsigned i = 0; i < STORM_OPS; i++) {
        struct op *op = take_op(&storm.rig, OP_NOP);
        op->hold = &storm;
        op->hold_put = storm_put;
        wi_op_start(op);
        int64_t result;
        (void)wi_op_poll(op, &storm.rig.task.waker, &result);
        op = atomic_exchange(&storm.to_drop[i % 16], op);
        if (op != NULL)
            wi_op_drop(op);
        if (i % 8 == 0)
            storm.rig.worker.driver->type->submit(storm.rig.worker.driver);
    }
    atomic_store(&storm.stop, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    for (unsigned i = 0; i < 16; i++)
        if (storm.to_drop[i] != NULL)
            wi_op_drop(storm.to_drop[i]);
    io_rig_fini(&storm.rig);
    CHECK_EQ(storm.puts, STORM_OPS);
    CHECK_EQ(storm.rig.counts.destroyed, 1);
}

int main(void)
{
    RUN(test_a_finished_op_wakes_and_gives_its_result);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_wakes_come_in_batches);
    RUN(test_a_dropped_op_keeps_its_buffer_until_it_ends);
    RUN(test_a_drop_after_the_end_gives_the_op_back);
    RUN(test_a_descriptor_that_comes_too_late_is_closed);
    RUN(test_a_dropped_close_still_closes);
    RUN(test_paths_are_copied);
    RUN(test_indices_are_dense);
    RUN(test_a_drop_elsewhere_is_cancelled_by_the_owner);
    RUN(test_ops_put_elsewhere_are_used_again);
    RUN(test_an_op_outlives_its_driver);
    RUN(test_a_storm_of_drops_loses_nothing);
    return check_done();
}
