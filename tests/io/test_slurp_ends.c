/* test_slurp_ends.c - slurps of several rings, their descriptors, and that drops, ends and failures lose nothing. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <weir/io.h>

#include "slurp_rig.h"

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
    make_tree();
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
    remove_tree();
    return check_done();
}
