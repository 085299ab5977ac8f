/* zstd_frames.c - finds where zstd frames end, without decoding them. */
#include "zstd_frames.h"

#include <string.h>

enum { MAGIC_SIZE = 4, BLOCK_HEADER_SIZE = 3, CHECKSUM_SIZE = 4, BLOCK_RLE = 1, BLOCK_RESERVED = 3 };
#define FRAME_MAGIC_NUMBER 0xFD2FB528u
#define SKIPPABLE_MAGIC_MASKED 0x184D2A50u

static uint32_t load(const uint8_t *at, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

static void expect(struct zstd_frames *self, int part, unsigned want)
{
    self->part = part;
    self->have = 0;
    self->want = want;
}

static void read_magic(struct zstd_frames *self)
{
    const uint32_t magic = load(self->head, MAGIC_SIZE);
    if (magic == FRAME_MAGIC_NUMBER)
        expect(self, FRAME_HEADER, 1);
    else if ((magic & 0xFFFFFFF0u) == SKIPPABLE_MAGIC_MASKED)
        expect(self, FRAME_SKIPPABLE, 4);
    else
        self->part = FRAME_STRANGE;
}

/* The descriptor says how long the rest of the header is. */
static void read_header(struct zstd_frames *self)
{
    static const uint8_t dictionary_sizes[] = { 0, 1, 2, 4 }, content_sizes[] = { 0, 2, 4, 8 };
    const uint8_t descriptor = self->head[0];
    const bool is_single = (descriptor & 0x20) != 0;
    self->has_checksum = (descriptor & 0x04) != 0;
    self->skip = (is_single ? 0 : 1) + dictionary_sizes[descriptor & 3] + content_sizes[descriptor >> 6] +
                 (is_single && descriptor >> 6 == 0 ? 1 : 0);
    expect(self, FRAME_BLOCK, BLOCK_HEADER_SIZE);
}

static void read_block(struct zstd_frames *self)
{
    const uint32_t header = load(self->head, BLOCK_HEADER_SIZE);
    const unsigned type = header >> 1 & 3;
    if (type == BLOCK_RESERVED) {
        self->part = FRAME_STRANGE;
        return;
    }
    self->skip = type == BLOCK_RLE ? 1 : header >> 3;
    self->ends = (header & 1) != 0;
    self->skip += self->ends && self->has_checksum ? CHECKSUM_SIZE : 0;
    expect(self, FRAME_BLOCK, BLOCK_HEADER_SIZE);
}

static void read_head(struct zstd_frames *self)
{
    switch (self->part) {
    case FRAME_MAGIC:
        read_magic(self);
        break;
    case FRAME_HEADER:
        read_header(self);
        break;
    case FRAME_SKIPPABLE:
        self->skip = load(self->head, 4);
        self->ends = true;
        break;
    case FRAME_BLOCK:
        read_block(self);
        break;
    case FRAME_STRANGE:
        break;
    }
}

size_t zstd_frames_find(struct zstd_frames *self, const uint8_t *data, size_t size, bool *ret_ended)
{
    size_t at = 0;
    *ret_ended = false;
    if (self->want == 0) /* the first call */
        expect(self, FRAME_MAGIC, MAGIC_SIZE);
    while (self->part != FRAME_STRANGE) {
        const size_t skipped = self->skip < size - at ? (size_t)self->skip : size - at;
        at += skipped;
        self->skip -= skipped;
        if (self->skip > 0)
            return at;
        if (self->ends) {
            *self = (struct zstd_frames){ .part = FRAME_MAGIC, .want = MAGIC_SIZE };
            *ret_ended = true;
            return at;
        }
        while (self->have < self->want && at < size)
            self->head[self->have++] = data[at++];
        if (self->have < self->want)
            return at;
        read_head(self);
    }
    return size;
}
