/*
 * semaphore.c - one word and a queue.
 *
 * The word: CLOSED, WAITERS, and above them the free permits. WAITERS is set
 * exactly while the queue isn't empty. While it is set nothing is free (what
 * there is has been set aside for the front), and the word changes under the
 * lock only. While it is clear the word changes by CAS, with or without the
 * lock: acquire and release are one CAS each when nobody waits.
 */
#include <weir/semaphore.h>

#include <stdio.h>
#include <stdlib.h>
#include <weir/dump.h>

#include "base/back_off.h"
#include "sync/waiters.h"
#include "task/current.h"

#define SEMAPHORE_CLOSED 1u
#define SEMAPHORE_WAITERS 2u
#define SEMAPHORE_SHIFT 2

struct weir_semaphore {
    uint64_t word;
    uint32_t refs;
    struct lock lock;
    struct list queue;
    /* For dumps. */
    uint64_t created_with;
    const void *taker; /* the task that took permits last */
};

static inline uint64_t permits_of(uint64_t word)
{
    return word >> SEMAPHORE_SHIFT;
}

static inline uint64_t word_of(uint64_t permits)
{
    return permits << SEMAPHORE_SHIFT;
}

int weir_semaphore_create(uint64_t permits, weir_semaphore **ret_semaphore)
{
    if (permits > WEIR_SEMAPHORE_MAX)
        return -EINVAL;
    weir_semaphore *semaphore = malloc(sizeof *semaphore);
    if (semaphore == NULL)
        return -ENOMEM;
    *semaphore = (weir_semaphore){ .word = word_of(permits), .refs = 1, .created_with = permits };
    list_init(&semaphore->queue);
    *ret_semaphore = semaphore;
    return 0;
}

weir_semaphore *weir_semaphore_ref(weir_semaphore *semaphore)
{
    (void)wi_fetch_add(&semaphore->refs, 1u, RELAXED);
    return semaphore;
}

void weir_semaphore_unref(weir_semaphore *semaphore)
{
    if (semaphore != NULL && wi_fetch_sub(&semaphore->refs, 1u, ACQ_REL) == 1)
        free(semaphore);
}

static inline int acquire_now(weir_semaphore *semaphore, uint32_t count, bool has_lock)
{
    for (;;) {
        uint64_t old = wi_load(&semaphore->word, RELAXED);
        if (weir_unlikely((old & SEMAPHORE_CLOSED) != 0))
            return -EPIPE;
        if (permits_of(old) < count) /* or others wait: then nothing is free */
            return -EAGAIN;
        if (count == 0)
            return 0;
        if (weir_likely(wi_cas(&semaphore->word, &old, old - word_of(count), ACQUIRE)))
            return 0;
        if (!has_lock)
            wi_back_off();
    }
}

static inline int try_acquire(weir_semaphore *semaphore, uint32_t count)
{
    return acquire_now(semaphore, count, false);
}

/* 0, -EPIPE, or -EAGAIN: what was free is set aside for the waiter, WAITERS is set. [lock] */
static int acquire_or_announce(weir_semaphore *semaphore, weir_waiter *waiter, uint32_t count)
{
    for (;;) {
        const int error = acquire_now(semaphore, count, true);
        if (error != -EAGAIN)
            return error;
        uint64_t old = wi_load(&semaphore->word, RELAXED);
        waiter->need = count;
        if ((old & SEMAPHORE_WAITERS) != 0)
            return -EAGAIN;
        if ((old & SEMAPHORE_CLOSED) != 0 || permits_of(old) >= count)
            continue; /* it changed since */
        waiter->need = count - (uint32_t)permits_of(old);
        if (wi_cas(&semaphore->word, &old, (uint64_t)SEMAPHORE_WAITERS, ACQUIRE))
            return -EAGAIN;
    }
}

