/* test_ring_uring.c - what only the kernel's ring can get wrong: full queues, cancels in flight, sleeping, refusal. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <weir/io.h>

#include "deny_syscall.h"
#include "io_rig.h"
#include "op.h"
#include "ring.h"

#ifdef WEIR_URING
#include "ring_uring.h"

static bool is_done(struct io_rig *rig, struct op *op, int64_t *ret_result)
{
    return wi_op_poll(op, &rig->task.waker, ret_result);
}

static int64_t finish_op(struct io_rig *rig, struct op *op)
{
    int64_t result;
    while (!is_done(rig, op, &result))
        io_rig_turn(rig);
    wi_op_put(op);
    return result;
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

#define AT_POSITION ((uint64_t)-1)

/* More operations than the queue holds, in one turn: none is lost, none waits for another turn's luck. */
static void test_a_full_queue_loses_nothing(void)
{
    struct io_rig rig;
    struct ring *ring;
    if (wi_ring_uring_create(8, &ring) != 0) {
        printf("skipped: no io_uring here\n");
        return;
    }
    io_rig_init(&rig, ring);
    struct op *ops[1000];
    for (int i = 0; i < 1000; i++) {
        ops[i] = take_op(&rig, OP_NOP);
        wi_op_start(ops[i]);
    }
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(finish_op(&rig, ops[i]), 0);
    CHECK_EQ(wi_ring_in_flight(ring), 0);
    io_rig_fini(&rig);
}

/*
 * A ring passes by seccomp, so whoever got hold of one could open sockets or send with it; and one that could be given
 * other files, buffers or rights could do more than its process.
 */
static void test_a_ring_takes_no_operation_but_ours(void)
{
    static const uint8_t others[] = { IORING_OP_SOCKET, IORING_OP_CONNECT, IORING_OP_SENDMSG, IORING_OP_OPENAT,
                                      IORING_OP_SPLICE };
    struct io_uring_cqe *cqe;
    struct ring *ring;
    struct io_rig rig;
    if (wi_ring_uring_create(8, &ring) != 0)
        return;
    io_rig_init(&rig, ring);
    struct io_uring *uring = &weir_container_of(ring, struct ring_uring, ring)->uring;
    for (size_t i = 0; i < sizeof others; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
        io_uring_prep_nop(sqe);
        sqe->opcode = others[i];
        CHECK_EQ(io_uring_submit_and_wait(uring, 1), 1);
        CHECK_EQ(io_uring_peek_cqe(uring, &cqe), 0);
        CHECK_EQ(cqe->res, -EACCES);
        io_uring_cqe_seen(uring, cqe);
    }
    CHECK_EQ(syscall(__NR_io_uring_register, uring->ring_fd, IORING_REGISTER_PERSONALITY, NULL, 0), -1);
    CHECK_EQ(errno, EACCES);
    io_rig_fini(&rig);
}

/* 8 entries make a completion queue of 128; 2,000 completions that nobody reaps overflow it, and come all the same. */
static void test_an_overflowing_completion_queue_loses_nothing(void)
{
    struct io_rig rig;
    struct ring *ring;
    if (wi_ring_uring_create(8, &ring) != 0)
        return;
    io_rig_init(&rig, ring);
    static struct op *ops[2000];
    for (int i = 0; i < 2000; i++) {
        ops[i] = take_op(&rig, OP_NOP);
        wi_op_start(ops[i]);
        rig.worker.driver->type->submit(rig.worker.driver);
    }
    for (int i = 0; i < 2000 && wi_ring_in_flight(ring) > 0; i++) /* reaping alone brings them in, without a sleep */
        (void)io_rig_reap(&rig);
    CHECK_EQ(wi_ring_in_flight(ring), 0);
    for (int i = 0; i < 2000; i++)
        CHECK_EQ(finish_op(&rig, ops[i]), 0);
    io_rig_fini(&rig);
}

/* A read that waits for a pipe that nobody writes to ends by its drop, and gives its buffer back. */
static void test_a_drop_cancels_what_is_in_flight(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, 0);
    char buffer[8];
    for (int round = 0; round < 20; round++) {
        struct op *op = transfer_op(&rig, OP_READ, fds[0], buffer, sizeof buffer, AT_POSITION);
        wi_op_start(op);
        rig.worker.driver->type->submit(rig.worker.driver);
        int64_t result;
        CHECK(!is_done(&rig, op, &result));
        wi_op_drop(op);
        io_rig_settle(&rig);
        CHECK_EQ(rig.ring->ops, rig.ring->ops_free);
    }
    close_pipe(fds);
    io_rig_fini(&rig);
}

