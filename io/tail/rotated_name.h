/*
 * rotated_name.h - what a log may be called once it was rotated: x.log.1, x.log-20261126.gz, x.log.old,
 * x-2026-11-26.log.
 */
#ifndef WI_ROTATED_NAME_H
#define WI_ROTATED_NAME_H

#include <weir/base.h>

/*
 * The names of which this may be a rotated one, one after the other: *at begins with 0 and is where to go on. Puts one
 * to ret_base, which has room for NAME_MAX + 1 bytes. False: no more.
 */
bool wi_rotated_base(const char *name, size_t *at, char *ret_base);
/* Is it a rotated name of `base`? */
bool wi_is_rotated(const char *name, const char *base);

/* Ends as files are called that were compressed: .gz, .zst and the like. */
bool wi_is_packed_name(const char *name);
/* Begins as such files do: gzip, zstd, LZ4, xz, bzip2. */
bool wi_is_packed_head(const uint8_t *head, size_t size);

#endif
