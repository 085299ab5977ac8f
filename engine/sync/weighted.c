/*
 * weighted.c - an unbounded channel of parcels, an item with its weight, behind a semaphore of weight_max permits.
 *
 * Who sends takes as many permits as the item weighs, all of them at most, and who receives gives them back. The
 * semaphore keeps the order: its first in line gathers what becomes free until it has all.
 */
#include <weir/weighted.h>

#include <stdlib.h>

#include "base/atomic.h"
#include "sync/item.h"

struct parcel {
    struct weighted *channel; /* for who destroys it; the receiver's reference keeps it */
    uint32_t weight;
    _Alignas(16) unsigned char item[];
};

struct weighted {
    uint32_t refs; /* the senders', and the receiver's */
    uint32_t senders;
    uint32_t weight_max;
    size_t item_size;
    void (*item_drop)(void *item);
    weir_semaphore *room;
    weir_unbounded_sender *to;
    weir_unbounded_receiver *from;
};

/* A multiple of its alignment, since they lie one behind the other. */
static size_t parcel_size(size_t item_size)
{
    const size_t size = sizeof(struct parcel) + item_size;
    return (size + _Alignof(struct parcel) - 1) / _Alignof(struct parcel) * _Alignof(struct parcel);
}

static struct weighted *of_sender(const weir_weighted_sender *sender)
{
    return (struct weighted *)(uintptr_t)sender;
}

static struct weighted *of_receiver(const weir_weighted_receiver *receiver)
{
    return (struct weighted *)(uintptr_t)receiver;
}

static void drop_parcel(void *memory)
{
    struct parcel *parcel = memory;
    if (parcel->channel->item_drop != NULL)
        parcel->channel->item_drop(parcel->item);
}

static void unref(struct weighted *channel)
{
    if (wi_fetch_sub(&channel->refs, 1u, ACQ_REL) != 1)
        return;
    weir_semaphore_unref(channel->room);
    free(channel);
}

int weir_weighted_create(size_t item_size, uint32_t weight_max, void (*item_drop)(void *item),
                         weir_weighted_sender **ret_sender, weir_weighted_receiver **ret_receiver)
{
    if (weight_max == 0 || item_size > WEIR_WEIGHTED_ITEM_MAX)
        return -EINVAL;
    struct weighted *channel = malloc(sizeof *channel);
    if (channel == NULL)
        return -ENOMEM;
    *channel = (struct weighted){
        .refs = 2, .senders = 1, .weight_max = weight_max, .item_size = item_size, .item_drop = item_drop
    };
    int error = weir_semaphore_create(weight_max, &channel->room);
    if (error == 0)
        error = weir_unbounded_create(parcel_size(item_size), drop_parcel, &channel->to, &channel->from);
    if (error < 0) {
        weir_semaphore_unref(channel->room);
        free(channel);
        return error;
    }
    *ret_sender = (weir_weighted_sender *)channel;
    *ret_receiver = (weir_weighted_receiver *)channel;
    return 0;
}

/* --- senders ----------------------------------------------------------------------- */

weir_weighted_sender *weir_weighted_sender_ref(weir_weighted_sender *sender)
{
    (void)wi_fetch_add(&of_sender(sender)->senders, 1u, RELAXED);
    (void)wi_fetch_add(&of_sender(sender)->refs, 1u, RELAXED);
    return sender;
}

void weir_weighted_sender_unref(weir_weighted_sender *sender)
{
    struct weighted *channel = of_sender(sender);
    if (sender == NULL)
        return;
    if (wi_fetch_sub(&channel->senders, 1u, ACQ_REL) == 1)
        weir_unbounded_sender_unref(channel->to);
    unref(channel);
}

/* The permits that an item takes: one that is too heavy takes all there are. */
static uint32_t share(const struct weighted *channel, uint32_t weight)
{
    if (weight == 0)
        return 1;
    return weight < channel->weight_max ? weight : channel->weight_max;
}

/* It has its permits. */
static int put(struct weighted *channel, const void *item, uint32_t weight)
{
    _Alignas(struct parcel) unsigned char memory[sizeof(struct parcel) + WEIR_WEIGHTED_ITEM_MAX];
    struct parcel *parcel = (struct parcel *)(void *)memory;
    parcel->channel = channel;
    parcel->weight = weight;
    item_copy(parcel->item, item, channel->item_size);
    const int error = weir_unbounded_send(channel->to, parcel);
    if (error < 0)
        weir_semaphore_release(channel->room, share(channel, weight));
    return error;
}

static weir_poll send_poll(weir_future *future, weir_cx *cx)
{
    weir_weighted_send_future *self = (weir_weighted_send_future *)(void *)future;
    struct weighted *channel = of_sender(self->sender);
    future->awaiting = &self->room.future;
    if (weir_future_poll(&self->room.future, cx) == WEIR_PENDING)
        return WEIR_PENDING;
    self->room.future.line = WEIR_AT_DONE;
    future->awaiting = NULL;
    self->output = self->room.output < 0 ? self->room.output : put(channel, self->item, self->weight);
    return WEIR_READY;
}

