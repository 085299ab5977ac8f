/* test_ring_pool.c - the ring without io_uring: what it does itself, what it leaves to threads, and that nothing is
 * lost. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deny_syscall.h"
#include "lane_rig.h"
#include "temp_tree.h"

#define AT_POSITION UINT64_MAX

static struct temp_tree tree;

/* --- ops by hand ------------------------------------------------------------------------- */

static struct op *take_op(struct io_rig *rig, enum op_kind kind)
{
    struct op *op = wi_op_take(rig->ring, kind);
    CHECK(op != NULL);
    op->complete = wi_op_finish;
    return op;
}

static struct op *path_op(struct io_rig *rig, enum op_kind kind, const char *path)
{
    struct op *op = take_op(rig, kind);
    op->fd = tree.fd;
    CHECK_EQ(wi_op_set_path(op, path), 0);
    return op;
}

static struct op *open_op(struct io_rig *rig, const char *path, uint64_t flags)
{
    struct op *op = path_op(rig, OP_OPEN, path);
    op->how = (struct open_how){ .flags = flags | O_CLOEXEC, .mode = flags & O_CREAT ? 0644 : 0 };
    return op;
}

static struct op *transfer_op(struct io_rig *rig, enum op_kind kind, int fd, void *buffer, uint32_t length,
                              uint64_t offset)
{
    struct op *op = take_op(rig, kind);
    op->fd = fd;
    op->buffer = buffer;
    op->length = length;
    op->offset = offset;
    return op;
}

static struct op *slurp_op(struct io_rig *rig, const char *path, void *buffer, uint32_t length, uint32_t flags)
{
    struct op *op = path_op(rig, OP_SLURP, path);
    op->buffer = buffer;
    op->length = length;
    op->flags = flags;
    return op;
}

static void submit(struct io_rig *rig)
{
    rig->worker.driver->type->submit(rig->worker.driver);
}

static void start(struct io_rig *rig, struct op *op)
{
    wi_op_start(op);
    submit(rig);
    io_rig_reap(rig);
}

static bool is_done(struct io_rig *rig, struct op *op)
{
    int64_t result;
    return wi_op_poll(op, &rig->task.waker, &result);
}

/* Sleeps without a limit between the looks: a wake-up that is lost hangs the test. */
static int64_t finish(struct io_rig *rig, struct op *op)
{
    int64_t result;
    submit(rig);
    io_rig_reap(rig);
    while (!wi_op_poll(op, &rig->task.waker, &result)) {
        rig->worker.driver->type->wait(rig->worker.driver, -1);
        io_rig_reap(rig);
    }
    wi_op_put(op);
    return result;
}

static int64_t run(struct io_rig *rig, struct op *op)
{
    wi_op_start(op);
    return finish(rig, op);
}

static void begin(struct io_rig *rig, struct lane_rig *lane, unsigned threads, unsigned queue_max)
{
    lane_rig_init(lane, threads, queue_max);
    io_rig_init_pool(rig, lane);
}

static void end(struct io_rig *rig, struct lane_rig *lane)
{
    io_rig_settle(rig);
    CHECK_EQ(rig->ring->ops, rig->ring->ops_free);
    io_rig_fini(rig);
    lane_rig_fini(lane);
}

static void make_pipe(int fds[2], int flags)
{
    CHECK_EQ(pipe2(fds, O_CLOEXEC | flags), 0);
}

static void close_pipe(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* A byte of a file that knows its place. */
static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 31 + offset / 251);
}

static void make_file(const char *name, size_t size)
{
    const int fd = openat(tree.fd, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(i);
    CHECK_EQ(write(fd, bytes, size), (ssize_t)size);
    free(bytes);
    close(fd);
}

static void check_bytes(const uint8_t *bytes, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(offset + i))
            CHECK_EQ(bytes[i], byte_at(offset + i));
    CHECK(true);
}

/* Takes the file, or what follows `offset` of it, out of the page cache, if this file system can. */
static void chill(const char *name, off_t offset)
{
    const int fd = openat(tree.fd, name, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && fsync(fd) == 0 && posix_fadvise(fd, offset, 0, POSIX_FADV_DONTNEED) == 0);
    close(fd);
}

