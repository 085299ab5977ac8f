/* document_write.c - the tree of a text as the tree of a document. */
#include <stdio.h>
#include <string.h>
#include <weir/stage.h>

#include "document/document.h"
#include "format/layout.h"

struct writer {
    const struct syntax *syntax;
    struct arena arena;
    struct layout layout; /* knows where comments are */
    struct diags *diags;
    bool json, faulty;
};

/* --- nodes ------------------------------------------------------------------------------------------- */

static struct doc_node *make(struct writer *writer, enum doc_kind kind)
{
    static struct doc_node nothing; /* where there is no memory: it is never looked at */
    struct doc_node *node = wp_arena_new(&writer->arena, struct doc_node);
    if (node == NULL)
        return &nothing;
    node->kind = kind;
    node->tail = &node->items;
    return node;
}

static void add(struct writer *writer, struct doc_node *parent, struct doc_node *node)
{
    if (writer->arena.failed)
        return;
    *parent->tail = node;
    parent->tail = &node->next;
    parent->count++;
}

static struct doc_node *scalar(struct writer *writer, const char *text, size_t size, bool plain, bool any_style)
{
    struct doc_node *node = make(writer, DOC_SCALAR);
    const char *copy = wp_arena_copy(&writer->arena, text, size);
    if (copy == NULL)
        return node;
    node->text = copy;
    node->size = size;
    node->plain = plain;
    node->any_style = any_style;
    return node;
}

static void add_pair(struct writer *writer, struct doc_node *mapping, const char *key, struct doc_node *value)
{
    add(writer, mapping, scalar(writer, key, strlen(key), false, true));
    add(writer, mapping, value);
}

/* --- values ------------------------------------------------------------------------------------------- */

static const char *text_of(const struct writer *writer, struct span span)
{
    return writer->syntax->source.text + span.from;
}

/* Several texts, one behind the other. */
static struct doc_node *joined(struct writer *writer, const char *first, const char *second, size_t second_size)
{
    weir_text text = { 0 };
    struct doc_node *node = make(writer, DOC_SCALAR);
    if (weir_text_append(&text, first, strlen(first)) < 0 || weir_text_append(&text, second, second_size) < 0)
        writer->arena.failed = true;
    else
        node = scalar(writer, text.data != NULL ? text.data : "", text.size, false, false);
    weir_text_fini(&text);
    return node;
}

/* What stands between the quotes of a string, so that it isn't taken for a word, or for JSON. */
static struct doc_node *string_body(struct writer *writer, const struct value *value)
{
    const char *body = text_of(writer, value->span) + 1;
    const size_t size = value->span.to - value->span.from - 2;
    if (size == 1 && body[0] == '-')
        return joined(writer, "\\u{2d}", "", 0);
    if (size >= 2 && body[0] == '~' && body[1] == '/')
        return joined(writer, "\\u{7e}", body + 1, size - 1);
    return scalar(writer, body, size, false, false);
}

/* In JSON a word is a string, in which a backslash is written twice; but for those that only a word can say. */
static struct doc_node *word(struct writer *writer, const char *text, size_t size)
{
    const bool special = (size == 1 && text[0] == '-') || (size >= 2 && text[0] == '~' && text[1] == '/');
    if (special || (!writer->json && text[size - 1] != ':') || memchr(text, '\\', size) == NULL)
        return scalar(writer, text, size, true, false);
    weir_text doubled = { 0 };
    for (size_t i = 0; i < size; i++)
        if (weir_text_append(&doubled, "\\\\", text[i] == '\\' ? 1 : 0) < 0 ||
            weir_text_append(&doubled, text + i, 1) < 0)
            writer->arena.failed = true;
    struct doc_node *node = scalar(writer, doubled.data != NULL ? doubled.data : "", doubled.size, false, false);
    weir_text_fini(&doubled);
    return node;
}

static struct doc_node *text_value(struct writer *writer, const struct value *value)
{
    const char *text = text_of(writer, value->span);
    const size_t size = value->span.to - value->span.from;
    if (value->kind == VALUE_STRING)
        return string_body(writer, value);
    if (value->kind == VALUE_WORD)
        return word(writer, text, size);
    return scalar(writer, text, size, true, false);
}

