/* test_file.c - the futures of weir/io.h on every ring: right results, and nothing left behind by a drop. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <weir/io.h>
#include <weir/runtime.h>

#include "deny_syscall.h"
#include "every_ring.h"

static char top[4096];
static int top_fd;

static int puts_seen;
static void count_put(void *arg)
{
    (void)arg;
    puts_seen++;
}
static const weir_io_hold counted = { count_put, NULL };

/* --- results ---------------------------------------------------------------------------- */

static void run_life_of_a_file(struct io_rig *rig)
{
    weir_io_future op;
    const int fd = (int)RUN_FUTURE(rig, op, weir_open(top_fd, "a", O_RDWR | O_CREAT | O_EXCL, 0640));
    CHECK(fd >= 0);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_open(top_fd, "a", O_RDWR | O_CREAT | O_EXCL, 0640)), -EEXIST);
    const int64_t again = RUN_FUTURE(rig, op, weir_open(top_fd, "a", O_RDONLY, 0640)); /* a mode that means nothing */
    CHECK(again >= 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_close((int)again)), 0);
    puts_seen = 0;
    CHECK_EQ(RUN_FUTURE(rig, op, weir_write_at(fd, "hello, world", 12, 0, counted)), 12);
    CHECK_EQ(puts_seen, 1);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_write_at(fd, "W", 1, 7, counted)), 1);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_fsync(fd, false, counted)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_fsync(fd, true, counted)), 0);
    CHECK_EQ(puts_seen, 4);

    char buffer[32] = "";
    CHECK_EQ(RUN_FUTURE(rig, op, weir_read_at(fd, buffer, sizeof buffer, 0, counted)), 12);
    CHECK_STR(buffer, "hello, World");
    CHECK_EQ(RUN_FUTURE(rig, op, weir_read_at(fd, buffer, 5, 7, counted)), 5);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_read_at(fd, buffer, 5, 12, counted)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_read_at(-1, buffer, 5, 0, counted)), -EBADF);
    CHECK_EQ(puts_seen, 8);

    struct statx statx_ = { 0 };
    CHECK_EQ(RUN_FUTURE(rig, op, weir_statx(top_fd, "a", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &statx_)), 0);
    CHECK_EQ(statx_.stx_size, 12);
    CHECK_EQ(statx_.stx_mode & 0777, 0640);
    statx_.stx_size = 99;
    CHECK_EQ(RUN_FUTURE(rig, op, weir_statx(top_fd, "nothing", 0, STATX_SIZE, &statx_)), -ENOENT);
    CHECK_EQ(statx_.stx_size, 99);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &statx_)), 0);
    CHECK_EQ(statx_.stx_size, 12);

    CHECK_EQ(RUN_FUTURE(rig, op, weir_rename(top_fd, "a", top_fd, "b", 0)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_rename(top_fd, "a", top_fd, "b", 0)), -ENOENT);
    CHECK_EQ(mkdirat(top_fd, "c", 0700), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_rename(top_fd, "b", top_fd, "c", 1 /* RENAME_NOREPLACE */)), -EEXIST);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_unlink(top_fd, "c", 0)), -EISDIR);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_unlink(top_fd, "c", AT_REMOVEDIR)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_unlink(top_fd, "b", 0)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_unlink(top_fd, "b", 0)), -ENOENT);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_close(fd)), 0);
    CHECK_EQ(fcntl(fd, F_GETFD), -1);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_close(fd)), -EBADF);
}

/* Each call does what the system call of its name does, and says what that says. */
static void test_the_life_of_a_file(void)
{
    on_every_ring(run_life_of_a_file);
}

