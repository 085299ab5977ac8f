/*
 * deflater_isal.c - makes one gzip member at a time, by ISA-L.
 *
 * What ISA-L writes depends on how its input is cut. It is therefore fed full
 * blocks from a buffer, and has room for all that one becomes: the same bytes give
 * the same output, whatever the windows.
 */
#include "deflater_isal.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 128 << 10, PACKED_BYTES = 2 * BLOCK_BYTES };

struct deflater_isal {
    struct isal_zstream stream;
    uint32_t level, level_size;
    size_t filled; /* of block */
    size_t sent;   /* of what the stream wrote to packed */
    bool has_ended;
    uint8_t block[BLOCK_BYTES], packed[PACKED_BYTES];
    _Alignas(64) uint8_t level_buffer[]; /* the library's working memory */
};

static uint32_t level_bytes(int level)
{
    return level == 1 ? ISAL_DEF_LVL1_DEFAULT : level == 2 ? ISAL_DEF_LVL2_DEFAULT : ISAL_DEF_LVL3_DEFAULT;
}

void deflater_isal_reset(struct deflater_isal *self)
{
    isal_deflate_init(&self->stream);
    self->stream.level = self->level;
    self->stream.level_buf = self->level_buffer;
    self->stream.level_buf_size = self->level_size;
    self->stream.gzip_flag = IGZIP_GZIP;
    self->stream.next_out = self->packed;
    self->stream.avail_out = PACKED_BYTES;
    self->filled = self->sent = 0;
    self->has_ended = false;
}

struct deflater_isal *deflater_isal_create(int level)
{
    struct deflater_isal *self = aligned_alloc(64, (sizeof *self + level_bytes(level) + 63) & ~(size_t)63);
    if (self == NULL)
        return NULL;
    self->level = (uint32_t)level;
    self->level_size = level_bytes(level);
    deflater_isal_reset(self);
    return self;
}

void deflater_isal_destroy(struct deflater_isal *self)
{
    free(self);
}

/* A full block, or the last one. */
static int compress(struct deflater_isal *self, bool last)
{
    struct isal_zstream *stream = &self->stream;
    stream->next_in = self->block;
    stream->avail_in = (uint32_t)self->filled;
    stream->next_out = self->packed;
    stream->avail_out = PACKED_BYTES;
    stream->end_of_stream = last;
    self->sent = self->filled = 0;
    const int code = isal_deflate(stream);
    self->has_ended = stream->internal_state.state == ZSTATE_END;
    return code == COMP_OK && stream->avail_in == 0 && self->has_ended == last ? 0 : -EIO;
}

int deflater_isal_run(struct deflater_isal *self, weir_flow *flow)
{
    for (;;) {
        const size_t written = (size_t)(self->stream.next_out - self->packed);
        self->sent += weir_flow_put(flow, self->packed + self->sent, written - self->sent);
        if (self->sent < written)
            return 0;
        if (self->has_ended)
            return 1;
        const size_t there = flow->in_size - flow->in_pos, room = BLOCK_BYTES - self->filled;
        const size_t count = there < room ? there : room;
        if (count > 0)
            memcpy(self->block + self->filled, flow->in + flow->in_pos, count);
        self->filled += count;
        flow->in_pos += count;
        const bool last = flow->in_last && flow->in_pos == flow->in_size;
        /* A full block waits for what follows: it may be the last one. */
        if (!last && (self->filled < BLOCK_BYTES || flow->in_pos == flow->in_size))
            return 0;
        const int error = compress(self, last);
        if (error < 0)
            return error;
    }
}
