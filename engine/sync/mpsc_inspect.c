/* mpsc_inspect.c - what a dump says of those who wait at either end of a channel. */
#include <stdio.h>
#include <weir/dump.h>

#include "sync/mpsc_channel.h"

void wi_mpsc_inspect_send(const struct mpsc_channel *channel, weir_wait *ret_wait)
{
    ret_wait->what = "room in a channel";
    ret_wait->object = channel;
    ret_wait->holder = wi_load(&channel->receiver_task, RELAXED);
    (void)snprintf(ret_wait->detail, sizeof ret_wait->detail, "all %u places taken", channel->capacity);
}

void wi_mpsc_inspect_recv(const struct mpsc_channel *channel, weir_wait *ret_wait)
{
    ret_wait->what = "an item of a channel";
    ret_wait->object = channel;
    (void)snprintf(ret_wait->detail, sizeof ret_wait->detail, "%u senders", wi_load(&channel->senders, RELAXED));
}
