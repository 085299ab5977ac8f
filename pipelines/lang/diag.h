/*
 * diag.h - what is wrong with a text, and where: several faults in one go, each with its place, a caret and a way out.
 *
 *     nginx.weir:12:7: unknown stage 'zsdt' (did you mean 'zstd'?)
 *         | json | zsdt level=9
 *                  ^~~~
 */
#ifndef WP_DIAG_H
#define WP_DIAG_H

#include <weir/text.h>

/* Bytes from..to of the text; empty at its end. */
struct span {
    uint32_t from, to;
};

static inline struct span span_join(struct span first, struct span last)
{
    return (struct span){ first.from, last.to };
}

/*
 * The text that is read. `name` is what errors call it: a file's name, or "-e" for the words of a shell. One that was
 * made of another knows that one: faults are shown there.
 */
struct source {
    const char *name;
    const char *text;
    size_t size;
    const struct origin *origin; /* or NULL */
};

/* A stretch of a text that was made, up to the next, and where it is from. */
struct origin_piece {
    uint32_t at;
    struct span span;
    bool exact; /* byte by byte, from span.from on; else all of it is from all of the span */
};

struct origin {
    struct source source;
    const struct origin_piece *pieces; /* in the order of `at` */
    size_t count;
};

/* A text larger than this is no pipeline. */
#define SOURCE_BYTES_MAX ((size_t)16 << 20)

struct diag {
    struct span span;
    char *message; /* a line, without its place */
    char *hint;    /* a line more, or NULL */
};

/* More than these are not kept: the first ones are what matters. */
#define DIAGS_MAX 20

struct diags {
    const struct source *source;
    struct diag list[DIAGS_MAX];
    unsigned count;
    unsigned more;  /* that were not kept */
    bool no_memory; /* one could not be kept */
};

void wp_diag(struct diags *diags, struct span span, const char *format, ...) WEIR_PRINTF(3, 4);
/* A hint for the last one. */
void wp_diag_hint(struct diags *diags, const char *format, ...) WEIR_PRINTF(2, 3);
static inline bool wp_diag_any(const struct diags *diags)
{
    return diags->count > 0 || diags->no_memory;
}
/* All of them, in the order of their places, as a user reads them. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_diag_render(const struct diags *diags, weir_text *out);
void wp_diag_fini(struct diags *diags);

/* Line and column, both from 1; columns count characters of UTF-8. */
void wp_source_place(const struct source *source, uint32_t at, unsigned *ret_line, unsigned *ret_column);

#endif