/* What was dropped before the turn's end was never asked of the kernel: no write, no file made. */
static void test_what_was_not_handed_over_never_happens(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, O_NONBLOCK);
    char byte = 'x';
    struct op *before = transfer_op(&rig, OP_WRITE, fds[1], "a", 1, AT_POSITION);
    struct op *dropped = transfer_op(&rig, OP_WRITE, fds[1], "b", 1, AT_POSITION);
    struct op *after = transfer_op(&rig, OP_WRITE, fds[1], "c", 1, AT_POSITION);
    wi_op_start(before);
    wi_op_start(dropped);
    wi_op_start(after);
    wi_op_drop(dropped);
    CHECK_EQ(finish_op(&rig, before), 1);
    CHECK_EQ(finish_op(&rig, after), 1);
    CHECK_EQ(read(fds[0], &byte, 1), 1);
    CHECK_EQ(byte, 'a');
    CHECK_EQ(read(fds[0], &byte, 1), 1);
    CHECK_EQ(byte, 'c');
    CHECK_EQ(read(fds[0], &byte, 1), -1);
    CHECK_EQ(rig.ring->ops, rig.ring->ops_free);
    close_pipe(fds);
    io_rig_fini(&rig);
}

/* -EAGAIN never comes out of a read: one without data is waited for. */
static void test_a_nonblocking_read_waits(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, O_NONBLOCK);
    char buffer[8] = "";
    struct op *op = transfer_op(&rig, OP_READ, fds[0], buffer, sizeof buffer, AT_POSITION);
    wi_op_start(op);
    int64_t result;
    for (int i = 0; i < 5; i++) {
        io_rig_turn(&rig);
        CHECK(!is_done(&rig, op, &result));
    }
    CHECK_EQ(write(fds[1], "hi", 2), 2);
    CHECK_EQ(finish_op(&rig, op), 2);
    CHECK_STR(buffer, "hi");

    /* Dropped while it waits, it goes, whichever of its steps it is in. */
    op = transfer_op(&rig, OP_READ, fds[0], buffer, sizeof buffer, AT_POSITION);
    wi_op_start(op);
    for (int i = 0; i < 3; i++)
        io_rig_turn(&rig);
    wi_op_drop(op);
    io_rig_settle(&rig);
    CHECK_EQ(rig.ring->ops, rig.ring->ops_free);
    close_pipe(fds);
    io_rig_fini(&rig);
}

/*
 * Older kernels answer -EAGAIN where this one waits by itself: then the read is preceded by a poll and repeated
 * by a thread of the kernel's. Here it begins in that state.
 */
static void test_a_read_that_found_nothing_polls_and_is_repeated(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, 0);
    char buffer[8] = "";
    struct op op = { .kind = OP_READ };
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EAGAIN), STEP_POLL);
    op.phase = STEP_POLL;
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, POLLIN), STEP_FORCE);
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EBADF), STEP_DONE);
    CHECK_EQ(op.result, -EBADF);
    for (int dropped = 0; dropped < 2; dropped++) {
        struct op *real = transfer_op(&rig, OP_READ, fds[0], buffer, sizeof buffer, AT_POSITION);
        real->phase = STEP_POLL;
        wi_op_start(real);
        io_rig_turn(&rig);
        if (dropped) {
            wi_op_drop(real);
            io_rig_settle(&rig);
            continue;
        }
        CHECK_EQ(write(fds[1], "late", 4), 4);
        CHECK_EQ(finish_op(&rig, real), 4);
        CHECK_STR(buffer, "late");
    }
    CHECK_EQ(rig.ring->ops, rig.ring->ops_free);
    close_pipe(fds);
    io_rig_fini(&rig);
}

/* What the kernel says about interruptions is never a result. */
static void test_interruptions_are_repeated_or_cancelled(void)
{
    struct op op = { .kind = OP_FSYNC };
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EINTR), STEP_FIRST);
    op.cancelled = 1;
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EINTR), STEP_DONE);
    CHECK_EQ(op.result, -ECANCELED);
    op = (struct op){ .kind = OP_CLOSE };
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EINTR), STEP_DONE); /* closed, and the number may be another's by now */
    CHECK_EQ(op.result, 0);
    op = (struct op){ .kind = OP_OPEN };
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EAGAIN), STEP_DONE); /* RESOLVE_CACHED: an answer */
    CHECK_EQ(op.result, -EAGAIN);
    op = (struct op){ .kind = OP_SLURP, .length = 100 };
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EAGAIN), STEP_FORCE);
    op.phase = STEP_FORCE;
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, 30), STEP_DONE);
    CHECK_EQ(op.result, 30);
    op.cancelled = 1;
    CHECK_EQ(wi_uring_next_step(&op, TAG_MAIN, -EINTR), STEP_DONE);
    CHECK_EQ(op.result, -ECANCELED);
}

