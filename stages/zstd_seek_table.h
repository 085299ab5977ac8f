/*
 * zstd_seek_table.h - the table at the end of a seekable file: how long each frame is, packed and unpacked.
 *
 * It is a skippable frame, so that decoders that know nothing of it pass it by;
 * the layout is that of "Zstandard Seekable Format", version 0.1.0, without
 * checksums (frames carry their own).
 */
#ifndef ZSTD_SEEK_TABLE_H
#define ZSTD_SEEK_TABLE_H

#include <weir/stage.h>

struct zstd_seek_table {
    uint8_t *bytes; /* a header, 8 bytes a frame, a footer once it is sealed */
    size_t size, capacity, sent;
    bool is_sealed;
};

/* What the format has room for. */
#define ZSTD_SEEK_FRAMES_MAX 0x8000000u
#define ZSTD_SEEK_FRAME_BYTES_MAX 0x40000000u

/* 0, -ENOMEM, or -EFBIG: too many frames. */
WEIR_MUST_USE int zstd_seek_table_add(struct zstd_seek_table *self, uint64_t packed, uint64_t unpacked);
/* Writes it, as far as there is room. 1: all of it is written, 0: there is more, or -ENOMEM. */
WEIR_MUST_USE int zstd_seek_table_put(struct zstd_seek_table *self, weir_flow *flow);
void zstd_seek_table_reset(struct zstd_seek_table *self);
void zstd_seek_table_fini(struct zstd_seek_table *self);

#endif
