/*
 * cells.h - the fields that a parser has cut out of a record's line: where they lie, and a value once somebody asks.
 *
 * A parser of lines fills a struct cutting; what it found is copied to the batch,
 * 16 bytes a field, and the row decoded by wp_cells_decoder.
 */
#ifndef WP_CELLS_H
#define WP_CELLS_H

#include "run/batch.h"

/* Of one record; a line that has more is no record of its format. */
#define CELLS_MAX 1024u

enum cell_kind {
    CELL_TEXT,   /* as it stands there */
    CELL_MADE,   /* what `make` of the cells makes of it */
    CELL_NUMBER, /* as JSON spells one, or with zeros before it; perhaps of more than 64 bits */
    CELL_NULL,
    CELL_TRUE,
};

struct cell {
    const char *text; /* in the line, or in the batch's arena */
    uint32_t size;
    uint16_t name; /* index into the names */
    uint8_t kind;
};

#define CELL_KEY_BYTES 32u

struct cell_name {
    const char *text;
    uint32_t size;
    uint32_t key_size; /* 0: it isn't known */
    const char *key;   /* as a key of JSON, colon included; CELL_KEY_BYTES may be read of it */
};

/* One that needs no escapes and is no longer than 28 bytes. */
#define CELL_NAME(literal)                                                              \
    {                                                                                   \
        literal, sizeof(literal) - 1, sizeof(literal) + 2, (const char[CELL_KEY_BYTES]) \
        {                                                                               \
            "\"" literal "\":"                                                          \
        }                                                                               \
    }

/* A value that is not the text itself: without its escapes, or a map. In the arena; null: no memory. */
typedef struct datum (*cell_make)(const char *text, size_t size, struct arena *arena);

/* What a row's `decoded` points to. */
struct cells {
    const struct cell_name *names; /* as long as the batch */
    cell_make make;
    const char *line; /* what was cut; the row's may have been set since */
    size_t line_size;
    uint32_t count;
    uint32_t name_max; /* the longest of the parser's names; 0: the names lie in the line */
    struct cell cells[];
};

/* A line on its way into cells: one for many lines, one thread's. */
struct cutting {
    const char *line; /* of `size` bytes, no NUL behind them */
    size_t size;
    struct arena *arena;           /* the batch's */
    const struct cell_name *names; /* what the cells' names are indices of: the parser's, or `own` */
    uint32_t name_max;             /* the longest of the parser's */
    cell_make make;                /* for CELL_MADE */
    size_t offset;                 /* after -EBADMSG: the byte of the line, and why: */
    const char *reason;
    uint32_t count;
    struct cell cells[CELLS_MAX];
    uint32_t own_count;
    struct cell_name own[CELLS_MAX]; /* names that lie in the line */
};

/* The line is none of its format, from `at` on. Returns -EBADMSG. */
static inline int wp_cut_fail(struct cutting *self, const char *at, const char *reason)
{
    self->offset = (size_t)(at - self->line);
    self->reason = reason;
    return -EBADMSG;
}

/* One more field, name[index] of the parser's. There must be room. */
static inline void wp_cut_add(struct cutting *self, unsigned index, enum cell_kind kind, const char *text, size_t size)
{
    self->cells[self->count++] =
        (struct cell){ .text = text, .size = (uint32_t)size, .name = (uint16_t)index, .kind = (uint8_t)kind };
}

/*
 * A field whose name lies in the line, too: `names` are the cutting's own. A name that was there before gets the new
 * value, in its place. 0, or -EBADMSG: there are too many, or it can't be a name.
 */
int wp_cut_add_own(struct cutting *self, const char *name, size_t name_size, enum cell_kind kind, const char *text,
                   size_t size);

/* The value is a number of JSON: its kind. */
enum cell_kind wp_cell_kind_of(const char *text, size_t size);

/* The row gets what was cut. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_cut_finish(struct cutting *self, struct row *row);

/* Of rows that wp_cut_finish() has made. */
extern const struct row_decoder wp_cells_decoder;

/* Appends its fields as a JSON object; the row has no others. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_cells_append_json(weir_text *out, const struct row *row);

#endif
