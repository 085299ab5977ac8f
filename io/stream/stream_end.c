/* stream_end.c - reading a stream to its end into memory, up to a limit. */
#include <stdlib.h>
#include <weir/stream.h>

#include "ready.h"

#define FIRST_BYTES ((size_t)4096)

static weir_stream_end *from_head(weir_future *future)
{
    return weir_container_of(future, weir_stream_end, future);
}

static void end_drop(weir_future *future)
{
    weir_stream_end *self = from_head(future);
    wi_ready_drop_of(self->stream, &self->wait);
    free(self->data);
    self->data = NULL;
}

/* One byte more than may come, so that it is seen whether it does. */
static bool grow(weir_stream_end *self)
{
    size_t capacity = self->capacity == 0 ? FIRST_BYTES : self->capacity * 2;
    if (capacity > self->bytes_max)
        capacity = self->bytes_max + 1;
    uint8_t *data = realloc(self->data, capacity);
    if (data == NULL)
        return false;
    self->data = data;
    self->capacity = capacity;
    return true;
}

static weir_poll finish(weir_stream_end *self, int64_t output)
{
    self->output = output;
    if (output > 0) {
        *self->ret_data = self->data;
        self->data = NULL;
    } else if (output == 0) {
        *self->ret_data = NULL;
    }
    end_drop(WEIR_HEAD(*self));
    return WEIR_READY;
}

static weir_poll end_poll(weir_future *future, weir_cx *cx)
{
    weir_stream_end *self = from_head(future);
    for (;;) {
        if (self->size > self->bytes_max)
            return finish(self, -EFBIG);
        if (self->size == self->capacity && !grow(self))
            return finish(self, -ENOMEM);
        if (!weir_budget_take(cx))
            return WEIR_PENDING;
        const struct iovec part = { self->data + self->size, self->capacity - self->size };
        int64_t result;
        if (self->stream->type->poll_read(self->stream, cx, &self->wait, &part, 1, &result) == WEIR_PENDING) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (result <= 0)
            return finish(self, result < 0 ? result : (int64_t)self->size);
        self->size += (size_t)result;
    }
}

static const weir_future_type end_type = WEIR_FUTURE_TYPE(weir_stream_end, "stream_read_to_end", end_poll, end_drop);

weir_stream_end weir_stream_read_to_end(weir_stream *stream, size_t bytes_max, uint8_t **ret_data)
{
    if (bytes_max > SIZE_MAX / 4)
        bytes_max = SIZE_MAX / 4;
    return (weir_stream_end){
        .future = { WEIR_FUTURE_INIT(&end_type) }, .stream = stream, .ret_data = ret_data, .bytes_max = bytes_max
    };
}