static void run_links(struct io_rig *rig)
{
    weir_io_future op;
    char target[32] = "";
    struct stat stat_;
    const mode_t umask_ = umask(022);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_mkdir(top_fd, "dir", 0777)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_mkdir(top_fd, "dir", 0777)), -EEXIST);
    (void)umask(umask_);
    CHECK_EQ(fstatat(top_fd, "dir", &stat_, 0), 0);
    CHECK_EQ(stat_.st_mode, S_IFDIR | 0755);
    const int dir_fd = openat(top_fd, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    CHECK_EQ(RUN_FUTURE(rig, op, weir_symlink("../file", dir_fd, "sym")), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_symlink("../file", dir_fd, "sym")), -EEXIST);
    CHECK_EQ(readlinkat(dir_fd, "sym", target, sizeof target - 1), 7);
    CHECK_STR(target, "../file");

    CHECK_EQ(RUN_FUTURE(rig, op, weir_link(top_fd, "file", dir_fd, "hard", 0)), -ENOENT);
    CHECK_EQ(close(openat(top_fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_link(top_fd, "file", dir_fd, "hard", 0)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_link(dir_fd, "sym", dir_fd, "followed", AT_SYMLINK_FOLLOW)), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_link(dir_fd, "sym", dir_fd, "kept", 0)), 0);
    CHECK_EQ(fstatat(top_fd, "file", &stat_, 0), 0);
    CHECK_EQ(stat_.st_nlink, 3);
    CHECK_EQ(fstatat(dir_fd, "kept", &stat_, AT_SYMLINK_NOFOLLOW), 0);
    CHECK(S_ISLNK(stat_.st_mode));

    static const char *const names[] = { "sym", "hard", "followed", "kept" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_EQ(unlinkat(dir_fd, names[i], 0), 0);
    CHECK_EQ(close(dir_fd), 0);
    CHECK_EQ(unlinkat(top_fd, "file", 0), 0);
    CHECK_EQ(unlinkat(top_fd, "dir", AT_REMOVEDIR), 0);
}

static void test_directories_and_links_are_made(void)
{
    on_every_ring(run_links);
}

static void run_truncate(struct io_rig *rig)
{
    weir_truncate_future op;
    struct stat stat_;
    char bytes[6] = "xxxxx";
    const int fd = openat(top_fd, "cut", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_EQ(write(fd, "water", 5), 5);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_truncate(fd, 3, WEIR_IO_NO_HOLD)), 0);
    CHECK_EQ(fstat(fd, &stat_), 0);
    CHECK_EQ(stat_.st_size, 3);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_truncate(fd, 5, WEIR_IO_NO_HOLD)), 0);
    CHECK_EQ(pread(fd, bytes, 6, 0), 5);
    CHECK(memcmp(bytes, "wat\0\0", 5) == 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_truncate(fd, (uint64_t)INT64_MAX + 1, WEIR_IO_NO_HOLD)), -EINVAL);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_truncate(top_fd, 0, WEIR_IO_NO_HOLD)), -EINVAL);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_truncate(-1, 0, WEIR_IO_NO_HOLD)), -EBADF);
    CHECK_EQ(fstat(fd, &stat_), 0);
    CHECK_EQ(stat_.st_size, 5);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(unlinkat(top_fd, "cut", 0), 0);
}

static void test_a_file_is_cut_and_filled_up(void)
{
    on_every_ring(run_truncate);
}

static void run_resolve(struct io_rig *rig)
{
    weir_open_future op;
    CHECK_EQ(symlinkat("/", top_fd, "out"), 0);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_openat2(top_fd, "..", O_RDONLY, 0, RESOLVE_BENEATH)), -EXDEV);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_openat2(top_fd, "out/tmp", O_RDONLY, 0, RESOLVE_BENEATH)), -EXDEV);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_openat2(top_fd, "out", O_RDONLY, 0, RESOLVE_NO_SYMLINKS)), -ELOOP);
    CHECK_EQ(RUN_FUTURE(rig, op, weir_openat2(top_fd, ".", O_RDONLY, 0, 1ull << 60)), -EINVAL);
    const int64_t fd = RUN_FUTURE(rig, op, weir_openat2(top_fd, ".", O_RDONLY, 0, RESOLVE_BENEATH));
    CHECK(fd >= 0);
    close((int)fd);
    CHECK_EQ(unlinkat(top_fd, "out", 0), 0);
}

/* The way out of a directory is shut where the caller asks for it. */
static void test_resolve_flags_are_kept(void)
{
    on_every_ring(run_resolve);
}

