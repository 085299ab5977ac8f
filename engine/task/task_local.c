/*
 * task_local.c - scopes are a list that is there only during a poll or a drop.
 *
 * The list's nodes lie on the stack. Who leaves a poll by a panic leaves nodes
 * behind that are none any more: whoever lands sets the list to NULL.
 */
#include <weir/task_local.h>

#include "locals.h"

_Thread_local struct locals *wi_locals __attribute__((tls_model("initial-exec")));

void *weir_local_get(const weir_task_local *key)
{
    for (const struct locals *locals = wi_locals; locals != NULL; locals = locals->outer)
        if (locals->key == key)
            return locals->value;
    return NULL;
}

static weir_poll with_poll(weir_future *future, weir_cx *cx)
{
    weir_with_local_future *self = (weir_with_local_future *)(void *)future;
    struct locals scope = { self->key, self->value, wi_locals };
    future->line = 1;
    future->awaiting = self->inner;
    wi_locals = &scope;
    const weir_poll poll = weir_future_poll(self->inner, cx);
    wi_locals = scope.outer;
    if (poll == WEIR_READY) {
        self->inner->line = WEIR_AT_DONE;
        future->awaiting = NULL;
    }
    return poll;
}

static void with_drop(weir_future *future)
{
    weir_with_local_future *self = (weir_with_local_future *)(void *)future;
    struct locals scope = { self->key, self->value, wi_locals };
    future->awaiting = NULL;
    wi_locals = &scope;
    weir_future_drop(self->inner);
    wi_locals = scope.outer;
}

static const weir_future_type with_type = WEIR_FUTURE_TYPE(weir_with_local_future, "with_local", with_poll, with_drop);

weir_with_local_future weir_with_local_frame(const weir_task_local *key, void *value, weir_future *inner)
{
    return (weir_with_local_future){
        .future = WEIR_FUTURE_INIT(&with_type),
        .key = key,
        .value = value,
        .inner = inner,
    };
}

void weir_with_local_call(const weir_task_local *key, void *value, void (*fn)(void *arg), void *arg)
{
    struct locals scope = { key, value, wi_locals };
    wi_locals = &scope;
    fn(arg);
    wi_locals = scope.outer;
}
