/*
 * ring_pool.c - a ring where io_uring is refused: lists, sleeping and waking.
 *
 * A flush does at once what needn't wait, and gives the lane or epoll what may.
 *
 * Sleeping: `sleep` holds one word. The owner says that it sleeps and then looks
 * at the lists a last time; who pushes to a list looks at `sleep` afterwards. All
 * four are sequentially consistent, so one of the two sees the other.
 */
#include "ring_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "op_stack.h"

/* With nothing of ours on the lane nobody tells when it has room: ask this often. */
#define LANE_FULL_WAIT_NS 1000000

static struct ring_pool *of(struct ring *ring)
{
    return weir_container_of(ring, struct ring_pool, ring);
}

static void wake_if_asleep(struct ring_pool *self)
{
    if (atomic_load_explicit(&self->sleep, memory_order_seq_cst) == RPOOL_SLEEPING)
        wi_rpool_wake(self);
}

void wi_rpool_wake(struct ring_pool *self)
{
    if (atomic_exchange_explicit(&self->sleep, RPOOL_NOTIFIED, memory_order_seq_cst) == RPOOL_SLEEPING)
        (void)eventfd_write(self->wake_fd, 1);
}

void wi_rpool_end(struct ring_pool *self, struct op *op, int64_t result)
{
    op->result = result;
    op->next = self->ended_first;
    self->ended_first = op;
    if (self->ended_last == NULL)
        self->ended_last = op;
}

static void publish_ended(struct ring_pool *self)
{
    if (self->ended_first != NULL)
        op_stack_push(&self->ended, self->ended_first, self->ended_last);
    self->ended_first = self->ended_last = NULL;
}

void wi_rpool_end_now(struct ring_pool *self, struct op *op, int64_t result)
{
    op->result = result;
    op_stack_push(&self->ended, op, op);
    wake_if_asleep(self);
}

void wi_rpool_hand_over(struct ring_pool *self, struct op *op)
{
    op_stack_push(&self->handed, op, op);
    wake_if_asleep(self);
}

struct pool_job *wi_rpool_job(struct ring_pool *self, const struct op *op)
{
    const uint32_t block = op->index / RPOOL_BLOCK;
    if (weir_unlikely(block >= self->job_blocks)) {
        struct pool_job **jobs = realloc(self->jobs, (block + 1) * sizeof *jobs);
        if (jobs == NULL)
            return NULL;
        self->jobs = jobs;
        while (self->job_blocks <= block)
            jobs[self->job_blocks++] = NULL;
    }
    if (self->jobs[block] == NULL) {
        self->jobs[block] = calloc(RPOOL_BLOCK, sizeof *self->jobs[block]);
        if (self->jobs[block] == NULL)
            return NULL;
    }
    return &self->jobs[block][op->index % RPOOL_BLOCK];
}

/* The last of those who know it: the ring, and its jobs on the lane, which outlive it by a few instructions. */
void wi_rpool_unhold(struct ring_pool *self)
{
    if (atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < self->job_blocks; i++)
        free(self->jobs[i]);
    free(self->jobs);
    close(self->wake_fd);
    close(self->epoll_fd);
    free(self);
}

/* --- the interface: [owner] ---------------------------------------------------------------- */

/*
 * A worker that is stuck in a poll can't flush what it pushed before, so who looks after it flushes for it. Nobody else
 * wants the lock; who finds the helper at it waits for as long as a flush takes.
 */
static void own(struct ring_pool *self)
{
    while (atomic_exchange_explicit(&self->owned, 1, memory_order_acquire) != 0)
        (void)sched_yield();
}

static void disown(struct ring_pool *self)
{
    atomic_store_explicit(&self->owned, 0, memory_order_release);
}

static void pool_push(struct ring *ring, struct op *op)
{
    struct ring_pool *self = of(ring);
    op->phase = RPOOL_TRY;
    own(self);
    op_list_push(&self->pushed, op);
    disown(self);
}

static void run_handed(struct ring_pool *self)
{
    struct op *next;
    for (struct op *op = op_stack_take(&self->handed); op != NULL; op = next) {
        next = op->next;
        if (wi_op_is_cancelled(op))
            wi_rpool_end(self, op, -ECANCELED);
        else
            wi_rpool_try(self, op);
    }
}

static void run_pushed(struct ring_pool *self)
{
    struct op *slurps[RPOOL_SLURPS_MAX];
    unsigned slurp_count = 0;
    for (unsigned i = 0; i < RPOOL_INLINE_MAX; i++) {
        struct op *op = op_list_pop(&self->pushed);
        if (op == NULL)
            break;
        if (wi_op_is_cancelled(op) && op->kind != OP_CLOSE)
            wi_rpool_end(self, op, -ECANCELED);
        else if (op->kind == OP_SLURP)
            slurps[slurp_count++] = op;
        else
            wi_rpool_try(self, op);
        if (slurp_count == RPOOL_SLURPS_MAX) {
            wi_rpool_try_slurps(self, slurps, slurp_count);
            slurp_count = 0;
        }
    }
    wi_rpool_try_slurps(self, slurps, slurp_count);
}