static void run_chunks(struct io_rig *rig)
{
    weir_chunk *chunk = weir_chunk_try_get(4096);
    CHECK(chunk != NULL);
    const int fd = openat(top_fd, "chunk", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    memcpy(chunk->data, "0123456789", 10);
    chunk->size = 10;
    weir_io_future op;
    puts_seen = 0;
    CHECK_EQ(RUN_FUTURE(rig, op, weir_write_chunk_at(fd, chunk, 5, counted)), 10);
    chunk->size = 0;
    CHECK_EQ(RUN_FUTURE(rig, op, weir_read_chunk_at(fd, chunk, 6, counted)), 9);
    CHECK_EQ(puts_seen, 2);
    CHECK_EQ(chunk->size, 9);
    CHECK(memcmp(chunk->data, "123456789", 9) == 0);
    CHECK_EQ(chunk->refs, 1);
    chunk->size = 5;
    CHECK_EQ(RUN_FUTURE(rig, op, weir_read_chunk_at(-1, chunk, 0, counted)), -EBADF);
    CHECK_EQ(chunk->size, 0);
    weir_chunk_put(chunk);
    close(fd);
    CHECK_EQ(unlinkat(top_fd, "chunk", 0), 0);
}

/* A chunk's size is what was read; the operation holds it, so the caller may let go at once. */
static void test_chunks_are_filled_and_held(void)
{
    on_every_ring(run_chunks);
}

/* Few bytes at a time is no error, and every byte comes. */
static void test_short_reads_are_no_error(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ .bytes_max = 3 });
    const int fd = openat(top_fd, "short", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    weir_io_future op;
    CHECK_EQ(RUN_FUTURE(&rig, op, weir_write_at(fd, "abcdefgh", 8, 0, WEIR_IO_NO_HOLD)), 3);
    CHECK_EQ(RUN_FUTURE(&rig, op, weir_write_at(fd, "defgh", 5, 3, WEIR_IO_NO_HOLD)), 3);
    char buffer[8] = "";
    CHECK_EQ(RUN_FUTURE(&rig, op, weir_read_at(fd, buffer, 8, 0, WEIR_IO_NO_HOLD)), 3);
    CHECK_EQ(RUN_FUTURE(&rig, op, weir_read_at(fd, buffer + 3, 5, 3, WEIR_IO_NO_HOLD)), 3);
    CHECK_STR(buffer, "abcdef");
    close(fd);
    CHECK_EQ(unlinkat(top_fd, "short", 0), 0);
    io_rig_fini(&rig);
}

/* Where nobody does io the futures say so, instead of waiting for ever; what they own is released. */
static void test_without_a_driver_it_is_not_supported(void)
{
    struct mock_task task;
    mock_task_init(&task);
    struct weir_worker worker = { 0 };
    for (int i = 0; i < 2; i++) {
        task.worker = i == 0 ? NULL : &worker;
        char byte;
        puts_seen = 0;
        weir_read read_ = weir_read_at(0, &byte, 1, 0, counted);
        CHECK(mock_task_poll(&task, WEIR_HEAD(read_)) == WEIR_READY);
        CHECK_EQ(read_.output, -ENOTSUP);
        CHECK_EQ(puts_seen, 1);
        const int fd = open("/", O_RDONLY | O_CLOEXEC);
        weir_close_future close_ = weir_close(fd);
        CHECK(mock_task_poll(&task, WEIR_HEAD(close_)) == WEIR_READY);
        CHECK_EQ(close_.output, -ENOTSUP);
        CHECK_EQ(fcntl(fd, F_GETFD), -1);
    }
}

/* --- drops ---------------------------------------------------------------------------------- */

/* Brings `future` to a state and drops it there. */
enum drop_state { BEFORE_POLL, QUEUED, IN_FLIGHT, FINISHED, DROP_STATES };

static void drop_at(struct io_rig *rig, weir_future *future, enum drop_state state)
{
    if (state >= QUEUED)
        CHECK(mock_task_poll(&rig->task, future) == WEIR_PENDING);
    if (state >= IN_FLIGHT)
        rig->worker.driver->type->submit(rig->worker.driver);
    if (state >= FINISHED)
        while (!mock_task_is_woken(&rig->task))
            io_rig_turn(rig);
    weir_future_drop(future);
    weir_future_drop(future); /* the second one does nothing */
    CHECK_EQ(mock_task_holds(&rig->task), 0);
}

