/* json_bitmaps.h - what 64 bytes of a JSON text are, bit 0 for the first of them. */
#ifndef WP_JSON_BITMAPS_H
#define WP_JSON_BITMAPS_H

#include <weir/base.h>

struct bitmaps {
    uint64_t quote, backslash;
    uint64_t mark;    /* {}[]:, */
    uint64_t blank;   /* space, tab, newline, return */
    uint64_t control; /* below 0x20 */
    uint64_t high;    /* from 0x80 on */
};

#endif
