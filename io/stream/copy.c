/* copy.c - from one stream into another. */
#include <weir/copy.h>

#include <errno.h>
#include <stdlib.h>

#include "ready.h"

#define BUFFER_BYTES ((size_t)64 << 10)

static void way_fini(weir_copy_way *self)
{
    wi_ready_drop(&self->wait);
    free(self->buffer);
    self->buffer = NULL;
}

/* One read or one write. Ready: *ret_result is its result. */
static weir_poll step(weir_copy_way *self, weir_cx *cx, int64_t *ret_result)
{
    const bool reads = self->begin == self->end;
    const struct iovec part = reads ? (struct iovec){ self->buffer, BUFFER_BYTES }
                                    : (struct iovec){ self->buffer + self->begin, self->end - self->begin };
    weir_stream *stream = reads ? self->from : self->to;
    if ((reads ? stream->type->poll_read : stream->type->poll_write)(stream, cx, &self->wait, &part, 1, ret_result) ==
        WEIR_PENDING)
        return WEIR_PENDING;
    if (!reads && *ret_result == 0)
        *ret_result = -EIO;
    if (*ret_result < 0)
        return WEIR_READY;
    if (reads) {
        self->begin = 0;
        self->end = (size_t)*ret_result;
        self->at_end = *ret_result == 0;
    } else {
        self->begin += (size_t)*ret_result;
        self->total += *ret_result;
    }
    return WEIR_READY;
}

/* Ready: *ret_error is 0 (the end was reached and passed on) or a negative errno. */
static weir_poll poll_way(weir_copy_way *self, weir_cx *cx, int64_t *ret_error)
{
    *ret_error = 0;
    if (self->done)
        return WEIR_READY;
    if (self->buffer == NULL && (self->buffer = malloc(BUFFER_BYTES)) == NULL) {
        *ret_error = -ENOMEM;
        return WEIR_READY;
    }
    while (!self->at_end) {
        if (!weir_budget_take(cx))
            return WEIR_PENDING;
        int64_t result;
        if (step(self, cx, &result) == WEIR_PENDING) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (result < 0) {
            *ret_error = result;
            return WEIR_READY;
        }
    }
    if (self->shuts_down) {
        *ret_error = weir_stream_shut_down(self->to);
        if (*ret_error == -ENOTCONN) /* the other side has hung up: it knows */
            *ret_error = 0;
    }
    self->done = true;
    way_fini(self);
    return WEIR_READY;
}

/* --- one way ---------------------------------------------------------------------------- */

static weir_copy_future *copy_from(weir_future *future)
{
    return weir_container_of(future, weir_copy_future, future);
}

static void copy_drop(weir_future *future)
{
    way_fini(&copy_from(future)->way);
}

static weir_poll copy_poll(weir_future *future, weir_cx *cx)
{
    weir_copy_future *self = copy_from(future);
    int64_t error;
    if (poll_way(&self->way, cx, &error) == WEIR_PENDING)
        return WEIR_PENDING;
    way_fini(&self->way);
    self->output = error < 0 ? error : self->way.total;
    return WEIR_READY;
}

static const weir_future_type copy_type = WEIR_FUTURE_TYPE(weir_copy_future, "copy", copy_poll, copy_drop);

weir_copy_future weir_copy(weir_stream *from, weir_stream *to)
{
    return (weir_copy_future){ .future = { WEIR_FUTURE_INIT(&copy_type) }, .way = { .from = from, .to = to } };
}

/* --- both ways --------------------------------------------------------------------------- */

static weir_copy_both_future *both_from(weir_future *future)
{
    return weir_container_of(future, weir_copy_both_future, future);
}

static void both_drop(weir_future *future)
{
    way_fini(&both_from(future)->way[0]);
    way_fini(&both_from(future)->way[1]);
}

static weir_poll both_poll(weir_future *future, weir_cx *cx)
{
    weir_copy_both_future *self = both_from(future);
    unsigned ready = 0;
    /* By turns, or a fast one would use up the budget of the other for good. */
    self->first = !self->first;
    for (int i = 0; i < 2; i++) {
        if (poll_way(&self->way[i ^ self->first], cx, &self->output) == WEIR_PENDING)
            continue;
        ready++;
        if (self->output < 0) {
            both_drop(future);
            return WEIR_READY;
        }
    }
    return ready == 2 ? WEIR_READY : WEIR_PENDING;
}

static const weir_future_type both_type = WEIR_FUTURE_TYPE(weir_copy_both_future, "copy_both", both_poll, both_drop);

weir_copy_both_future weir_copy_both(weir_stream *a, weir_stream *b)
{
    return (weir_copy_both_future){ .future = { WEIR_FUTURE_INIT(&both_type) },
                                    .way = { { .from = a, .to = b, .shuts_down = true },
                                             { .from = b, .to = a, .shuts_down = true } } };
}