static void run_aborted_opens(struct io_rig *rig)
{
    const unsigned before = io_rig_open_fds();
    for (int state = 0; state < DROP_STATES; state++) {
        weir_open_future opens[128];
        for (int i = 0; i < 128; i++)
            opens[i] = weir_open(top_fd, ".", O_RDONLY, 0);
        for (int i = 0; i < 128; i++)
            drop_at(rig, WEIR_HEAD(opens[i]), (enum drop_state)state);
        io_rig_settle(rig);
        CHECK_EQ(io_rig_open_fds(), before);
        CHECK_EQ(rig->ring->ops, rig->ring->ops_free);
    }
}

/* tokio's fs_uring_cancel_open: 128 aborted opens leave the number of descriptors as it was, wherever they were
 * aborted. */
static void test_aborted_opens_leak_no_descriptor(void)
{
    on_every_ring(run_aborted_opens);
}

static void run_dropped_reads(struct io_rig *rig)
{
    const int fd = openat(top_fd, "drop", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_EQ(pwrite(fd, "0123456789", 10, 0), 10);
    for (int state = 0; state < DROP_STATES; state++) {
        weir_chunk *chunk = weir_chunk_try_get(4096);
        CHECK(chunk != NULL);
        puts_seen = 0;
        weir_io_future ops[4];
        ops[0] = weir_read_chunk_at(fd, chunk, 0, counted);
        ops[1] = weir_fsync(fd, true, counted);
        ops[2] = weir_read_at(fd, chunk->data, 10, 0, counted);
        ops[3] = weir_write_at(fd, "0123456789", 10, 0, counted);
        for (int i = 0; i < 4; i++)
            drop_at(rig, WEIR_HEAD(ops[i]), (enum drop_state)state);
        io_rig_settle(rig);
        CHECK_EQ(puts_seen, 4);
        CHECK_EQ(chunk->refs, 1);
        weir_chunk_put(chunk);
        CHECK_EQ(rig->ring->ops, rig->ring->ops_free);
    }
    close(fd);
    CHECK_EQ(unlinkat(top_fd, "drop", 0), 0);
}

/* Whatever a dropped operation held is given back, once, when the kernel has let go. */
static void test_a_dropped_transfer_gives_everything_back(void)
{
    on_every_ring(run_dropped_reads);
}

static void run_dropped_closes(struct io_rig *rig)
{
    for (int state = 0; state < DROP_STATES; state++) {
        const int fd = open("/", O_RDONLY | O_CLOEXEC);
        weir_close_future close_ = weir_close(fd);
        drop_at(rig, WEIR_HEAD(close_), (enum drop_state)state);
        io_rig_settle(rig);
        CHECK_EQ(fcntl(fd, F_GETFD), -1);
    }
}

static void test_a_dropped_close_closes(void)
{
    on_every_ring(run_dropped_closes);
}

static void run_dropped_paths(struct io_rig *rig)
{
    for (int state = 0; state < DROP_STATES; state++) {
        char *path = strdup("no/such/path/that/is/long/enough/to/need/memory/of/its/own/and/then/some/more");
        struct statx *statx_ = malloc(sizeof *statx_);
        weir_io_future ops[] = {
            weir_statx(top_fd, ".", 0, STATX_BASIC_STATS, statx_),
            weir_open(top_fd, path, O_RDONLY, 0),
            weir_rename(top_fd, path, top_fd, path, 0),
            weir_unlink(top_fd, path, 0),
            weir_mkdir(top_fd, path, 0700),
            weir_link(top_fd, path, top_fd, path, 0),
            weir_symlink(path, top_fd, path),
        };
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
            drop_at(rig, WEIR_HEAD(ops[i]), (enum drop_state)state);
        free(path);
        free(statx_); /* the kernel may still be at work: ASan would tell */
        io_rig_settle(rig);
        CHECK_EQ(rig->ring->ops, rig->ring->ops_free);
    }
}

/* What the caller gave by pointer may go with the drop. */
static void test_arguments_may_go_with_the_drop(void)
{
    on_every_ring(run_dropped_paths);
}

static void run_end_with_ops(struct io_rig *rig)
{
    weir_open_future opens[40];
    for (int i = 0; i < 40; i++) {
        opens[i] = weir_open(top_fd, ".", O_RDONLY, 0);
        CHECK(mock_task_poll(&rig->task, WEIR_HEAD(opens[i])) == WEIR_PENDING);
        if (i == 20)
            rig->worker.driver->type->submit(rig->worker.driver);
    }
    const unsigned before = io_rig_open_fds();
    /* io_rig_fini() of the caller ends a driver of its own; this one ends here, with everything in flight. */
    rig->worker.driver->type->destroy(rig->worker.driver);
    for (int i = 0; i < 40; i++) {
        if (i % 2) {
            weir_drop(opens[i]);
            continue;
        }
        CHECK(mock_task_poll(&rig->task, WEIR_HEAD(opens[i])) == WEIR_READY);
        CHECK(opens[i].output >= 0 || opens[i].output == -ECANCELED);
        if (opens[i].output >= 0)
            close((int)opens[i].output);
    }
    CHECK(io_rig_open_fds() <= before);
}

/* tokio's fs_uring_runtime_shutdown: the runtime may end with operations in flight, the futures after it. */
static void test_the_driver_may_end_with_operations_in_flight(void)
{
    struct io_rig rig;
    for (uint64_t seed = 0; seed <= 20; seed++) {
        io_rig_init_fake(&rig, (struct ring_fake_options){ .seed = seed, .delay_max = 5 });
        run_end_with_ops(&rig);
        CHECK_EQ(rig.counts.destroyed, 1);
        CHECK_EQ(mock_task_holds(&rig.task), 0);
    }
    if (!io_rig_init_uring(&rig))
        return;
    const unsigned before = io_rig_open_fds();
    run_end_with_ops(&rig);
    CHECK(io_rig_open_fds() < before);
    CHECK_EQ(mock_task_holds(&rig.task), 0);
}

/* Every operation may fail: each future says so, and nothing hangs or leaks. */
static void test_every_nth_operation_fails(void)
{
    for (unsigned every = 1; every <= 8; every++) {
        struct io_rig rig;
        io_rig_init_fake(&rig, (struct ring_fake_options){ .seed = every, .fail_every = every, .fail_error = -EIO });
        const unsigned before = io_rig_open_fds();
        unsigned failed = 0;
        for (int round = 0; round < 20; round++) {
            weir_io_future op;
            const int64_t fd = RUN_FUTURE(&rig, op, weir_open(top_fd, ".", O_RDONLY, 0));
            struct statx statx_;
            const int64_t error = RUN_FUTURE(&rig, op, weir_statx(top_fd, ".", 0, STATX_SIZE, &statx_));
            CHECK(error == 0 || error == -EIO);
            failed += error != 0;
            failed += fd < 0;
            if (fd >= 0)
                CHECK_EQ(RUN_FUTURE(&rig, op, weir_close((int)fd)), 0);
        }
        CHECK(failed > 0);
        CHECK_EQ(io_rig_open_fds(), before);
        io_rig_fini(&rig);
    }
}

/* --- in a real runtime ------------------------------------------------------------------------- */

WEIR_ASYNC(write_and_read, int64_t, int index; int fd; char name[16]; char buffer[64]; weir_io_future op;)
{
    WEIR_BEGIN
    snprintf(self->name, sizeof self->name, "f%d", self->index);
    AWAIT(self->op, weir_open(top_fd, self->name, O_RDWR | O_CREAT | O_TRUNC, 0600));
    if (self->op.output < 0)
        RETURN(self->op.output);
    self->fd = (int)self->op.output;
    AWAIT(self->op, weir_write_at(self->fd, self->name, strlen(self->name), 0, WEIR_IO_NO_HOLD));
    AWAIT(self->op, weir_read_at(self->fd, self->buffer, sizeof self->buffer, 0, WEIR_IO_NO_HOLD));
    if (self->op.output < 0 || strcmp(self->buffer, self->name) != 0)
        RETURN(-EIO);
    AWAIT(self->op, weir_close(self->fd));
    if (self->op.output < 0)
        RETURN(self->op.output);
    AWAIT(self->op, weir_unlink(top_fd, self->name, 0));
    RETURN(self->op.output);
    WEIR_FINALLY
    WEIR_END
}

#define TASKS 200

WEIR_ASYNC(many, int64_t, weir_join_handle handles[TASKS]; int i; int64_t sum; int64_t one; weir_join_future join;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < TASKS; self->i++)
        self->handles[self->i] = weir_spawn(WEIR_CALL(write_and_read, .index = self->i));
    for (self->i = 0; self->i < TASKS; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], &self->one));
        self->sum += self->join.output == 0 ? self->one : self->join.output;
    }
    RETURN(self->sum);
    WEIR_FINALLY
    WEIR_END
}

