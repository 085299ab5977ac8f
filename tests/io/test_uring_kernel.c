/*
 * test_uring_kernel.c - what this kernel does with rings of the kinds that ours is not, and why ours is not: cases.md
 * 85 (liburing's defer-taskrun.c, single-issuer.c, msg-ring.c, cancel-race.c, cq-overflow.c).
 *
 * What the kernel doesn't know is said and passed over: then there is nothing that ours could be tempted by.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include <weir/io.h>

#include "check.h"

#ifdef WEIR_URING
#include "io_rig.h"
#include "ring_uring.h"

#define OWNERS_ONLY (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static bool make(struct io_uring *uring, unsigned entries, unsigned flags, const char *what)
{
    const int error = io_uring_queue_init(entries, uring, flags);
    if (error < 0)
        printf("skipped: no ring with %s here: %s\n", what, strerror(-error));
    return error == 0;
}

static void push_poll(struct io_uring *uring, int fd, uint64_t user_data)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
    CHECK(sqe != NULL);
    io_uring_prep_poll_add(sqe, fd, POLLIN);
    io_uring_sqe_set_data64(sqe, user_data);
}

static bool has_cqe(struct io_uring *uring)
{
    return io_uring_cq_ready(uring) > 0;
}

/* --- DEFER_TASKRUN: who is stuck freezes all it has begun -------------------------------------- */

/* Many more than the kernel needs to do its work, where it does it. */
#define LOOKS 20000

struct look {
    struct io_uring *uring;
    int fds[2];
    int entered; /* what the kernel said to another thread that wanted the completions */
    bool seen;   /* it saw one */
};

static void *look_from_elsewhere(void *arg)
{
    struct look *look = arg;
    CHECK_EQ(write(look->fds[1], "x", 1), 1);
    for (int i = 0; i < LOOKS && !look->seen; i++) {
        look->entered = io_uring_get_events(look->uring);
        look->seen = has_cqe(look->uring);
        (void)sched_yield();
    }
    return NULL;
}

static void from_elsewhere(struct look *look)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, look_from_elsewhere, look), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0); /* the owner, this thread, is in no system call of the ring meanwhile */
}

/*
 * The byte is there and another thread asks for what has finished, and there is nothing, until the owner comes:
 * an owner that is stuck in a poll would keep its connections from everybody. Ours gives them.
 */
static void test_a_ring_of_deferred_work_freezes_without_its_owner(void)
{
    struct io_uring uring;
    if (!make(&uring, 8, OWNERS_ONLY, "DEFER_TASKRUN"))
        return;
    struct look look = { .uring = &uring };
    CHECK_EQ(pipe(look.fds), 0);
    push_poll(&uring, look.fds[0], 1);
    CHECK_EQ(io_uring_submit(&uring), 1);
    from_elsewhere(&look);
    CHECK(!look.seen);
    CHECK_EQ(look.entered, -EEXIST);
    CHECK(io_uring_get_events(&uring) >= 0); /* the owner */
    CHECK(has_cqe(&uring));
    io_uring_queue_exit(&uring);
    close(look.fds[0]);
    close(look.fds[1]);
}

static void test_ours_does_not(void)
{
    struct ring *ring;
    const int error = wi_ring_uring_create(0, &ring);
    if (error < 0) {
        printf("skipped: no io_uring here: %s\n", strerror(-error));
        return;
    }
    struct io_uring *uring = &weir_container_of(ring, struct ring_uring, ring)->uring;
    CHECK_EQ(uring->flags & OWNERS_ONLY, 0);
    struct look look = { .uring = uring };
    CHECK_EQ(pipe(look.fds), 0);
    push_poll(uring, look.fds[0], 0); /* no operation's, so nobody looks at its end */
    CHECK_EQ(io_uring_submit(uring), 1);
    from_elsewhere(&look);
    CHECK(look.seen);
    CHECK(look.entered >= 0);
    ring->type->destroy(ring);
    close(look.fds[0]);
    close(look.fds[1]);
}

/* --- SINGLE_ISSUER: nobody can hand over for who is stuck ---------------------------------------- */

static void *submit_elsewhere(void *arg)
{
    return (void *)(intptr_t)io_uring_submit(arg);
}

static int submitted_elsewhere(struct io_uring *uring)
{
    pthread_t thread;
    void *result;
    CHECK_EQ(pthread_create(&thread, NULL, submit_elsewhere, uring), 0);
    CHECK_EQ(pthread_join(thread, &result), 0);
    return (int)(intptr_t)result;
}

static void test_a_ring_of_one_issuer_takes_no_help(void)
{
    struct io_uring uring;
    for (int single = 0; single < 2; single++) {
        if (!make(&uring, 8, single ? IORING_SETUP_SINGLE_ISSUER : IORING_SETUP_COOP_TASKRUN, "SINGLE_ISSUER"))
            return;
        io_uring_prep_nop(io_uring_get_sqe(&uring));
        CHECK_EQ(submitted_elsewhere(&uring), single ? -EEXIST : 1);
        io_uring_queue_exit(&uring);
    }
}

/* --- MSG_RING: a ring tells another ---------------------------------------------------------------- */

/*
 * It would do for waking a worker from another one, and not from a thread without a ring: those are what a worker is
 * woken by most, so one eventfd for all it is (ring_uring.c), with or without this operation.
 */
