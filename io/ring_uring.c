/*
 * ring_uring.c - a ring that is the kernel's: its two queues, sleeping and waking.
 *
 * The submission queue is the owner's alone. Completions may be reaped by any
 * thread (ring.c's lock), so that an owner stuck in a long poll doesn't keep
 * them from the others: that is why the ring is COOP_TASKRUN and neither
 * SINGLE_ISSUER nor DEFER_TASKRUN, which cost the same here but let only the
 * owner see what has finished.
 *
 * What a completion leaves to be done (the next step of a slurp, a read to be
 * repeated) is the owner's: the reaper puts the op on `todo`, and wakes the
 * owner if that is somebody else.
 */
#include "ring_uring.h"

#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "op_stack.h"

/* Turns of the owner's loop without a slurp, after which the files in the slots are closed. */
#define DIRECT_IDLE_FLUSHES 64u
/* Sleep no longer than this while something waits for room in the kernel's queue. */
#define NO_ROOM_WAIT_NS 1000000

/*
 * What the owner is doing, so that wake() knows what it takes. RUNG: it sleeps in the ring, or is on its way
 * there, and was sent a completion that keeps it from doing so.
 */
enum sleep { AWAKE, NOTIFIED, SLEEPS_ON_WORD, SLEEPS_IN_RING, RUNG };

static struct ring_uring *of(struct ring *ring)
{
    return weir_container_of(ring, struct ring_uring, ring);
}

/* --- the submission queue: [owner] ---------------------------------------------------- */

/*
 * The queue is the owner's, and who helps an owner that is stuck in a poll hands it over for it (uring_help()): so
 * the owner takes the lock for each thing it does with it, which nobody else wants but then.
 */
static void lock_sq(struct ring_uring *self)
{
    while (atomic_exchange_explicit(&self->sq_lock, 1, memory_order_acquire) != 0)
        ;
}

static void unlock_sq(struct ring_uring *self)
{
    atomic_store_explicit(&self->sq_lock, 0, memory_order_release);
}

static void submit(struct ring_uring *self)
{
    /* It may say -EBUSY or -EAGAIN: then what is left goes in with the next flush. */
    if (io_uring_sq_ready(&self->uring) > 0)
        (void)io_uring_submit(&self->uring);
}

/* Room for `count` entries that belong together, or false. */
bool wi_uring_make_room(struct ring_uring *self, unsigned count)
{
    if (weir_likely(io_uring_sq_space_left(&self->uring) >= count))
        return true;
    submit(self);
    return io_uring_sq_space_left(&self->uring) >= count;
}

void wi_uring_end(struct ring_uring *self, struct op *op, int64_t result)
{
    op->result = result;
    op_stack_push(&self->ended, op, op);
}

/* --- what completions left to the owner ------------------------------------------------ */

/* Brings an op to a step that the kernel can do, and pushes that. */
static void advance(struct ring_uring *self, struct op *op)
{
    if (wi_op_is_cancelled(op)) {
        wi_uring_end(self, op, -ECANCELED);
        return;
    }
    const int error = wi_uring_step_by_hand(op);
    if (error != 0)
        wi_uring_end(self, op, error);
    else if (!wi_uring_push_step(self, op))
        op_list_push(&self->backlog, op);
}

static void run_todo(struct ring_uring *self)
{
    struct op *next;
    for (struct op *op = op_stack_take(&self->todo); op != NULL; op = next) {
        next = op->next;
        advance(self, op);
    }
}

static void run_backlog(struct ring_uring *self)
{
    struct op_list again = self->backlog;
    if (again.first == NULL)
        return;
    op_list_init(&self->backlog);
    struct op *op;
    while ((op = op_list_pop(&again)) != NULL)
        advance(self, op);
}

void wi_uring_close_direct(struct ring_uring *self)
{
    int none[64];
    memset(none, 0xff, sizeof none);
    for (uint32_t at = 0; at < self->direct_used; at += 64) {
        const uint32_t count = self->direct_used - at < 64 ? self->direct_used - at : 64;
        (void)io_uring_register_files_update(&self->uring, at, none, count);
    }
    self->direct_used = 0;
    self->idle_flushes = 0;
}

static bool has_slurps(const struct ring_uring *self)
{
    return self->slurps_begun != atomic_load_explicit(&self->slurps_ended, memory_order_acquire);
}

/* --- the interface: [owner] -------------------------------------------------------------- */

static void uring_push(struct ring *ring, struct op *op)
{
    struct ring_uring *self = of(ring);
    if (op->kind == OP_SLURP) {
        self->slurps_begun++;
        op->result = 0; /* bytes so far */
        if (op->index >= self->direct_slots) {
            op->phase = STEP_HAND; /* with the next flush: it may wait for the disk */
            op_stack_push(&self->todo, op, op);
            return;
        }
    }
    lock_sq(self);
    if (!wi_uring_push_step(self, op))
        op_list_push(&self->backlog, op);
    unlock_sq(self);
}

