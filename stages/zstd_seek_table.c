/* zstd_seek_table.c - the table at the end of a seekable file. */
#include "zstd_seek_table.h"

#include <stdlib.h>

enum {
    HEADER_SIZE = 8, /* magic of a skippable frame, size of what follows */
    ENTRY_SIZE = 8,
    FOOTER_SIZE = 9, /* frames, descriptor, magic */
    SKIPPABLE_MAGIC = 0x184D2A5E,
};
#define SEEKABLE_MAGIC 0x8F92EAB1u

static void store32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static int reserve(struct zstd_seek_table *self, size_t more)
{
    if (self->size + more <= self->capacity)
        return 0;
    const size_t capacity = self->capacity == 0 ? 1024 : 2 * self->capacity;
    uint8_t *bytes = realloc(self->bytes, capacity);
    if (bytes == NULL)
        return -ENOMEM;
    self->bytes = bytes;
    self->capacity = capacity;
    if (self->size == 0)
        self->size = HEADER_SIZE;
    return 0;
}

int zstd_seek_table_add(struct zstd_seek_table *self, uint64_t packed, uint64_t unpacked)
{
    if (packed > UINT32_MAX || unpacked > UINT32_MAX || self->size >= (size_t)ZSTD_SEEK_FRAMES_MAX * ENTRY_SIZE)
        return -EFBIG;
    const int error = reserve(self, ENTRY_SIZE);
    if (error < 0)
        return error;
    store32(self->bytes + self->size, (uint32_t)packed);
    store32(self->bytes + self->size + 4, (uint32_t)unpacked);
    self->size += ENTRY_SIZE;
    return 0;
}

static int seal(struct zstd_seek_table *self)
{
    const int error = reserve(self, FOOTER_SIZE);
    if (error < 0)
        return error;
    const size_t frames = (self->size - HEADER_SIZE) / ENTRY_SIZE;
    store32(self->bytes, SKIPPABLE_MAGIC);
    store32(self->bytes + 4, (uint32_t)(frames * ENTRY_SIZE + FOOTER_SIZE));
    store32(self->bytes + self->size, (uint32_t)frames);
    self->bytes[self->size + 4] = 0; /* descriptor: entries have no checksums */
    store32(self->bytes + self->size + 5, SEEKABLE_MAGIC);
    self->size += FOOTER_SIZE;
    self->is_sealed = true;
    return 0;
}

int zstd_seek_table_put(struct zstd_seek_table *self, weir_flow *flow)
{
    const int error = self->is_sealed ? 0 : seal(self);
    if (error < 0)
        return error;
    self->sent += weir_flow_put(flow, self->bytes + self->sent, self->size - self->sent);
    return self->sent == self->size;
}

void zstd_seek_table_reset(struct zstd_seek_table *self)
{
    self->size = self->bytes != NULL ? HEADER_SIZE : 0;
    self->sent = 0;
    self->is_sealed = false;
}

void zstd_seek_table_fini(struct zstd_seek_table *self)
{
    free(self->bytes);
    *self = (struct zstd_seek_table){ 0 };
}