struct refused_owner {
    struct io_rig rig;
    struct op *ops[300];
    struct op *dropped;
    int fds[2];
    bool ready;
};

/* An owner whose kernel takes nothing: what it pushes piles up. */
static void *push_in_vain(void *arg)
{
    struct refused_owner *owner = arg;
    struct ring *ring;
    CHECK_EQ(wi_ring_uring_create(8, &ring), 0);
    io_rig_init(&owner->rig, ring);
    if (!deny_syscall_if(SYS_io_uring_enter, 1, UINT32_MAX, EBUSY)) /* where to_submit isn't 0 */
        return NULL;
    for (int i = 0; i < 300; i++) {
        owner->ops[i] = take_op(&owner->rig, OP_NOP);
        wi_op_start(owner->ops[i]);
    }
    make_pipe(owner->fds, O_NONBLOCK);
    owner->dropped = transfer_op(&owner->rig, OP_WRITE, owner->fds[1], "x", 1, AT_POSITION);
    wi_op_start(owner->dropped);
    for (int i = 0; i < 3; i++) {
        owner->rig.worker.driver->type->submit(owner->rig.worker.driver);
        owner->rig.worker.driver->type->wait(owner->rig.worker.driver, -1); /* doesn't sleep for ever on it */
        CHECK(!io_rig_reap(&owner->rig));
    }
    wi_op_drop(owner->dropped);
    owner->ready = true;
    return NULL;
}

/* A kernel that is short of memory, or of room, is asked again; nothing is lost, and nothing waits for it. */
static void test_what_the_kernel_refuses_goes_in_later(void)
{
    struct refused_owner owner = { .ready = false };
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, push_in_vain, &owner), 0);
    pthread_join(thread, NULL);
    if (!owner.ready) {
        printf("skipped: no seccomp filters here\n");
        return;
    }
    /* This thread isn't refused; it takes over, as a current-thread runtime's next block_on() would. */
    for (int i = 0; i < 300; i++)
        CHECK_EQ(finish_op(&owner.rig, owner.ops[i]), 0);
    io_rig_settle(&owner.rig);
    char byte;
    CHECK_EQ(read(owner.fds[0], &byte, 1), -1); /* what was dropped meanwhile never happened */
    close_pipe(owner.fds);
    io_rig_fini(&owner.rig);
}

static void test_poll_says_what_is_ready(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, 0);
    struct op *op = take_op(&rig, OP_POLL);
    op->fd = fds[0];
    op->mask = POLLIN;
    wi_op_start(op);
    int64_t result;
    io_rig_turn(&rig);
    CHECK(!is_done(&rig, op, &result));
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(finish_op(&rig, op), POLLIN);
    close_pipe(fds);
    io_rig_fini(&rig);
}

/* The driver's end waits for the kernel, and leaves nothing in flight behind. */
static void test_the_end_takes_everything_along(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, 0);
    char buffer[100];
    struct op *ops[100];
    int64_t result;
    for (int i = 0; i < 100; i++) {
        ops[i] = transfer_op(&rig, OP_READ, fds[0], buffer + i, 1, AT_POSITION);
        wi_op_start(ops[i]);
        CHECK(!is_done(&rig, ops[i], &result));
        if (i % 3 == 0)
            wi_op_drop(ops[i]);
        if (i == 50)
            rig.worker.driver->type->submit(rig.worker.driver);
    }
    rig.worker.driver->type->destroy(rig.worker.driver);
    for (int i = 0; i < 100; i++) {
        if (i % 3 == 0)
            continue;
        CHECK(is_done(&rig, ops[i], &result));
        CHECK_EQ(result, -ECANCELED);
        wi_op_put(ops[i]);
    }
    CHECK_EQ(mock_task_holds(&rig.task), 0);
    close_pipe(fds);
}

/* --- sleeping and waking ---------------------------------------------------------------------- */

static void *unpark(void *arg)
{
    weir_driver *driver = arg;
    driver->type->unpark(driver);
    return NULL;
}

