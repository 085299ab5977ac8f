/*
 * batch.h - files on their way: rows, some hundred at once, with one memory.
 *
 * A batch has one owner at a time, who may change it: whoever receives it from an
 * edge. All that its rows point to lies in its arena (or is the plan's, as names
 * of fields are), so a row that shall outlive its batch is copied to another.
 */
#ifndef WP_BATCH_H
#define WP_BATCH_H

#include <weir/digest.h>
#include <weir/walk.h>

#include "expr/datum.h"

#define BATCH_ROWS 256
/* A batch is full at so many bytes of files, too: it is what one thread works on. */
#define BATCH_BYTES ((uint64_t)8 << 20)

/* What a stage has added to a row: a digest, a state. */
struct field {
    struct field *next;
    const char *name;             /* lives longer than the batch */
    const weir_digest_algo *algo; /* of a digest in hex; else NULL */
    struct datum value;
};

#define ROW_META 1u   /* `meta` is filled in */
#define ROW_FOLLOW 2u /* the path may be a symbolic link, and is what it points to */

struct row {
    const char *path; /* ends with a NUL */
    uint32_t path_size;
    uint32_t flags;
    weir_file_meta meta;
    uint64_t group; /* of the last `group`, from 1; 0: none */
    struct field *fields;
};

struct batch {
    struct arena arena;
    uint32_t count;
    uint64_t bytes; /* of the files whose size is known */
    struct row rows[BATCH_ROWS];
};

/* Empty; NULL: no memory. */
struct batch *wp_batch_create(void);
/* Takes NULL. */
void wp_batch_free(struct batch *batch);

/* One more row with a copy of the path, not counted yet: the caller fills it in and adds 1. NULL: no memory. */
struct row *wp_batch_next(struct batch *batch, const char *path, size_t size);
/* A copy of a row, of whatever batch, as the next one of this. There must be room. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_batch_copy(struct batch *batch, const struct row *row);
/* For one that is kept: without the room for more rows. Rows move, unless there is no memory to move them. */
struct batch *wp_batch_shrink(struct batch *batch);
/* Leaves out the rows for which `keep` is false. */
void wp_batch_filter(struct batch *batch, bool (*keep)(void *arg, const struct row *row), void *arg);

/* row.c: the fields of a row (row.h for expressions): what it has been given, and what follows from path and meta. */
struct datum wp_row_get(const struct row *row, const char *name);
const struct field *wp_row_field(const struct row *row, const char *name);
/* Gives it a field, in place of one of that name. The value points to the batch's arena. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_row_set(struct batch *batch, struct row *row, const char *name, const weir_digest_algo *algo,
                             struct datum value);

#endif
