/*
 * zstd_frames.h - finds where zstd frames end, without decoding them, as the bytes come.
 *
 * It reads the headers of frames and of their blocks (RFC 8878, 3.1.1) and skips
 * what is between. What it can't read it takes for one frame without an end.
 */
#ifndef ZSTD_FRAMES_H
#define ZSTD_FRAMES_H

#include <weir/stage.h>

struct zstd_frames {
    enum { FRAME_MAGIC, FRAME_HEADER, FRAME_SKIPPABLE, FRAME_BLOCK, FRAME_STRANGE } part; /* being read into `head` */
    uint8_t head[8];
    unsigned have, want; /* of head */
    uint64_t skip;       /* bytes until the next header */
    bool ends;           /* behind the skip, the frame is over */
    bool has_checksum;
};

/* Goes on over `size` bytes, to the end of a frame at most; returns how many it took. `*ret_ended`: it is there. */
size_t zstd_frames_find(struct zstd_frames *self, const uint8_t *data, size_t size, bool *ret_ended);

#endif
