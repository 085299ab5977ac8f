/*
 * ring_pool_lane.c - what may wait goes to the threads of the io lane.
 *
 * Writes, and what else changes a disk, run to their end once a flush has seen
 * them, whoever drops them. When the lane is full, ops wait in the backlog.
 *
 * Some file systems (overlayfs, FUSE) never say whether they would wait, so what
 * they have in the cache comes here, too. Such an operation takes less than it
 * takes to wake a thread: where that is what the last ones took, a handful goes
 * as one job.
 */
#include <errno.h>
#include <time.h>

#include "ring_pool.h"

#define CHAIN_MAX 8u

/* What a flush has accepted is done, though nobody may wait for it any more. */
static bool must_finish(const struct op *op)
{
    return op->kind == OP_WRITE || op->kind == OP_FSYNC || op->kind == OP_RENAME || op->kind == OP_UNLINK ||
           op->kind == OP_MKDIR || op->kind == OP_LINK || op->kind == OP_SYMLINK || op->kind == OP_TRUNCATE ||
           op->kind == OP_CLOSE;
}

static bool is_pointless(const struct op *op)
{
    return wi_op_is_cancelled(op) && !must_finish(op);
}

static int64_t run_op(struct ring_pool *self, struct op *op)
{
    if (is_pointless(op)) {
        wi_rpool_drop_slurp(op);
        return -ECANCELED;
    }
    if (op->kind == OP_SLURP)
        return wi_rpool_run_slurp(op);
    if (op->kind == OP_OPEN) {
        const int fd = wi_rpool_open(self, op, 0);
        if (fd != -EAGAIN)
            return fd;
        /* No FIFO says so, but a file with a lease that its holder has yet to give up. */
    }
    return wi_op_run(op);
}

static void run_and_end(struct ring_pool *self, struct op *op)
{
    int64_t result = run_op(self, op);
    if (result == -EAGAIN && wi_op_is_cancelled(op))
        result = -ECANCELED;
    if (result == -EAGAIN && (op->kind == OP_READ || op->kind == OP_WRITE)) {
        /* It was ready, and then somebody else took what was there. */
        op->phase = RPOOL_WAIT;
        wi_rpool_hand_over(self, op);
        return;
    }
    wi_rpool_end_now(self, op, result == -EAGAIN && op->kind == OP_SLURP ? -EBUSY : result);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A moving average over about eight jobs. Threads may overwrite each other's: it is a hint. */
static void note_time(struct ring_pool *self, int64_t took_ns, unsigned ops)
{
    const int64_t an_op = took_ns / ops > UINT32_MAX ? UINT32_MAX : took_ns / ops;
    const int64_t before = atomic_load_explicit(&self->op_ns, memory_order_relaxed);
    atomic_store_explicit(&self->op_ns, (uint32_t)(before + (an_op - before) / 8), memory_order_relaxed);
}

static void lane_run(weir_lane_job *lane_job)
{
    struct pool_job *job = weir_container_of(lane_job, struct pool_job, lane);
    struct ring_pool *self = job->pool;
    const int64_t start_ns = now_ns();
    unsigned count = 0;
    struct op *next;
    /* The job is the first op's, and as good as gone when that has ended. */
    for (struct op *op = job->op; op != NULL; op = next, count++) {
        next = op->next;
        run_and_end(self, op);
    }
    note_time(self, now_ns() - start_ns, count);
    wi_rpool_unhold(self);
}

/* Posts a list of ops as one job. -EAGAIN: later; else they are on their way. */
static int post(struct ring_pool *self, struct op *first)
{
    struct pool_job *job = wi_rpool_job(self, first);
    int error = -ENOMEM;
    if (job != NULL) {
        job->lane.run = lane_run;
        job->pool = self;
        job->op = first;
        atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
        error = self->lane.post(self->lane.arg, &job->lane);
        if (error != 0)
            atomic_fetch_sub_explicit(&self->holders, 1, memory_order_relaxed);
    }
    if (error == 0 || error == -EAGAIN)
        return error;
    /* There is no lane any more (-ECANCELED), or no memory for it. What can't be put off is done here. */
    struct op *next;
    for (struct op *op = first; op != NULL; op = next) {
        next = op->next;
        if (error == -ECANCELED && !must_finish(op)) {
            wi_rpool_drop_slurp(op);
            wi_rpool_end(self, op, -ECANCELED);
        } else {
            run_and_end(self, op);
        }
    }
    return 0;
}

static void splice_back(struct op_list *to, struct op_list *from)
{
    if (from->first == NULL)
        return;
    *to->last = from->first;
    to->last = from->last;
    op_list_init(from);
}

void wi_rpool_post_chain(struct ring_pool *self)
{
    struct op_list chain = self->chain;
    if (chain.first == NULL)
        return;
    op_list_init(&self->chain);
    self->chain_length = 0;
    /* Behind those that wait already. */
    if (self->backlog.first != NULL || post(self, chain.first) == -EAGAIN)
        splice_back(&self->backlog, &chain);
}

/* What reads of a file or its name, and so takes a few microseconds if it is cached. */
static bool may_be_short(const struct op *op)
{
    return op->kind == OP_SLURP || op->kind == OP_OPEN || op->kind == OP_STATX ||
           (op->kind == OP_READ && op->offset != UINT64_MAX);
}

void wi_rpool_to_lane(struct ring_pool *self, struct op *op)
{
    const bool chains = may_be_short(op) && atomic_load_explicit(&self->op_ns, memory_order_relaxed) < RPOOL_SHORT_NS;
    if (!chains)
        wi_rpool_post_chain(self);
    op_list_push(&self->chain, op);
    if (++self->chain_length >= (chains ? CHAIN_MAX : 1))
        wi_rpool_post_chain(self);
}

static void end_cancelled_backlog(struct ring_pool *self)
{
    struct op_list all = self->backlog;
    op_list_init(&self->backlog);
    struct op *op;
    while ((op = op_list_pop(&all)) != NULL) {
        if (is_pointless(op)) {
            wi_rpool_drop_slurp(op);
            wi_rpool_end(self, op, -ECANCELED);
        } else {
            op_list_push(&self->backlog, op);
        }
    }
    self->backlog_cancelled = false;
}

void wi_rpool_run_backlog(struct ring_pool *self)
{
    if (self->backlog.first == NULL)
        return;
    if (self->backlog_cancelled)
        end_cancelled_backlog(self);
    struct op_list all = self->backlog;
    op_list_init(&self->backlog);
    struct op *op;
    while ((op = op_list_pop(&all)) != NULL) {
        op->next = NULL;
        if (post(self, op) == -EAGAIN) {
            op_list_push(&self->backlog, op);
            break;
        }
    }
    splice_back(&self->backlog, &all);
}