/* Whether all of it would be read as something else than a string. */
static bool scans(const char *text, size_t size, bool engine)
{
    const struct source source = { .name = "", .text = text, .size = size };
    struct diags diags = { .source = &source };
    struct arena arena = { 0 };
    struct scan scan = { .source = &source, .diags = &diags, .arena = &arena };
    struct argument argument = { 0 };
    const bool read = engine ? wp_parse_engine_value(&scan, &argument) : wp_scan_value(&scan, &argument.value);
    const bool all = read && wp_scan_peek(&scan) == '\0';
    wp_diag_fini(&diags);
    wp_arena_fini(&arena);
    return all;
}

/* Where no text is wanted: a string is one only with its quotes, if it could be something else without. */
static struct doc_node *other_value(struct writer *writer, const struct argument *argument)
{
    const struct value *value = &argument->value;
    const char *text = text_of(writer, value->span);
    const size_t size = value->span.to - value->span.from;
    if (value->kind == VALUE_STRING && argument->inner == NULL && argument->expr == NULL &&
        !scans(text + 1, size - 2, argument->opt == NULL))
        return scalar(writer, text + 1, size - 2, false, false);
    const struct span span = wp_layout_trim(&writer->layout, (struct span){ argument->value_from, argument->span.to });
    return scalar(writer, text_of(writer, span), span.to - span.from, false, true);
}

static struct doc_node *stages_of(struct writer *writer, const struct stage_use *use);

static struct doc_node *case_of(struct writer *writer, const struct argument *argument)
{
    struct doc_node *node = make(writer, DOC_MAPPING);
    uint32_t arrow = argument->block->span.from;
    while (arrow > argument->span.from && writer->layout.text[arrow] != '>')
        arrow--;
    const struct span span = wp_layout_trim(&writer->layout, (struct span){ argument->span.from, arrow - 1 });
    if (argument->expr != NULL)
        add_pair(writer, node, "when", scalar(writer, text_of(writer, span), span.to - span.from, false, true));
    add_pair(writer, node, "block", stages_of(writer, argument->block->stages));
    return node;
}

static struct doc_node *argument_value(struct writer *writer, const struct argument *argument)
{
    if (argument->block != NULL && argument->opt->type == WEIR_OPT_CASES)
        return case_of(writer, argument);
    if (argument->block != NULL && argument->opt->type == WEIR_OPT_BLOCK)
        return stages_of(writer, argument->block->stages);
    if (argument->opt != NULL && argument->value.kind == VALUE_BOOL && argument->expr == NULL)
        return argument->value.number != 0 ? scalar(writer, "true", 4, true, false)
                                           : scalar(writer, "false", 5, true, false);
    if (argument->opt != NULL && wp_document_is_text(argument->opt))
        return text_value(writer, &argument->value);
    return other_value(writer, argument);
}

/* --- stages -------------------------------------------------------------------------------------------- */

static bool is_first(const struct argument *first, const struct argument *argument)
{
    for (const struct argument *other = first; other != argument; other = other->next)
        if (other->opt == argument->opt)
            return false;
    return true;
}

/* All that one option was given: a value, or a list of them. */
static struct doc_node *option_value(struct writer *writer, const struct argument *argument)
{
    struct doc_node *list = make(writer, DOC_SEQUENCE), *value = NULL;
    for (const struct argument *item = argument; item != NULL; item = item->next)
        if (item->opt == argument->opt) {
            value = argument_value(writer, item);
            add(writer, list, value);
        }
    return list->count == 1 && argument->opt->type != WEIR_OPT_CASES ? value : list;
}

static const weir_opt *first_positional(const weir_stage *stage)
{
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (opt->positional)
            return opt;
    return NULL;
}

/* The value stands for all of the stage's options: it is the only one, and the one that needs no name. */
static bool stands_alone(const struct stage_use *use, const struct doc_node *value)
{
    const weir_opt *opt = first_positional(use->stage);
    for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next)
        if (argument->opt != opt)
            return false;
    return use->engine == NULL &&
           !(value->kind == DOC_SCALAR && (value->size == 0 || strcmp(value->text, "null") == 0));
}

