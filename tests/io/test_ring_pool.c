/* test_ring_pool.c - the ring without io_uring: what it does itself, what it leaves to threads, with any kernel's
 * calls. */
#include <poll.h>
#include <sys/stat.h>

#include "deny_syscall.h"
#include "ring_pool_rig.h"

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
    temp_tree_fini(&tree);
    return check_done();
}
