/* test_ring_pool_poll.c - the ring without io_uring: what can be waited for takes no thread, and wakes its owner. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>

#include "ring_pool_rig.h"

/* A pipe that nobody writes to holds no thread; whoever waits for it can be cancelled. */
static void test_streams_are_waited_for_without_a_thread(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 10);
    for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
        int fds[2];
        make_pipe(fds, flags);
        char bytes[8] = { 0 };
        struct op *one = transfer_op(&rig, OP_READ, fds[0], &bytes[0], 1, AT_POSITION);
        struct op *two = transfer_op(&rig, OP_READ, fds[0], &bytes[1], 1, AT_POSITION);
        struct op *gone = transfer_op(&rig, OP_READ, fds[0], &bytes[2], 1, AT_POSITION);
        start(&rig, one);
        start(&rig, two);
        start(&rig, gone);
        wi_op_drop(gone);
        CHECK(!is_done(&rig, one) && !is_done(&rig, two));
        CHECK_EQ(write(fds[1], "ab", 2), 2);
        CHECK_EQ(finish(&rig, one), 1);
        CHECK_EQ(finish(&rig, two), 1);
        CHECK(bytes[0] + bytes[1] == 'a' + 'b' && bytes[2] == 0);

        static char much[200000];
        int64_t sum = 0;
        struct op *writer = transfer_op(&rig, OP_WRITE, fds[1], much, sizeof much, AT_POSITION);
        sum += run(&rig, writer); /* a pipe takes a part */
        CHECK(sum > 0 && sum < (int64_t)sizeof much);
        writer = transfer_op(&rig, OP_WRITE, fds[1], much, 8192, AT_POSITION);
        start(&rig, writer);
        CHECK(!is_done(&rig, writer));
        CHECK_EQ(read(fds[0], much, sizeof much), sum);
        CHECK_EQ(finish(&rig, writer), 8192);
        one = transfer_op(&rig, OP_READ, fds[0], much, sizeof much, AT_POSITION);
        CHECK_EQ(run(&rig, one), 8192);
        one = transfer_op(&rig, OP_READ, fds[0], much, sizeof much, AT_POSITION);
        start(&rig, one);
        close(fds[1]);
        CHECK_EQ(finish(&rig, one), 0); /* end of file wakes, too */
        close(fds[0]);
    }
    CHECK_EQ(lane_rig_posted(&lane), 0);
    end(&rig, &lane);
}

/* A poll says what is ready; as with io_uring closing the descriptor meanwhile leaves it alone. */
static void test_poll(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 10);
    const unsigned open_fds = io_rig_open_fds();
    int fds[2];
    make_pipe(fds, 0);
    struct op *ops[3];
    for (int i = 0; i < 3; i++) { /* three for one descriptor */
        ops[i] = take_op(&rig, OP_POLL);
        ops[i]->fd = fds[0];
        ops[i]->mask = POLLIN;
        start(&rig, ops[i]);
    }
    wi_op_drop(ops[1]);
    const int copy = dup(fds[0]);
    close(fds[0]);
    CHECK(!is_done(&rig, ops[0]) && !is_done(&rig, ops[2]));
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(finish(&rig, ops[0]), POLLIN);
    CHECK_EQ(finish(&rig, ops[2]), POLLIN);
    close(fds[1]);
    struct op *op = take_op(&rig, OP_POLL);
    op->fd = copy;
    op->mask = POLLIN;
    CHECK_EQ(run(&rig, op), POLLIN | POLLHUP);
    close(copy);
    op = take_op(&rig, OP_POLL);
    op->fd = copy;
    op->mask = POLLIN;
    CHECK_EQ(run(&rig, op), -EBADF);
    io_rig_settle(&rig);
    CHECK_EQ(io_rig_open_fds(), open_fds);
    end(&rig, &lane);
}

/* A worker that is stuck in a poll, in its task's sense, doesn't keep others from what its epoll has. */
static void test_what_is_ready_is_reaped_without_a_wait(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 10);
    int fds[2];
    make_pipe(fds, 0);
    struct op *op = take_op(&rig, OP_POLL);
    op->fd = fds[0];
    op->mask = POLLIN;
    start(&rig, op);
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK(!is_done(&rig, op));
    io_rig_reap(&rig);
    CHECK(is_done(&rig, op));
    wi_op_put(op);
    close_pipe(fds);
    end(&rig, &lane);
}

struct helper {
    struct io_rig *rig;
    uint32_t over;
};

static void *help_until_over(void *arg)
{
    struct helper *helper = arg;
    weir_driver *driver = helper->rig->worker.driver;
    while (__atomic_load_n(&helper->over, __ATOMIC_ACQUIRE) == 0) {
        driver->type->help(driver);
        io_rig_reap(helper->rig);
    }
    return NULL;
}

static void wait_until_done(struct io_rig *rig, struct op *op, int64_t expected)
{
    int64_t result;
    while (!wi_op_poll(op, &rig->task.waker, &result))
        sched_yield();
    CHECK_EQ(result, expected);
    wi_op_put(op);
}

/* What a stuck worker had pushed before is begun by who looks after it, and ends: it waited for the next turn once. */
static void test_another_thread_begins_what_a_stuck_owner_has_pushed(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 10);
    int fds[2];
    make_pipe(fds, 0);
    struct helper helper = { .rig = &rig };
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, help_until_over, &helper), 0);
    for (int round = 0; round < 100; round++) {
        char byte;
        struct op *nop = take_op(&rig, OP_NOP);
        struct op *read = transfer_op(&rig, OP_READ, fds[0], &byte, 1, AT_POSITION);
        struct op *gone = transfer_op(&rig, OP_READ, fds[0], &byte, 0, AT_POSITION);
        wi_op_start(nop);
        wi_op_start(read);
        wi_op_start(gone);
        wi_op_drop(gone);
        CHECK_EQ(write(fds[1], "x", 1), 1);
        wait_until_done(&rig, nop, 0); /* the owner does nothing for the ring */
        wait_until_done(&rig, read, 1);
    }
    __atomic_store_n(&helper.over, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    close_pipe(fds);
    io_rig_settle(&rig); /* what the other thread gave back isn't counted as free yet */
    io_rig_fini(&rig);
    lane_rig_fini(&lane);
}

/* wake() counts once: it ends the wait under way or the next one, and not the one after that. */
static void test_a_wake_ends_one_wait(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 10);
    weir_driver *driver = rig.worker.driver;
    driver->type->unpark(driver);
    driver->type->unpark(driver);
    driver->type->wait(driver, -1);
    struct ring_pool *pool = weir_container_of(rig.ring, struct ring_pool, ring);
    struct epoll_event event;
    CHECK_EQ(atomic_load(&pool->sleep), RPOOL_AWAKE);      /* the next one would lie down, */
    CHECK_EQ(epoll_wait(pool->epoll_fd, &event, 1, 0), 0); /* and nothing would get it up */
    end(&rig, &lane);
}

int main(void)
{
    temp_tree_init(&tree);
    RUN(test_streams_are_waited_for_without_a_thread);
    RUN(test_poll);
    RUN(test_what_is_ready_is_reaped_without_a_wait);
    RUN(test_another_thread_begins_what_a_stuck_owner_has_pushed);
    RUN(test_a_wake_ends_one_wait);
    temp_tree_fini(&tree);
    return check_done();
}