/* A mapping has each key once. */
static void check_engine(struct writer *writer, const struct stage_use *use)
{
    for (const struct argument *one = use->engine; one != NULL; one = one->next)
        for (const struct argument *other = one->next; other != NULL && !writer->faulty; other = other->next)
            if (strcmp(one->name, other->name) == 0) {
                wp_diag(writer->diags, other->span, "@%s is given twice", one->name);
                writer->faulty = true;
            }
}

static struct doc_node *stage_of(struct writer *writer, const struct stage_use *use)
{
    if (use->arguments == NULL && use->engine == NULL)
        return scalar(writer, use->name, strlen(use->name), false,
                      strcmp(use->name, "null") != 0); /* a name, not null */
    struct doc_node *stage = make(writer, DOC_MAPPING), *options = make(writer, DOC_MAPPING), *value = NULL;
    check_engine(writer, use);
    for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next)
        if (is_first(use->arguments, argument)) {
            value = option_value(writer, argument);
            add_pair(writer, options, argument->name, value);
        }
    for (const struct argument *argument = use->engine; argument != NULL; argument = argument->next) {
        add(writer, options, joined(writer, "@", argument->name, strlen(argument->name)));
        add(writer, options, argument_value(writer, argument));
    }
    const bool alone = value != NULL && !writer->arena.failed && stands_alone(use, value);
    add_pair(writer, stage, use->name, alone ? value : options);
    return stage;
}

static struct doc_node *stages_of(struct writer *writer, const struct stage_use *use)
{
    struct doc_node *stages = make(writer, DOC_SEQUENCE);
    for (; use != NULL; use = use->next)
        add(writer, stages, stage_of(writer, use));
    return stages;
}

/* --- statements ------------------------------------------------------------------------------------------ */

static struct doc_node *chains_of(struct writer *writer, const struct chain *chain)
{
    struct doc_node *chains = make(writer, DOC_SEQUENCE);
    for (; chain != NULL; chain = chain->next) {
        struct doc_node *node = make(writer, DOC_MAPPING);
        if (chain->name != NULL)
            add_pair(writer, node, "name", scalar(writer, chain->name, strlen(chain->name), false, true));
        add_pair(writer, node, "stages", stages_of(writer, chain->stages));
        add(writer, chains, node);
    }
    return chains;
}

static struct doc_node *line_of(struct writer *writer, const struct value *value)
{
    const char *text = text_of(writer, value->span);
    const size_t size = value->span.to - value->span.from;
    if (value->kind == VALUE_STRING && size > 2 && (text[1] == '{' || text[1] == '['))
        return joined(writer, text[1] == '{' ? "\\u{7b}" : "\\u{5b}", text + 2, size - 3);
    if (value->kind == VALUE_JSON)
        return scalar(writer, text, size, false, false);
    return text_value(writer, value);
}

static struct doc_node *step_of(struct writer *writer, const struct clause *clause)
{
    static const char *const signs[] = {
        [OP_EQ] = "== ", [OP_NE] = "!= ", [OP_LT] = "< ", [OP_LE] = "<= ", [OP_GT] = "> ", [OP_GE] = ">= "
    };
    struct doc_node *step = make(writer, DOC_MAPPING);
    char words[48];
    if (clause->kind == CLAUSE_IN) {
        add_pair(writer, step, "in", line_of(writer, &clause->value));
    } else if (clause->kind == CLAUSE_COUNT) {
        (void)snprintf(words, sizeof words, "%ld", (long)clause->index);
        add_pair(writer, step, "count", joined(writer, signs[clause->op], words, strlen(words)));
    } else {
        const char *bracket = strchr(text_of(writer, clause->span), ']');
        const uint32_t from = (uint32_t)(bracket + 1 - writer->syntax->source.text);
        const struct span span = wp_layout_trim(&writer->layout, (struct span){ from, clause->span.to });
        (void)snprintf(words, sizeof words, "out[%ld]", (long)clause->index);
        add_pair(writer, step, words, scalar(writer, text_of(writer, span), span.to - span.from, false, true));
    }
    return step;
}