/* Whether this machine's file system tells what it has cached: elsewhere everything goes to the lane, rightly. */
static bool cache_is_asked;
static void ask_cache(void)
{
    const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_CACHED };
    make_file("probe", 1);
    const long fd = syscall(SYS_openat2, tree.fd, "probe", &how, sizeof how);
    if (fd < 0)
        return;
    struct nowait nowait;
    wi_nowait_init(&nowait);
    char byte;
    cache_is_asked = wi_nowait_read(&nowait, (int)fd, &byte, 1, 0) == 1 || wi_rpool_in_memory((int)fd);
    close((int)fd);
    if (!cache_is_asked)
        printf("this file system doesn't say what it has cached: some checks are left out\n");
}

/* --- every kind --------------------------------------------------------------------------- */

static void run_life_of_a_file(struct io_rig *rig)
{
    uint8_t buffer[10000];
    struct statx stat;
    const int fd = (int)run(rig, open_op(rig, "new", O_RDWR | O_CREAT | O_EXCL));
    CHECK(fd >= 0);
    CHECK_EQ(run(rig, open_op(rig, "new", O_RDWR | O_CREAT | O_EXCL)), -EEXIST);
    CHECK_EQ(run(rig, open_op(rig, "absent", O_RDONLY)), -ENOENT);
    CHECK_EQ(run(rig, transfer_op(rig, OP_WRITE, fd, "hello, world", 12, 0)), 12);
    CHECK_EQ(run(rig, transfer_op(rig, OP_WRITE, fd, "W", 1, 7)), 1);
    CHECK_EQ(run(rig, transfer_op(rig, OP_WRITE, fd, "there", 5, AT_POSITION)), 5);
    CHECK_EQ(run(rig, transfer_op(rig, OP_READ, fd, buffer, 12, 0)), 12);
    CHECK(memcmp(buffer, "there, World", 12) == 0);
    CHECK_EQ(run(rig, transfer_op(rig, OP_READ, fd, buffer, 3, AT_POSITION)), 3);
    CHECK(memcmp(buffer, ", W", 3) == 0);
    CHECK_EQ(run(rig, transfer_op(rig, OP_READ, fd, buffer, 12, 12)), 0);
    struct op *op = take_op(rig, OP_FSYNC);
    op->fd = fd;
    op->flags = 1;
    CHECK_EQ(run(rig, op), 0);
    op = path_op(rig, OP_STATX, "new");
    op->mask = STATX_SIZE | STATX_MODE;
    op->buffer = &stat;
    CHECK_EQ(run(rig, op), 0);
    CHECK_EQ(stat.stx_size, 12);
    op = take_op(rig, OP_STATX); /* no path: the descriptor's own */
    op->fd = fd;
    op->flags = AT_EMPTY_PATH;
    op->mask = STATX_SIZE;
    op->buffer = &stat;
    CHECK_EQ(run(rig, op), 0);
    CHECK_EQ(stat.stx_size, 12);
    CHECK_EQ(run(rig, slurp_op(rig, "new", buffer, 100, 0)), 12);
    CHECK_EQ(run(rig, slurp_op(rig, "new", buffer, 5, 0)), 5);
    op = path_op(rig, OP_RENAME, "new");
    op->fd2 = tree.fd;
    CHECK_EQ(wi_op_set_path2(op, "renamed"), 0);
    CHECK_EQ(run(rig, op), 0);
    op = path_op(rig, OP_STATX, "new");
    op->mask = STATX_SIZE;
    op->buffer = &stat;
    CHECK_EQ(run(rig, op), -ENOENT);
    CHECK_EQ(run(rig, path_op(rig, OP_UNLINK, "renamed")), 0);
    CHECK_EQ(faccessat(tree.fd, "renamed", F_OK, 0), -1);
    op = take_op(rig, OP_POLL);
    op->fd = fd;
    op->mask = POLLIN;
    CHECK_EQ(run(rig, op), POLLIN); /* a file is always ready */
    CHECK_EQ(run(rig, take_op(rig, OP_NOP)), 0);
    op = take_op(rig, OP_CLOSE);
    op->fd = fd;
    CHECK_EQ(run(rig, op), 0);
    CHECK_EQ(fcntl(fd, F_GETFD), -1);
    CHECK_EQ(run(rig, transfer_op(rig, OP_READ, fd, buffer, 3, 0)), -EBADF);
}

