/* mpsc_timeout.c - a send that gives up. */
#include <weir/dump.h>
#include <weir/mpsc.h>

#include "time/timers.h"

static weir_poll end(weir_mpsc_send_timeout_future *self, int output)
{
    self->future.awaiting = NULL;
    self->output = output;
    return WEIR_READY;
}

/* As in a timeout: room that is there wins over a time that is up, and the timer takes no budget. */
static weir_poll send_timeout_poll(weir_future *future, weir_cx *cx)
{
    weir_mpsc_send_timeout_future *self = (weir_mpsc_send_timeout_future *)(void *)future;
    future->line = 1;
    future->awaiting = WEIR_HEAD(self->send);
    if (weir_future_poll(WEIR_HEAD(self->send), cx) == WEIR_READY) {
        WEIR_HEAD(self->send)->line = WEIR_AT_DONE;
        wi_timer_cancel(&self->timer);
        return end(self, self->send.output);
    }
    if (!wi_timer_poll(&self->timer, cx))
        return WEIR_PENDING;
    weir_drop(self->send);
    return end(self, -ETIMEDOUT);
}

static void send_timeout_drop(weir_future *future)
{
    weir_mpsc_send_timeout_future *self = (weir_mpsc_send_timeout_future *)(void *)future;
    future->awaiting = NULL;
    weir_drop(self->send);
    wi_timer_cancel(&self->timer);
}

static void send_timeout_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "at the latest";
    ret_wait->due_ns = wi_timer_due(&((const weir_mpsc_send_timeout_future *)(const void *)future)->timer);
}

static const weir_future_type send_timeout_type = WEIR_FUTURE_TYPE_SEEN(
    weir_mpsc_send_timeout_future, "mpsc_send_timeout", send_timeout_poll, send_timeout_drop, send_timeout_inspect);

weir_mpsc_send_timeout_future weir_mpsc_send_timeout(weir_mpsc_sender *sender, const void *item, int64_t duration_ns)
{
    return (weir_mpsc_send_timeout_future){
        .future = WEIR_FUTURE_INIT(&send_timeout_type),
        .send = weir_mpsc_send(sender, item),
        .timer = weir_timer_after(duration_ns),
    };
}
