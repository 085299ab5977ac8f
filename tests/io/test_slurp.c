/* test_slurp.c - many small files, read as plain reads would have, whatever lies under their names by then. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <weir/io.h>
#include <weir/runtime.h>
#include <weir/slurp.h>

#include "io_rig.h"
#include "lane_rig.h"
#ifdef WEIR_URING
#include "ring_uring.h"
#endif

static char top[4096];
static int top_fd;

typedef void (*ring_test)(struct io_rig *rig);

/* `by_hand`: the io_uring ring as it is on a kernel that has no direct descriptors. */
static bool init_uring(struct io_rig *rig, bool by_hand)
{
    if (!io_rig_init_uring(rig))
        return false;
#ifdef WEIR_URING
    struct ring_uring *self = weir_container_of(rig->ring, struct ring_uring, ring);
    if (by_hand)
        self->direct_slots = 0;
    else if (self->direct_slots == 0)
        printf("no direct descriptors here\n");
#else
    (void)by_hand;
#endif
    return true;
}

static void on_every_ring(ring_test test, uint64_t seeds)
{
    struct io_rig rig;
    for (uint64_t seed = 0; seed <= seeds; seed++) {
        io_rig_init_fake(&rig, (struct ring_fake_options){ .seed = seed, .delay_max = 5 });
        test(&rig);
        io_rig_fini(&rig);
        CHECK_EQ(rig.counts.destroyed, 1);
    }
    struct lane_rig lane;
    lane_rig_init(&lane, 2, 64);
    io_rig_init_pool(&rig, &lane);
    test(&rig);
    io_rig_fini(&rig);
    lane_rig_fini(&lane);
    for (int by_hand = 0; by_hand < 2; by_hand++)
        if (init_uring(&rig, by_hand)) {
            test(&rig);
            io_rig_fini(&rig);
        }
}

static weir_slurp *make_slurp(unsigned slots, size_t slot_bytes)
{
    weir_slurp *slurp;
    const weir_slurp_options options = { .slots = slots, .slot_bytes = slot_bytes };
    CHECK_EQ(weir_slurp_create(&options, &slurp), 0);
    return slurp;
}

static weir_cx cx_of(struct io_rig *rig)
{
    return (weir_cx){ .waker = &rig->task.waker, .worker = &rig->worker, .budget = WEIR_BUDGET_UNCONSTRAINED };
}

static weir_slurp_slot *next_slot(struct io_rig *rig, weir_slurp *slurp)
{
    weir_slurp_next_future next = weir_slurp_next(slurp);
    io_rig_run(rig, WEIR_HEAD(next));
    return next.output;
}

/* One file, whole. The data is only good until the next call. */
static int64_t slurp_one(struct io_rig *rig, weir_slurp *slurp, const char *name, unsigned flags,
                         const uint8_t **ret_data)
{
    weir_cx cx = cx_of(rig);
    int tag;
    CHECK_EQ(weir_slurp_start_flags(slurp, &cx, top_fd, name, flags, &tag), 0);
    weir_slurp_slot *slot = next_slot(rig, slurp);
    CHECK(slot != NULL && slot->tag == &tag);
    const int64_t result = slot->result;
    if (ret_data != NULL)
        *ret_data = slot->data;
    weir_slurp_put(slot);
    CHECK(next_slot(rig, slurp) == NULL);
    return result;
}

static void write_file(const char *name, const void *data, size_t size)
{
    const int fd = openat(top_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, data, size), (ssize_t)size);
    close(fd);
}

/* --- one file ---------------------------------------------------------------------------- */

