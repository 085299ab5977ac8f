/*
 * inflater.h - decodes one gzip member at a time: by ISA-L where it was there at build time, else by zlib.
 *
 * Which one is a matter of the build: inflater_isal.c or inflater_zlib.c.
 */
#ifndef INFLATER_H
#define INFLATER_H

#include <weir/stage.h>

struct inflater;

/* NULL: no memory. */
struct inflater *inflater_create(void);
void inflater_destroy(struct inflater *self); /* takes NULL */
/* The next member. After anything, failures too. */
void inflater_reset(struct inflater *self);

/*
 * Decodes as far as the windows go. 1: the member is over and its checksum is
 * right; 0: it isn't; -EBADMSG, and `*ret_fault` says why, or is NULL: it has no
 * gzip header.
 */
WEIR_MUST_USE int inflater_run(struct inflater *self, weir_flow *flow, const char **ret_fault);

#endif
