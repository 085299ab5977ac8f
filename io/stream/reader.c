/* reader.c - a buffer in front of a stream, and frames cut out of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <weir/buffered.h>

#include "ready.h"

#define FIRST_BYTES ((size_t)8192)

void weir_reader_init(weir_reader *reader, weir_stream *stream, size_t bytes_max)
{
    *reader = (weir_reader){ .stream = stream, .bytes_max = bytes_max == 0 ? 1 : bytes_max };
}

void weir_reader_fini(weir_reader *reader)
{
    free(reader->data);
    reader->data = NULL;
    reader->begin = reader->end = reader->capacity = 0;
}

/* Room behind `end`: what is there moves to the front, or the buffer grows. */
static int make_room(weir_reader *self)
{
    if (self->begin == self->end)
        self->begin = self->end = 0;
    if (self->end < self->capacity)
        return 0;
    if (self->begin > 0) {
        memmove(self->data, self->data + self->begin, self->end - self->begin);
        self->end -= self->begin;
        self->begin = 0;
        return 0;
    }
    if (self->capacity == self->bytes_max)
        return -ENOBUFS;
    size_t capacity = self->capacity == 0 ? FIRST_BYTES : self->capacity * 2;
    if (capacity > self->bytes_max || capacity < self->capacity)
        capacity = self->bytes_max;
    uint8_t *data = realloc(self->data, capacity);
    if (data == NULL)
        return -ENOMEM;
    self->data = data;
    self->capacity = capacity;
    return 0;
}

static weir_poll poll_fill(weir_reader *self, weir_cx *cx, weir_io_wait *wait, int64_t *ret_result)
{
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    *ret_result = make_room(self);
    if (*ret_result != 0)
        return WEIR_READY;
    const struct iovec part = { self->data + self->end, self->capacity - self->end };
    if (self->stream->type->poll_read(self->stream, cx, wait, &part, 1, ret_result) == WEIR_PENDING) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    if (*ret_result > 0)
        self->end += (size_t)*ret_result;
    self->at_end = *ret_result == 0;
    return WEIR_READY;
}

static weir_reader_future *fill_from(weir_future *future)
{
    return weir_container_of(future, weir_reader_future, future);
}

static weir_poll fill_poll(weir_future *future, weir_cx *cx)
{
    weir_reader_future *self = fill_from(future);
    return poll_fill(self->reader, cx, &self->wait, &self->output);
}

static void fill_drop(weir_future *future)
{
    wi_ready_drop_of(fill_from(future)->reader->stream, &fill_from(future)->wait);
}

static const weir_future_type fill_type = WEIR_FUTURE_TYPE(weir_reader_future, "reader_fill", fill_poll, fill_drop);

weir_reader_future weir_reader_fill(weir_reader *reader)
{
    return (weir_reader_future){ .future = WEIR_FUTURE_INIT(&fill_type), .reader = reader };
}

/* --- frames -------------------------------------------------------------------------------- */

static weir_frame_future *frame_from(weir_future *future)
{
    return weir_container_of(future, weir_frame_future, future);
}

/* 1: a frame; 0: nothing more to be had from what is there; or an error. */
static int64_t cut(weir_frame_future *self)
{
    weir_reader *reader = self->reader;
    while (reader->begin < reader->end) {
        weir_frame frame = { NULL, 0 };
        const int64_t used = self->decoder->decode(self->decoder, reader->data + reader->begin,
                                                   reader->end - reader->begin, reader->at_end, &frame);
        if (used <= 0)
            return used;
        reader->begin += (size_t)used;
        if (frame.data != NULL) {
            *self->ret_frame = frame;
            return 1;
        }
    }
    return 0;
}

static weir_poll frame_poll(weir_future *future, weir_cx *cx)
{
    weir_frame_future *self = frame_from(future);
    for (;;) {
        /* A fill that waits has looked at what is there; its buffer may not move. */
        if (self->wait.op == NULL) {
            if (!weir_budget_take(cx))
                return WEIR_PENDING;
            self->output = cut(self);
            if (self->output != 0)
                return WEIR_READY;
            if (self->reader->at_end) {
                self->output = self->reader->begin < self->reader->end ? -EBADMSG : 0;
                return WEIR_READY;
            }
            weir_budget_give_back(cx);
        }
        int64_t result;
        if (poll_fill(self->reader, cx, &self->wait, &result) == WEIR_PENDING)
            return WEIR_PENDING;
        if (result < 0) {
            self->output = result == -ENOBUFS ? -EMSGSIZE : result;
            return WEIR_READY;
        }
    }
}

static void frame_drop(weir_future *future)
{
    wi_ready_drop_of(frame_from(future)->reader->stream, &frame_from(future)->wait);
}

static const weir_future_type frame_type = WEIR_FUTURE_TYPE(weir_frame_future, "frame_next", frame_poll, frame_drop);

weir_frame_future weir_frame_next(weir_reader *reader, weir_decoder *decoder, weir_frame *ret_frame)
{
    return (weir_frame_future){
        .future = WEIR_FUTURE_INIT(&frame_type), .reader = reader, .decoder = decoder, .ret_frame = ret_frame
    };
}