static void run_sizes(struct io_rig *rig)
{
    weir_slurp *slurp = make_slurp(4, 8192);
    static uint8_t data[10000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 10000 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (unsigned flags = 0; flags <= WEIR_SLURP_CONFIRM_EOF; flags += WEIR_SLURP_CONFIRM_EOF) {
            write_file("sized", data, sizes[i]);
            const uint8_t *got;
            const int64_t wanted = sizes[i] < 8192 ? (int64_t)sizes[i] : 8192;
            CHECK_EQ(slurp_one(rig, slurp, "sized", flags, &got), wanted);
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

    CHECK_EQ(slurp_one(rig, slurp, "vanished", 0, NULL), -ENOENT);
    CHECK_EQ(slurp_one(rig, slurp, "plain/below", 0, NULL), -ENOTDIR);
    CHECK_EQ(slurp_one(rig, slurp, "link", 0, NULL), -ELOOP);
    CHECK_EQ(slurp_one(rig, slurp, "link", WEIR_SLURP_FOLLOW, NULL), 5);
    CHECK_EQ(slurp_one(rig, slurp, "dangling", WEIR_SLURP_FOLLOW, NULL), -ENOENT);
    CHECK_EQ(slurp_one(rig, slurp, "dir", 0, NULL), -ESTALE);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", 0, NULL), -ESTALE); /* nobody has it open: open(2) would wait */

    /* Nor is anything taken out of a FIFO that has a writer, or waited for when it has nothing to say. */
    const int fifo = openat(top_fd, "fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    CHECK(fifo >= 0);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", 0, NULL), -ESTALE);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", WEIR_SLURP_CONFIRM_EOF | WEIR_SLURP_FOLLOW, NULL), -ESTALE);
    CHECK_EQ(write(fifo, "data", 4), 4);
    CHECK_EQ(slurp_one(rig, slurp, "fifo", 0, NULL), -ESTALE);
    char buffer[8];
    CHECK_EQ(read(fifo, buffer, sizeof buffer), 4);
    close(fifo);

    const int socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    CHECK((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", top) < sizeof address.sun_path);
    CHECK_EQ(bind(socket_, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(slurp_one(rig, slurp, "socket", 0, NULL), -ESTALE);
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

#define FILES 10000

static size_t size_of(unsigned i)
{
    return i % 50 == 0 ? 0 : i % 333 == 0 ? 4096 : (size_t)(i * 2654435761u) % 3000;
}

static uint8_t byte_of(unsigned i, size_t at)
{
    return (uint8_t)(i ^ (at * 31));
}

static void make_files(void)
{
    static uint8_t data[4096];
    for (unsigned i = 0; i < FILES; i++) {
        char name[16];
        for (size_t at = 0; at < size_of(i); at++)
            data[at] = byte_of(i, at);
        snprintf(name, sizeof name, "m%u", i);
        write_file(name, data, size_of(i));
    }
}

static void remove_files(void)
{
    for (unsigned i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        CHECK_EQ(unlinkat(top_fd, name, 0), 0);
    }
}

static void check_slot(const weir_slurp_slot *slot)
{
    const unsigned i = (unsigned)(uintptr_t)slot->tag;
    CHECK(i < FILES);
    if (i % 77 == 0) { /* asked for under a name that is gone */
        CHECK_EQ(slot->result, -ENOENT);
        return;
    }
    CHECK_EQ(slot->result, size_of(i));
    bool same = true;
    for (size_t at = 0; at < size_of(i); at++)
        same &= slot->data[at] == byte_of(i, at);
    CHECK(same);
}

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

/* --- two rings under one task, by hand ------------------------------------------------------------ */

struct reaper {
    struct io_rig *rig;
    _Atomic bool stop;
};

static void *reap_on(void *arg)
{
    struct reaper *reaper = arg;
    while (!atomic_load(&reaper->stop)) {
        io_rig_reap(reaper->rig);
        sched_yield();
    }
    return NULL;
}

static void run_two_rings(struct io_rig rigs[2])
{
    pthread_t threads[2];
    struct reaper reapers[2];
    for (int i = 0; i < 2; i++) {
        reapers[i] = (struct reaper){ .rig = &rigs[i] };
        CHECK_EQ(pthread_create(&threads[i], NULL, reap_on, &reapers[i]), 0);
    }
    weir_slurp *slurp = make_slurp(8, 4096);
    unsigned started = 0, seen = 0;
    while (seen < 500) {
        while (started < 500 && weir_slurp_free_slots(slurp) > 0) {
            weir_cx cx = cx_of(&rigs[started % 2]);
            char name[16];
            snprintf(name, sizeof name, "%c%u", started % 77 == 0 ? 'x' : 'm', started);
            CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, name, (void *)(uintptr_t)started), 0);
            started++;
        }
        weir_slurp_next_future next = weir_slurp_next(slurp);
        while (mock_task_poll(&rigs[0].task, WEIR_HEAD(next)) == WEIR_PENDING)
            while (!mock_task_is_woken(&rigs[0].task))
                for (int i = 0; i < 2; i++) /* the owner of both hands over, and is woken for what reapers left to it */
                    rigs[i].worker.driver->type->wait(rigs[i].worker.driver, 100000);
        check_slot(next.output);
        weir_slurp_put(next.output);
        seen++;
    }
    weir_slurp_destroy(slurp);
    for (int i = 0; i < 2; i++) {
        atomic_store(&reapers[i].stop, true);
        pthread_join(threads[i], NULL);
        io_rig_fini(&rigs[i]);
    }
}

/* Files alternate between two rings, each reaped by a thread of its own: none is lost, none comes twice. */
static void test_reapers_of_two_rings_hand_over_to_one_task(void)
{
    struct io_rig rigs[2];
    for (uint64_t i = 0; i < 2; i++)
        io_rig_init_fake(&rigs[i], (struct ring_fake_options){ .seed = 3 + i, .delay_max = 2 });
    run_two_rings(rigs);
    for (int by_hand = 0; by_hand < 2; by_hand++)
        if (init_uring(&rigs[0], by_hand) && init_uring(&rigs[1], by_hand))
            run_two_rings(rigs);
}

#ifdef WEIR_URING
static void *reap_and_unpark(void *arg)
{
    struct reaper *reaper = arg;
    weir_driver *driver = reaper->rig->worker.driver;
    while (!atomic_load(&reaper->stop))
        if (io_rig_reap(reaper->rig))
            driver->type->unpark(driver);
        else
            sched_yield();
    return NULL;
}

/* A file of several steps is reaped elsewhere after each: the owner sleeps without limit, and is woken for the next. */
static void test_the_owner_is_woken_for_the_next_step(void)
{
    struct io_rig rig;
    if (!init_uring(&rig, false))
        return;
    struct reaper reaper = { .rig = &rig };
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, reap_and_unpark, &reaper), 0);
    weir_slurp *slurp = make_slurp(4, 4096);
    for (unsigned i = 1; i < 77; i++) {
        weir_cx cx = cx_of(&rig);
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        CHECK_EQ(weir_slurp_start_flags(slurp, &cx, top_fd, name, WEIR_SLURP_CONFIRM_EOF, (void *)(uintptr_t)i), 0);
        weir_slurp_next_future next = weir_slurp_next(slurp);
        while (mock_task_poll(&rig.task, WEIR_HEAD(next)) == WEIR_PENDING)
            while (!mock_task_is_woken(&rig.task))
                rig.worker.driver->type->wait(rig.worker.driver, -1);
        check_slot(next.output);
        weir_slurp_put(next.output);
    }
    weir_slurp_destroy(slurp);
    atomic_store(&reaper.stop, true);
    pthread_join(thread, NULL);
    io_rig_fini(&rig);
}

/* Cached or not (a name in /proc that nobody has looked up): no descriptor is taken, so none can be short. */
static void test_a_slurp_takes_no_descriptor(void)
{
    struct io_rig rig;
    if (!init_uring(&rig, false))
        return;
    struct ring_uring *self = weir_container_of(rig.ring, struct ring_uring, ring);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(pause());
    }
    weir_slurp *slurp = make_slurp(4, 4096);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)child);
    struct rlimit before, none;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    if (self->direct_slots > 0)
        none.rlim_cur = 0;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    CHECK(slurp_one(&rig, slurp, path, 0, NULL) > 0);
    CHECK_EQ(slurp_one(&rig, slurp, "m1", 0, NULL), size_of(1));
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    weir_slurp_destroy(slurp);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    io_rig_fini(&rig);
}