/* Ends and edges: around a page, around the buffer, and nothing. */
static void run_slurps_of_all_sizes(struct io_rig *rig)
{
    static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 16384, 65535, 65536, 65537, 70000 };
    enum { COUNT = sizeof sizes / sizeof *sizes };
    static uint8_t buffer[COUNT][65536];
    for (uint32_t flags = 0; flags <= OP_SLURP_CONFIRM_EOF; flags++) {
        struct op *ops[COUNT];
        char name[32];
        for (size_t i = 0; i < COUNT; i++) {
            snprintf(name, sizeof name, "size%zu", sizes[i]);
            memset(buffer[i], 0xee, sizeof buffer[i]);
            ops[i] = slurp_op(rig, name, buffer[i], sizeof buffer[i], flags);
            wi_op_start(ops[i]);
        }
        for (size_t i = 0; i < COUNT; i++) {
            const size_t wanted = sizes[i] < sizeof buffer[i] ? sizes[i] : sizeof buffer[i];
            CHECK_EQ(finish(rig, ops[i]), (int64_t)wanted);
            check_bytes(buffer[i], 0, wanted);
        }
    }
}

static void make_sizes(bool cold)
{
    static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 16384, 65535, 65536, 65537, 70000 };
    char name[32];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        snprintf(name, sizeof name, "size%zu", sizes[i]);
        make_file(name, sizes[i]);
        if (cold)
            chill(name, sizes[i] > 20000 ? 16384 : 0); /* the large ones are half there */
    }
}

/* What lies where a file should be is no reason to hang, to read what isn't ours, or to follow. */
static void run_what_is_no_file(struct io_rig *rig)
{
    uint8_t buffer[100];
    CHECK_EQ(run(rig, slurp_op(rig, "dir", buffer, 100, 0)), -ESTALE);
    CHECK_EQ(run(rig, slurp_op(rig, "fifo", buffer, 100, 0)), -ESTALE);
    CHECK_EQ(run(rig, slurp_op(rig, "link", buffer, 100, 0)), -ELOOP);
    CHECK_EQ(run(rig, slurp_op(rig, "link", buffer, 100, OP_SLURP_FOLLOW)), 1);
    CHECK_EQ(run(rig, slurp_op(rig, "absent", buffer, 100, 0)), -ENOENT);
    CHECK_EQ(run(rig, slurp_op(rig, "size1/x", buffer, 100, 0)), -ENOTDIR);

    /* A FIFO with something in it: five at once, so that they are read in a batch. */
    const int fifo = openat(tree.fd, "fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    CHECK(fifo >= 0);
    CHECK_EQ(write(fifo, "mine", 4), 4);
    struct op *ops[5];
    for (int i = 0; i < 5; i++) {
        ops[i] = slurp_op(rig, "fifo", buffer, 100, 0);
        wi_op_start(ops[i]);
    }
    for (int i = 0; i < 5; i++)
        CHECK_EQ(finish(rig, ops[i]), -ESTALE);
    CHECK_EQ(read(fifo, buffer, 100), 4);
    close(fifo);

    const int fd = (int)run(rig, open_op(rig, "fifo", O_RDONLY)); /* doesn't wait for a writer */
    CHECK(fd >= 0);
    CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
    close(fd);
}

/* Whoever does it: the owner with a warm cache, the lane with a cold one. */
static void test_every_kind_does_its_work(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 2, 100);
    const unsigned fds = io_rig_open_fds();
    run_life_of_a_file(&rig);
    make_sizes(false);
    run_slurps_of_all_sizes(&rig);
    make_sizes(true);
    run_slurps_of_all_sizes(&rig);
    run_what_is_no_file(&rig);
    CHECK_EQ(io_rig_open_fds(), fds);
    end(&rig, &lane);
}

static void do_what_is_cached(struct io_rig *rig)
{
    uint8_t buffer[4096];
    struct statx stat;
    run_slurps_of_all_sizes(rig);
    struct op *op = path_op(rig, OP_STATX, "size4096");
    op->mask = STATX_SIZE;
    op->buffer = &stat;
    CHECK_EQ(run(rig, op), 0);
    const int fd = (int)run(rig, open_op(rig, "size4096", O_RDONLY));
    CHECK_EQ(run(rig, transfer_op(rig, OP_READ, fd, buffer, 4096, 0)), 4096);
    CHECK_EQ(run(rig, transfer_op(rig, OP_READ, fd, buffer, 4096, 4096)), 0);
    CHECK_EQ(run(rig, transfer_op(rig, OP_READ, fd, buffer, 4096, AT_POSITION)), 4096);
    close(fd);
}

