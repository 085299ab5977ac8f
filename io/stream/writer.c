/* writer.c - a buffer behind which a stream is written to in large pieces. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <weir/buffered.h>

#include "ready.h"

int weir_writer_init(weir_writer *writer, weir_stream *stream, size_t capacity)
{
    uint8_t *data = malloc(capacity == 0 ? 1 : capacity);
    if (data == NULL)
        return -ENOMEM;
    *writer = (weir_writer){ .stream = stream, .data = data, .capacity = capacity };
    return 0;
}

void weir_writer_fini(weir_writer *writer)
{
    free(writer->data);
    writer->data = NULL;
    writer->begin = writer->end = writer->capacity = 0;
}

static weir_writer_future *from_head(weir_future *future)
{
    return weir_container_of(future, weir_writer_future, future);
}

/* Writes until no more than `keep` bytes are left. Ready: *ret_result is 0 or an error. */
static weir_poll drain(weir_writer_future *self, weir_cx *cx, size_t keep, int64_t *ret_result)
{
    weir_writer *writer = self->writer;
    *ret_result = 0;
    while (writer->end - writer->begin > keep) {
        if (!weir_budget_take(cx))
            return WEIR_PENDING;
        const struct iovec part = { writer->data + writer->begin, writer->end - writer->begin };
        int64_t result;
        if (writer->stream->type->poll_write(writer->stream, cx, &self->wait, &part, 1, &result) == WEIR_PENDING) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (result <= 0) {
            *ret_result = result == 0 ? -EIO : result;
            return WEIR_READY;
        }
        writer->begin += (size_t)result;
    }
    if (writer->begin == writer->end)
        writer->begin = writer->end = 0;
    return WEIR_READY;
}

static void append(weir_writer *writer, const struct iovec *parts, int count, size_t size)
{
    if (writer->capacity - writer->end < size) {
        memmove(writer->data, writer->data + writer->begin, writer->end - writer->begin);
        writer->end -= writer->begin;
        writer->begin = 0;
    }
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > 0)
            memcpy(writer->data + writer->end, parts[i].iov_base, parts[i].iov_len);
        writer->end += parts[i].iov_len;
    }
}

static weir_poll put_poll(weir_future *future, weir_cx *cx)
{
    weir_writer_future *self = from_head(future);
    weir_writer *writer = self->writer;
    const struct iovec *parts = self->parts == NULL ? &self->part : self->parts;
    size_t size = 0;
    for (int i = 0; i < self->count; i++)
        if (__builtin_add_overflow(size, parts[i].iov_len, &size))
            size = SIZE_MAX;
    if (size > writer->capacity) {
        self->output = -EMSGSIZE;
        return WEIR_READY;
    }
    if (writer->end - writer->begin > writer->capacity - size) {
        /* All of it: what pays is large writes. */
        if (drain(self, cx, 0, &self->output) == WEIR_PENDING)
            return WEIR_PENDING;
        if (self->output != 0)
            return WEIR_READY;
    } else if (!weir_budget_take(cx)) {
        return WEIR_PENDING;
    }
    wi_ready_drop(&self->wait); /* another future has made room meanwhile */
    append(writer, parts, self->count, size);
    self->output = (int64_t)size;
    return WEIR_READY;
}

static weir_poll flush_poll(weir_future *future, weir_cx *cx)
{
    weir_writer_future *self = from_head(future);
    return drain(self, cx, 0, &self->output);
}

static void writer_drop(weir_future *future)
{
    wi_ready_drop_of(from_head(future)->writer->stream, &from_head(future)->wait);
}

static const weir_future_type put_type = WEIR_FUTURE_TYPE(weir_writer_future, "writer_put", put_poll, writer_drop);
static const weir_future_type flush_type =
    WEIR_FUTURE_TYPE(weir_writer_future, "writer_flush", flush_poll, writer_drop);

weir_writer_future weir_writer_put(weir_writer *writer, const void *data, size_t size)
{
    return (weir_writer_future){
        .future = WEIR_FUTURE_INIT(&put_type), .writer = writer, .part = { (void *)(uintptr_t)data, size }, .count = 1
    };
}

weir_writer_future weir_writer_putv(weir_writer *writer, const struct iovec *parts, int count)
{
    return (
        weir_writer_future){ .future = WEIR_FUTURE_INIT(&put_type), .writer = writer, .parts = parts, .count = count };
}

weir_writer_future weir_writer_flush(weir_writer *writer)
{
    return (weir_writer_future){ .future = WEIR_FUTURE_INIT(&flush_type), .writer = writer };
}
