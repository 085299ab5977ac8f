/*
 * deflater.h - makes one gzip member at a time.
 *
 * By zlib, and levels 1 to 3 by ISA-L where it was there at build time: about as
 * small as zlib's, in a third of the time.
 */
#ifndef DEFLATER_H
#define DEFLATER_H

#include <weir/stage.h>

struct deflater;

/* `level` is 1 to 9. NULL: no memory. */
struct deflater *deflater_create(int level);
void deflater_destroy(struct deflater *self); /* takes NULL */
/* The next member. After anything. */
void deflater_reset(struct deflater *self);

/* Compresses as far as the windows go. 1: the member is complete; 0: it isn't; -EIO. */
WEIR_MUST_USE int deflater_run(struct deflater *self, weir_flow *flow);

#endif
