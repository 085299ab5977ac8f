/* test_slurp.c - many small files, read as plain reads would have, whatever lies under their names by then. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <weir/io.h>
#include <weir/runtime.h>

#include "slurp_rig.h"

static const unsigned ways[] = { 0, WEIR_SLURP_CONFIRM_EOF, WEIR_SLURP_IN_MEMORY,
                                 WEIR_SLURP_IN_MEMORY | WEIR_SLURP_CONFIRM_EOF };

/* --- one file ---------------------------------------------------------------------------- */

static void run_sizes(struct io_rig *rig)
{
    weir_slurp *slurp = make_slurp(4, 8192);
    static uint8_t data[10000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 10000 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
            write_file("sized", data, sizes[i]);
            const uint8_t *got;
            const int64_t wanted = sizes[i] < 8192 ? (int64_t)sizes[i] : 8192;
            CHECK_EQ(slurp_one(rig, slurp, "sized", ways[k], &got), wanted);
            CHECK(memcmp(got, data, (size_t)wanted) == 0);
        }
    CHECK_EQ(unlinkat(top_fd, "sized", 0), 0);
    weir_slurp_destroy(slurp);
}

/* Empty, small, exactly a slot, more than a slot (as much as fits). */
static void test_sizes_around_the_slot(void)
{
    on_every_ring(run_sizes, 10);
}

