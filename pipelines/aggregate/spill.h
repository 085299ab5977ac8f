/*
 * spill.h - a file for what has no room in memory: without a name, in $TMPDIR or /tmp, gone when the process is.
 */
#ifndef WP_SPILL_H
#define WP_SPILL_H

#include <weir/base.h>

struct spill {
    int fd; /* -1: none yet */
    uint64_t size;
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

#endif
