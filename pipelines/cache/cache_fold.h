/* cache_fold.h - table and log become one table, in a file that takes the place of the old one. */
#ifndef WP_CACHE_FOLD_H
#define WP_CACHE_FOLD_H

#include "cache/cache_log.h"

/*
 * Keeps the records of which `keep` says so (NULL: all), the later ones of those
 * with the same print. The log must be locked, and is afterwards, though another
 * file. 0, or a negative errno: then the old file is as it was. Blocks.
 */
WEIR_MUST_USE int wp_cache_fold(struct cache_log *log, bool (*keep)(void *arg, const struct cache_record *record),
                                void *arg);

#endif