static void send_drop(weir_future *future)
{
    weir_future_drop(&((weir_weighted_send_future *)(void *)future)->room.future);
}

static const weir_future_type send_type =
    WEIR_FUTURE_TYPE(weir_weighted_send_future, "weighted_send", send_poll, send_drop);

weir_weighted_send_future weir_weighted_send(weir_weighted_sender *sender, const void *item, uint32_t weight)
{
    const struct weighted *channel = of_sender(sender);
    weir_weighted_send_future self = {
        .future = WEIR_FUTURE_INIT(&send_type), .sender = sender, .item = item, .weight = weight
    };
    self.room = weir_semaphore_acquire(channel->room, share(channel, weight));
    return self;
}

int weir_weighted_try_send(weir_weighted_sender *sender, const void *item, uint32_t weight)
{
    struct weighted *channel = of_sender(sender);
    const int error = weir_semaphore_try_acquire(channel->room, share(channel, weight));
    return error < 0 ? error : put(channel, item, weight);
}

bool weir_weighted_is_closed(const weir_weighted_sender *sender)
{
    return weir_unbounded_is_closed(of_sender(sender)->to);
}

uint32_t weir_weighted_room(const weir_weighted_sender *sender)
{
    return (uint32_t)weir_semaphore_available(of_sender(sender)->room);
}

/* --- the receiver --------------------------------------------------------------------- */

/* A parcel has come out: its item goes to the caller, and who waits for its room is let in. */
static uint32_t open_parcel(struct weighted *channel, const struct parcel *parcel, void *ret_item)
{
    const uint32_t weight = parcel->weight;
    item_copy(ret_item, parcel->item, channel->item_size);
    weir_semaphore_release(channel->room, share(channel, weight));
    return weight;
}

static weir_poll recv_poll(weir_future *future, weir_cx *cx)
{
    weir_weighted_recv_future *self = (weir_weighted_recv_future *)(void *)future;
    /* The channel writes there in the poll that is ready, and at no other time. */
    _Alignas(struct parcel) unsigned char memory[sizeof(struct parcel) + WEIR_WEIGHTED_ITEM_MAX];
    future->awaiting = &self->recv.future;
    self->recv.ret_item = memory;
    const weir_poll poll = weir_future_poll(&self->recv.future, cx);
    self->recv.ret_item = NULL;
    if (poll == WEIR_PENDING)
        return WEIR_PENDING;
    self->recv.future.line = WEIR_AT_DONE;
    future->awaiting = NULL;
    self->output = self->recv.output;
    if (self->output == 0)
        self->weight = open_parcel(of_receiver(self->receiver), (struct parcel *)(void *)memory, self->ret_item);
    return WEIR_READY;
}

static void recv_drop(weir_future *future)
{
    weir_future_drop(&((weir_weighted_recv_future *)(void *)future)->recv.future);
}

static const weir_future_type recv_type =
    WEIR_FUTURE_TYPE(weir_weighted_recv_future, "weighted_recv", recv_poll, recv_drop);

weir_weighted_recv_future weir_weighted_recv(weir_weighted_receiver *receiver, void *ret_item)
{
    weir_weighted_recv_future self = { .future = WEIR_FUTURE_INIT(&recv_type),
                                       .receiver = receiver,
                                       .ret_item = ret_item };
    self.recv = weir_unbounded_recv(of_receiver(receiver)->from, NULL);
    return self;
}

int weir_weighted_try_recv(weir_weighted_receiver *receiver, void *ret_item, uint32_t *ret_weight)
{
    struct weighted *channel = of_receiver(receiver);
    _Alignas(struct parcel) unsigned char memory[sizeof(struct parcel) + WEIR_WEIGHTED_ITEM_MAX];
    const int error = weir_unbounded_try_recv(channel->from, memory);
    if (error < 0)
        return error;
    const uint32_t weight = open_parcel(channel, (struct parcel *)(void *)memory, ret_item);
    if (ret_weight != NULL)
        *ret_weight = weight;
    return 0;
}

void weir_weighted_close(weir_weighted_receiver *receiver)
{
    /* In this order: who has got its permits by the first finds the channel closed by the second. */
    weir_semaphore_close(of_receiver(receiver)->room);
    weir_unbounded_close(of_receiver(receiver)->from);
}

void weir_weighted_receiver_drop(weir_weighted_receiver *receiver)
{
    struct weighted *channel = of_receiver(receiver);
    if (receiver == NULL)
        return;
    weir_semaphore_close(channel->room);
    weir_unbounded_receiver_drop(channel->from);
    unref(channel);
}

size_t weir_weighted_len(const weir_weighted_receiver *receiver)
{
    return weir_unbounded_len(of_receiver(receiver)->from);
}
