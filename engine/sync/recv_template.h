/*
 * recv_template.h - how the receiver of a channel waits for items: bounded and unbounded ones alike.
 *
 * Each includes it once, behind its items_there(), take() and take_many(), with
 *   RECV_CHANNEL                    its structure, which has a lock and a receiver_waker
 *   RECV_FUTURE, RECV_MANY_FUTURE   its futures
 *   RECV_OVER(channel)              nothing will ever be sent again [lock]
 *   RECV_REGISTERED(channel, waker) a statement, for what else it keeps of who waits [lock]
 */

/*
 * Nothing is there. Looks again under the lock, where it can't change: 0: an
 * item is there; -EPIPE: there will be none; -EAGAIN: with a slot (in the frame
 * of the one who waits), `waker` lies in it and is woken for the next one.
 */
static int look_or_register(RECV_CHANNEL *channel, weir_waker **slot, weir_waker *waker)
{
    int result = -EAGAIN;
    wi_lock(&channel->lock);
    if (items_there(channel) > 0) {
        result = 0;
    } else if (RECV_OVER(channel)) {
        result = -EPIPE;
    } else if (slot != NULL) {
        *slot = waker; /* under the lock, since it may be registered already */
        RECV_REGISTERED(channel, waker);
        channel->receiver_waker = slot;
    }
    wi_unlock(&channel->lock);
    return result;
}

static void unregister(RECV_CHANNEL *channel, weir_waker **slot)
{
    wi_lock(&channel->lock);
    if (channel->receiver_waker == slot)
        channel->receiver_waker = NULL;
    wi_unlock(&channel->lock);
}

static weir_poll recv_poll(weir_future *future, weir_cx *cx)
{
    RECV_FUTURE *self = (RECV_FUTURE *)(void *)future;
    RECV_CHANNEL *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    int result = take(channel, self->ret_item);
    if (weir_unlikely(result == -EAGAIN)) {
        result = look_or_register(channel, &self->waker, cx->waker);
        if (result == -EAGAIN) {
            future->line = 1;
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (result == 0)
            result = take(channel, self->ret_item);
    }
    self->output = result;
    return WEIR_READY;
}

static void recv_drop(weir_future *future)
{
    RECV_FUTURE *self = (RECV_FUTURE *)(void *)future;
    if (future->line != WEIR_AT_START)
        unregister(self->channel, &self->waker);
}

static weir_poll recv_many_poll(weir_future *future, weir_cx *cx)
{
    RECV_MANY_FUTURE *self = (RECV_MANY_FUTURE *)(void *)future;
    RECV_CHANNEL *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    size_t count = take_many(channel, self->ret_items, self->items_max);
    self->output = 0;
    if (count == 0 && self->items_max > 0) {
        const int result = look_or_register(channel, &self->waker, cx->waker);
        if (result == -EAGAIN) {
            future->line = 1;
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        self->output = result;
        if (result == 0)
            count = take_many(channel, self->ret_items, self->items_max);
    }
    self->output += (int64_t)count;
    return WEIR_READY;
}

static void recv_many_drop(weir_future *future)
{
    RECV_MANY_FUTURE *self = (RECV_MANY_FUTURE *)(void *)future;
    if (future->line != WEIR_AT_START)
        unregister(self->channel, &self->waker);
}

/* As the channel's try_recv: 0, -EAGAIN, or -EPIPE. */
static int take_now(RECV_CHANNEL *channel, void *ret_item)
{
    int result = take(channel, ret_item);
    if (result == -EAGAIN) {
        result = look_or_register(channel, NULL, NULL);
        if (result == 0)
            result = take(channel, ret_item);
    }
    return result;
}