/* With nothing in flight the worker sleeps on a word, else in the ring: a wake ends both, and counts once. */
static void test_a_wake_ends_the_wait_under_way_or_the_next(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    weir_driver *driver = rig.worker.driver;
    int fds[2];
    make_pipe(fds, 0);
    char byte;
    struct op *op = NULL;
    for (int in_ring = 0; in_ring < 2; in_ring++) {
        if (in_ring) {
            op = transfer_op(&rig, OP_READ, fds[0], &byte, 1, AT_POSITION);
            wi_op_start(op);
        }
        driver->type->unpark(driver);
        driver->type->unpark(driver);
        driver->type->wait(driver, -1); /* would be for ever */
        for (int i = 0; i < 50; i++) {
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, unpark, driver), 0);
            driver->type->wait(driver, -1);
            pthread_join(thread, NULL);
            io_rig_reap(&rig);
        }
        driver->type->wait(driver, 1000); /* nothing is left over; ends by its time */
    }
    CHECK_EQ(write(fds[1], "x", 1), 1);
    driver->type->wait(driver, -1); /* ends by the operation */
    CHECK_EQ(finish_op(&rig, op), 1);
    close_pipe(fds);
    io_rig_fini(&rig);
}

struct crowd {
    struct io_rig *rig;
    _Atomic unsigned asked, answered;
    _Atomic bool stop;
};

static void *answer_with_wakes(void *arg)
{
    struct crowd *crowd = arg;
    while (!atomic_load(&crowd->stop)) {
        const unsigned asked = atomic_load(&crowd->asked);
        if (asked == atomic_load(&crowd->answered)) {
            sched_yield();
            continue;
        }
        atomic_store(&crowd->answered, asked);
        unpark(crowd->rig->worker.driver);
    }
    return NULL;
}

static void *reap_all_the_time(void *arg)
{
    struct crowd *crowd = arg;
    while (!atomic_load(&crowd->stop))
        if (!io_rig_reap(crowd->rig))
            sched_yield();
    return NULL;
}

/* What wakes a sleeper in the ring is a completion, and another thread may reap it before the sleeper is even there. */
static void test_no_reaper_takes_a_wake_away(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, 0);
    char byte;
    struct op *op = transfer_op(&rig, OP_READ, fds[0], &byte, 1, AT_POSITION);
    wi_op_start(op);
    struct crowd crowd = { .rig = &rig };
    pthread_t threads[2];
    CHECK_EQ(pthread_create(&threads[0], NULL, answer_with_wakes, &crowd), 0);
    CHECK_EQ(pthread_create(&threads[1], NULL, reap_all_the_time, &crowd), 0);
    for (unsigned i = 1; i <= 4000; i++) {
        atomic_store(&crowd.asked, i);
        while (atomic_load(&crowd.answered) != i)
            rig.worker.driver->type->wait(rig.worker.driver, -1);
    }
    atomic_store(&crowd.stop, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(finish_op(&rig, op), 1);
    close_pipe(fds);
    io_rig_fini(&rig);
}

struct helper {
    struct io_rig *rig;
    struct op *op;
};

static void *reap_until_done(void *arg)
{
    struct helper *helper = arg;
    int64_t result;
    while (!wi_op_poll(helper->op, &helper->rig->task.waker, &result))
        io_rig_reap(helper->rig);
    CHECK_EQ(result, 1);
    return NULL;
}

/* A worker that is stuck in a poll doesn't keep its completions: another one reaps them. */
static void test_another_thread_reaps_for_a_stuck_owner(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, 0);
    for (int round = 0; round < 50; round++) {
        char byte;
        struct helper helper = { &rig, transfer_op(&rig, OP_READ, fds[0], &byte, 1, AT_POSITION) };
        wi_op_start(helper.op);
        rig.worker.driver->type->submit(rig.worker.driver);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, reap_until_done, &helper), 0);
        CHECK_EQ(write(fds[1], "x", 1), 1);
        pthread_join(thread, NULL); /* the owner does nothing for the ring */
        wi_op_put(helper.op);
    }
    close_pipe(fds);
    io_rig_fini(&rig);
}

static void *drop_op(void *arg)
{
    wi_op_drop(arg);
    return NULL;
}