#ifdef WEIR_URING
static const bool built_with_uring = true;
#else
static const bool built_with_uring = false;
#endif

static int refused_by; /* why auto didn't take io_uring the last time */

static void run_in_runtime(enum weir_io_mode mode, unsigned workers)
{
    weir_io_options io = weir_io_defaults();
    io.mode = mode;
    weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = workers == 0 ? weir_runtime_current_thread() : weir_runtime_defaults();
    options.workers = workers;
    options.drivers = &drivers;
    weir_runtime *runtime;
    CHECK(weir_io_backend(&io) == NULL);
    const int error = weir_runtime_create(&options, &runtime);
    if (error != 0 && mode == WEIR_IO_URING) {
        CHECK(weir_io_backend(&io) == NULL);
        printf("skipped: no io_uring here: %s\n", strerror(-error));
        return;
    }
    CHECK_EQ(error, 0);
    CHECK(weir_io_backend(&io) != NULL);
    CHECK(mode == WEIR_IO_AUTO || strcmp(weir_io_backend(&io), mode == WEIR_IO_URING ? "io_uring" : "epoll") == 0);
    CHECK((weir_io_uring_error(&io) == 0) == (strcmp(weir_io_backend(&io), "epoll") != 0 || mode == WEIR_IO_EPOLL));
    refused_by = weir_io_uring_error(&io);
    int64_t sum = -1;
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(many), &sum), 0);
        CHECK_EQ(sum, 0);
    }
    weir_runtime_destroy(runtime);
}

