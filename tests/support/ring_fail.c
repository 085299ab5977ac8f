/* ring_fail.c - see ring_fail.h. */
#include "ring_fail.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct failing {
    struct ring_type type; /* what the ring's owner sees; first */
    const struct ring_type *real;
    struct ring_fail *fail;
    pthread_mutex_t lock;
    struct op_list failed; /* to come out at the next reap */
};

static struct failing *of(const struct ring *ring)
{
    return (struct failing *)(uintptr_t)ring->type;
}

/* The nth of its kind? */
static bool is_chosen(struct ring_fail *fail, const struct op *op)
{
    if (fail->is_due != NULL)
        return fail->is_due(op);
    const bool counts = fail->kinds == 0 ? op->kind != OP_CLOSE : (fail->kinds >> op->kind & 1) != 0;
    return counts && atomic_fetch_add_explicit(&fail->seen, 1, memory_order_relaxed) + 1 == fail->nth;
}

static void fail_push(struct ring *ring, struct op *op)
{
    struct failing *self = of(ring);
    if (!is_chosen(self->fail, op)) {
        self->real->push(ring, op);
        return;
    }
    if (self->fail->error == RING_FAIL_SHORT) {
        op->length = op->length > 1 ? op->length / 2 : op->length;
        self->real->push(ring, op);
        return;
    }
    op->result = self->fail->error;
    (void)pthread_mutex_lock(&self->lock);
    op_list_push(&self->failed, op);
    (void)pthread_mutex_unlock(&self->lock);
}

static bool is_failed(struct failing *self, const struct op *op)
{
    (void)pthread_mutex_lock(&self->lock);
    const struct op *at = self->failed.first;
    while (at != NULL && at != op)
        at = at->next;
    (void)pthread_mutex_unlock(&self->lock);
    return at != NULL;
}

static void fail_cancel(struct ring *ring, struct op *op)
{
    struct failing *self = of(ring);
    if (!is_failed(self, op))
        self->real->cancel(ring, op);
}

static void fail_reap(struct ring *ring, struct op_list *done)
{
    struct failing *self = of(ring);
    (void)pthread_mutex_lock(&self->lock);
    for (struct op *op; (op = op_list_pop(&self->failed)) != NULL;) {
        atomic_store_explicit(&op->in_flight, 0, memory_order_release);
        op_list_push(done, op);
    }
    (void)pthread_mutex_unlock(&self->lock);
    self->real->reap(ring, done);
}

static void fail_wait(struct ring *ring, int64_t timeout_ns)
{
    struct failing *self = of(ring);
    (void)pthread_mutex_lock(&self->lock);
    const bool any = self->failed.first != NULL;
    (void)pthread_mutex_unlock(&self->lock);
    self->real->wait(ring, any ? 0 : timeout_ns);
}

static void fail_destroy(struct ring *ring)
{
    struct failing *self = of(ring);
    ring->type = self->real;
    ring->type->destroy(ring);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

int ring_fail_wrap(struct ring *ring, struct ring_fail *fail)
{
    struct failing *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->real = ring->type;
    self->type = *ring->type;
    self->type.push = fail_push;
    self->type.cancel = fail_cancel;
    self->type.reap = fail_reap;
    self->type.wait = fail_wait;
    self->type.destroy = fail_destroy;
    self->fail = fail;
    (void)pthread_mutex_init(&self->lock, NULL);
    op_list_init(&self->failed);
    ring->type = &self->type;
    return 0;
}

static int create_driver(void *arg, unsigned index, unsigned workers, weir_driver **ret_driver)
{
    (void)index;
    (void)workers;
    struct ring_fail *fail = arg;
    struct ring *ring;
    int error = fail->make(&ring);
    if (error < 0)
        return error;
    error = ring_fail_wrap(ring, fail);
    if (error == 0)
        error = wi_driver_create(ring, ret_driver);
    if (error < 0)
        wi_ring_retire(ring);
    return error;
}

weir_driver_factory ring_fail_drivers(struct ring_fail *fail)
{
    return (weir_driver_factory){ create_driver, fail };
}
