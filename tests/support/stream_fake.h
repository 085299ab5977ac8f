/*
 * stream_fake.h - a stream as a test's seed wants it: short reads and writes, and pauses, nothing of a kernel.
 *
 *     struct stream_fake fake;
 *     stream_fake_init(&fake, seed, "what is read", 12);
 *     ... weir_stream_read(&fake.stream, ...)
 *     fake.written, fake.written_size
 *     stream_fake_fini(&fake);
 */
#ifndef STREAM_FAKE_H
#define STREAM_FAKE_H

#include <weir/stream.h>

#include "check.h"

struct stream_fake {
    weir_stream stream;
    uint64_t random;   /* 0: all at once, no pauses */
    const char *input; /* what is left to be read */
    size_t input_size;
    char *written;
    size_t written_size;
    bool stuck; /* nothing can be written */
    bool was_shut_down;
    int64_t error_at_end; /* instead of the end */
};

/* Vigna's xorshift64*. */
static inline uint64_t stream_fake_roll(struct stream_fake *self, uint64_t below)
{
    self->random ^= self->random >> 12;
    self->random ^= self->random << 25;
    self->random ^= self->random >> 27;
    return (self->random * 0x2545f4914f6cdd1du >> 33) % below;
}

/* How much of `size` goes this time; SIZE_MAX: a pause. */
static inline size_t stream_fake_some(struct stream_fake *self, weir_cx *cx, size_t size)
{
    if (self->random == 0 || size == 0)
        return size;
    if (stream_fake_roll(self, 3) == 0) {
        weir_wake(cx->waker);
        return SIZE_MAX;
    }
    const size_t most = size < 7 ? size : 7;
    return 1 + (size_t)stream_fake_roll(self, most);
}

static inline weir_poll stream_fake_read(weir_stream *stream, weir_cx *cx, weir_io_wait *wait,
                                         const struct iovec *parts, int count, int64_t *ret_result)
{
    struct stream_fake *self = weir_container_of(stream, struct stream_fake, stream);
    (void)wait;
    CHECK_EQ(count, 1);
    const size_t size =
        stream_fake_some(self, cx, parts->iov_len < self->input_size ? parts->iov_len : self->input_size);
    if (size == SIZE_MAX)
        return WEIR_PENDING;
    if (size > 0)
        memcpy(parts->iov_base, self->input, size);
    self->input += size;
    self->input_size -= size;
    *ret_result = size == 0 ? self->error_at_end : (int64_t)size;
    return WEIR_READY;
}

static inline weir_poll stream_fake_write(weir_stream *stream, weir_cx *cx, weir_io_wait *wait,
                                          const struct iovec *parts, int count, int64_t *ret_result)
{
    struct stream_fake *self = weir_container_of(stream, struct stream_fake, stream);
    (void)wait;
    CHECK_EQ(count, 1);
    const size_t size = self->stuck ? SIZE_MAX : stream_fake_some(self, cx, parts->iov_len);
    if (size == SIZE_MAX)
        return WEIR_PENDING;
    self->written = realloc(self->written, self->written_size + size + 1);
    CHECK(self->written != NULL);
    memcpy(self->written + self->written_size, parts->iov_base, size);
    self->written_size += size;
    self->written[self->written_size] = '\0';
    *ret_result = (int64_t)size;
    return WEIR_READY;
}

static inline int stream_fake_shut_down(weir_stream *stream)
{
    weir_container_of(stream, struct stream_fake, stream)->was_shut_down = true;
    return 0;
}

static inline void stream_fake_destroy(weir_stream *stream)
{
    struct stream_fake *self = weir_container_of(stream, struct stream_fake, stream);
    free(self->written);
    self->written = NULL;
}

static const weir_stream_type stream_fake_type = {
    .name = "fake",
    .poll_read = stream_fake_read,
    .poll_write = stream_fake_write,
    .shut_down = stream_fake_shut_down,
    .destroy = stream_fake_destroy,
};

static inline void stream_fake_init(struct stream_fake *self, uint64_t seed, const char *input, size_t input_size)
{
    *self = (struct stream_fake){ .random = seed * 0x9e3779b97f4a7c15u, .input = input, .input_size = input_size };
    weir_stream_init(&self->stream, &stream_fake_type);
}

static inline void stream_fake_fini(struct stream_fake *self)
{
    CHECK_EQ(self->stream.refs, 1);
    weir_stream_put(&self->stream);
}

#endif