/* Tasks that move between workers, each with rings of its own, and their files. */
static void test_tasks_of_a_runtime_do_io(void)
{
    const unsigned before = io_rig_open_fds();
    for (unsigned workers = 0; workers <= 3; workers++) {
        run_in_runtime(WEIR_IO_AUTO, workers);
        run_in_runtime(WEIR_IO_URING, workers);
        run_in_runtime(WEIR_IO_EPOLL, workers);
    }
    CHECK_EQ(io_rig_open_fds(), before);
}

/* Where the kernel, or a container's filter, says no: auto does the same io another way and says why, uring says no. */
static void test_auto_falls_back_where_io_uring_is_refused(void)
{
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (!deny_syscall(SYS_io_uring_setup, EPERM))
            _exit(77);
        run_in_runtime(WEIR_IO_AUTO, 2);
        run_in_runtime(WEIR_IO_URING, 2);
        _exit(refused_by == (built_with_uring ? -EPERM : -EOPNOTSUPP) ? 0 : 1);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        printf("skipped: no seccomp filters here\n");
    else
        CHECK_EQ(WEXITSTATUS(status), 0);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/weir_test_file_XXXXXX", tmp == NULL ? "/tmp" : tmp);
    CHECK(mkdtemp(top) != NULL);
    top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(top_fd >= 0);
    RUN(test_the_life_of_a_file);
    RUN(test_directories_and_links_are_made);
    RUN(test_a_file_is_cut_and_filled_up);
    RUN(test_resolve_flags_are_kept);
    RUN(test_chunks_are_filled_and_held);
    RUN(test_short_reads_are_no_error);
    RUN(test_without_a_driver_it_is_not_supported);
    RUN(test_aborted_opens_leak_no_descriptor);
    RUN(test_a_dropped_transfer_gives_everything_back);
    RUN(test_a_dropped_close_closes);
    RUN(test_arguments_may_go_with_the_drop);
    RUN(test_the_driver_may_end_with_operations_in_flight);
    RUN(test_every_nth_operation_fails);
    RUN(test_tasks_of_a_runtime_do_io);
    RUN(test_auto_falls_back_where_io_uring_is_refused);
    CHECK_EQ(rmdir(top), 0);
    return check_done();
}
