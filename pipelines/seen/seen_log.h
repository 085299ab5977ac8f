/*
 * seen_log.h - keys, or sightings, in the order in which they came, in files of the state: what a restart fills a set
 * or a window from.
 *
 * Those themselves, in memory or in a file that is written to all over, are no part of a checkpoint. This is: what has
 * been written stays as it is, so a checkpoint is the files' lengths, and the few items behind them that wait for more.
 */
#ifndef WP_SEEN_LOG_H
#define WP_SEEN_LOG_H

#include <weir/text.h>

#include "aggregate/spill.h"
#include "seen/seen_key.h"

#define SEEN_LOG_BYTES ((size_t)8 << 10) /* about so many are written at once */

struct run_node;
struct wp_load;
struct wp_save;

struct seen_log {
    const struct run_node *node;
    size_t item_bytes;         /* of a key or a sighting */
    struct spill_file *oldest; /* of a list; of keys there is one at most */
    weir_text tail;            /* behind what is in the files */
};

/* Of the node's state: of keys, or of sightings, of which old files go. */
void wp_seen_log_init(struct seen_log *log, const struct run_node *node, size_t item_bytes);
void wp_seen_log_fini(struct seen_log *log);

/* Will adding so many items write to a file? */
bool wp_seen_log_blocks(const struct seen_log *log, size_t items);
/* 0 or a negative errno. */
WEIR_MUST_USE int wp_seen_log_add(struct seen_log *log, const void *item);
/* Of sightings: those up to this stamp aren't needed. Files that have no others go. */
void wp_seen_log_forget(struct seen_log *log, int64_t old);

/* For a checkpoint. 0 or a negative errno. */
WEIR_MUST_USE int wp_seen_log_save(const struct seen_log *log, struct wp_save *save);
/*
 * And back, of one that was just made: `take` gets all of them in that order, and says 1 of one that isn't to be in the
 * log, 0, or a negative errno. 0 or a negative errno. Blocks for as long as it takes, in place.
 */
WEIR_MUST_USE int wp_seen_log_load(struct seen_log *log, struct wp_load *load, int (*take)(void *arg, const void *item),
                                   void *arg);

#endif
