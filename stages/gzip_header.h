/*
 * gzip_header.h - what stands before the deflate stream of a gzip member (RFC 1952), in windows of any size.
 *
 * ISA-L reads headers, too, but takes one with a checksum for damaged when it comes in parts.
 */
#ifndef GZIP_HEADER_H
#define GZIP_HEADER_H

#include <weir/stage.h>

struct gzip_header {
    unsigned part;  /* that the next byte belongs to */
    unsigned count; /* bytes of that part so far */
    uint32_t value; /* the last number read, of parts that are numbers */
    uint32_t crc;
    uint8_t flags;
};

void gzip_header_init(struct gzip_header *self);

/*
 * Takes what is there of the header. 1: it is over; 0: it isn't; -EBADMSG, and
 * `*ret_fault` says why, or is NULL: it isn't one.
 */
WEIR_MUST_USE int gzip_header_take(struct gzip_header *self, weir_flow *flow, const char **ret_fault);

#endif
