/*
 * mpsc.h - a bounded channel: many senders, one receiver, items of one size.
 *
 * Items are copied in and out: let them be pointers, or structures of a few
 * words. What is sent belongs to the channel, what is received to the receiver.
 * At most `capacity` items and permits exist at once; who wants to send more
 * waits, first come, first served, and that is the backpressure.
 *
 * The channel ends for the receiver (-EPIPE) when every sender is gone, or when
 * it closed the channel, and all that was sent and permitted has arrived.
 */
#ifndef WEIR_MPSC_H
#define WEIR_MPSC_H

#include <weir/time.h>
#include <weir/waiter.h>

typedef struct weir_mpsc_sender weir_mpsc_sender;
typedef struct weir_mpsc_receiver weir_mpsc_receiver;
typedef struct weir_mpsc_weak_sender weir_mpsc_weak_sender;

/* A place in the channel that nobody else can take. It keeps the channel open by itself, also after its sender. */
typedef struct weir_mpsc_permit {
    struct mpsc_channel *channel; /* NULL: holds nothing */
} weir_mpsc_permit;

/*
 * weir_mpsc_create() - a channel for up to `capacity` items of item_size bytes (0 is fine).
 *
 * item_drop (may be NULL) is called with each item that was sent and never
 * received. Returns 0, -EINVAL (capacity 0, or above UINT32_MAX), or -ENOMEM.
 */
WEIR_MUST_USE int weir_mpsc_create(size_t item_size, size_t capacity, void (*item_drop)(void *item),
                                   weir_mpsc_sender **ret_sender, weir_mpsc_receiver **ret_receiver);

/* --- senders: any thread, any number of tasks at once ---------------------------- */

/* One more reference. */
weir_mpsc_sender *weir_mpsc_sender_ref(weir_mpsc_sender *sender);
/* One reference less; after the last the channel ends. Takes NULL. */
void weir_mpsc_sender_unref(weir_mpsc_sender *sender);

/*
 * weir_mpsc_send() - send a copy of *item, waiting for room.
 *
 * Resolves to 0, or -EPIPE: closed, the item still belongs to the caller.
 *
 * Ownership:   borrows `sender` and `item`; the copy is made by the poll that is
 *              ready. From then on what the item owns is the channel's.
 * Cancel safe: yes. The item was not sent and stays the caller's; the future
 *              loses its place.
 */
typedef struct weir_mpsc_send_future {
    weir_future future;
    int output;
    struct mpsc_channel *channel;
    const void *item;
    weir_waiter waiter;
} weir_mpsc_send_future;

extern const weir_future_type weir_mpsc_send_type;

WEIR_MUST_USE static inline weir_mpsc_send_future weir_mpsc_send(weir_mpsc_sender *sender, const void *item)
{
    weir_mpsc_send_future self = {
        .future = WEIR_FUTURE_INIT(&weir_mpsc_send_type),
        .channel = (struct mpsc_channel *)(void *)sender,
        .item = item,
    };
    return self;
}

/*
 * AWAIT_SEND() - AWAIT(slot, weir_mpsc_send(sender, item)), and without a future where there is room.
 *
 * For items of a few nanoseconds' work. `sender` and `item` are evaluated twice. What it spends of the budget is the
 * same.
 */
#define AWAIT_SEND(slot, sender, item)                                 \
    do {                                                               \
        if (!weir_mpsc_send_now((sender), (item), &(slot).output, cx)) \
            AWAIT(slot, weir_mpsc_send((sender), (item)));             \
    } while (0)

/* One step: what weir_mpsc_send() would resolve to at once is in *ret_status. False: await it. */
bool weir_mpsc_send_now(weir_mpsc_sender *sender, const void *item, int *ret_status, weir_cx *cx);

/* 0, -EAGAIN (full, or others wait for room), or -EPIPE; the item is sent only with 0. */
WEIR_MUST_USE int weir_mpsc_try_send(weir_mpsc_sender *sender, const void *item);

/* For threads outside of the runtime: sleeps until there is room. 0 or -EPIPE. In a task it panics. */
WEIR_MUST_USE int weir_mpsc_blocking_send(weir_mpsc_sender *sender, const void *item);

/*
 * weir_mpsc_send_timeout() - a send that waits for room for duration_ns at most.
 *
 * Resolves to 0, -EPIPE, or -ETIMEDOUT; with either of these the item still
 * belongs to the caller.
 *
 * Ownership and cancel safety as weir_mpsc_send().
 */
