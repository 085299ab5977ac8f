/* stream_io.c - the futures that read and write a stream, once or until all is done. */
#include <weir/stream.h>

#include "ready.h"

typedef weir_poll (*transfer_fn)(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                 int count, int64_t *ret_result);

/* --- once ----------------------------------------------------------------------------- */

static weir_stream_io *io_from(weir_future *future)
{
    return weir_container_of(future, weir_stream_io, future);
}

static weir_poll poll_once(weir_stream_io *self, weir_cx *cx, transfer_fn transfer)
{
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    const struct iovec *parts = self->parts == NULL ? &self->part : self->parts;
    const weir_poll poll_ = transfer(self->stream, cx, &self->wait, parts, self->count, &self->output);
    if (poll_ == WEIR_PENDING)
        weir_budget_give_back(cx);
    return poll_;
}

static weir_poll read_poll(weir_future *future, weir_cx *cx)
{
    weir_stream_io *self = io_from(future);
    return poll_once(self, cx, self->stream->type->poll_read);
}

static weir_poll write_poll(weir_future *future, weir_cx *cx)
{
    weir_stream_io *self = io_from(future);
    return poll_once(self, cx, self->stream->type->poll_write);
}

static void io_drop(weir_future *future)
{
    wi_ready_drop_of(io_from(future)->stream, &io_from(future)->wait);
}

static const weir_future_type read_type = WEIR_FUTURE_TYPE(weir_stream_io, "stream_read", read_poll, io_drop);
static const weir_future_type write_type = WEIR_FUTURE_TYPE(weir_stream_io, "stream_write", write_poll, io_drop);

static weir_stream_io make(const weir_future_type *type, weir_stream *stream, const struct iovec *parts, int count)
{
    return (weir_stream_io){ .future = WEIR_FUTURE_INIT(type), .stream = stream, .parts = parts, .count = count };
}

static weir_stream_io make_one(const weir_future_type *type, weir_stream *stream, void *buffer, size_t size)
{
    weir_stream_io io = make(type, stream, NULL, 1);
    io.part = (struct iovec){ buffer, size };
    return io;
}

weir_stream_io weir_stream_read(weir_stream *stream, void *buffer, size_t size)
{
    return make_one(&read_type, stream, buffer, size);
}

weir_stream_io weir_stream_readv(weir_stream *stream, const struct iovec *parts, int count)
{
    return make(&read_type, stream, parts, count);
}

weir_stream_io weir_stream_write(weir_stream *stream, const void *buffer, size_t size)
{
    return make_one(&write_type, stream, (void *)(uintptr_t)buffer, size);
}

weir_stream_io weir_stream_writev(weir_stream *stream, const struct iovec *parts, int count)
{
    return make(&write_type, stream, parts, count);
}

/* --- until all is done ------------------------------------------------------------------ */

static weir_stream_all *all_from(weir_future *future)
{
    return weir_container_of(future, weir_stream_all, future);
}

/* Each step costs budget, or a fast other side would keep the worker for itself. */
static weir_poll poll_all(weir_stream_all *self, weir_cx *cx, transfer_fn transfer)
{
    while (self->done < self->size) {
        if (!weir_budget_take(cx))
            return WEIR_PENDING;
        const struct iovec part = { self->data + self->done, self->size - self->done };
        int64_t result;
        if (transfer(self->stream, cx, &self->wait, &part, 1, &result) == WEIR_PENDING) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (result < 0) {
            self->output = result;
            return WEIR_READY;
        }
        if (result == 0)
            break;
        self->done += (size_t)result;
    }
    self->output = (int64_t)self->done;
    return WEIR_READY;
}

static weir_poll read_exact_poll(weir_future *future, weir_cx *cx)
{
    weir_stream_all *self = all_from(future);
    return poll_all(self, cx, self->stream->type->poll_read);
}

static weir_poll write_all_poll(weir_future *future, weir_cx *cx)
{
    weir_stream_all *self = all_from(future);
    const weir_poll poll_ = poll_all(self, cx, self->stream->type->poll_write);
    /* A kind of stream that takes nothing and says nothing would be asked for ever. */
    if (poll_ == WEIR_READY && self->output >= 0 && self->done < self->size)
        self->output = -EIO;
    return poll_;
}

static void all_drop(weir_future *future)
{
    wi_ready_drop_of(all_from(future)->stream, &all_from(future)->wait);
}

static const weir_future_type read_exact_type =
    WEIR_FUTURE_TYPE(weir_stream_all, "stream_read_exact", read_exact_poll, all_drop);
static const weir_future_type write_all_type =
    WEIR_FUTURE_TYPE(weir_stream_all, "stream_write_all", write_all_poll, all_drop);

static weir_stream_all make_all(const weir_future_type *type, weir_stream *stream, void *data, size_t size)
{
    return (weir_stream_all){ .future = { WEIR_FUTURE_INIT(type) }, .stream = stream, .data = data, .size = size };
}

weir_stream_all weir_stream_read_exact(weir_stream *stream, void *buffer, size_t size)
{
    return make_all(&read_exact_type, stream, buffer, size);
}

weir_stream_all weir_stream_write_all(weir_stream *stream, const void *buffer, size_t size)
{
    return make_all(&write_all_type, stream, (void *)(uintptr_t)buffer, size);
}
