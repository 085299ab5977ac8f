/*
 * windows.h - groups by time: windows of one length that follow each other, open and due.
 *
 * By arrival there is one open window at a time, which a timer ends. By the time in a
 * record a window is due once a record was seen that is `late` beyond its end; what
 * comes for it after that is too late, and counted.
 */
#ifndef WP_WINDOWS_H
#define WP_WINDOWS_H

#include "aggregate/groups.h"

struct window;

struct windows {
    const struct questions *questions;
    const struct path_step *time; /* NULL: by arrival */
    int64_t every_ns, late_ns;
    size_t bytes_max; /* of all that are open */
    struct window *open;
    int64_t seen_ns; /* the largest time in a record */
    bool seen;
    uint64_t too_late, timeless; /* records that were left out */
    uint64_t place;

    /* the one whose answers go on */
    struct window *due;
    struct group_entry **list;
    size_t at;
    struct value_sorter sorter;
};

void wp_windows_fini(struct windows *windows);

/* 0, -ENOMEM, or -ENOBUFS: what is open needs more than bytes_max. `now_ns`: of the window by arrival. */
WEIR_MUST_USE int wp_windows_add(struct windows *windows, const struct batch *batch, int64_t now_ns);

/*
 * The next answers of windows that are due: those that begin before `until_ns`, or all with INT64_MAX. *ret_batch is
 * NULL when there are no more. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_windows_give(struct windows *windows, int64_t until_ns, struct batch **ret_batch);
/* What until_ns is by the times in records that were seen. */
int64_t wp_windows_watermark(const struct windows *windows);

/*
 * What is open, for a checkpoint: nothing is due. As bytes, in the byte order of this machine; and back, of one that
 * has just been made. 0; -EBADMSG: it isn't whole; or -ENOMEM.
 */
WEIR_MUST_USE int wp_windows_save(const struct windows *windows, weir_text *out);
WEIR_MUST_USE int wp_windows_load(struct windows *windows, const char *saved, size_t size);

#endif
