/* test_file_now.c - what is cached is done at once for a task that is alone, and by the ring for many. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/io.h>

#include "every_ring.h"

static char top[64];

static bool at_once(struct io_rig *rig, weir_io_future *op)
{
    const bool ready = POLL_SLOT(rig, *op) == WEIR_READY;
    if (!ready)
        io_rig_run(rig, WEIR_HEAD(*op));
    WEIR_HEAD(*op)->line = WEIR_AT_DONE;
    return ready;
}

/* Some turns without a file: whoever comes next is alone. */
static void be_alone(struct io_rig *rig)
{
    for (int i = 0; i < 16; i++)
        rig->worker.driver->type->submit(rig->worker.driver);
}

static void make_file(const char *text, char path[96])
{
    snprintf(path, 96, "%s/file", top);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void run_life(struct io_rig *rig)
{
    char path[96], buffer[16] = "", other[96];
    make_file("cached", path);
    rig->ring->can_now = true;
    be_alone(rig);
    weir_io_future op = weir_open(AT_FDCWD, path, O_RDONLY, 0);
    const bool opened = at_once(rig, &op);
    const int fd = (int)op.output;
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    struct statx statx_;
    op = weir_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &statx_);
    const bool stated = at_once(rig, &op);
    CHECK_EQ(op.output, 0);
    CHECK_EQ(statx_.stx_size, 6);
    op = weir_read_at(fd, buffer, sizeof buffer, 2, WEIR_IO_NO_HOLD);
    (void)at_once(rig, &op); /* some file systems can't say whether it would wait */
    CHECK_EQ(op.output, 4);
    CHECK_STR(buffer, "ched");
    op = weir_close(fd);
    const bool closed = at_once(rig, &op);
    CHECK_EQ(op.output, 0);
    CHECK_EQ(fcntl(fd, F_GETFD), -1);
    const bool real = strcmp(rig->ring->type->name, "fake") != 0;
    if (real) {
        CHECK(opened && stated && closed);
        CHECK_EQ(wi_ring_in_flight(rig->ring), 0);
    }
    snprintf(other, sizeof other, "%s/nothing", top);
    op = weir_open(AT_FDCWD, other, O_RDONLY, 0);
    (void)at_once(rig, &op);
    CHECK_EQ(op.output, -ENOENT);
    op = weir_open(AT_FDCWD, other, O_RDWR | O_CREAT | O_EXCL, 0600); /* it has to ask the disk */
    CHECK(!at_once(rig, &op));
    CHECK(op.output >= 0);
    close((int)op.output);
    CHECK_EQ(unlink(other), 0);
}

/* Open, statx, read and close of a cached file are what they are by the ring, without it. */
static void test_what_is_cached_is_done_at_once(void)
{
    on_every_ring(run_life);
}

static void run_fifo(struct io_rig *rig)
{
    char path[96];
    snprintf(path, sizeof path, "%s/fifo", top);
    CHECK_EQ(mkfifo(path, 0600), 0);
    rig->ring->can_now = true;
    be_alone(rig);
    weir_io_future op = weir_open(AT_FDCWD, path, O_RDONLY, 0);
    if (POLL_SLOT(rig, op) == WEIR_READY && op.output >= 0)
        close((int)op.output);
    else
        weir_drop(op);
    CHECK_EQ(unlink(path), 0);
}

/* A FIFO that nobody writes to holds nobody up. */
static void test_a_fifo_is_not_waited_for(void)
{
    struct io_rig rig;
    struct lane_rig lane;
    lane_rig_init(&lane, 1, 64);
    io_rig_init_pool(&rig, &lane);
    run_fifo(&rig);
    io_rig_settle(&rig);
    io_rig_fini(&rig);
    lane_rig_fini(&lane);
    if (io_rig_init_uring(&rig)) {
        run_fifo(&rig);
        io_rig_settle(&rig);
        io_rig_fini(&rig);
    }
}

#define LOOKS 1000

WEIR_ASYNC(looks_again_and_again, int, int fd; int looks; struct statx statx_; weir_statx_future op;)
{
    WEIR_BEGIN
    for (; self->looks < LOOKS; self->looks++) {
        AWAIT(self->op, weir_statx(self->fd, "", AT_EMPTY_PATH, STATX_SIZE, &self->statx_));
        CHECK_EQ(self->op.output, 0);
    }
    WEIR_FINALLY
    WEIR_END
}

static void run_budget(struct io_rig *rig)
{
    const int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    rig->ring->can_now = true;
    be_alone(rig);
    struct looks_again_and_again call = WEIR_CALL(looks_again_and_again, .fd = fd);
    CHECK(POLL_SLOT(rig, call) == WEIR_PENDING);
    CHECK(call.looks <= (int)WEIR_BUDGET_FULL);
    if (strcmp(rig->ring->type->name, "fake") != 0) { /* each of them was done at once */
        CHECK_EQ(call.looks, WEIR_BUDGET_FULL);
        CHECK(rig->task.yielded);
    }
    io_rig_run(rig, WEIR_HEAD(call));
    CHECK_EQ(call.looks, LOOKS);
    CHECK_EQ(close(fd), 0);
}

/* 55: a loop over what is cached gives way, though it never waits. */
static void test_a_loop_over_cached_files_gives_way(void)
{
    on_every_ring(run_budget);
}

static void run_many(struct io_rig *rig)
{
    enum { TASKS = 16 };
    struct mock_task task[TASKS];
    weir_io_future op[TASKS];
    rig->ring->can_now = true;
    be_alone(rig);
    unsigned pending = 0;
    for (int i = 0; i < TASKS; i++) {
        mock_task_init(&task[i]);
        task[i].worker = &rig->worker;
        op[i] = weir_open(AT_FDCWD, top, O_RDONLY, 0);
        pending += mock_task_poll(&task[i], WEIR_HEAD(op[i])) == WEIR_PENDING;
    }
    CHECK_EQ(wi_ring_in_flight(rig->ring), pending);
    if (strcmp(rig->ring->type->name, "fake") != 0)
        CHECK(pending >= TASKS / 2 && pending < TASKS); /* the first few were on their own yet */
    for (int i = 0; i < TASKS; i++) {
        if (op[i].op != NULL) {
            while (!mock_task_is_woken(&task[i]))
                io_rig_turn(rig);
            CHECK_EQ(mock_task_poll(&task[i], WEIR_HEAD(op[i])), WEIR_READY);
        }
        CHECK(op[i].output >= 0);
        close((int)op[i].output);
    }
    io_rig_settle(rig);
}

/* When many tasks use files in one turn they go into the ring together. */
static void test_many_tasks_go_by_the_ring(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    run_many(&rig);
    io_rig_fini(&rig);
}

int main(void)
{
    snprintf(top, sizeof top, "/tmp/weir-now-XXXXXX");
    CHECK(mkdtemp(top) != NULL);
    RUN(test_what_is_cached_is_done_at_once);
    RUN(test_a_fifo_is_not_waited_for);
    RUN(test_a_loop_over_cached_files_gives_way);
    RUN(test_many_tasks_go_by_the_ring);
    char path[96];
    snprintf(path, sizeof path, "%s/file", top);
    (void)unlink(path);
    CHECK_EQ(rmdir(top), 0);
    return check_done();
}