/* What is in the cache costs no thread. */
static void test_what_is_cached_is_done_without_the_lane(void)
{
    if (!cache_is_asked)
        return;
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 100);
    make_sizes(false);
    unsigned posted = 1;
    /* Again, if the kernel found its cache locked or emptied just then. */
    for (int attempt = 0; attempt < 5 && posted != 0; attempt++) {
        posted = lane_rig_posted(&lane);
        do_what_is_cached(&rig);
        posted = lane_rig_posted(&lane) - posted;
    }
    CHECK_EQ(posted, 0);
    end(&rig, &lane);
}

/* In a process of its own, since what is denied there stays denied. */
static void in_child(void (*body)(void))
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        body();
        fflush(NULL);
        _exit(0);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

static void read_what_is_not_cached(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    static uint8_t buffer[200000];
    make_file("cold", sizeof buffer);
    begin(&rig, &lane, 1, 100);
    /* Only for this thread. (A disk may be so fast that what was cold is warm when it is asked for again.) */
    if (!deny_syscall(SYS_preadv2, EAGAIN))
        return;
    lane_rig_hold(&lane);
    struct op *cold = slurp_op(&rig, "cold", buffer, sizeof buffer, 0);
    start(&rig, cold);
    CHECK(!is_done(&rig, cold));
    CHECK_EQ(lane_rig_posted(&lane), 1);
    CHECK_EQ(run(&rig, take_op(&rig, OP_NOP)), 0);
    lane_rig_release(&lane);
    CHECK_EQ(finish(&rig, cold), (int64_t)sizeof buffer);
    check_bytes(buffer, 0, sizeof buffer);

    const int fd = openat(tree.fd, "cold", O_RDONLY | O_CLOEXEC);
    memset(buffer, 0, sizeof buffer);
    CHECK_EQ(run(&rig, transfer_op(&rig, OP_READ, fd, buffer, 1000, 100000)), 1000);
    check_bytes(buffer, 100000, 1000);
    CHECK_EQ(lane_rig_posted(&lane), 2);
    close(fd);
    end(&rig, &lane);
}

/* What isn't cached is read by a thread, and the owner goes on meanwhile. */
static void test_what_is_not_cached_goes_to_the_lane(void)
{
    in_child(read_what_is_not_cached);
}

/* Half of it cached, half of it not: however far the disk has come when it is asked again, the bytes are right. */
static void test_files_that_are_half_cached(void)
{
    struct lane_rig lane;
    struct io_rig rig;
    static uint8_t buffer[200000];
    make_file("half", sizeof buffer);
    begin(&rig, &lane, 2, 100);
    for (off_t cached = 0; cached < (off_t)sizeof buffer; cached += 16384) {
        chill("half", cached);
        memset(buffer, 0, sizeof buffer);
        CHECK_EQ(run(&rig, slurp_op(&rig, "half", buffer, sizeof buffer, 0)), (int64_t)sizeof buffer);
        check_bytes(buffer, 0, sizeof buffer);
    }
    end(&rig, &lane);
}

/* O_DIRECT asks the disk whatever the cache holds, and RWF_NOWAIT doesn't change that. */
static void test_direct_reads_go_to_the_lane(void)
{
    make_file("direct", 8192);
    chill("direct", 0);
    const int fd = openat(tree.fd, "direct", O_RDONLY | O_DIRECT | O_CLOEXEC);
    uint8_t *buffer = NULL;
    CHECK_EQ(posix_memalign((void **)&buffer, 4096, 8192), 0);
    if (fd < 0) {
        printf("skipped: no O_DIRECT on this file system\n");
        free(buffer);
        return;
    }
    struct lane_rig lane;
    struct io_rig rig;
    begin(&rig, &lane, 1, 100);
    CHECK_EQ(run(&rig, transfer_op(&rig, OP_READ, fd, buffer, 8192, 0)), 8192);
    check_bytes(buffer, 0, 8192);
    CHECK_EQ(lane_rig_posted(&lane), 1);
    end(&rig, &lane);
    close(fd);
    free(buffer);
}

