/*
 * layout.h - a tree as text, in the one layout.
 *
 * A pipeline that fits in 120 columns and has no comment inside is one line; else
 * each stage begins a line, with its '|' in front. The same for blocks. A stage
 * with a comment between its words stays as it is written.
 */
#ifndef WP_LAYOUT_H
#define WP_LAYOUT_H

#include "lang/parse.h"

#define LAYOUT_COLUMNS 120u

struct layout {
    const struct syntax *syntax;
    const char *text; /* the source's */
    weir_text *out;
    const struct comment *comments; /* those that are not written yet */
    uint32_t written;               /* where what was written last ends in the source */
    bool failed;                    /* no memory: nothing is written from then on */
};

void wp_layout_put(struct layout *layout, const char *text, size_t size);
void wp_layout_say(struct layout *layout, const char *text);
/* The end of the line, and the blanks of the next one. */
void wp_layout_line(struct layout *layout, unsigned indent);

/* layout_argument.c: an argument without its block; ", .b" of a list joins what stands before. */
void wp_layout_argument(struct layout *layout, const struct argument *argument, bool engine);
/* Part of the source that is an expression, or target = expression, with single blanks. */
void wp_layout_expr(struct layout *layout, struct span span, const struct expr *target, const struct expr *expr);
/* Without blanks and comments around. */
struct span wp_layout_trim(const struct layout *layout, struct span span);

/* layout_chain.c: stages, from `indent` on; the first line is begun. What fits in one line is `flat`. */
void wp_layout_stages(struct layout *layout, const struct stage_use *stages, unsigned indent, uint32_t until);
/* Where the last of them ends. */
uint32_t wp_layout_end(const struct layout *layout, const struct stage_use *stages);

/* layout_comment.c: the comments before `until`, each in a line of its own that begins with a new line... */
void wp_layout_own_comments(struct layout *layout, uint32_t until, unsigned indent);
/* ...and the one that stands behind what ends at `end`, in its line. */
void wp_layout_trailing_comment(struct layout *layout, uint32_t end, uint32_t until);
bool wp_layout_has_comment(const struct layout *layout, uint32_t from, uint32_t to);
/* They are part of what was written as it is. */
void wp_layout_skip_comments(struct layout *layout, uint32_t until);
void wp_layout_put_comment(struct layout *layout, const struct comment *comment);

/* layout.c: all of it. */
void wp_layout(struct layout *layout);

/* reformat.c: the same, proved to mean what the tree does: 0, -EBADMSG: it doesn't, or -ENOMEM. */
WEIR_MUST_USE int wp_lay_out(const struct syntax *syntax, weir_text *out);

/* same_syntax.c: they mean the same; places and comments may differ. */
bool wp_same_syntax(const struct syntax *a, const struct syntax *b);

#endif
