/* unbounded_send.c - the senders' end of an unbounded channel, and its beginning and end. See unbounded_channel.h. */
#include <stdlib.h>

#include "sync/closed.h"
#include "sync/unbounded_channel.h"

#ifdef WI_MODEL
#define BLOCK_BYTES 8
#define BLOCK_ITEMS_MIN 2
#else
#define BLOCK_BYTES 1024
#define BLOCK_ITEMS_MIN 8
#endif

static struct unbounded_block *block_create(const struct unbounded *channel)
{
    struct unbounded_block *block = malloc(sizeof *block + channel->block_items * channel->item_size);
    if (block != NULL)
        block->next = NULL;
    return block;
}

int weir_unbounded_create(size_t item_size, void (*item_drop)(void *item), weir_unbounded_sender **ret_sender,
                          weir_unbounded_receiver **ret_receiver)
{
    if (item_size > SIZE_MAX / 2 / BLOCK_ITEMS_MIN)
        return -ENOMEM;
    struct unbounded *channel = aligned_alloc(64, sizeof *channel);
    if (channel == NULL)
        return -ENOMEM;
    const size_t fit = item_size == 0 ? BLOCK_BYTES : BLOCK_BYTES / item_size;
    *channel = (struct unbounded){
        .senders = 1,
        .block_items = (uint32_t)(fit < BLOCK_ITEMS_MIN ? BLOCK_ITEMS_MIN : fit),
        .item_size = item_size,
        .item_drop = item_drop,
    };
    list_init(&channel->closing);
    channel->head_block = channel->tail_block = block_create(channel);
    if (channel->head_block == NULL) {
        free(channel);
        return -ENOMEM;
    }
    *ret_sender = (weir_unbounded_sender *)(void *)channel;
    *ret_receiver = (weir_unbounded_receiver *)(void *)channel;
    return 0;
}

static inline struct unbounded *of_sender(const weir_unbounded_sender *sender)
{
    return (struct unbounded *)(uintptr_t)sender;
}

void wi_unbounded_unlock_leave(struct unbounded *channel)
{
    const bool last = channel->receiver_gone && channel->weaks == 0 && wi_load(&channel->senders, RELAXED) == 0;
    wi_unlock(&channel->lock);
    if (!last)
        return;
    free(channel->spare);
    free(channel->head_block); /* the receiver left one, empty */
    free(channel);
}

weir_unbounded_sender *weir_unbounded_sender_ref(weir_unbounded_sender *sender)
{
    (void)wi_fetch_add(&of_sender(sender)->senders, 1u, RELAXED);
    return sender;
}

void weir_unbounded_sender_unref(weir_unbounded_sender *sender)
{
    if (sender == NULL)
        return;
    struct unbounded *channel = of_sender(sender);
    uint32_t old = wi_load(&channel->senders, ACQUIRE);
    while (old > 1) {
        if (wi_cas(&channel->senders, &old, old - 1, RELEASE))
            return;
    }
    /* The last, unless a weak reference is made into one meanwhile. */
    wi_lock(&channel->lock);
    (void)wi_fetch_sub(&channel->senders, 1u, ACQ_REL);
    if (unbounded_over(channel))
        unbounded_wake_receiver(channel);
    wi_unbounded_unlock_leave(channel);
}

/* Room for an item at tail_index. False: no memory. [lock] */
static bool make_room(struct unbounded *channel)
{
    if (weir_likely(channel->tail_index < channel->block_items))
        return true;
    struct unbounded_block *block = NULL;
    if (wi_load(&channel->spare, RELAXED) != NULL)
        block = wi_xchg(&channel->spare, NULL, ACQUIRE);
    if (block == NULL)
        block = block_create(channel);
    if (block == NULL)
        return false;
    channel->tail_block->next = block;
    channel->tail_block = block;
    channel->tail_index = 0;
    return true;
}

int weir_unbounded_send(weir_unbounded_sender *sender, const void *item)
{
    struct unbounded *channel = of_sender(sender);
    int error = 0;
    wi_lock(&channel->lock);
    if (weir_unlikely(channel->closed)) {
        error = -EPIPE;
    } else if (weir_unlikely(!make_room(channel))) {
        error = -ENOMEM;
    } else {
        item_copy(unbounded_slot(channel, channel->tail_block, channel->tail_index++), item, channel->item_size);
        unbounded_wake_receiver(channel);
        wi_store(&channel->tail, channel->tail + 1, RELEASE);
    }
    wi_unlock(&channel->lock);
    return error;
}

bool weir_unbounded_is_closed(const weir_unbounded_sender *sender)
{
    return wi_load(&of_sender(sender)->closed, ACQUIRE) != 0;
}

/* --- weak references ------------------------------------------------------------------ */

weir_unbounded_weak_sender *weir_unbounded_downgrade(weir_unbounded_sender *sender)
{
    struct unbounded *channel = of_sender(sender);
    wi_lock(&channel->lock);
    channel->weaks++;
    wi_unlock(&channel->lock);
    return (weir_unbounded_weak_sender *)(void *)channel;
}

weir_unbounded_sender *weir_unbounded_upgrade(weir_unbounded_weak_sender *weak)
{
    struct unbounded *channel = (struct unbounded *)(void *)weak;
    wi_lock(&channel->lock);
    const bool is_open = wi_load(&channel->senders, RELAXED) > 0;
    if (is_open)
        (void)wi_fetch_add(&channel->senders, 1u, RELAXED);
    wi_unlock(&channel->lock);
    return is_open ? (weir_unbounded_sender *)(void *)channel : NULL;
}

void weir_unbounded_weak_unref(weir_unbounded_weak_sender *weak)
{
    if (weak == NULL)
        return;
    struct unbounded *channel = (struct unbounded *)(void *)weak;
    wi_lock(&channel->lock);
    channel->weaks--;
    wi_unbounded_unlock_leave(channel);
}

weir_closed_future weir_unbounded_closed(weir_unbounded_sender *sender)
{
    struct unbounded *channel = of_sender(sender);
    return wi_closed(&channel->lock, &channel->closing, &channel->closed, 1);
}
