/* future.c - the two leaves everybody needs, and what a debug build checks at each poll. */
#include <weir/future.h>

static weir_poll never_poll(weir_future *future, weir_cx *cx)
{
    (void)future;
    (void)cx;
    return WEIR_PENDING;
}

static const weir_future_type never_type = WEIR_FUTURE_TYPE(weir_never, "never", never_poll, NULL);

weir_never weir_never_ready(void)
{
    return (weir_never){ .future = WEIR_FUTURE_INIT(&never_type) };
}

static weir_poll yield_poll(weir_future *future, weir_cx *cx)
{
    if (future->line == WEIR_AT_START) {
        future->line = 1;
        cx->yielded = true;
        return WEIR_PENDING;
    }
    return WEIR_READY;
}

const weir_future_type weir_yield_type = WEIR_FUTURE_TYPE(weir_yield, "yield_now", yield_poll, NULL);

static weir_poll consume_poll(weir_future *future, weir_cx *cx)
{
    (void)future;
    return weir_budget_take(cx) ? WEIR_READY : WEIR_PENDING;
}

const weir_future_type weir_consume_budget_type = WEIR_FUTURE_TYPE(weir_yield, "consume_budget", consume_poll, NULL);

#ifdef WEIR_DEBUG
#include <stdlib.h>
void wi_future_check_poll(weir_future *future, weir_cx *cx)
{
    (void)cx;
    const uint32_t here = (uint32_t)(uintptr_t)future | 1u;
    if (future->line == WEIR_AT_DONE || future->type == NULL)
        abort(); /* polled after it was done, or an empty slot */
    if (future->line == WEIR_AT_START)
        future->home = here;
    else if (future->home != 0 && future->home != here)
        abort(); /* moved after its first poll */
}
#endif
