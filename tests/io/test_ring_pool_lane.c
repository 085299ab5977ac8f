/* test_ring_pool_lane.c - the ring without io_uring, on a lane that is full, slow or gone: nothing is lost. */
#include <pthread.h>
#include <sys/stat.h>

#include "deny_syscall.h"
#include "ring_pool_rig.h"

static struct op *write_op(struct io_rig *rig, int fd, int at)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    return transfer_op(rig, OP_WRITE, fd, (void *)(uintptr_t)&digits[at], 1, (uint64_t)at);
}

/* A full lane is no error and nobody's wait: ops stay with the ring until there is room. */
static void test_what_the_lane_has_no_room_for_waits_in_the_ring(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 2);
    const int fd = openat(tree.fd, "backlog", O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
    lane_rig_hold(&lane);
    struct op *ops[30];
    for (int i = 0; i < 30; i++) {
        ops[i] = write_op(&rig, fd, i);
        start(&rig, ops[i]);
    }
    CHECK_EQ(lane_rig_posted(&lane), 2);
    lane_rig_release(&lane);
    for (int i = 0; i < 30; i++)
        CHECK_EQ(finish(&rig, ops[i]), 1);
    char content[31] = { 0 };
    CHECK_EQ(pread(fd, content, 30, 0), 30);
    CHECK_STR(content, "0123456789abcdefghijklmnopqrst");
    close(fd);
    end(&rig, &lane);
}

/* A lane filled by others, with nothing of ours on it that could end and tell: the ring asks again by itself. */
static void test_a_lane_full_of_others_work_is_asked_again(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 0);
    const int fd = openat(tree.fd, "others", O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
    struct op *op = write_op(&rig, fd, 1);
    start(&rig, op);
    CHECK(!is_done(&rig, op));
    rig.worker.driver->type->wait(rig.worker.driver, -1); /* returns */
    CHECK(!is_done(&rig, op));
    pthread_mutex_lock(&lane.mutex);
    lane.queue_max = 1;
    pthread_mutex_unlock(&lane.mutex);
    CHECK_EQ(finish(&rig, op), 1);
    close(fd);
    end(&rig, &lane);
}

/* Dropped in the queue: a read never happens, even while the lane is stuck; a write that was accepted does. */
static void test_drops_take_back_reads_but_not_writes(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 1);
    const int fd = openat(tree.fd, "dropped", O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
    CHECK_EQ(pwrite(fd, "........", 8, 0), 8);
    lane_rig_hold(&lane);
    struct op *first = write_op(&rig, fd, 1); /* on the lane */
    start(&rig, first);
    struct op *second = write_op(&rig, fd, 2); /* in the backlog */
    start(&rig, second);
    struct op *opened = take_op(&rig, OP_OPEN); /* in the backlog */
    opened->fd = tree.fd;
    opened->how = (struct open_how){ .flags = O_CREAT | O_RDWR, .mode = 0644 };
    CHECK_EQ(wi_op_set_path(opened, "never"), 0);
    start(&rig, opened);
    struct op *third = write_op(&rig, fd, 3); /* not handed over at all */
    wi_op_start(third);
    wi_op_drop(first);
    wi_op_drop(second);
    wi_op_drop(opened);
    wi_op_drop(third);
    submit(&rig);
    io_rig_reap(&rig);
    CHECK_EQ(wi_ring_in_flight(rig.ring), 2);
    lane_rig_release(&lane);
    io_rig_settle(&rig);
    char content[9] = { 0 };
    CHECK_EQ(pread(fd, content, 8, 0), 8);
    CHECK_STR(content, ".12.....");
    CHECK_EQ(faccessat(tree.fd, "never", F_OK, 0), -1);
    close(fd);
    end(&rig, &lane);
}

static int holds_put;
static void count_put(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&holds_put, 1, __ATOMIC_RELAXED);
}

/* A file that a thread opens for a future that is gone is closed again, and buffers are let go of once. */
static void test_abandoned_ops_leave_nothing_open(void)
{
    make_file("abandoned", 100);
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 2, 1000);
    const unsigned fds = io_rig_open_fds();
    uint8_t buffer[100];
    holds_put = 0;
    for (int round = 0; round < 100; round++) {
        if (round % 2 == 0)
            lane_rig_hold(&lane);
        struct op *opened = open_op(&rig, "abandoned", O_RDWR | O_CREAT); /* O_CREAT: always the lane's */
        struct op *slurped = slurp_op(&rig, "abandoned", buffer, 100, 0);
        slurped->hold_put = count_put;
        struct op *cached = open_op(&rig, "abandoned", O_RDONLY);
        start(&rig, opened);
        start(&rig, slurped);
        start(&rig, cached);
        wi_op_drop(opened);
        wi_op_drop(slurped);
        wi_op_drop(cached);
        lane_rig_release(&lane);
    }
    io_rig_settle(&rig);
    CHECK_EQ(io_rig_open_fds(), fds);
    CHECK_EQ(holds_put, 100);
    end(&rig, &lane);
}