typedef struct weir_mpsc_send_timeout_future {
    weir_future future;
    int output;
    weir_mpsc_send_future send;
    weir_timer timer;
} weir_mpsc_send_timeout_future;

WEIR_MUST_USE weir_mpsc_send_timeout_future weir_mpsc_send_timeout(weir_mpsc_sender *sender, const void *item,
                                                                   int64_t duration_ns);

/*
 * weir_mpsc_reserve() - wait for room, before there is anything to send.
 *
 * Resolves to 0 with the permit in *ret_permit, or -EPIPE.
 *
 * Ownership:   borrows `sender` and `ret_permit`. The permit is used up by
 *              weir_mpsc_permit_send() or weir_mpsc_permit_drop().
 * Cancel safe: yes. A place that it had been given goes to the next one.
 */
typedef struct weir_mpsc_reserve_future {
    weir_future future;
    int output;
    struct mpsc_channel *channel;
    weir_mpsc_permit *ret_permit;
    weir_waiter waiter;
} weir_mpsc_reserve_future;

extern const weir_future_type weir_mpsc_reserve_type;

WEIR_MUST_USE static inline weir_mpsc_reserve_future weir_mpsc_reserve(weir_mpsc_sender *sender,
                                                                       weir_mpsc_permit *ret_permit)
{
    weir_mpsc_reserve_future self = {
        .future = WEIR_FUTURE_INIT(&weir_mpsc_reserve_type),
        .channel = (struct mpsc_channel *)(void *)sender,
        .ret_permit = ret_permit,
    };
    return self;
}

/* 0 with the permit in *ret_permit, -EAGAIN, or -EPIPE. */
WEIR_MUST_USE int weir_mpsc_try_reserve(weir_mpsc_sender *sender, weir_mpsc_permit *ret_permit);

/*
 * weir_mpsc_permit_send() - send a copy of *item; never waits, never fails.
 *
 * It arrives also after the channel was closed; once the receiver is gone the
 * item is destroyed at once. Empties the permit.
 */
void weir_mpsc_permit_send(weir_mpsc_permit *permit, const void *item);

/* Gives the place to the one that waits longest. Empties the permit, and takes an empty one. */
void weir_mpsc_permit_drop(weir_mpsc_permit *permit);

/* Several of them: a permit that is used `count` times. */
typedef struct weir_mpsc_permits {
    struct mpsc_channel *channel; /* NULL: holds nothing */
    uint32_t count;
} weir_mpsc_permits;

/*
 * weir_mpsc_reserve_many() - wait for `count` places at once.
 *
 * What becomes free is set aside for it once it waits longest. Resolves to 0
 * with the permits in *ret_permits, -EPIPE, or -EINVAL: the channel never has
 * room for that many.
 *
 * Ownership:   borrows `sender` and `ret_permits`. The permits are used up by
 *              weir_mpsc_permits_send(), each time one, or
 *              weir_mpsc_permits_drop().
 * Cancel safe: yes. Places that it had been given, all or some, go to the next
 *              one.
 */
typedef struct weir_mpsc_reserve_many_future {
    weir_future future;
    int output;
    struct mpsc_channel *channel;
    weir_mpsc_permits *ret_permits;
    weir_waiter waiter;
} weir_mpsc_reserve_many_future;

WEIR_MUST_USE weir_mpsc_reserve_many_future weir_mpsc_reserve_many(weir_mpsc_sender *sender, uint32_t count,
                                                                   weir_mpsc_permits *ret_permits);

/* 0 with the permits in *ret_permits, -EAGAIN, -EPIPE, or -EINVAL as above. */
WEIR_MUST_USE int weir_mpsc_try_reserve_many(weir_mpsc_sender *sender, uint32_t count, weir_mpsc_permits *ret_permits);

/* As weir_mpsc_permit_send(), with one of the permits. There must be one. */
void weir_mpsc_permits_send(weir_mpsc_permits *permits, const void *item);
/* Gives back those that are left. Takes an empty one. */
void weir_mpsc_permits_drop(weir_mpsc_permits *permits);

/*
 * weir_mpsc_closed() - for a sender: wait until nobody will receive any more.
 *
 * Resolves when the receiver closed the channel or went. Borrows `sender`.
 * Cancel safe.
 */
WEIR_MUST_USE weir_closed_future weir_mpsc_closed(weir_mpsc_sender *sender);

