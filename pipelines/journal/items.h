/*
 * items.h - what one node keeps, as bytes: states, positions and files, one behind the other.
 *
 * An item is a byte that says what it is, a u32 for how many bytes follow, and those.
 * All numbers are little-endian.
 *
 *     1  state     any bytes
 *     2  position  u64 offset, u32 n, n bytes path, and the rest: the file's identity
 *     3  file      u64 size, u8 flags, u32 n, n bytes path, and the rest: its name to be
 *                  flags: 1 it is complete, 2 it has a name to be
 *     4  spilled   u64 size, u32 n, n bytes name of a file in the state directory (state_files.h)
 */
#ifndef WP_ITEMS_H
#define WP_ITEMS_H

#include <weir/text.h>

enum item_kind { ITEM_STATE = 1, ITEM_POSITION = 2, ITEM_FILE = 3, ITEM_SPILLED = 4 };

/* Bytes of somebody else's: no NUL behind them. */
struct item_name {
    const char *data;
    size_t size;
};

struct item {
    enum item_kind kind;
    uint64_t number; /* offset, or size */
    struct item_name path;
    struct item_name more; /* state, identity, or name to be; data is NULL if there is none */
    bool complete;
};

/* 0 or -ENOMEM, and then nothing has changed. */
WEIR_MUST_USE int wp_item_append(weir_text *to, const struct item *item);

/* What is left to read. */
struct item_reader {
    const unsigned char *at, *end;
};

/* The next one: 1; 0: there is none; -EBADMSG: it isn't whole, or of an unknown kind. */
int wp_item_next(struct item_reader *reader, struct item *ret_item);

#endif
