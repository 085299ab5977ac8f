/*
 * document.h - a pipeline as a YAML document (JSON is YAML): the same plan in another spelling.
 *
 * A document is read into a text of the language and a map of what stands where;
 * that text then goes the way of all texts, and what is wrong with it is shown in
 * the document. Each scalar is read by itself before it becomes part of the text,
 * so none can be more than the value that it stands for. The shape is in
 * docs/documents.md, and for programs in `weir stages --schema`.
 */
#ifndef WP_DOCUMENT_H
#define WP_DOCUMENT_H

#include "lang/parse.h"

/* A document larger than this is no pipeline. */
#define DOCUMENT_BYTES_MAX ((size_t)1 << 20)
/* Keys of one mapping. */
#define DOCUMENT_KEYS_MAX 1000u

/* --- the tree of YAML ---------------------------------------------------------------------- */

enum doc_kind { DOC_SCALAR, DOC_SEQUENCE, DOC_MAPPING };

struct doc_node {
    struct doc_node *next;
    enum doc_kind kind;
    struct span span; /* of what stands there: between the quotes, of a sequence or mapping only its beginning */
    const char *text; /* of a scalar; ends with a NUL and has no other */
    size_t size;
    bool plain;                      /* without quotes */
    bool any_style;                  /* to be written: with or without */
    struct doc_node *items;          /* of a mapping: key, value, key, value, ...; keys are scalars, each once */
    unsigned count;                  /* of them */
    struct doc_node *parent, **tail; /* while it is read */
};

/*
 * document_yaml.c, by libfyaml; document_none.c says that it isn't there. 0; -EINVAL, and `diags` say what is wrong;
 * -ENOMEM. The tree is the arena's.
 */
WEIR_MUST_USE int wp_document_tree(const struct source *yaml, struct arena *arena, struct diags *diags,
                                   struct doc_node **ret_root);
/* "libfyaml", or "none". */
const char *wp_document_backend(void);

/* --- what it says -------------------------------------------------------------------------- */

struct document {
    struct arena arena;
    struct origin origin;
    struct source source; /* the text; its origin is the document */
};

/*
 * wp_document_read() - what a document says, as a text that parses. `pretty`: as a person would write it, which may
 * mean something else where words can be mistaken for others: compare it with the other.
 *
 * 0; -EINVAL, and `diags` (of the document) say what is wrong; -ENOMEM. wp_document_fini() in any case, once nothing
 * reads the text any more. `yaml` is copied but for its bytes.
 */
WEIR_MUST_USE int wp_document_read(const struct source *yaml, bool pretty, struct document *ret_document,
                                   struct diags *diags);
void wp_document_fini(struct document *document);

/* document_emit.c: a tree as YAML or JSON. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_document_emit(const struct doc_node *root, bool json, weir_text *out);

/* --- writing ------------------------------------------------------------------------------- */

/*
 * wp_document_write() - a tree as YAML or JSON, at the end of `out`. Comments are left out. 0; -EINVAL: it can't be
 * said, and `diags` (of the tree's text) say why; -ENOMEM.
 */
WEIR_MUST_USE int wp_document_write(const struct syntax *syntax, bool json, struct diags *diags, weir_text *out);

/*
 * The size of the character of UTF-8 at `at` (RFC 3629) that a document may hold, control characters but tabs and ends
 * of lines left out; 0: it is none.
 */
size_t wp_document_character(const char *at, size_t left);

/* True for what may be any text: there a word and a quoted string are different things. */
bool wp_document_is_text(const struct weir_opt *opt);

#endif