static void run_odd_ones(struct io_rig *rig)
{
    weir_slurp *slurp = make_slurp(4, 4096);
    write_file("plain", "12345", 5);
    CHECK_EQ(symlinkat("plain", top_fd, "link"), 0);
    CHECK_EQ(symlinkat("nothing", top_fd, "dangling"), 0);
    CHECK_EQ(mkdirat(top_fd, "dir", 0700), 0);
    CHECK_EQ(mkfifoat(top_fd, "fifo", 0600), 0);

    for (unsigned way = 0; way <= WEIR_SLURP_IN_MEMORY; way += WEIR_SLURP_IN_MEMORY) {
        CHECK_EQ(slurp_one(rig, slurp, "vanished", way, NULL), -ENOENT);
        CHECK_EQ(slurp_one(rig, slurp, "plain/below", way, NULL), -ENOTDIR);
        CHECK_EQ(slurp_one(rig, slurp, "link", way, NULL), -ELOOP);
        CHECK_EQ(slurp_one(rig, slurp, "link", way | WEIR_SLURP_FOLLOW, NULL), 5);
        CHECK_EQ(slurp_one(rig, slurp, "dangling", way | WEIR_SLURP_FOLLOW, NULL), -ENOENT);
        CHECK_EQ(slurp_one(rig, slurp, "dir", way, NULL), -ESTALE);
        CHECK_EQ(slurp_one(rig, slurp, "fifo", way, NULL), -ESTALE); /* nobody has it open: open(2) would wait */
    }

    /* Nor is anything taken out of a FIFO that has a writer, or waited for when it has nothing to say. */
    const int fifo = openat(top_fd, "fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    CHECK(fifo >= 0);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", 0, NULL), -ESTALE);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", WEIR_SLURP_IN_MEMORY, NULL), -ESTALE);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", WEIR_SLURP_CONFIRM_EOF | WEIR_SLURP_FOLLOW, NULL), -ESTALE);
    CHECK_EQ(write(fifo, "data", 4), 4);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", 0, NULL), -ESTALE);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", WEIR_SLURP_IN_MEMORY, NULL), -ESTALE);
    char buffer[8];
    CHECK_EQ(read(fifo, buffer, sizeof buffer), 4);
    close(fifo);

    const int socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    CHECK((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", top) < sizeof address.sun_path);
    CHECK_EQ(bind(socket_, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(slurp_one(rig, slurp, "socket", 0, NULL), -ESTALE);
    CHECK_EQ(slurp_one(rig, slurp, "socket", WEIR_SLURP_IN_MEMORY, NULL), -ESTALE);
    close(socket_);

    if (geteuid() != 0) {
        CHECK_EQ(fchmodat(top_fd, "plain", 0, 0), 0);
        CHECK_EQ(slurp_one(rig, slurp, "plain", 0, NULL), -EACCES);
    }
    static const char *const names[] = { "plain", "link", "dangling", "fifo", "socket" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_EQ(unlinkat(top_fd, names[i], 0), 0);
    CHECK_EQ(unlinkat(top_fd, "dir", AT_REMOVEDIR), 0);
    weir_slurp_destroy(slurp);
}

/* What took the file's place is an error that says so, and never a hang. */
static void test_what_is_no_regular_file(void)
{
    on_every_ring(run_odd_ones, 10);
}

/* /proc: sizes are 0, reads come short, and a name that nobody has looked up isn't in the cache. */
static void run_proc(struct io_rig *rig)
{
    int ready[2];
    CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(write(ready[1], "", 1) == 1 ? pause() : 1);
    }
    char byte;
    CHECK_EQ(read(ready[0], &byte, 1), 1); /* from here on its memory stays as it is */
    close(ready[0]);
    close(ready[1]);
    weir_slurp *slurp = make_slurp(4, 65536);
    static const char *const names[] = { "maps", "cmdline", "limits", "mountinfo" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/%s", (int)child, names[i]);
        const uint8_t *got;
        const int64_t size = slurp_one(rig, slurp, path, WEIR_SLURP_CONFIRM_EOF, &got);
        CHECK(size > 0);
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        static uint8_t wanted[65536];
        int64_t total = 0;
        ssize_t n;
        while (total < (int64_t)sizeof wanted && (n = read(fd, wanted + total, sizeof wanted - (size_t)total)) > 0)
            total += n;
        close(fd);
        CHECK(total >= (int64_t)sizeof wanted || size == total);
        CHECK(memcmp(got, wanted, (size_t)size) == 0);
    }
    weir_slurp_destroy(slurp);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void test_files_without_a_size(void)
{
    on_every_ring(run_proc, 10);
}

/* --- many files ------------------------------------------------------------------------------ */
/* The body of a hash job, without the hash. Files first, first + step, ... Resolves to how many it saw, or an errno. */
WEIR_ASYNC(slurp_many, int64_t, unsigned first; unsigned step; unsigned slots; weir_slurp *slurp; unsigned i;
           int64_t seen; int error; weir_slurp_next_future next; weir_slurp_slot *slot; char name[16];)
{
    WEIR_BEGIN
    self->error = weir_slurp_create(&(weir_slurp_options){ .slots = self->slots, .slot_bytes = 4096 }, &self->slurp);
    for (self->i = self->first; self->error == 0;) {
        while (self->i < FILES && weir_slurp_free_slots(self->slurp) > 0 && self->error == 0) {
            snprintf(self->name, sizeof self->name, "%c%u", self->i % 77 == 0 ? 'x' : 'm', self->i);
            self->error = weir_slurp_start(self->slurp, cx, top_fd, self->name, (void *)(uintptr_t)self->i);
            self->i += self->step;
        }
        AWAIT(self->next, weir_slurp_next(self->slurp));
        if (self->next.output == NULL)
            break;
        for (self->slot = self->next.output; self->slot != NULL; self->slot = weir_slurp_take(self->slurp)) {
            check_slot(self->slot);
            weir_slurp_put(self->slot);
            self->seen++;
        }
    }
    RETURN(self->error != 0 ? self->error : self->seen);
    WEIR_FINALLY
    weir_slurp_destroy(self->slurp);
    WEIR_END
}

static void run_many(struct io_rig *rig)
{
    struct slurp_many many = WEIR_CALL(slurp_many, .first = 0, .step = 1, .slots = 100);
    io_rig_run(rig, WEIR_HEAD(many));
    CHECK_EQ(many.output, FILES);
}

/* 10,000 files come out as plain reads would give them, each once, in whatever order. */
static void test_many_files_equal_plain_reads(void)
{
    const unsigned before = io_rig_open_fds();
    on_every_ring(run_many, 2);
    CHECK_EQ(io_rig_open_fds(), before);
}

#define TASKS 5

WEIR_ASYNC(slurp_tasks, int64_t, weir_join_handle handles[TASKS]; unsigned i; int64_t sum; int64_t one;
           weir_join_future join;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < TASKS; self->i++)
        self->handles[self->i] = weir_spawn(WEIR_CALL(slurp_many, .first = self->i, .step = TASKS, .slots = 16));
    for (self->i = 0; self->i < TASKS; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], &self->one));
        self->sum += self->join.output == 0 ? self->one : self->join.output;
    }
    RETURN(self->sum);
    WEIR_FINALLY
    WEIR_END
}

/* A task that is stolen half-way has files in flight on several rings; their reapers are other threads. */
static void test_slurping_tasks_of_a_runtime(void)
{
    for (unsigned i = 0; i <= 7; i++) {
        const unsigned workers = i % 4;
        weir_io_options io = weir_io_defaults();
        io.mode = i < 4 ? WEIR_IO_AUTO : WEIR_IO_EPOLL;
        weir_driver_factory drivers = weir_io_drivers(&io);
        weir_runtime_options options = workers == 0 ? weir_runtime_current_thread() : weir_runtime_defaults();
        options.workers = workers;
        options.drivers = &drivers;
        weir_runtime *runtime;
        CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
        int64_t seen = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(slurp_tasks), &seen), 0);
        CHECK_EQ(seen, FILES);
        weir_runtime_destroy(runtime);
    }
}

int main(void)
{
    make_tree();
    RUN(test_sizes_around_the_slot);
    RUN(test_what_is_no_regular_file);
    RUN(test_files_without_a_size);
    RUN(test_many_files_equal_plain_reads);
    RUN(test_slurping_tasks_of_a_runtime);
    remove_tree();
    return check_done();
}