static int enqueue(weir_semaphore_acquire_future *self, weir_cx *cx)
{
    weir_semaphore *semaphore = self->semaphore;
    wi_lock(&semaphore->lock);
    const int error = acquire_or_announce(semaphore, &self->waiter, self->count);
    if (error == -EAGAIN) {
        self->future.line = 1;
        waiter_enqueue(&semaphore->queue, &self->waiter, cx);
    }
    wi_unlock(&semaphore->lock);
    return error;
}

static int look_again(weir_semaphore_acquire_future *self, weir_cx *cx)
{
    enum waiter_result result = waiter_result(&self->waiter);
    if (result == WAITER_WAITS)
        result = waiter_look_again(&self->semaphore->lock, &self->waiter, cx);
    if (result == WAITER_WAITS)
        return -EAGAIN;
    return result == WAITER_GRANTED ? 0 : -EPIPE;
}

static weir_poll acquire_poll(weir_future *future, weir_cx *cx)
{
    weir_semaphore_acquire_future *self = (weir_semaphore_acquire_future *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    int error;
    if (weir_likely(future->line == WEIR_AT_START)) {
        error = try_acquire(self->semaphore, self->count);
        if (error == -EAGAIN)
            error = enqueue(self, cx);
    } else {
        error = look_again(self, cx);
    }
    if (error == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    if (error == 0)
        wi_store(&self->semaphore->taker, (const void *)wi_task_current, RELAXED);
    if (error == 0 && self->ret_permit != NULL)
        *self->ret_permit = (weir_permit){ .semaphore = weir_semaphore_ref(self->semaphore), .count = self->count };
    self->output = error;
    return WEIR_READY;
}

/* Hands out permits from the front on; what nobody waits for is free. Clears WAITERS with the last one. [lock] */
static void give(weir_semaphore *semaphore, uint64_t count)
{
    weir_waiter *front;
    while (count > 0 && (front = waiter_front(&semaphore->queue)) != NULL) {
        const uint32_t part = count < front->need ? (uint32_t)count : front->need;
        front->need -= part;
        count -= part;
        if (front->need == 0) {
            wi_store(&semaphore->taker, (const void *)front->waker, RELAXED); /* of a task: its address */
            waiter_settle(front, WAITER_GRANTED);
        }
    }
    if (!list_empty(&semaphore->queue))
        return;
    /* Nobody can set WAITERS while we have the lock, and while it was set nobody else wrote the word. */
    if ((wi_load(&semaphore->word, RELAXED) & SEMAPHORE_WAITERS) != 0)
        wi_store(&semaphore->word, word_of(count), RELEASE);
    else if (count > 0)
        (void)wi_fetch_add(&semaphore->word, word_of(count), RELEASE);
}

static void acquire_drop(weir_future *future)
{
    weir_semaphore_acquire_future *self = (weir_semaphore_acquire_future *)(void *)future;
    weir_semaphore *semaphore = self->semaphore;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(&semaphore->lock);
    const enum waiter_result result = waiter_result(&self->waiter);
    if (result == WAITER_WAITS) {
        list_remove(waiter_node(&self->waiter));
        give(semaphore, self->count - self->waiter.need);
    } else if (result == WAITER_GRANTED) {
        give(semaphore, self->count);
    }
    wi_unlock(&semaphore->lock);
}

/* Of one that had a single permit from the start the last to take it is who has it; of others nobody keeps count. */
static void acquire_inspect(const weir_future *future, weir_wait *ret_wait)
{
    const weir_semaphore_acquire_future *self = (const weir_semaphore_acquire_future *)(const void *)future;
    const weir_semaphore *semaphore = self->semaphore;
    ret_wait->what = "a semaphore";
    ret_wait->object = semaphore;
    ret_wait->holder = semaphore->created_with == 1 ? wi_load(&semaphore->taker, RELAXED) : NULL;
    (void)snprintf(ret_wait->detail, sizeof ret_wait->detail, "%u permits, created with %llu", self->count,
                   (unsigned long long)semaphore->created_with);
}

const weir_future_type weir_semaphore_acquire_type = WEIR_FUTURE_TYPE_SEEN(
    weir_semaphore_acquire_future, "semaphore_acquire", acquire_poll, acquire_drop, acquire_inspect);

int weir_semaphore_try_acquire(weir_semaphore *semaphore, uint32_t count)
{
    const int error = try_acquire(semaphore, count);
    if (error == 0)
        wi_store(&semaphore->taker, (const void *)wi_task_current, RELAXED);
    return error;
}

int weir_semaphore_try_acquire_owned(weir_semaphore *semaphore, uint32_t count, weir_permit *ret_permit)
{
    const int error = weir_semaphore_try_acquire(semaphore, count);
    if (error == 0)
        *ret_permit = (weir_permit){ .semaphore = weir_semaphore_ref(semaphore), .count = count };
    return error;
}

int weir_semaphore_add_permits(weir_semaphore *semaphore, uint64_t count)
{
    uint64_t old = wi_load(&semaphore->word, RELAXED);
    while ((old & SEMAPHORE_WAITERS) == 0) {
        if (count > WEIR_SEMAPHORE_MAX - permits_of(old))
            return -EOVERFLOW;
        if (wi_cas(&semaphore->word, &old, old + word_of(count), RELEASE))
            return 0;
    }
    if (count > WEIR_SEMAPHORE_MAX)
        return -EOVERFLOW;
    wi_lock(&semaphore->lock);
    give(semaphore, count);
    wi_unlock(&semaphore->lock);
    return 0;
}

void weir_semaphore_release(weir_semaphore *semaphore, uint32_t count)
{
    uint64_t old;
    while (weir_likely(((old = wi_load(&semaphore->word, RELAXED)) & SEMAPHORE_WAITERS) == 0)) {
        if (weir_likely(wi_cas(&semaphore->word, &old, old + word_of(count), RELEASE)))
            return;
        wi_back_off();
    }
    wi_lock(&semaphore->lock);
    give(semaphore, count);
    wi_unlock(&semaphore->lock);
}

uint64_t weir_semaphore_forget(weir_semaphore *semaphore, uint64_t count)
{
    uint64_t old = wi_load(&semaphore->word, RELAXED);
    uint64_t taken;
    do {
        taken = count < permits_of(old) ? count : permits_of(old);
        if (taken == 0)
            return 0;
    } while (!wi_cas(&semaphore->word, &old, old - word_of(taken), ACQUIRE));
    return taken;
}

void weir_semaphore_close(weir_semaphore *semaphore)
{
    wi_lock(&semaphore->lock);
    weir_waiter *front = waiter_front(&semaphore->queue);
    if (front == NULL) {
        (void)wi_fetch_or(&semaphore->word, (uint64_t)SEMAPHORE_CLOSED, ACQ_REL);
    } else {
        /* Only the front can have something set aside; it is free again, for weir_semaphore_available() to see. */
        const weir_semaphore_acquire_future *first = weir_container_of(front, weir_semaphore_acquire_future, waiter);
        wi_store(&semaphore->word, word_of(first->count - front->need) | SEMAPHORE_CLOSED, RELEASE);
        waiter_settle_all(&semaphore->queue, WAITER_CLOSED);
    }
    wi_unlock(&semaphore->lock);
}

bool weir_semaphore_is_closed(const weir_semaphore *semaphore)
{
    return (wi_load(&semaphore->word, ACQUIRE) & SEMAPHORE_CLOSED) != 0;
}

uint64_t weir_semaphore_available(const weir_semaphore *semaphore)
{
    return permits_of(wi_load(&semaphore->word, ACQUIRE));
}

void weir_permit_release(weir_permit *permit)
{
    weir_semaphore *semaphore = permit->semaphore;
    if (semaphore == NULL)
        return;
    permit->semaphore = NULL;
    weir_semaphore_release(semaphore, permit->count);
    weir_semaphore_unref(semaphore);
}

void weir_permit_forget(weir_permit *permit)
{
    weir_semaphore *semaphore = permit->semaphore;
    permit->semaphore = NULL;
    weir_semaphore_unref(semaphore);
}