/* A file that was read must not stay open for long: its file system couldn't be unmounted. */
static void test_slots_are_closed_when_there_is_nothing_to_read(void)
{
    struct io_rig rig;
    if (!init_uring(&rig, false))
        return;
    struct ring_uring *self = weir_container_of(rig.ring, struct ring_uring, ring);
    weir_slurp *slurp = make_slurp(4, 4096);
    int fds[2];
    CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
    char byte;
    for (int asleep = 0; asleep < 2 && self->direct_slots > 0; asleep++) {
        weir_read read_ = weir_read_at(fds[0], &byte, 1, 0, WEIR_IO_NO_HOLD);
        if (!asleep) /* the ring is never without work: it closes them after some turns */
            CHECK(mock_task_poll(&rig.task, WEIR_HEAD(read_)) == WEIR_PENDING);
        (void)slurp_one(&rig, slurp, "m1", 0, NULL);
        CHECK(self->direct_used > 0);
        for (int turn = 0; turn < 100 && !asleep; turn++)
            rig.worker.driver->type->submit(rig.worker.driver);
        if (asleep)
            rig.worker.driver->type->wait(rig.worker.driver, 1000);
        CHECK_EQ(self->direct_used, 0);
        weir_drop(read_);
        io_rig_settle(&rig);
    }
    close(fds[0]);
    close(fds[1]);
    weir_slurp_destroy(slurp);
    io_rig_fini(&rig);
}