static void uring_flush(struct ring *ring)
{
    struct ring_uring *self = of(ring);
    lock_sq(self);
    self->flushing = true;
    wi_ring_take_mail(ring);
    run_backlog(self);
    run_todo(self);
    submit(self);
    self->flushing = false;
    unlock_sq(self);
    if (self->direct_used > 0 && !has_slurps(self) && ++self->idle_flushes > DIRECT_IDLE_FLUSHES)
        wi_uring_close_direct(self);
}

/* Nothing of the op's last step has been handed to the kernel: it turns into nothing. */
static bool unpush(struct ring_uring *self, struct op *op)
{
    struct io_uring_sq *sq = &self->uring.sq;
    const uint32_t head = __atomic_load_n(sq->khead, __ATOMIC_ACQUIRE);
    if (op->ring_at - head >= sq->sqe_tail - head)
        return false;
    bool mine = false;
    for (uint32_t at = op->ring_at; at != sq->sqe_tail; at++) {
        struct io_uring_sqe *sqe = &sq->sqes[at & sq->ring_mask];
        if ((struct op *)(uintptr_t)(sqe->user_data & ~(uint64_t)TAG_MASK) != op)
            break;
        const uint64_t user_data = sqe->user_data;
        const uint8_t links = sqe->flags & (IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
        io_uring_prep_nop(sqe);
        sqe->user_data = user_data;
        sqe->flags = links;
        mine = true;
    }
    if (mine) {
        op->phase = STEP_NEVER;
        atomic_store_explicit(&op->in_flight, 1, memory_order_release);
    }
    return mine;
}

static void cancel_locked(struct ring_uring *self, struct op *op)
{
    if (unpush(self, op) || !wi_uring_make_room(self, 1))
        return;
    /* Where it lies on a list of ours instead, this finds nothing, and the list's end sees the flag. */
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->uring);
    io_uring_prep_cancel64(sqe, (uint64_t)(uintptr_t)op | TAG_MAIN, 0);
    wi_uring_tag(sqe, NULL, TAG_CANCEL, self->has_skip ? IOSQE_CQE_SKIP_SUCCESS : 0);
}

/* Also out of a flush, for what other threads dropped. */
static void uring_cancel(struct ring *ring, struct op *op)
{
    struct ring_uring *self = of(ring);
    if (self->flushing) {
        cancel_locked(self, op);
        return;
    }
    lock_sq(self);
    cancel_locked(self, op);
    unlock_sq(self);
}

static void uring_help(struct ring *ring)
{
    struct ring_uring *self = of(ring);
    if (atomic_exchange_explicit(&self->sq_lock, 1, memory_order_acquire) != 0)
        return; /* the owner is at it, and so not stuck */
    submit(self);
    unlock_sq(self);
}

/* --- sleeping ------------------------------------------------------------------------------ */

static void arm_wake(struct ring_uring *self)
{
    if (self->wake_armed || !wi_uring_make_room(self, 1))
        return;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->uring);
    io_uring_prep_poll_multishot(sqe, self->wake_fd, POLLIN);
    wi_uring_tag(sqe, NULL, TAG_WAKE, 0);
    self->wake_armed = true;
}

/* Nobody needs them any more, and we may sleep for long. */
static void close_files(struct ring_uring *self)
{
    if (self->direct_used > 0)
        wi_uring_close_direct(self);
}

/*
 * Enters the kernel once, and comes back whatever woke us. liburing's own calls go on sleeping until they see
 * a completion, but another thread may have reaped the one that was meant to wake us.
 */
static void sleep_in_ring(struct ring_uring *self, int64_t timeout_ns)
{
    lock_sq(self);
    submit(self);
    unlock_sq(self);
    struct __kernel_timespec ts = { .tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000 };
    struct io_uring_getevents_arg arg = { .ts = timeout_ns < 0 ? 0 : (uint64_t)(uintptr_t)&ts };
    (void)io_uring_enter2((unsigned)self->uring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                          (sigset_t *)(void *)&arg, sizeof arg);
}

static void sleep_on_word(struct ring_uring *self, int64_t timeout_ns)
{
    const struct timespec ts = { .tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000 };
    syscall(SYS_futex, &self->sleep, FUTEX_WAIT_PRIVATE, SLEEPS_ON_WORD, timeout_ns < 0 ? NULL : &ts, NULL, 0);
}

static void uring_wait(struct ring *ring, int64_t timeout_ns)
{
    struct ring_uring *self = of(ring);
    uring_flush(ring);
    /* What has ended without the kernel is there to be reaped. */
    if (timeout_ns == 0 || atomic_load_explicit(&self->ended, memory_order_relaxed) != NULL) {
        (void)atomic_exchange(&self->sleep, AWAKE);
        return;
    }
    const bool in_ring = wi_ring_in_flight(ring) > 0;
    lock_sq(self);
    if (in_ring)
        arm_wake(self);
    else
        close_files(self);
    unlock_sq(self);
    if ((self->backlog.first != NULL || (in_ring && !self->wake_armed)) &&
        (timeout_ns < 0 || timeout_ns > NO_ROOM_WAIT_NS))
        timeout_ns = NO_ROOM_WAIT_NS;
    /* Who wakes us from here on sees how we sleep; who did before left NOTIFIED. */
    uint32_t awake = AWAKE;
    if (atomic_compare_exchange_strong(&self->sleep, &awake, in_ring ? SLEEPS_IN_RING : SLEEPS_ON_WORD)) {
        if (in_ring)
            sleep_in_ring(self, timeout_ns);
        else
            sleep_on_word(self, timeout_ns);
    }
    (void)atomic_exchange(&self->sleep, AWAKE);
}