static void test_a_message_reaches_another_ring(void)
{
    struct io_uring from, to;
    if (!make(&from, 8, 0, "anything"))
        return;
    struct io_uring_probe *probe = io_uring_get_probe_ring(&from);
    const bool known = probe != NULL && io_uring_opcode_supported(probe, IORING_OP_MSG_RING);
    io_uring_free_probe(probe);
    if (!known) {
        printf("skipped: this kernel has no MSG_RING\n");
    } else if (make(&to, 8, 0, "anything")) {
        struct io_uring_cqe *cqe;
        io_uring_prep_msg_ring(io_uring_get_sqe(&from), to.ring_fd, 7, 0x1234, 0);
        CHECK_EQ(io_uring_submit(&from), 1);
        CHECK_EQ(io_uring_wait_cqe(&to, &cqe), 0);
        CHECK_EQ(cqe->res, 7);
        CHECK_EQ(cqe->user_data, 0x1234);
        CHECK_EQ(io_uring_wait_cqe(&from, &cqe), 0);
        CHECK_EQ(cqe->res, 0);
        io_uring_queue_exit(&to);
    }
    io_uring_queue_exit(&from);
}

/* --- the queue overflows, cancels race ---------------------------------------------------------------- */

/* Two entries of completions, a hundred of them: NODROP keeps the rest, in order, for who asks. Ours builds on it. */
static void test_an_overflow_keeps_the_order(void)
{
    struct io_uring uring;
    struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 2 };
    if (io_uring_queue_init_params(1, &uring, &params) < 0) {
        printf("skipped: no io_uring here\n");
        return;
    }
    CHECK((params.features & IORING_FEAT_NODROP) != 0); /* wi_ring_uring_create() refuses it without */
    for (uint64_t i = 0; i < 100; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);
        io_uring_prep_nop(sqe);
        io_uring_sqe_set_data64(sqe, i);
        CHECK_EQ(io_uring_submit(&uring), 1);
    }
    CHECK(io_uring_cq_has_overflow(&uring));
    for (uint64_t i = 0; i < 100; i++) {
        struct io_uring_cqe *cqe;
        if (!has_cqe(&uring))
            CHECK(io_uring_get_events(&uring) >= 0);
        CHECK_EQ(io_uring_peek_cqe(&uring, &cqe), 0);
        CHECK_EQ(cqe->user_data, i);
        io_uring_cqe_seen(&uring, cqe);
    }
    CHECK(!has_cqe(&uring));
    io_uring_queue_exit(&uring);
}

static void *write_soon(void *arg)
{
    CHECK_EQ(write(*(const int *)arg, "x", 1), 1);
    return NULL;
}

/*
 * A cancel against the event it cancels: each ends exactly once, and the two ends fit together. (Ours, with futures:
 * test_op_runtime.c::test_cancels_race_with_completions.)
 */
static void test_a_cancel_that_races_ends_both_once(void)
{
    struct io_uring uring;
    if (!make(&uring, 8, IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"))
        return;
    int outcomes[2] = { 0 };
    for (int round = 0; round < 300; round++) {
        int fds[2];
        pthread_t thread;
        CHECK_EQ(pipe(fds), 0);
        push_poll(&uring, fds[0], 1);
        CHECK_EQ(io_uring_submit(&uring), 1);
        CHECK_EQ(pthread_create(&thread, NULL, write_soon, &fds[1]), 0);
        for (int spins = 0; spins < round * 1000; spins++)
            __asm__ volatile("");
        struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);
        io_uring_prep_cancel64(sqe, 1, 0);
        io_uring_sqe_set_data64(sqe, 2);
        CHECK_EQ(io_uring_submit(&uring), 1);
        int result[3] = { 0 }, ends[3] = { 0 };
        for (int i = 0; i < 2; i++) {
            struct io_uring_cqe *cqe;
            CHECK_EQ(io_uring_wait_cqe(&uring, &cqe), 0);
            result[cqe->user_data] = cqe->res;
            ends[cqe->user_data]++;
            io_uring_cqe_seen(&uring, cqe);
        }
        CHECK_EQ(ends[1], 1);
        CHECK_EQ(ends[2], 1);
        const bool cancelled = result[1] == -ECANCELED;
        CHECK(cancelled || result[1] == POLLIN);
        CHECK(cancelled ? result[2] == 0 : result[2] == -ENOENT || result[2] == -EALREADY || result[2] == 0);
        outcomes[cancelled]++;
        CHECK_EQ(pthread_join(thread, NULL), 0);
        CHECK(!has_cqe(&uring));
        close(fds[0]);
        close(fds[1]);
    }
    printf("   %d cancelled, %d finished\n", outcomes[1], outcomes[0]);
    io_uring_queue_exit(&uring);
}

int main(void)
{
    RUN(test_a_ring_of_deferred_work_freezes_without_its_owner);
    RUN(test_ours_does_not);
    RUN(test_a_ring_of_one_issuer_takes_no_help);
    RUN(test_a_message_reaches_another_ring);
    RUN(test_an_overflow_keeps_the_order);
    RUN(test_a_cancel_that_races_ends_both_once);
    return check_done();
}
#else
int main(void)
{
    printf("skipped: built without io_uring\n");
    return 0;
}
#endif