/* A task may be dropped by another worker than the one whose ring it used, which may sleep at that moment. */
static void test_a_drop_elsewhere_wakes_the_owner_to_cancel(void)
{
    struct io_rig rig;
    if (!io_rig_init_uring(&rig))
        return;
    int fds[2];
    make_pipe(fds, 0);
    char buffer[8];
    for (int round = 0; round < 50; round++) {
        struct op *op = transfer_op(&rig, OP_READ, fds[0], buffer, sizeof buffer, AT_POSITION);
        wi_op_start(op);
        rig.worker.driver->type->submit(rig.worker.driver);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, drop_op, op), 0);
        while (wi_ring_in_flight(rig.ring) > 0) {
            rig.worker.driver->type->wait(rig.worker.driver, -1);
            io_rig_reap(&rig);
        }
        pthread_join(thread, NULL);
    }
    close_pipe(fds);
    io_rig_fini(&rig);
}

/* --- refusal ------------------------------------------------------------------------------------ */

/* Runs in a child: a seccomp filter is for ever. */
static int refused(long number)
{
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (!deny_syscall(number, EPERM))
            _exit(77);
        const unsigned before = io_rig_open_fds();
        struct ring *ring = NULL;
        const int error = wi_ring_uring_create(0, &ring);
        _exit(ring != NULL || io_rig_open_fds() != before ? 1 : -error);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Containers forbid io_uring in one way or another: each is an error of the constructor, that leaves nothing behind. */
static void test_a_refusal_is_an_error_of_the_constructor(void)
{
    static const long numbers[] = { SYS_io_uring_setup, SYS_io_uring_enter };
    for (size_t i = 0; i < 2; i++) {
        const int status = refused(numbers[i]);
        if (status == 77) {
            printf("skipped: no seccomp filters here\n");
            return;
        }
        CHECK_EQ(status, EPERM);
    }
}

/* Nothing may be opened by name any more. False: this kernel has no Landlock. */
static bool confine_names(void)
{
    const struct {
        uint64_t fs;
    } names = { 1u << 2 | 1u << 3 };                            /* LANDLOCK_ACCESS_FS_READ_FILE, _READ_DIR */
    const long ruleset = syscall(444, &names, sizeof names, 0); /* landlock_create_ruleset(), _restrict_self() */
    return ruleset >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(446, ruleset, 0) == 0;
}

/* Exit status: 0 if a ring has direct descriptors that is made in a sandbox, 77 where there is none. */
static int slots_in_a_sandbox(void)
{
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (!confine_names())
            _exit(77);
        struct ring *ring = NULL;
        if (wi_ring_uring_create(0, &ring) != 0)
            _exit(1);
        _exit(weir_container_of(ring, struct ring_uring, ring)->direct_slots > 0 ? 0 : 2);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* What a ring tries at its making, a sandbox may refuse: that's no reason to open small files one by one for ever. */
static void test_a_sandbox_leaves_direct_descriptors(void)
{
    struct ring *ring;
    CHECK_EQ(wi_ring_uring_create(0, &ring), 0);
    const bool has_slots = weir_container_of(ring, struct ring_uring, ring)->direct_slots > 0;
    wi_ring_retire(ring);
    const int status = has_slots ? slots_in_a_sandbox() : 77;
    if (status == 77)
        printf("skipped: no Landlock, or no direct descriptors here\n");
    else
        CHECK_EQ(status, 0);
}

int main(void)
{
    struct ring *ring;
    const int error = wi_ring_uring_create(0, &ring);
    if (error != 0) {
        printf("skipped: no io_uring here: %s\n", strerror(-error));
        return 0;
    }
    wi_ring_retire(ring);
    RUN(test_a_full_queue_loses_nothing);
    RUN(test_a_ring_takes_no_operation_but_ours);
    RUN(test_an_overflowing_completion_queue_loses_nothing);
    RUN(test_a_drop_cancels_what_is_in_flight);
    RUN(test_what_was_not_handed_over_never_happens);
    RUN(test_a_nonblocking_read_waits);
    RUN(test_a_read_that_found_nothing_polls_and_is_repeated);
    RUN(test_interruptions_are_repeated_or_cancelled);
    RUN(test_what_the_kernel_refuses_goes_in_later);
    RUN(test_poll_says_what_is_ready);
    RUN(test_the_end_takes_everything_along);
    RUN(test_a_wake_ends_the_wait_under_way_or_the_next);
    RUN(test_no_reaper_takes_a_wake_away);
    RUN(test_another_thread_reaps_for_a_stuck_owner);
    RUN(test_a_drop_elsewhere_wakes_the_owner_to_cancel);
    RUN(test_a_refusal_is_an_error_of_the_constructor);
    RUN(test_a_sandbox_leaves_direct_descriptors);
    return check_done();
}

#else

int main(void)
{
    printf("skipped: built without io_uring\n");
    return 0;
}

#endif
