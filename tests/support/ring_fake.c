/* ring_fake.c - see ring_fake.h. A mutex around everything: it is for the truth, not for speed. */
#include "ring_fake.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct ring_fake {
    struct ring ring;
    struct ring_fake_options options;
    struct ring_fake_counts own_counts;
    struct ring_fake_counts *counts;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct op_list pending; /* ring_at: reaps that it still stays away; phase: enum fate */
    uint64_t random;
    unsigned begun;
    bool notified;
};

/* How an op will end. */
enum fate { FATE_RUN, FATE_RESULT, FATE_MANUAL };

static struct ring_fake *of(struct ring *ring)
{
    return weir_container_of(ring, struct ring_fake, ring);
}

/* Vigna's xorshift64*. */
static uint64_t roll(struct ring_fake *self, uint64_t below)
{
    self->random ^= self->random >> 12;
    self->random ^= self->random << 25;
    self->random ^= self->random >> 27;
    return (self->random * 0x2545f4914f6cdd1du >> 33) % below;
}

static void fake_push(struct ring *ring, struct op *op)
{
    struct ring_fake *self = of(ring);
    const struct ring_fake_options *options = &self->options;
    pthread_mutex_lock(&self->lock);
    self->counts->pushes++;
    op->phase = options->manual ? FATE_MANUAL : FATE_RUN;
    op->ring_at = options->seed == 0 ? 0 : (uint32_t)roll(self, options->delay_max + 1);
    if (options->fail_every != 0 && op->kind != OP_CLOSE && ++self->begun % options->fail_every == 0) {
        op->phase = FATE_RESULT;
        op->result = options->fail_error;
    }
    op_list_push(&self->pending, op);
    pthread_mutex_unlock(&self->lock);
}

static void fake_flush(struct ring *ring)
{
    wi_ring_take_mail(ring);
    struct ring_fake *self = of(ring);
    pthread_mutex_lock(&self->lock);
    self->counts->flushes++;
    pthread_mutex_unlock(&self->lock);
}

static bool is_pending(struct ring_fake *self, const struct op *op)
{
    for (const struct op *at = self->pending.first; at != NULL; at = at->next)
        if (at == op)
            return true;
    return false;
}

static void fake_cancel(struct ring *ring, struct op *op)
{
    struct ring_fake *self = of(ring);
    pthread_mutex_lock(&self->lock);
    self->counts->cancels++;
    /* A seed decides whether the cancel comes in time. A poll has nothing else that would end it. */
    if (is_pending(self, op) && op->phase != FATE_RESULT &&
        (self->options.seed == 0 || op->kind == OP_POLL || roll(self, 2) == 0)) {
        op->phase = FATE_RESULT;
        op->result = -ECANCELED;
    }
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* False: a poll that isn't ready. */
static bool run(struct ring_fake *self, struct op *op)
{
    if (op->kind == OP_POLL) {
        struct pollfd pollfd = { .fd = op->fd, .events = (short)op->mask };
        if (poll(&pollfd, 1, 0) == 0)
            return false;
        op->result = pollfd.revents;
        return true;
    }
    const uint32_t length = op->length;
    const bool whole = op->kind == OP_SLURP && (op->flags & OP_SLURP_CONFIRM_EOF);
    if (self->options.bytes_max != 0 && length > self->options.bytes_max && !whole)
        op->length = self->options.bytes_max;
    op->result = wi_op_run(op);
    op->length = length;
    return true;
}

/* One look at an op: true when it has finished. */
static bool look_at(struct ring_fake *self, struct op *op)
{
    if (op->phase == FATE_MANUAL)
        return false;
    if (op->ring_at > 0) {
        op->ring_at--;
        return false;
    }
    return op->phase == FATE_RESULT || run(self, op);
}

static void fake_reap(struct ring *ring, struct op_list *done)
{
    struct ring_fake *self = of(ring);
    pthread_mutex_lock(&self->lock);
    struct op_list stay;
    op_list_init(&stay);
    struct op *op;
    while ((op = op_list_pop(&self->pending)) != NULL) {
        if (!look_at(self, op)) {
            op_list_push(&stay, op);
            continue;
        }
        atomic_store_explicit(&op->in_flight, 0, memory_order_release);
        if (self->options.seed != 0 && roll(self, 2) == 0) { /* completions overtake each other */
            op->next = done->first;
            if (done->first == NULL)
                done->last = &op->next;
            done->first = op;
        } else {
            op_list_push(done, op);
        }
    }
    if (stay.first != NULL)
        self->pending = stay;
    pthread_mutex_unlock(&self->lock);
}

/* Something that the next reap would find, or find later without anybody's doing. */
static bool has_news(struct ring_fake *self)
{
    for (const struct op *op = self->pending.first; op != NULL; op = op->next)
        if (op->phase != FATE_MANUAL && op->kind != OP_POLL)
            return true;
    return false;
}

static void fake_wait(struct ring *ring, int64_t timeout_ns)
{
    fake_flush(ring);
    struct ring_fake *self = of(ring);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    if (timeout_ns < 0 || timeout_ns > 10000000) /* polls are only looked at by reaping */
        timeout_ns = 10000000;
    until.tv_nsec += timeout_ns;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&self->lock);
    if (!self->notified && !has_news(self) && timeout_ns > 0)
        pthread_cond_timedwait(&self->changed, &self->lock, &until);
    self->notified = false;
    pthread_mutex_unlock(&self->lock);
}

static void fake_wake(struct ring *ring)
{
    struct ring_fake *self = of(ring);
    pthread_mutex_lock(&self->lock);
    self->counts->wakes++;
    self->notified = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void fake_destroy(struct ring *ring)
{
    struct ring_fake *self = of(ring);
    self->counts->destroyed++;
    wi_ring_fini(ring);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct ring_type fake_type = {
    .name = "fake",
    .push = fake_push,
    .flush = fake_flush,
    .cancel = fake_cancel,
    .reap = fake_reap,
    .wait = fake_wait,
    .wake = fake_wake,
    .destroy = fake_destroy,
};

int ring_fake_create(const struct ring_fake_options *options, struct ring_fake_counts *counts, struct ring **ret_ring)
{
    struct ring_fake *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    wi_ring_init(&self->ring, &fake_type);
    self->options = *options;
    self->counts = counts == NULL ? &self->own_counts : counts;
    self->random = options->seed * 0x9e3779b97f4a7c15u + 1;
    op_list_init(&self->pending);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    *ret_ring = &self->ring;
    return 0;
}

struct op *ring_fake_op(struct ring *ring, unsigned index)
{
    struct ring_fake *self = of(ring);
    pthread_mutex_lock(&self->lock);
    struct op *op = self->pending.first;
    while (op != NULL && index-- > 0)
        op = op->next;
    pthread_mutex_unlock(&self->lock);
    return op;
}

static void decide(struct ring *ring, struct op *op, enum fate fate, int64_t result)
{
    struct ring_fake *self = of(ring);
    pthread_mutex_lock(&self->lock);
    op->phase = (uint8_t)fate;
    op->result = result;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void ring_fake_finish(struct ring *ring, struct op *op, int64_t result)
{
    decide(ring, op, FATE_RESULT, result);
}

void ring_fake_run(struct ring *ring, struct op *op)
{
    decide(ring, op, FATE_RUN, 0);
}