/* --- kernels and sandboxes that have less ---------------------------------------------------- */

struct refusal {
    const char *what;
    long number;
    int error;
    bool only_owner; /* the lane's threads start first */
};

static void run_all_with(const struct refusal *refusal)
{
    struct lane_rig lane;
    struct io_rig rig;
    const bool early = !refusal->only_owner;
    if (early && !deny_syscall(refusal->number, refusal->error))
        return;
    begin(&rig, &lane, 2, 4);
    if (!early && !deny_syscall(refusal->number, refusal->error))
        return;
    make_sizes(false);
    run_slurps_of_all_sizes(&rig);
    run_life_of_a_file(&rig);
    run_what_is_no_file(&rig);
    int fds[2];
    char byte;
    make_pipe(fds, 0);
    struct op *op = transfer_op(&rig, OP_READ, fds[0], &byte, 1, AT_POSITION);
    start(&rig, op);
    CHECK(!is_done(&rig, op));
    CHECK_EQ(run(&rig, transfer_op(&rig, OP_WRITE, fds[1], "x", 1, AT_POSITION)), 1);
    CHECK_EQ(finish(&rig, op), 1);
    CHECK_EQ(byte, 'x');
    rig.worker.driver->type->wait(rig.worker.driver, 1500000); /* with a limit: epoll_pwait2 or without */
    close_pipe(fds);
    end(&rig, &lane);
}

static void test_each_missing_call_has_its_substitute(void)
{
    static const struct refusal refusals[] = {
        { "the cache of names always misses", SYS_openat2, EAGAIN, true },
        { "no openat2", SYS_openat2, ENOSYS, false },
        { "a sandbox that knows no openat2", SYS_openat2, EPERM, false },
        { "the page cache always misses", SYS_preadv2, EAGAIN, true },
        { "files that can't say what is cached", SYS_preadv2, EOPNOTSUPP, true },
        { "no preadv2", SYS_preadv2, ENOSYS, false },
        { "a sandbox that knows no preadv2", SYS_preadv2, EPERM, false },
        { "no lseek", SYS_lseek, EPERM, false },
        { "no pwritev2", SYS_pwritev2, EOPNOTSUPP, true },
        { "no epoll_pwait2", 441, ENOSYS, false },
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fflush(NULL);
        const pid_t child = fork();
        if (child == 0) {
            run_all_with(&refusals[i]);
            _exit(0);
        }
        int status = -1;
        CHECK_EQ(waitpid(child, &status, 0), child);
        if (status != 0)
            fprintf(stderr, "with %s:\n", refusals[i].what);
        CHECK_EQ(status, 0);
    }
}

/* --- a lane that is full, slow or gone -------------------------------------------------------- */

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

/* --- what is waited for ------------------------------------------------------------------------- */

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
    temp_tree_dir(&tree, "dir");
    temp_tree_fifo(&tree, "fifo");
    temp_tree_link(&tree, "link", "size1");
    ask_cache();
    RUN(test_every_kind_does_its_work);
    RUN(test_what_is_cached_is_done_without_the_lane);
    RUN(test_what_is_not_cached_goes_to_the_lane);
    RUN(test_files_that_are_half_cached);
    RUN(test_direct_reads_go_to_the_lane);
    RUN(test_each_missing_call_has_its_substitute);
    RUN(test_what_the_lane_has_no_room_for_waits_in_the_ring);
    RUN(test_a_lane_full_of_others_work_is_asked_again);
    RUN(test_drops_take_back_reads_but_not_writes);
    RUN(test_abandoned_ops_leave_nothing_open);
    RUN(test_destroy_with_ops_in_flight);
    RUN(test_without_a_lane_writes_are_done_by_the_owner);
    RUN(test_short_work_is_handed_over_in_bunches);
    RUN(test_streams_are_waited_for_without_a_thread);
    RUN(test_poll);
    RUN(test_what_is_ready_is_reaped_without_a_wait);
    RUN(test_another_thread_begins_what_a_stuck_owner_has_pushed);
    RUN(test_a_wake_ends_one_wait);
    temp_tree_fini(&tree);
    return check_done();
}
