/*
 * buffered.h - frames out of a stream of bytes, and small writes gathered into large ones.
 *
 *     weir_reader_init(&self->reader, self->stream, 1 << 16);
 *     self->lines = weir_line_decoder(1000);
 *     for (;;) {
 *         AWAIT(self->next, weir_frame_next(&self->reader, &self->lines.decoder, &self->line));
 *         if (self->next.output <= 0)
 *             break;
 *         use(self->line.data, self->line.size);
 *     }
 *     ...
 *     WEIR_FINALLY
 *     weir_reader_fini(&self->reader);
 *
 * What was read and is no whole frame yet lies in the reader, so nothing here loses
 * data by being dropped. Reader and writer belong to one task and borrow the stream.
 */
#ifndef WEIR_BUFFERED_H
#define WEIR_BUFFERED_H

#include <weir/stream.h>

/* --- reading --------------------------------------------------------------------------- */

typedef struct weir_reader {
    weir_stream *stream;
    uint8_t *data; /* NULL until something is read */
    size_t begin;  /* of what was read and not consumed */
    size_t end;
    size_t capacity;
    size_t bytes_max;
    bool at_end;
} weir_reader;

/* The buffer grows with what it must hold, up to `bytes_max` (at least 1). */
void weir_reader_init(weir_reader *reader, weir_stream *stream, size_t bytes_max);
void weir_reader_fini(weir_reader *reader);

/*
 * weir_reader_fill() - read more, behind what is there.
 *
 * Resolves to the bytes that came, 0 at the end, or a negative errno; -ENOBUFS:
 * the buffer is full. reader->data[begin..end) is what there is; add to `begin`
 * what you took.
 *
 * Cancel safe: yes.
 */
typedef struct weir_reader_future {
    weir_future future;
    int64_t output;
    weir_reader *reader;
    weir_io_wait wait;
} weir_reader_future;
WEIR_MUST_USE weir_reader_future weir_reader_fill(weir_reader *reader);

/* --- frames ---------------------------------------------------------------------------- */

typedef struct weir_frame {
    const uint8_t *data; /* in the reader's buffer: until the next call with that reader */
    size_t size;
} weir_frame;

/*
 * How bytes are cut into frames. decode() looks at what was read and not consumed,
 * and returns how much of it is consumed: with a frame in *ret_frame, or without
 * one (data == NULL) where bytes are to be skipped. 0: more is needed. `at_end`:
 * there is no more; `size` 0 then is the regular end and isn't asked about.
 * A negative errno is passed on.
 */
typedef struct weir_decoder {
    int64_t (*decode)(struct weir_decoder *decoder, const uint8_t *data, size_t size, bool at_end,
                      weir_frame *ret_frame);
} weir_decoder;

/*
 * weir_frame_next() - the next frame.
 *
 * Resolves to 1 and *ret_frame, 0 at the end, or a negative errno; -EMSGSIZE: a
 * frame is longer than its decoder or the reader allows; -EBADMSG: the end came
 * within a frame.
 *
 * Cancel safe: yes; half a frame stays in the reader.
 */
typedef struct weir_frame_future {
    weir_future future;
    int64_t output;
    weir_reader *reader;
    weir_decoder *decoder;
    weir_frame *ret_frame;
    weir_io_wait wait;
} weir_frame_future;
WEIR_MUST_USE weir_frame_future weir_frame_next(weir_reader *reader, weir_decoder *decoder, weir_frame *ret_frame);

/*
 * Lines: up to '\n', without it and without a '\r' before it; the last one needs
 * none. One longer than `line_max` is -EMSGSIZE; the call after that goes on with
 * the line behind it. The reader must have room for line_max + 2 bytes.
 */
typedef struct weir_lines {
    weir_decoder decoder;
    size_t line_max;
    size_t looked_at; /* of the bytes there, without a '\n' */
    bool skipping;
} weir_lines;
weir_lines weir_line_decoder(size_t line_max);

/*
 * Frames with their length in front: `length_bytes` (1 to 8) of it, the last one
 * first if `little`. One longer than `frame_max` is -EMSGSIZE, and nothing after
 * it can be trusted. The reader must have room for frame_max + length_bytes bytes.
 */
typedef struct weir_lengths {
    weir_decoder decoder;
    size_t frame_max;
    uint8_t length_bytes;
    bool little;
} weir_lengths;
weir_lengths weir_length_decoder(unsigned length_bytes, bool little, size_t frame_max);

/* --- writing --------------------------------------------------------------------------- */

typedef struct weir_writer {
    weir_stream *stream;
    uint8_t *data;
    size_t begin; /* of what wasn't written yet */
    size_t end;
    size_t capacity;
} weir_writer;

/* 0, -ENOMEM. */
WEIR_MUST_USE int weir_writer_init(weir_writer *writer, weir_stream *stream, size_t capacity);
/* What wasn't flushed is gone. */
void weir_writer_fini(weir_writer *writer);

/*
 * weir_writer_put() - put bytes into the buffer, after writing as much of it as
 * makes room. weir_writer_putv(): from several places, as one.
 *
 * Resolves to the bytes put, all of them, or a negative errno; -EMSGSIZE: more
 * than the buffer can hold.
 *
 * Cancel safe: yes. One that was dropped has put nothing.
 */
typedef struct weir_writer_future {
    weir_future future;
    int64_t output;
    weir_writer *writer;
    weir_io_wait wait;
    struct iovec part;
    const struct iovec *parts;
    int count;
} weir_writer_future;
WEIR_MUST_USE weir_writer_future weir_writer_put(weir_writer *writer, const void *data, size_t size);
WEIR_MUST_USE weir_writer_future weir_writer_putv(weir_writer *writer, const struct iovec *parts, int count);

/*
 * weir_writer_flush() - write all that is in the buffer.
 *
 * Resolves to 0 or a negative errno. Cancel safe: yes; what wasn't written stays.
 */
WEIR_MUST_USE weir_writer_future weir_writer_flush(weir_writer *writer);

/* The length of a frame as weir_length_decoder() wants it. -EMSGSIZE: it doesn't fit in so many bytes. */
int weir_length_encode(unsigned length_bytes, bool little, uint64_t length, uint8_t *ret_bytes);

#endif