/* [owned] */
static void flush(struct ring_pool *self)
{
    wi_rpool_run_backlog(self);
    run_handed(self);
    run_pushed(self);
    wi_rpool_post_chain(self);
    publish_ended(self);
}

static void pool_flush(struct ring *ring)
{
    struct ring_pool *self = of(ring);
    wi_ring_take_mail(ring);
    own(self);
    flush(self);
    disown(self);
}

static void pool_help(struct ring *ring)
{
    struct ring_pool *self = of(ring);
    if (atomic_exchange_explicit(&self->owned, 1, memory_order_acquire) != 0)
        return; /* the owner is at it, and so not stuck */
    flush(self);
    disown(self);
}

static void pool_cancel(struct ring *ring, struct op *op)
{
    struct ring_pool *self = of(ring);
    /* Wherever else it is, whoever has it there looks at op->cancelled before he begins. */
    own(self);
    if (wi_rpool_disarm(self, op))
        wi_rpool_end_now(self, op, -ECANCELED);
    self->backlog_cancelled = true;
    disown(self);
}

static bool has_news(struct ring_pool *self)
{
    return atomic_load_explicit(&self->ended, memory_order_seq_cst) != NULL ||
           atomic_load_explicit(&self->handed, memory_order_seq_cst) != NULL;
}

static void pool_wait(struct ring *ring, int64_t timeout_ns)
{
    struct ring_pool *self = of(ring);
    wi_ring_take_mail(ring);
    own(self);
    flush(self);
    const bool has_more = self->pushed.first != NULL;
    const bool nobody_tells = self->backlog.first != NULL && atomic_load(&self->holders) == 1;
    disown(self);
    if (timeout_ns != 0 && !has_more && !has_news(self)) {
        if (nobody_tells && (timeout_ns < 0 || timeout_ns > LANE_FULL_WAIT_NS))
            timeout_ns = LANE_FULL_WAIT_NS;
        uint32_t awake = RPOOL_AWAKE;
        if (atomic_compare_exchange_strong(&self->sleep, &awake, RPOOL_SLEEPING) && !has_news(self)) {
            wi_rpool_look(self, timeout_ns);
            self->looked = true;
        }
    }
    atomic_store_explicit(&self->sleep, RPOOL_AWAKE, memory_order_seq_cst);
}

static void pool_wake(struct ring *ring)
{
    wi_rpool_wake(of(ring));
}

static void pool_reap(struct ring *ring, struct op_list *done)
{
    struct ring_pool *self = of(ring);
    const bool has_looked = wi_ring_is_owner(ring) && self->looked;
    if (has_looked)
        self->looked = false;
    else if (atomic_load_explicit(&self->polls, memory_order_relaxed) > 0)
        wi_rpool_look(self, 0);
    struct op *next;
    for (struct op *op = op_stack_take(&self->ended); op != NULL; op = next) {
        next = op->next;
        atomic_store_explicit(&op->in_flight, 0, memory_order_release);
        op_list_push(done, op);
    }
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void pool_destroy(struct ring *ring)
{
    struct ring_pool *self = of(ring);
    wi_ring_fini(ring);
    wi_rpool_unhold(self);
}

static const struct ring_type pool_type = {
    .name = "epoll",
    .push = pool_push,
    .flush = pool_flush,
    .cancel = pool_cancel,
    .reap = pool_reap,
    .wait = pool_wait,
    .wake = pool_wake,
    .help = pool_help,
    .destroy = pool_destroy,
};

/* "/" is always there, and cached. */
static bool can_open(uint64_t resolve)
{
    const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = resolve };
    const int fd = wi_rpool_openat2(AT_FDCWD, "/", &how);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

int wi_ring_pool_create_on(const struct pool_lane *lane, struct ring **ret_ring)
{
    struct ring_pool *self = aligned_alloc(_Alignof(struct ring_pool), sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    memset(self, 0, sizeof *self);
    wi_ring_init(&self->ring, &pool_type);
    self->lane = *lane;
    op_list_init(&self->pushed);
    op_list_init(&self->backlog);
    op_list_init(&self->chain);
    self->holders = 1;
    self->op_ns = RPOOL_SHORT_NS * 2;
    self->can_openat2 = can_open(0);
    self->can_cached = self->can_openat2 && can_open(RESOLVE_CACHED);
    wi_nowait_init(&self->nowait);
    self->ring.can_now = self->nowait.can_read && self->can_cached;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Each write to wake_fd is an edge, so nobody has to read it. */
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    if (self->epoll_fd < 0 || self->wake_fd < 0 ||
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->wake_fd, &event) < 0) {
        const int error = -errno;
        pool_destroy(&self->ring);
        return error;
    }
    *ret_ring = &self->ring;
    return 0;
}

static int post_to_runtime(void *arg, weir_lane_job *job)
{
    return weir_lane_post(arg, WEIR_LANE_IO, job);
}

int wi_ring_pool_create(weir_runtime *runtime, struct ring **ret_ring)
{
    if (runtime == NULL)
        return -EINVAL;
    return wi_ring_pool_create_on(&(struct pool_lane){ post_to_runtime, runtime }, ret_ring);
}
