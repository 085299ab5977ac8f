/* pour.h - what the files that make a text of a document share. */
#ifndef WP_POUR_H
#define WP_POUR_H

#include "document/document.h"

struct pour {
    const struct source *yaml;
    struct diags *diags;
    struct arena *arena;
    weir_text out;
    weir_text pieces; /* of struct origin_piece */
    bool pretty;
    bool faulty; /* a fault was told */
    bool failed; /* no memory */
    unsigned depth;
    unsigned stages, arguments, statements; /* that the text must have */
};

/* Words of ours, or of the document, which are from that node. */
void wp_pour(struct pour *pour, const struct doc_node *node, const char *words);
void wp_pour_bytes(struct pour *pour, const struct doc_node *node, const char *bytes, size_t size, bool its_own);

void wp_pour_fault(struct pour *pour, const struct doc_node *node, const char *format, ...) WEIR_PRINTF(3, 4);

/* The value of a key; NULL: it isn't there. */
const struct doc_node *wp_pour_find(const struct doc_node *mapping, const char *key);

/* pour_value.c: each takes a scalar, and says what is wrong with it. */

/* A quoted string. */
void wp_pour_string(struct pour *pour, const struct doc_node *node);
/* What may be a word, a number or a string: of `let`, and of options that are texts. */
void wp_pour_text(struct pour *pour, const struct doc_node *node);
/* Of a test's `in`: JSON as it stands, or a text. */
void wp_pour_line(struct pour *pour, const struct doc_node *node);
/* A name, all of it. */
bool wp_pour_name(struct pour *pour, const struct doc_node *node, const char *what);
void wp_pour_option(struct pour *pour, const struct weir_opt *opt, const struct doc_node *node);
void wp_pour_engine(struct pour *pour, const struct doc_node *node);
void wp_pour_expr(struct pour *pour, const struct doc_node *node);
/* "== 3" */
void wp_pour_count(struct pour *pour, const struct doc_node *node);

/* pour_stage.c: "stage | stage". */
void wp_pour_stages(struct pour *pour, const struct doc_node *stages);

#endif
