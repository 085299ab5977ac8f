/* pour_value.c - scalars of a document as values of the language: each is read by itself first, to its end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/stage.h>

#include "document/pour.h"

/* --- out ------------------------------------------------------------------------------------- */

/* Where the bytes of a scalar stand in the document, if they stand there as they are. */
static bool stands_there(const struct pour *pour, const struct doc_node *node, const char *bytes, size_t size)
{
    return node->span.from + size <= pour->yaml->size && memcmp(pour->yaml->text + node->span.from, bytes, size) == 0;
}

void wp_pour_bytes(struct pour *pour, const struct doc_node *node, const char *bytes, size_t size, bool its_own)
{
    const struct origin_piece piece = { .at = (uint32_t)pour->out.size,
                                        .span = node->span,
                                        .exact = its_own && stands_there(pour, node, bytes, size) };
    if (weir_text_append(&pour->pieces, &piece, sizeof piece) < 0 || weir_text_append(&pour->out, bytes, size) < 0)
        pour->failed = true;
}

void wp_pour(struct pour *pour, const struct doc_node *node, const char *words)
{
    wp_pour_bytes(pour, node, words, strlen(words), false);
}

void wp_pour_fault(struct pour *pour, const struct doc_node *node, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (text == NULL)
        pour->failed = true;
    else
        wp_diag(pour->diags, node->span, "%s", text);
    pour->faulty = true;
    free(text);
}

/* --- read by itself ---------------------------------------------------------------------------- */

struct alone {
    struct source source;
    struct diags diags;
    struct arena arena;
    struct scan scan;
};

static void alone_init(struct alone *alone, const char *text, size_t size)
{
    *alone = (struct alone){ .source = { .name = "", .text = text, .size = size } };
    alone->diags.source = &alone->source;
    alone->scan = (struct scan){ .source = &alone->source, .diags = &alone->diags, .arena = &alone->arena };
}

static void alone_fini(struct pour *pour, struct alone *alone)
{
    pour->failed = pour->failed || alone->arena.failed || alone->diags.no_memory;
    wp_diag_fini(&alone->diags);
    wp_arena_fini(&alone->arena);
}

/* Its faults are told where they stand in the document; `shift` bytes in front of the scalar are ours. */
static void tell(struct pour *pour, const struct doc_node *node, const struct alone *alone, uint32_t shift)
{
    const size_t ours = node->kind == DOC_SCALAR ? node->size : 0;
    const bool exact = ours > 0 && stands_there(pour, node, node->text, ours);
    for (unsigned i = 0; i < alone->diags.count; i++) {
        const struct diag *diag = &alone->diags.list[i];
        struct span span = node->span;
        if (exact && diag->span.from >= shift && diag->span.to - shift <= ours) {
            span.from += diag->span.from - shift;
            span.to = node->span.from + (diag->span.to - shift);
        }
        wp_diag(pour->diags, span, "%s", diag->message);
        if (diag->hint != NULL)
            wp_diag_hint(pour->diags, "%s", diag->hint);
    }
    pour->faulty = true;
}

/* Something stands behind the value that was read. */
static void tell_rest(struct pour *pour, const struct doc_node *node, struct alone *alone)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    if (!wp_diag_any(&alone->diags)) {
        const char *shown = wp_scan_shown(&alone->scan, buffer, &span);
        wp_diag(&alone->diags, span, "the value ends before %s", shown);
    }
    tell(pour, node, alone, 0);
}

typedef bool (*read_value)(struct scan *scan, const weir_opt *opt);

static bool read_any(struct scan *scan, const weir_opt *opt)
{
    struct value value;
    (void)opt;
    return wp_scan_value(scan, &value);
}

static bool read_word(struct scan *scan, const weir_opt *opt)
{
    struct value value;
    (void)opt;
    return wp_scan_value(scan, &value) && value.kind == VALUE_WORD;
}

static bool read_json(struct scan *scan, const weir_opt *opt)
{
    struct value value;
    (void)opt;
    return wp_scan_json(scan, &value);
}

static bool read_engine(struct scan *scan, const weir_opt *opt)
{
    struct argument argument = { 0 };
    (void)opt;
    return wp_parse_engine_value(scan, &argument);
}

static bool read_option(struct scan *scan, const weir_opt *opt)
{
    struct argument argument = { .name = opt->name, .opt = opt };
    return wp_parse_option_value(scan, opt, &argument);
}

static bool read_expr(struct scan *scan, const weir_opt *opt)
{
    (void)opt;
    return wp_parse_expr(scan) != NULL;
}

