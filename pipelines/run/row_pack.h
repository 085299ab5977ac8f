/* row_pack.h - a record as bytes of its own, and back: for who keeps many, in memory or on disk. */
#ifndef WP_ROW_PACK_H
#define WP_ROW_PACK_H

#include "run/batch.h"

/*
 * Appends a record of `batch`, whose fields become given ones (wp_row_settle). Within this process only: digests are
 * remembered by their address. 0 or -ENOMEM, and then part of it may be there.
 */
WEIR_MUST_USE int wp_row_pack(struct batch *batch, struct row *row, weir_text *out);

/* The record as the next one of the batch, where there must be room. It is copied. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_row_unpack(struct batch *batch, const char *pack, size_t size);

#endif