/*
 * A weak sender doesn't keep the channel open: the receiver gets its -EPIPE
 * when the last sender and the last permit are gone, whatever weak ones there
 * are. weir_mpsc_upgrade() makes a sender of it, a reference of its own, or
 * returns NULL when that has happened.
 */
WEIR_MUST_USE weir_mpsc_weak_sender *weir_mpsc_downgrade(weir_mpsc_sender *sender);
WEIR_MUST_USE weir_mpsc_sender *weir_mpsc_upgrade(weir_mpsc_weak_sender *weak);
/* Takes NULL. */
void weir_mpsc_weak_unref(weir_mpsc_weak_sender *weak);

/* True when a send would fail. */
bool weir_mpsc_is_closed(const weir_mpsc_sender *sender);
/* How many items could be sent now without waiting. */
size_t weir_mpsc_room(weir_mpsc_sender *sender);
/* The bound it was created with. */
size_t weir_mpsc_room_max(const weir_mpsc_sender *sender);

/* --- the receiver: one owner at a time -------------------------------------------- */

/*
 * weir_mpsc_recv() - wait for an item.
 *
 * Resolves to 0 with the item in *ret_item, or -EPIPE at the end of the channel.
 *
 * Ownership:   borrows `receiver` and `ret_item`; the item is the caller's.
 * Cancel safe: yes; no item is lost.
 */
typedef struct weir_mpsc_recv_future {
    weir_future future;
    int output;
    struct mpsc_channel *channel;
    void *ret_item;
    weir_waker *waker;
} weir_mpsc_recv_future;

extern const weir_future_type weir_mpsc_recv_type;

WEIR_MUST_USE static inline weir_mpsc_recv_future weir_mpsc_recv(weir_mpsc_receiver *receiver, void *ret_item)
{
    weir_mpsc_recv_future self = {
        .future = WEIR_FUTURE_INIT(&weir_mpsc_recv_type),
        .channel = (struct mpsc_channel *)(void *)receiver,
        .ret_item = ret_item,
    };
    return self;
}

/* AWAIT_RECV() - AWAIT(slot, weir_mpsc_recv(receiver, ret_item)), and without a future where an item is there. */
#define AWAIT_RECV(slot, receiver, ret_item)                                 \
    do {                                                                     \
        if (!weir_mpsc_recv_now((receiver), (ret_item), &(slot).output, cx)) \
            AWAIT(slot, weir_mpsc_recv((receiver), (ret_item)));             \
    } while (0)

/* One step: 0 in *ret_status and an item in *ret_item. False: none is there, await it. */
bool weir_mpsc_recv_now(weir_mpsc_receiver *receiver, void *ret_item, int *ret_status, weir_cx *cx);

/*
 * weir_mpsc_recv_many() - wait for at least one item, take up to `items_max` of them.
 *
 * Resolves to how many, now in the array at ret_items, or -EPIPE at the end of
 * the channel; 0 only for items_max == 0. Costs the budget of one.
 *
 * Ownership and cancel safety as weir_mpsc_recv().
 */
typedef struct weir_mpsc_recv_many_future {
    weir_future future;
    int64_t output;
    struct mpsc_channel *channel;
    void *ret_items;
    size_t items_max;
    weir_waker *waker;
} weir_mpsc_recv_many_future;

WEIR_MUST_USE weir_mpsc_recv_many_future weir_mpsc_recv_many(weir_mpsc_receiver *receiver, void *ret_items,
                                                             size_t items_max);

/* 0 with the item in *ret_item, -EAGAIN (nothing there now), or -EPIPE (nothing will come). */
WEIR_MUST_USE int weir_mpsc_try_recv(weir_mpsc_receiver *receiver, void *ret_item);

/* For a thread outside of the runtime: sleeps until there is an item. 0 or -EPIPE. In a task it panics. */
WEIR_MUST_USE int weir_mpsc_blocking_recv(weir_mpsc_receiver *receiver, void *ret_item);

/*
 * weir_mpsc_close() - no more sends: those that wait and those that come get -EPIPE.
 *
 * What was sent, and what will be sent by permits that are out, still arrives.
 */
void weir_mpsc_close(weir_mpsc_receiver *receiver);

/* Closes, destroys what was not received, and goes. Takes NULL. No recv may be under way. */
void weir_mpsc_receiver_drop(weir_mpsc_receiver *receiver);

/* Items that can be received now. */
size_t weir_mpsc_len(const weir_mpsc_receiver *receiver);
/* The bound it was created with. */
size_t weir_mpsc_capacity(const weir_mpsc_receiver *receiver);

#endif
