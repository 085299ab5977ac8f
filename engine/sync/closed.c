/* closed.c - a wait for a word of a channel, under its lock. */
#include "sync/closed.h"

#include <weir/dump.h>

static weir_poll closed_poll(weir_future *future, weir_cx *cx)
{
    weir_closed_future *self = (weir_closed_future *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    wi_lock(self->lock);
    const bool waits = wi_load(self->word, RELAXED) != self->wanted;
    if (waits && !waiter_goes_on(future, &self->waiter, cx))
        waiter_begin(future, self->queue, &self->waiter, cx);
    wi_unlock(self->lock);
    if (!waits)
        return WEIR_READY;
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}

static void closed_drop(weir_future *future)
{
    weir_closed_future *self = (weir_closed_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        waiter_leave(self->lock, &self->waiter);
}

static void closed_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "the other end of a channel to go";
    ret_wait->object = ((const weir_closed_future *)(const void *)future)->lock;
}

static const weir_future_type closed_type =
    WEIR_FUTURE_TYPE_SEEN(weir_closed_future, "closed", closed_poll, closed_drop, closed_inspect);

weir_closed_future wi_closed(struct lock *lock, struct list *queue, const uint32_t *word, uint32_t wanted)
{
    return (weir_closed_future){
        .future = WEIR_FUTURE_INIT(&closed_type),
        .lock = lock,
        .queue = queue,
        .word = word,
        .wanted = wanted,
    };
}