static struct doc_node *tests_of(struct writer *writer, const struct test *test)
{
    struct doc_node *tests = make(writer, DOC_SEQUENCE);
    for (; test != NULL; test = test->next) {
        struct doc_node *node = make(writer, DOC_MAPPING), *steps = make(writer, DOC_SEQUENCE);
        for (const struct clause *clause = test->clauses; clause != NULL; clause = clause->next)
            add(writer, steps, step_of(writer, clause));
        add_pair(writer, node, "name", string_body(writer, &test->name));
        add_pair(writer, node, "steps", steps);
        add(writer, tests, node);
    }
    return tests;
}

static struct doc_node *lets_of(struct writer *writer, const struct let *let)
{
    struct doc_node *lets = make(writer, DOC_MAPPING);
    for (; let != NULL; let = let->next)
        add_pair(writer, lets, let->name, text_value(writer, &let->value));
    return lets;
}

static struct doc_node *root_of(struct writer *writer)
{
    const struct syntax *syntax = writer->syntax;
    struct doc_node *root = make(writer, DOC_MAPPING);
    const struct chain *first = syntax->pipelines;
    if (syntax->lets != NULL)
        add_pair(writer, root, "let", lets_of(writer, syntax->lets));
    if (first != NULL && first->next == NULL && first->name == NULL)
        add_pair(writer, root, "stages", stages_of(writer, first->stages));
    else if (first != NULL)
        add_pair(writer, root, "pipelines", chains_of(writer, first));
    if (syntax->deads != NULL)
        add_pair(writer, root, "dead", chains_of(writer, syntax->deads));
    if (syntax->tests != NULL)
        add_pair(writer, root, "tests", tests_of(writer, syntax->tests));
    return root;
}

/* --- what can't be said ------------------------------------------------------------------------------------ */

static bool check_bytes(const struct syntax *syntax, struct diags *diags)
{
    const char *text = syntax->source.text;
    for (uint32_t i = 0; i < syntax->source.size;) {
        const size_t size = wp_document_character(text + i, syntax->source.size - i);
        const unsigned char c = (unsigned char)text[i];
        const bool is_control =
            c < ' ' || c == 0x7f ||
            (c == 0xc2 && i + 1 < syntax->source.size && ((unsigned char)text[i + 1] & 0xe0) == 0x80);
        if (size == 0 && !is_control) {
            wp_diag(diags, (struct span){ i, i + 1 }, "this byte is no UTF-8: YAML and JSON can't hold it");
            return false;
        }
        i += size > 0 ? (uint32_t)size : 1;
    }
    return true;
}

static bool check_lets(const struct syntax *syntax, struct diags *diags)
{
    for (const struct let *let = syntax->lets; let != NULL; let = let->next)
        for (const struct let *other = let->next; other != NULL; other = other->next)
            if (strcmp(let->name, other->name) == 0) {
                wp_diag(diags, other->name_span, "'%s' is set already", let->name);
                return false;
            }
    return true;
}

static bool check_any(const struct syntax *syntax, struct diags *diags)
{
    const bool any =
        syntax->lets != NULL || syntax->pipelines != NULL || syntax->deads != NULL || syntax->tests != NULL;
    if (!any)
        wp_diag(diags, (struct span){ 0, 0 }, "there is no pipeline here");
    return any;
}

int wp_document_write(const struct syntax *syntax, bool json, struct diags *diags, weir_text *out)
{
    if (!check_any(syntax, diags) || !check_bytes(syntax, diags) || !check_lets(syntax, diags))
        return diags->no_memory ? -ENOMEM : -EINVAL;
    struct writer writer = { .syntax = syntax, .diags = diags, .json = json };
    writer.layout = (struct layout){ .syntax = syntax, .text = syntax->source.text, .comments = syntax->comments };
    const struct doc_node *root = root_of(&writer);
    const int error = writer.arena.failed || diags->no_memory ? -ENOMEM
                      : writer.faulty                         ? -EINVAL
                                                              : wp_document_emit(root, json, out);
    wp_arena_fini(&writer.arena);
    return error;
}
