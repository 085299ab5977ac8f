/*
 * windows.h - groups by time: windows of one length that follow each other, open and due.
 *
 * By arrival there is one open window at a time, which a timer ends. By the time in a
 * record a window is due once a record was seen that is `late` beyond its end; what
 * comes for it after that is too late, and counted.
 *
 * What has no room in memory goes to disk (window_files.h); then the answers of a
 * window are found one partition of its groups after another.
 */
#ifndef WP_WINDOWS_H
#define WP_WINDOWS_H

#include "aggregate/groups.h"

struct window;
struct spill_file;
struct run_node;
struct wp_save;
struct wp_load;

struct windows {
    const struct questions *questions;
    const struct path_step *time; /* NULL: by arrival */
    int64_t every_ns, late_ns;
    uint32_t most;    /* so many groups that have most records are given of each, the first of them first; 0: all */
    size_t bytes_max; /* half of it for what is open, the rest for what is due */
    const struct run_node *node; /* whose state it is; NULL: a test's */
    struct window *open;
    struct spill_file *files;
    int64_t seen_ns; /* the largest time in a record */
    bool seen;
    uint64_t too_late, timeless; /* records that were left out */
    uint64_t place;

    /* the one whose answers go on */
    struct window *due;
    struct groups answers; /* all of them, or those of the partitions before `part` */
    unsigned part;
    struct group_entry **list;
    size_t at;
    struct value_sorter sorter;
};

void wp_windows_fini(struct windows *windows);

/*
 * 0 or a negative errno: -ENOBUFS: there are so many windows that what is known of those on disk needs all of the
 * memory. `now_ns`: of the window by arrival. Blocks in place where it goes to disk, as does wp_windows_give().
 */
WEIR_MUST_USE int wp_windows_add(struct windows *windows, const struct batch *batch, int64_t now_ns);

/*
 * The next answers of windows that are due: those that begin before `until_ns`, or all with INT64_MAX. *ret_batch is
 * NULL when there are no more. 0 or a negative errno: -ENOBUFS: of a window on disk a partition has no room.
 */
WEIR_MUST_USE int wp_windows_give(struct windows *windows, int64_t until_ns, struct batch **ret_batch);
/* What until_ns is by the times in records that were seen. */
int64_t wp_windows_watermark(const struct windows *windows);

/*
 * What is open, for a checkpoint: nothing is due. In the byte order of this machine; and back, of one that has just
 * been made. 0; -EBADMSG: it isn't whole; or another negative errno.
 */
WEIR_MUST_USE int wp_windows_save(const struct windows *windows, struct wp_save *save);
WEIR_MUST_USE int wp_windows_load(struct windows *windows, struct wp_load *load);

#endif