/* Descriptors that are to be closed later are closed when there are no others: that is no reason to fail. */
static void test_a_full_table_of_descriptors_is_made_room_in(void)
{
    struct io_rig rig;
    if (!init_uring(&rig, true))
        return;
    struct rlimit old, tight;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    tight = old;
    tight.rlim_cur = io_rig_open_fds() + 8;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    weir_slurp *slurp = make_slurp(2, 4096);
    for (unsigned i = 1; i < 77; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        CHECK_EQ(slurp_one(&rig, slurp, name, 0, NULL), size_of(i));
    }
    weir_slurp_destroy(slurp);
    io_rig_fini(&rig);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
}
#endif

/* --- waking, dropping, failing ------------------------------------------------------------------- */

/* A task that has many files coming is woken once, and takes all there are in one poll. */
static void test_one_wake_for_all_that_has_come(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    weir_slurp *slurp = make_slurp(16, 4096);
    weir_cx cx = cx_of(&rig);
    for (unsigned i = 1; i <= 16; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, name, (void *)(uintptr_t)i), 0);
    }
    CHECK_EQ(weir_slurp_free_slots(slurp), 0);
    CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, "m1", NULL), -EAGAIN);
    CHECK(weir_slurp_take(slurp) == NULL);
    weir_slurp_next_future next = weir_slurp_next(slurp);
    CHECK(mock_task_poll(&rig.task, WEIR_HEAD(next)) == WEIR_PENDING);
    io_rig_reap(&rig);
    CHECK_EQ(rig.task.wakes, 1);
    CHECK(mock_task_poll(&rig.task, WEIR_HEAD(next)) == WEIR_READY);
    unsigned seen = 0;
    for (weir_slurp_slot *slot = next.output; slot != NULL; slot = weir_slurp_take(slurp)) {
        CHECK_EQ((uintptr_t)slot->tag, ++seen); /* first come first */
        weir_slurp_put(slot);
    }
    CHECK_EQ(seen, 16);
    CHECK_EQ(weir_slurp_free_slots(slurp), 16);
    weir_slurp_destroy(slurp);
    io_rig_fini(&rig);
}