static bool read_count(struct scan *scan, const weir_opt *opt)
{
    enum expr_op op;
    struct value value;
    (void)opt;
    if (wp_parse_comparison(scan, &op))
        return wp_scan_number(scan, &value);
    wp_diag(scan->diags, (struct span){ 0, (uint32_t)scan->source->size }, "a comparison is missing: such as \"== 1\"");
    return false;
}

/* True when all of the scalar is what `read` reads. `tells`: what is wrong is told. */
static bool is_all(struct pour *pour, const struct doc_node *node, read_value read, const weir_opt *opt, bool tells)
{
    struct alone alone;
    alone_init(&alone, node->text, node->size);
    const bool good = read(&alone.scan, opt) && wp_scan_peek(&alone.scan) == '\0';
    if (!good && tells)
        tell_rest(pour, node, &alone);
    alone_fini(pour, &alone);
    return good;
}

/* As it stands. A comment in it may not swallow what follows. */
static void put_as_is(struct pour *pour, const struct doc_node *node)
{
    wp_pour_bytes(pour, node, node->text, node->size, true);
    if (memchr(node->text, '#', node->size) != NULL)
        wp_pour(pour, node, "\n");
}

static bool is_scalar(struct pour *pour, const struct doc_node *node)
{
    if (node->kind != DOC_SCALAR)
        wp_pour_fault(pour, node, "one value is wanted here, no %s", node->kind == DOC_MAPPING ? "mapping" : "list");
    return node->kind == DOC_SCALAR;
}

/* --- strings ----------------------------------------------------------------------------------------- */

/* The bytes of a scalar are what stands between the quotes of a string: its escapes and ${variables} work. */
static int quote(const struct doc_node *node, weir_text *out)
{
    int error = weir_text_append(out, "\"", 1);
    bool escaped = false;
    for (size_t i = 0; error == 0 && i < node->size; i++) {
        const char c = node->text[i];
        if (c == '\n')
            error = weir_text_append(out, escaped ? "\\\\n" : "\\n", escaped ? 3 : 2);
        else if (c == '"' && !escaped)
            error = weir_text_append(out, "\\\"", 2);
        else
            error = weir_text_append(out, &c, 1);
        escaped = c == '\\' && !escaped;
    }
    return error == 0 ? weir_text_append(out, "\"", 1) : error;
}

