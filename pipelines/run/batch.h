/*
 * batch.h - files and records on their way: rows, some hundred at once, with one memory.
 *
 * A batch has one owner at a time, who may change it: whoever receives it from an
 * edge. All that its rows point to lies in its arena (or is the plan's, as names
 * of fields are), so a row that shall outlive its batch is copied to another. A
 * record's line may also lie in the one chunk that its batch holds: a batch that is
 * kept for long keeps that from the budget, so who collects records copies them.
 */
#ifndef WP_BATCH_H
#define WP_BATCH_H

#include <weir/chunk.h>
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
    const char *json;             /* the value as it stood in a line of JSON; NULL: it didn't, or was changed */
    size_t json_size;
    struct datum value;
};

#define ROW_META 1u     /* `meta` is filled in */
#define ROW_FOLLOW 2u   /* the path may be a symbolic link, and is what it points to */
#define ROW_RECORD 4u   /* it is a record: `raw` and not `path` */
#define ROW_FIELDS 8u   /* a record that is its fields: what is written of it whole leaves out the line */
#define ROW_RELINED 16u /* `raw` was changed since a decoder has looked at it */

struct row;

/*
 * How the fields of a record that a parser has looked at are found in its line. `row->decoded` is the parser's, in the
 * batch's arena; it may be written to when a field is first asked for. What a datum points to lives as long as the
 * row, or as `arena`.
 */
struct row_decoder {
    /* Null: there is none of that name. */
    struct datum (*get)(const struct row *row, const char *name, size_t size, struct arena *arena);
    /* All of them, as a map, in their order. */
    struct datum (*all)(const struct row *row, struct arena *arena);
    /* May be NULL. The value's JSON as it stands in the line, which keeps the spelling of numbers; NULL: none. */
    const char *(*source)(const struct row *row, const char *name, size_t size, size_t *ret_size);
    /* May be NULL: a copy of the row has its fields as given ones. What it decoded, for the same line at `raw`, made in
     * the arena; NULL: no memory. */
    void *(*copy)(const struct row *row, const char *raw, struct arena *arena);
    /* May be NULL: get() of so many rows, all of this decoder, of which neighbours are mostly alike. */
    void (*column)(const struct row *rows, uint32_t count, const char *name, size_t size, struct arena *arena,
                   struct datum *ret_values);
};

struct row {
    union {
        const char *path; /* of a file; ends with a NUL */
        const char *raw;  /* of a record: its line, without what ended it; any bytes, no NUL behind them */
    };
    union {
        uint32_t path_size;
        uint32_t raw_size;
    };
    uint32_t flags;
    union {
        weir_file_meta meta;
        struct {
            const struct row_decoder *decoder; /* of a record that was parsed; else NULL */
            void *decoded;
        };
    };
    uint64_t group;       /* of the last `group`, from 1; 0: none */
    struct field *fields; /* given ones, which hide what decoder and meta have under the same name */
};

struct batch {
    struct arena arena;
    uint32_t count;
    uint64_t bytes;  /* of the files whose size is known */
    uint64_t before; /* records that came before it to the node that works on it */
    /* Of a part of a batch: where each row was in that; NULL: where it is. */
    const uint8_t *places;
    weir_chunk *chunk; /* a reference to where lines of records lie; NULL: all lie in the arena */
    struct row rows[BATCH_ROWS];
};

/* Empty; NULL: no memory. */
struct batch *wp_batch_create(void);
/* Takes NULL. */
void wp_batch_free(struct batch *batch);

/* It has come to a node, as that one's last of `received` rows. */
static inline void wp_batch_came(struct batch *batch, uint64_t received)
{
    batch->before = received - batch->count;
    batch->places = NULL;
}

/* The number of a row, from 1, of all that came to the node. Before any row is moved. */
static inline uint64_t wp_batch_number(const struct batch *batch, uint32_t row)
{
    return batch->before + (batch->places != NULL ? batch->places[row] : row) + 1;
}

/* One more row with a copy of the path, not counted yet: the caller fills it in and adds 1. NULL: no memory. */
struct row *wp_batch_next(struct batch *batch, const char *path, size_t size);
/* One more record, counted, whose line lies in the batch's chunk or arena. There must be room. */
struct row *wp_batch_add_record(struct batch *batch, const char *raw, size_t size);
/* A copy of a row, of whatever batch, as the next one of this. There must be room. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_batch_copy(struct batch *batch, const struct row *row);
/* Those of its rows again for which ways[row] is `way`, with the same chunk: a batch of its own. NULL: no memory. */
struct batch *wp_batch_pick(const struct batch *batch, const uint32_t *ways, uint32_t way);
/* All of its rows again, with the same chunk: a batch of its own. NULL: no memory. */
struct batch *wp_batch_twin(const struct batch *batch);
/* Its first rows as a batch of their own, which they leave for. There are that many, and more. NULL: no memory. */
struct batch *wp_batch_split(struct batch *batch, uint32_t count);
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
/* What wp_row_set() gave it is spelled so in JSON; NULL: no matter how. The text lives as long as the batch. */
void wp_row_respell(struct row *row, const char *name, const char *json, size_t json_size);
/* The record's line becomes the value as text, in the batch's arena if it isn't one already. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_row_set_line(struct batch *batch, struct row *row, struct datum value);
/*
 * All fields of a record become given ones, and the decoder goes: for stages that leave out or rename. What they point
 * to is as before. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_row_settle(struct batch *batch, struct row *row);
/* The same, and the line of a record that nobody has parsed becomes its field "line". 0 or -ENOMEM. */
WEIR_MUST_USE int wp_row_spread(struct batch *batch, struct row *row);

#endif