/* Losing a select with weir_slurp_next() in it loses no file; a later wait, by another waker, gets it. */
static void test_a_dropped_next_loses_nothing(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    struct mock_task other;
    mock_task_init(&other);
    weir_slurp *slurp = make_slurp(4, 4096);
    weir_cx cx = cx_of(&rig);
    CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, "m1", (void *)1), 0);
    weir_slurp_next_future lost = weir_slurp_next(slurp);
    weir_drop(lost);
    lost = weir_slurp_next(slurp);
    CHECK(mock_task_poll(&other, WEIR_HEAD(lost)) == WEIR_PENDING);
    weir_drop(lost);
    CHECK_EQ(mock_task_holds(&other), 0);
    lost = weir_slurp_next(slurp);
    CHECK(mock_task_poll(&other, WEIR_HEAD(lost)) == WEIR_PENDING);
    CHECK(mock_task_poll(&rig.task, WEIR_HEAD(lost)) == WEIR_PENDING); /* moved to another task */
    CHECK_EQ(mock_task_holds(&other), 0);
    io_rig_reap(&rig);
    CHECK_EQ(other.wakes, 0);
    CHECK_EQ(rig.task.wakes, 1);
    weir_drop(lost);
    weir_slurp_slot *slot = next_slot(&rig, slurp);
    check_slot(slot);
    weir_slurp_put(slot);
    CHECK(next_slot(&rig, slurp) == NULL);
    weir_slurp_destroy(slurp);
    io_rig_fini(&rig);
}

static void run_destroy(struct io_rig *rig)
{
    const unsigned before = io_rig_open_fds();
    for (unsigned turns = 0; turns < 5; turns++)
        for (unsigned files = 0; files <= 40; files += 8) {
            weir_slurp *slurp = make_slurp(40, 65536);
            weir_cx cx = cx_of(rig);
            for (unsigned i = 0; i < files; i++) {
                char name[16];
                snprintf(name, sizeof name, "m%u", i);
                CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, name, NULL), 0);
            }
            weir_slurp_next_future next = weir_slurp_next(slurp);
            const bool pending = turns % 2 && mock_task_poll(&rig->task, WEIR_HEAD(next)) == WEIR_PENDING;
            for (unsigned i = 0; i < turns; i++) {
                rig->worker.driver->type->submit(rig->worker.driver);
                if (i > 0)
                    io_rig_reap(rig);
            }
            if (pending)
                weir_drop(next);
            weir_slurp_destroy(slurp);
            CHECK_EQ(mock_task_holds(&rig->task), 0);
        }
    io_rig_settle(rig);
    CHECK_EQ(io_rig_open_fds(), before);
    CHECK_EQ(rig->ring->ops, rig->ring->ops_free);
    weir_slurp_destroy(NULL);
}

/* Dropping the job in the middle is one call that doesn't wait; buffers go when the kernel has let go. */
static void test_destroy_with_files_in_flight(void)
{
    on_every_ring(run_destroy, 10);
}

static void run_end(struct io_rig *rig, weir_slurp *slurp)
{
    weir_cx cx = cx_of(rig);
    for (unsigned i = 1; i <= 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, name, (void *)(uintptr_t)i), 0);
        if (i == 20)
            rig->worker.driver->type->submit(rig->worker.driver);
    }
    rig->worker.driver->type->destroy(rig->worker.driver);
    for (unsigned seen = 0; seen < 40; seen++) {
        weir_slurp_slot *slot = weir_slurp_take(slurp);
        CHECK(slot != NULL);
        CHECK(slot->result >= 0 || slot->result == -ECANCELED);
        weir_slurp_put(slot);
    }
    weir_slurp_destroy(slurp);
}

/* The driver ends first: every file has ended too, cancelled or not. */
static void test_the_driver_ends_with_files_in_flight(void)
{
    struct io_rig rig;
    for (uint64_t seed = 0; seed <= 10; seed++) {
        io_rig_init_fake(&rig, (struct ring_fake_options){ .seed = seed, .delay_max = 5 });
        run_end(&rig, make_slurp(40, 4096));
        CHECK_EQ(rig.counts.destroyed, 1);
    }
    for (int by_hand = 0; by_hand < 2; by_hand++)
        if (init_uring(&rig, by_hand))
            run_end(&rig, make_slurp(40, 4096));
}

