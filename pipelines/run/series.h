/*
 * series.h - the names of files that one write begins one after the other.
 *
 * A name that is taken is not taken again: err.json.zst, err.1.json.zst, err.2.json.zst.
 * A new file finds the first free one when it is finished, whoever else names files
 * there. What is appended to goes on with the last of them that has room.
 */
#ifndef WP_SERIES_H
#define WP_SERIES_H

#include "run/held_file.h"

struct series {
    uint32_t files; /* that were begun */
    char *base;     /* the path of the last one, without a number; NULL: there was none */
    unsigned next;  /* number of the next one with this path: those before are taken */
};

void wp_series_fini(struct series *series);

/* The file's place is known: it gets a number to begin with. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_series_add(struct series *series, struct held_file *file);
/* The same for what is appended to: its place gets the name that it has from the beginning. Blocks. 0 or an errno. */
WEIR_MUST_USE int wp_series_append(struct series *series, struct held_file *file, uint64_t bytes_max);
/* Blocks: as weir_output_commit(), under the first number from the file's on that is free. */
int wp_series_commit(struct held_file *file);
/* The file has its name now. */
void wp_series_named(struct series *series, const struct held_file *file);

#endif