static void *release_later(void *arg)
{
    usleep(20000);
    lane_rig_release(arg);
    return NULL;
}

/* The end of the ring waits for the threads that have its ops, whatever they are at, and for nothing else. */
static void test_destroy_with_ops_in_flight(void)
{
    make_file("destroyed", 5000);
    const unsigned fds = io_rig_open_fds();
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 2, 5);
    int pipe_fds[2];
    make_pipe(pipe_fds, 0);
    const int fd = openat(tree.fd, "destroyed", O_RDWR | O_CLOEXEC);
    chill("destroyed", 0);
    static uint8_t buffer[20][5000];
    char byte;
    holds_put = 0;
    lane_rig_hold(&lane);
    for (int i = 0; i < 20; i++) {
        struct op *op = i % 4 == 0   ? slurp_op(&rig, "destroyed", buffer[i], 5000, 0)
                        : i % 4 == 1 ? transfer_op(&rig, OP_READ, pipe_fds[0], &byte, 1, AT_POSITION)
                        : i % 4 == 2 ? open_op(&rig, "destroyed", O_RDWR | O_CREAT)
                                     : write_op(&rig, fd, i);
        op->hold_put = count_put;
        wi_op_start(op);
        if (i < 15)
            submit(&rig);
        wi_op_drop(op);
    }
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, release_later, &lane), 0);
    io_rig_fini(&rig);
    CHECK_EQ(holds_put, 20);
    pthread_join(thread, NULL);
    lane_rig_fini(&lane);
    uint8_t written[20];
    CHECK_EQ(pread(fd, written, 20, 0), 20);
    CHECK(written[3] == '3' && written[7] == '7' && written[11] == 'b'); /* these were accepted */
    check_bytes(&written[19], 19, 1);                                    /* this one wasn't */
    close(fd);
    close_pipe(pipe_fds);
    CHECK_EQ(io_rig_open_fds(), fds);
}

/* When the pool has shut down first, reads are cancelled and what must be done is done here. */
static void test_without_a_lane_writes_are_done_by_the_owner(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 10);
    lane_rig_shut_down(&lane);
    const int fd = openat(tree.fd, "late", O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
    CHECK_EQ(run(&rig, write_op(&rig, fd, 0)), 1);
    CHECK_EQ(run(&rig, open_op(&rig, "late", O_RDWR | O_CREAT)), -ECANCELED);
    CHECK_EQ(lane_rig_posted(&lane), 0);
    close(fd);
    end(&rig, &lane);
}

static void slurp_in_bunches(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 1000);
    make_file("short", 10);
    if (!deny_syscall(SYS_openat2, EAGAIN))
        return;
    uint8_t buffer[64][16];
    struct op *ops[64];
    struct ring_pool *pool = weir_container_of(rig.ring, struct ring_pool, ring);
    for (int round = 0; round < 2; round++) {
        /* Not what this machine took, which may be busy. */
        atomic_store(&pool->op_ns, round == 0 ? UINT32_MAX : 1000);
        lane_rig_hold(&lane);
        for (int i = 0; i < 64; i++) {
            ops[i] = slurp_op(&rig, "short", buffer[i], 16, 0);
            wi_op_start(ops[i]);
        }
        submit(&rig);
        submit(&rig);
        CHECK_EQ(lane_rig_posted(&lane), round == 0 ? 64 : 64 + 8);
        lane_rig_release(&lane);
        for (int i = 0; i < 64; i++)
            CHECK_EQ(finish(&rig, ops[i]), 10);
        lane_rig_drain(&lane);
    }
    end(&rig, &lane);
}

/* On a file system that never says what it has cached, short work goes to the lane by the handful. */
static void test_short_work_is_handed_over_in_bunches(void)
{
    in_child(slurp_in_bunches);
}

int main(void)
{
    temp_tree_init(&tree);
    RUN(test_what_the_lane_has_no_room_for_waits_in_the_ring);
    RUN(test_a_lane_full_of_others_work_is_asked_again);
    RUN(test_drops_take_back_reads_but_not_writes);
    RUN(test_abandoned_ops_leave_nothing_open);
    RUN(test_destroy_with_ops_in_flight);
    RUN(test_without_a_lane_writes_are_done_by_the_owner);
    RUN(test_short_work_is_handed_over_in_bunches);
    temp_tree_fini(&tree);
    return check_done();
}
