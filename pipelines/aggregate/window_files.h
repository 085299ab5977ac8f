/*
 * window_files.h - open windows on disk: their groups in partitions, those of several windows in a file.
 *
 * A file is appended to until it is large or its windows have been given; it goes
 * with the last of these.
 */
#ifndef WP_WINDOW_FILES_H
#define WP_WINDOW_FILES_H

#include "aggregate/partitions.h"
#include "aggregate/windows.h"

struct window {
    struct window *next;
    int64_t from_ns;
    struct groups groups;         /* in memory */
    struct partitions partitions; /* and those on disk, some of them of the same keys */
};

/* The file that is appended to now, a new one if need be: the first of them. NULL: no memory. */
struct spill_file *wp_window_files_open(struct windows *windows);

/* Both block. What of the window is in memory goes to that file. 0 or a negative errno. */
WEIR_MUST_USE int wp_window_spill(struct window *window, struct spill_file *file);
/* The window has been given: its runs go, and files that have no others. */
void wp_window_forget(struct windows *windows, struct window *window);
void wp_window_files_close(struct windows *windows);

/* In a checkpoint: the files, and where in them what lies; and back, of windows that are open. */
WEIR_MUST_USE int wp_window_files_save(const struct windows *windows, struct wp_save *save);
WEIR_MUST_USE int wp_window_files_load(struct windows *windows, struct wp_load *load);

/* The window that begins there, a new one if need be; NULL: no memory. */
struct window *wp_window_at(struct windows *windows, int64_t from_ns);

#endif