static bool ends_escaped(const struct doc_node *node)
{
    size_t backslashes = 0;
    while (backslashes < node->size && node->text[node->size - 1 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 1;
}

void wp_pour_string(struct pour *pour, const struct doc_node *node)
{
    struct alone alone;
    weir_text quoted = { 0 };
    if (!is_scalar(pour, node))
        return;
    if (ends_escaped(node)) {
        wp_pour_fault(pour, node, "a '\\' at the end of a text is written twice");
        return;
    }
    if (quote(node, &quoted) < 0) {
        pour->failed = true;
        weir_text_fini(&quoted);
        return;
    }
    struct value value;
    alone_init(&alone, quoted.data, quoted.size);
    const bool good = wp_scan_string(&alone.scan, &value) && alone.scan.at == quoted.size;
    if (!good)
        tell(pour, node, &alone, 1);
    alone_fini(pour, &alone);
    wp_pour(pour, node, "\"");
    wp_pour_bytes(pour, node, quoted.data + 1, quoted.size - 2, quoted.size - 2 == node->size);
    wp_pour(pour, node, "\"");
    weir_text_fini(&quoted);
}

/* What a word can say and a string can't: standard input, and the home directory. */
static bool is_special(const struct doc_node *node)
{
    return (node->size == 1 && node->text[0] == '-') || strncmp(node->text, "~/", 2) == 0;
}

void wp_pour_text(struct pour *pour, const struct doc_node *node)
{
    if (!is_scalar(pour, node))
        return;
    const bool bare = node->plain ? is_all(pour, node, read_any, NULL, false)
                                  : is_special(node) && is_all(pour, node, read_word, NULL, false);
    if (bare)
        put_as_is(pour, node);
    else
        wp_pour_string(pour, node);
}

/* --- JSON in a test ------------------------------------------------------------------------------------ */

static void pour_json_string(struct pour *pour, const struct doc_node *node)
{
    wp_pour(pour, node, "\"");
    for (size_t i = 0; i < node->size; i++) {
        const char c = node->text[i];
        char code[8];
        if (c == '"' || c == '\\')
            (void)snprintf(code, sizeof code, "\\%c", c);
        else if ((unsigned char)c < ' ')
            (void)snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
        else
            (void)snprintf(code, sizeof code, "%c", c);
        if (weir_text_append(&pour->out, code, strlen(code)) < 0)
            pour->failed = true;
    }
    wp_pour(pour, node, "\"");
}

/* A plain scalar that is JSON's own: a number, true, false, null. */
static bool is_json_word(struct pour *pour, const struct doc_node *node)
{
    static const char *const words[] = { "true", "false", "null" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (node->plain && strcmp(node->text, words[i]) == 0)
            return true;
    char *end;
    (void)pour;
    (void)strtod(node->text, &end);
    return node->plain && node->size > 0 && end == node->text + node->size &&
           strspn(node->text, "-0123456789.eE+") == node->size;
}

static void pour_json(struct pour *pour, const struct doc_node *node, unsigned depth)
{
    if (depth > NESTING_MAX) {
        wp_pour_fault(pour, node, "this is nested more than %u deep", NESTING_MAX);
        return;
    }
    if (node->kind == DOC_SCALAR) {
        if (is_json_word(pour, node))
            wp_pour_bytes(pour, node, node->text, node->size, true);
        else
            pour_json_string(pour, node);
        return;
    }
    const bool is_mapping = node->kind == DOC_MAPPING;
    unsigned index = 0;
    wp_pour(pour, node, is_mapping ? "{" : "[");
    for (const struct doc_node *item = node->items; item != NULL; item = item->next, index++) {
        const bool is_key = is_mapping && index % 2 == 0;
        if (index > 0)
            wp_pour(pour, item, is_mapping && !is_key ? ":" : ",");
        if (is_key)
            pour_json_string(pour, item);
        else
            pour_json(pour, item, depth + 1);
    }
    wp_pour(pour, node, is_mapping ? "}" : "]");
}

void wp_pour_line(struct pour *pour, const struct doc_node *node)
{
    if (node->kind != DOC_SCALAR)
        pour_json(pour, node, 0);
    else if (node->text[0] != '{' && node->text[0] != '[')
        wp_pour_text(pour, node);
    else if (is_all(pour, node, read_json, NULL, true))
        wp_pour_bytes(pour, node, node->text, node->size, true);
}

/* --- the others ------------------------------------------------------------------------------------------ */

bool wp_pour_name(struct pour *pour, const struct doc_node *node, const char *what)
{
    struct alone alone;
    struct span span;
    const char *name;
    if (!is_scalar(pour, node))
        return false;
    alone_init(&alone, node->text, node->size);
    const bool good = wp_scan_name(&alone.scan, true, &name, &span) && span.from == 0 && span.to == node->size;
    alone_fini(pour, &alone);
    if (good)
        wp_pour_bytes(pour, node, node->text, node->size, true);
    else
        wp_pour_fault(pour, node, "'%s' is no name of %s: letters, digits, '_' and '-'", node->text, what);
    return good;
}

bool wp_document_is_text(const weir_opt *opt)
{
    return opt->choices == NULL &&
           (opt->type == WEIR_OPT_STRING || opt->type == WEIR_OPT_TEMPLATE || opt->type == WEIR_OPT_LIST);
}

static bool is_number_or_word(const weir_opt *opt)
{
    switch (opt->type) {
    case WEIR_OPT_INT:
    case WEIR_OPT_SIZE:
    case WEIR_OPT_DURATION:
    case WEIR_OPT_RATE:
    case WEIR_OPT_BOOL:
    case WEIR_OPT_CHOICE:
        return true;
    default:
        return opt->type == WEIR_OPT_LIST || opt->type == WEIR_OPT_STRING; /* of choices */
    }
}

void wp_pour_option(struct pour *pour, const weir_opt *opt, const struct doc_node *node)
{
    if (!is_scalar(pour, node))
        return;
    if (wp_document_is_text(opt))
        wp_pour_text(pour, node);
    else if (is_number_or_word(opt) && !is_all(pour, node, read_any, NULL, false))
        wp_pour_string(pour, node);
    else if (is_number_or_word(opt) || is_all(pour, node, read_option, opt, true))
        put_as_is(pour, node);
}

void wp_pour_engine(struct pour *pour, const struct doc_node *node)
{
    if (!is_scalar(pour, node))
        return;
    if (is_all(pour, node, read_engine, NULL, false))
        put_as_is(pour, node);
    else
        wp_pour_string(pour, node);
}

void wp_pour_expr(struct pour *pour, const struct doc_node *node)
{
    if (is_scalar(pour, node) && is_all(pour, node, read_expr, NULL, true))
        put_as_is(pour, node);
}

void wp_pour_count(struct pour *pour, const struct doc_node *node)
{
    if (is_scalar(pour, node) && is_all(pour, node, read_count, NULL, true))
        put_as_is(pour, node);
}