static void ring_bell(struct ring_uring *self)
{
    (void)eventfd_write(self->wake_fd, 1);
}

static void uring_wake(struct ring *ring)
{
    struct ring_uring *self = of(ring);
    uint32_t was = atomic_load(&self->sleep);
    /* It is written even if it stays the same: whoever takes it sees all that this thread did before. */
    while (!atomic_compare_exchange_weak(&self->sleep, &was, was >= SLEEPS_IN_RING ? RUNG : NOTIFIED))
        ;
    if (was == SLEEPS_ON_WORD)
        syscall(SYS_futex, &self->sleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    else if (was == SLEEPS_IN_RING)
        ring_bell(self);
}

/* --- reaping: [any, one at a time] ------------------------------------------------------------ */

static void finish(struct ring_uring *self, struct op *op, struct op_list *done)
{
    if (op->kind == OP_SLURP) {
        atomic_fetch_add_explicit(&self->slurps_ended, 1, memory_order_release);
        if (op->ring_fd >= 0)
            (void)close(op->ring_fd);
    }
    atomic_store_explicit(&op->in_flight, 0, memory_order_release);
    op_list_push(done, op);
}

/* True: there is something for the owner to do. */
static bool take_cqe(struct ring_uring *self, const struct io_uring_cqe *cqe, struct op_list *done)
{
    const enum tag tag = (enum tag)(cqe->user_data & TAG_MASK);
    struct op *op = (struct op *)(uintptr_t)(cqe->user_data & ~(uint64_t)TAG_MASK);
    if (op == NULL) {
        if (tag == TAG_WAKE && !(cqe->flags & IORING_CQE_F_MORE))
            self->wake_armed = false;
        return false;
    }
    /* The other half is in wi_uring_push_step(). */
    (void)atomic_load_explicit(&op->in_flight, memory_order_acquire);
    const enum step next = wi_uring_next_step(op, tag, cqe->res);
    if (next == STEP_DONE) {
        finish(self, op, done);
        return false;
    }
    op->phase = (uint8_t)next;
    op_stack_push(&self->todo, op, op);
    return true;
}

static void uring_reap(struct ring *ring, struct op_list *done)
{
    struct ring_uring *self = of(ring);
    const bool owner = wi_ring_is_owner(ring);
    const unsigned flags = __atomic_load_n(self->uring.sq.kflags, __ATOMIC_RELAXED);
    if (weir_unlikely((flags & IORING_SQ_CQ_OVERFLOW) || (owner && (flags & IORING_SQ_TASKRUN))))
        (void)io_uring_get_events(&self->uring);

    bool left = false;
    bool bell = false;
    unsigned head;
    unsigned count = 0;
    struct io_uring_cqe *cqe;
    io_uring_for_each_cqe(&self->uring, head, cqe)
    {
        /*
         * The end of the poll on wake_fd (it happens when memory is short) is the owner's to see, or
         * it would sleep where nobody can wake it. As long as this lies here the owner's sleep ends at once.
         */
        if (!owner && cqe->user_data == TAG_WAKE && !(cqe->flags & IORING_CQE_F_MORE))
            break;
        bell |= cqe->user_data == TAG_WAKE;
        left |= take_cqe(self, cqe, done);
        count++;
    }
    if (count > 0)
        io_uring_cq_advance(&self->uring, count);

    struct op *next;
    for (struct op *op = op_stack_take(&self->ended); op != NULL; op = next) {
        next = op->next;
        finish(self, op, done);
    }
    /* The owner may have been about to enter the kernel: it wouldn't find what we took. */
    if (bell && !owner && atomic_load(&self->sleep) == RUNG)
        ring_bell(self);
    if (left && !owner)
        uring_wake(ring);
}

void wi_uring_unhold(struct ring_uring *self)
{
    if (atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) != 1)
        return;
    close(self->wake_fd);
    free(self);
}

static void uring_destroy(struct ring *ring)
{
    struct ring_uring *self = of(ring);
    io_uring_queue_exit(&self->uring);
    wi_ring_fini(ring);
    wi_uring_unhold(self);
}

const struct ring_type wi_uring_type = {
    .name = "io_uring",
    .push = uring_push,
    .flush = uring_flush,
    .cancel = uring_cancel,
    .reap = uring_reap,
    .wait = uring_wait,
    .wake = uring_wake,
    .help = uring_help,
    .destroy = uring_destroy,
};
