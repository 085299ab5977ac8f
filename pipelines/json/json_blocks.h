/*
 * json_blocks.h - the first pass over a JSON text: 64 bytes become bitmaps, bitmaps the places of tokens.
 *
 * A token's place is that of a bracket, brace, comma or colon, of an opening or a
 * closing quote, or of the first byte of anything else that isn't blank.
 */
#ifndef WP_JSON_BLOCKS_H
#define WP_JSON_BLOCKS_H

#include <weir/base.h>

#define JSON_BLOCK 64

/* What goes on from block to block; zero it to begin. */
struct json_blocks {
    uint64_t escaped;   /* bit 0: the next byte follows a backslash that counts */
    uint64_t in_string; /* all ones: the next byte is within a string */
    uint64_t in_scalar; /* bit 0: the byte before was part of a number or word */
    bool has_backslash, has_high;
    bool has_control; /* a control character within a string, the first at `control_at` */
    size_t control_at;
    size_t count; /* places written */
};

/* Whole blocks of `text`, which begins at `base`. `places` has room for `size` more. */
typedef void json_blocks_call(struct json_blocks *self, const char *text, size_t size, size_t base, uint32_t *places);

json_blocks_call wp_json_blocks_portable;
#ifdef __x86_64__
json_blocks_call wp_json_blocks_avx2;
#endif

/* The fastest first that this processor can run; NULL past the last, which is the portable one. */
json_blocks_call *wp_json_blocks_at(size_t index);

#endif