/* Every nth operation fails: its file says so, and all the others are right. */
static void test_every_nth_file_fails(void)
{
    for (unsigned every = 1; every <= 10; every++) {
        struct io_rig rig;
        io_rig_init_fake(
            &rig, (struct ring_fake_options){ .seed = every, .delay_max = 3, .fail_every = every, .fail_error = -EIO });
        weir_slurp *slurp = make_slurp(8, 4096);
        weir_cx cx = cx_of(&rig);
        unsigned started = 1, seen = 0, failed = 0;
        while (seen < 60) {
            while (started <= 60 && weir_slurp_free_slots(slurp) > 0) {
                char name[16];
                snprintf(name, sizeof name, "m%u", started);
                CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, name, (void *)(uintptr_t)started), 0);
                started++;
            }
            weir_slurp_slot *slot = next_slot(&rig, slurp);
            if (slot->result == -EIO)
                failed++;
            else
                check_slot(slot);
            weir_slurp_put(slot);
            seen++;
        }
        CHECK_EQ(failed, 60 / every);
        weir_slurp_destroy(slurp);
        io_rig_fini(&rig);
    }
}

/* Refusals before anything is queued leave slot and slurp as they were. */
static void test_start_says_what_it_cannot_do(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    weir_slurp *slurp;
    CHECK_EQ(weir_slurp_create(&(weir_slurp_options){ .slot_bytes = (size_t)3 << 30 }, &slurp), -EINVAL);
    CHECK_EQ(weir_slurp_create(&(weir_slurp_options){ .slots = UINT32_MAX, .slot_bytes = (size_t)1 << 30 }, &slurp),
             -ENOMEM);
    slurp = make_slurp(0, 0);
    CHECK_EQ(weir_slurp_free_slots(slurp), 64);
    weir_cx cx = cx_of(&rig);
    static char name[5000];
    memset(name, 'a', sizeof name - 1);
    CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, name, NULL), -ENAMETOOLONG);
    cx.worker = NULL;
    CHECK_EQ(weir_slurp_start(slurp, &cx, top_fd, "m1", NULL), -ENOTSUP);
    CHECK_EQ(weir_slurp_free_slots(slurp), 64);
    CHECK(next_slot(&rig, slurp) == NULL);
    weir_slurp_destroy(slurp);
    CHECK_EQ(rig.ring->ops, rig.ring->ops_free);
    io_rig_fini(&rig);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/weir_test_slurp_XXXXXX", tmp == NULL ? "/tmp" : tmp);
    CHECK(mkdtemp(top) != NULL);
    top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(top_fd >= 0);
    make_files();
    RUN(test_sizes_around_the_slot);
    RUN(test_what_is_no_regular_file);
    RUN(test_files_without_a_size);
    RUN(test_many_files_equal_plain_reads);
    RUN(test_slurping_tasks_of_a_runtime);
    RUN(test_reapers_of_two_rings_hand_over_to_one_task);
#ifdef WEIR_URING
    RUN(test_the_owner_is_woken_for_the_next_step);
    RUN(test_a_slurp_takes_no_descriptor);
    RUN(test_slots_are_closed_when_there_is_nothing_to_read);
    RUN(test_a_full_table_of_descriptors_is_made_room_in);
#endif
    RUN(test_one_wake_for_all_that_has_come);
    RUN(test_a_dropped_next_loses_nothing);
    RUN(test_destroy_with_files_in_flight);
    RUN(test_the_driver_ends_with_files_in_flight);
    RUN(test_every_nth_file_fails);
    RUN(test_start_says_what_it_cannot_do);
    remove_files();
    CHECK_EQ(rmdir(top), 0);
    return check_done();
}
