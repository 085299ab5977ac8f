/*
 * spill.h - a file for what has no room in memory: without a name, in $TMPDIR or /tmp, gone when the process is; or in
 * the state directory, if that has a journal, and part of its checkpoints.
 */
#ifndef WP_SPILL_H
#define WP_SPILL_H

#include <weir/base.h>

struct run_node;
struct wp_save;
struct wp_load;

struct spill {
    int fd; /* -1: none yet */
    uint64_t size;
    uint64_t number;             /* in the state directory; 0: it has no name */
    const struct run_node *node; /* whose state it is part of, if the run has a journal; NULL: nobody's */
};

/* One of a list. */
struct spill_file {
    struct spill_file *next;
    struct spill spill;
    union {             /* by what the list's owner knows that it may go: */
        size_t runs;    /* of windows, in it */
        int64_t newest; /* of its stamps */
    };
};

#define SPILL_NONE \
    {              \
        .fd = -1   \
    }

/* All of these block. Behind what is there; the first makes the file. 0 or a negative errno. */
WEIR_MUST_USE int wp_spill_append(struct spill *spill, const void *data, size_t size);
/* Exactly these bytes; -EIO: the file has become shorter. */
WEIR_MUST_USE int wp_spill_read(const struct spill *spill, uint64_t offset, void *ret_data, size_t size);
/* These bytes are needed no more: their room on the disk goes, where the filesystem can do that. */
void wp_spill_forget(const struct spill *spill, uint64_t offset, uint64_t size);
void wp_spill_close(struct spill *spill);

/* In save(): one that has a name, with what it has now; others are left out. 0 or a negative errno. */
WEIR_MUST_USE int wp_spill_save(const struct spill *spill, struct wp_save *save);
/* In load(): all that were saved, open, in that order, behind an empty list. 0 or a negative errno. Blocks. */
WEIR_MUST_USE int wp_spill_load_list(struct spill_file **list, const struct run_node *node, struct wp_load *load);

/* A new one at that place of a list; NULL: no memory. */
struct spill_file *wp_spill_file_add(struct spill_file **link, const struct run_node *node);
/* The one at that place is closed and gone. */
void wp_spill_file_close(struct spill_file **link);

#endif
