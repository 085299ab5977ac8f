/* gzip_header.c - reads the header of a gzip member byte by byte. */
#include "gzip_header.h"

#include <zlib.h>

enum part { FIXED, EXTRA_SIZE, EXTRA, NAME, COMMENT, CHECKSUM, OVER };

enum { FIXED_SIZE = 10, METHOD_DEFLATE = 8 };
enum { HAS_CHECKSUM = 0x02, HAS_EXTRA = 0x04, HAS_NAME = 0x08, HAS_COMMENT = 0x10, RESERVED = 0xe0 };

void gzip_header_init(struct gzip_header *self)
{
    *self = (struct gzip_header){ .part = FIXED };
}

/* Whether the flags ask for this part. */
static bool is_there(const struct gzip_header *self, unsigned part)
{
    static const uint8_t flag[] = { [EXTRA_SIZE] = HAS_EXTRA, [EXTRA] = HAS_EXTRA,       [NAME] = HAS_NAME,
                                    [COMMENT] = HAS_COMMENT,  [CHECKSUM] = HAS_CHECKSUM, [OVER] = 0 };
    return part == OVER || ((self->flags & flag[part]) != 0 && (part != EXTRA || self->value > 0));
}

static void next_part(struct gzip_header *self)
{
    do
        self->part++;
    while (!is_there(self, self->part));
    self->count = 0;
}

static int take_fixed(struct gzip_header *self, uint8_t byte, const char **ret_fault)
{
    bool is_right = true;
    switch (self->count) {
    case 1:
        is_right = byte == 0x1f;
        break;
    case 2:
        is_right = byte == 0x8b;
        break;
    case 3:
        is_right = byte == METHOD_DEFLATE;
        *ret_fault = is_right ? NULL : "unknown compression method";
        break;
    case 4:
        is_right = (byte & RESERVED) == 0;
        *ret_fault = is_right ? NULL : "unknown header flags set";
        self->flags = byte;
        break;
    case FIXED_SIZE:
        next_part(self);
        break;
    default:
        break;
    }
    return is_right ? 0 : -EBADMSG;
}

/* Two bytes, the lower one first. True: both are there. */
static bool take_number(struct gzip_header *self, uint8_t byte)
{
    self->value = self->count == 1 ? byte : self->value | (uint32_t)byte << 8;
    return self->count == 2;
}

static int take(struct gzip_header *self, uint8_t byte, const char **ret_fault)
{
    const uint32_t crc = self->crc;
    self->crc = (uint32_t)crc32(crc, &byte, 1);
    self->count++;
    switch ((enum part)self->part) {
    case FIXED:
        return take_fixed(self, byte, ret_fault);
    case EXTRA_SIZE:
        if (take_number(self, byte))
            next_part(self);
        break;
    case EXTRA:
        if (self->count == self->value)
            next_part(self);
        break;
    case NAME:
    case COMMENT:
        if (byte == 0)
            next_part(self);
        break;
    case CHECKSUM:
        if (self->count == 1)
            self->crc = crc; /* of what came before it */
        if (!take_number(self, byte))
            break;
        if (self->value != (crc & 0xffff)) {
            *ret_fault = "wrong checksum of its header";
            return -EBADMSG;
        }
        next_part(self);
        break;
    case OVER:
        break;
    }
    return 0;
}

int gzip_header_take(struct gzip_header *self, weir_flow *flow, const char **ret_fault)
{
    *ret_fault = NULL;
    while (self->part != OVER && flow->in_pos < flow->in_size) {
        const int error = take(self, flow->in[flow->in_pos], ret_fault);
        if (error < 0)
            return error;
        flow->in_pos++;
    }
    return self->part == OVER;
}
