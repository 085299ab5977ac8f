/* document_yaml.c - YAML into a tree, by libfyaml's events: without anchors, tags, and a second document. */
#include "document/document.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct arena *arena;
    struct diags *diags;
    const struct source *yaml;
    struct doc_node *root, *open; /* open: what items go to */
    bool failed;                  /* a fault was told */
};

static void fault(struct reader *reader, struct span span, const char *words)
{
    if (!reader->failed)
        wp_diag(reader->diags, span, "%s", words);
    reader->failed = true;
}

/* --- bytes ------------------------------------------------------------------------------------------- */

/* libfyaml leaves such bytes out without a word. */
static void check_bytes(struct reader *reader)
{
    const char *text = reader->yaml->text;
    for (size_t i = 0; i < reader->yaml->size && !reader->failed;) {
        const size_t size = wp_document_character(text + i, reader->yaml->size - i);
        if (size == 0)
            fault(reader, (struct span){ (uint32_t)i, (uint32_t)i + 1 },
                  "there is a byte here that is no text: a control character, or no UTF-8");
        i += size;
    }
}

/* --- the tree ------------------------------------------------------------------------------------------ */

static struct span event_span(const struct reader *reader, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
    const size_t size = reader->yaml->size;
    const size_t from = start != NULL && start->input_pos < size ? start->input_pos : size;
    const size_t to = end != NULL && end->input_pos <= size && end->input_pos >= from ? end->input_pos : from;
    return (struct span){ (uint32_t)from, (uint32_t)to };
}

static bool is_known(const struct doc_node *mapping, const struct doc_node *key)
{
    bool is_key = true;
    for (const struct doc_node *item = mapping->items; item != NULL; item = item->next, is_key = !is_key)
        if (is_key && item != key && item->size == key->size && memcmp(item->text, key->text, key->size) == 0)
            return true;
    return false;
}

static void check_key(struct reader *reader, const struct doc_node *mapping, const struct doc_node *key)
{
    if (key->kind != DOC_SCALAR)
        fault(reader, key->span, "a key is a word, no list and no mapping");
    else if (mapping->count / 2 >= DOCUMENT_KEYS_MAX)
        fault(reader, key->span, "there are more than 1000 keys in this mapping");
    else if (is_known(mapping, key))
        fault(reader, key->span, "this key stands here twice");
}

static void add(struct reader *reader, struct doc_node *node)
{
    struct doc_node *parent = reader->open;
    node->parent = parent;
    node->tail = &node->items;
    if (parent == NULL) {
        reader->root = node;
        return;
    }
    if (parent->kind == DOC_MAPPING && parent->count % 2 == 0)
        check_key(reader, parent, node);
    *parent->tail = node;
    parent->tail = &node->next;
    parent->count++;
}

static void add_scalar(struct reader *reader, struct doc_node *node, struct fy_token *token)
{
    size_t size = 0;
    const char *text = token != NULL ? fy_token_get_text(token, &size) : "";
    if (text == NULL) {
        reader->arena->failed = true;
        return;
    }
    node->plain = token == NULL || fy_token_scalar_style(token) == FYSS_PLAIN;
    node->text = wp_arena_copy(reader->arena, text, size);
    node->size = size;
    if (memchr(text, '\0', size) != NULL)
        fault(reader, node->span, "there is a NUL byte in this: it is no text");
}

static void take_node(struct reader *reader, struct fy_event *event, enum doc_kind kind)
{
    struct doc_node *node = wp_arena_new(reader->arena, struct doc_node);
    if (node == NULL)
        return;
    node->kind = kind;
    node->span = event_span(reader, event);
    if (fy_event_get_anchor_token(event) != NULL)
        fault(reader, node->span, "anchors are no part of this: write it where it is needed");
    if (fy_event_get_tag_token(event) != NULL)
        fault(reader, node->span, "tags are no part of this: what a value is, its option says");
    if (kind == DOC_SCALAR)
        add_scalar(reader, node, event->scalar.value);
    if (reader->failed || reader->arena->failed)
        return;
    add(reader, node);
    if (kind != DOC_SCALAR)
        reader->open = node;
}

static void take_event(struct reader *reader, struct fy_event *event)
{
    switch ((int)event->type) {
    case FYET_DOCUMENT_START:
        if (reader->root != NULL)
            fault(reader, event_span(reader, event), "a second document begins here: a file is one");
        break;
    case FYET_SCALAR:
        take_node(reader, event, DOC_SCALAR);
        break;
    case FYET_SEQUENCE_START:
        take_node(reader, event, DOC_SEQUENCE);
        break;
    case FYET_MAPPING_START:
        take_node(reader, event, DOC_MAPPING);
        break;
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        reader->open = reader->open != NULL ? reader->open->parent : NULL;
        break;
    case FYET_ALIAS:
        fault(reader, event_span(reader, event), "aliases are no part of this: write it where it is needed");
        break;
    default:
        break;
    }
}

/* --- its faults ------------------------------------------------------------------------------------------ */

/* Where line and column, both from 1, are. */
static uint32_t place_of(const struct source *yaml, unsigned line, unsigned column)
{
    size_t at = 0;
    for (; line > 1 && at < yaml->size; at++)
        line -= yaml->text[at] == '\n';
    for (; column > 1 && at < yaml->size && yaml->text[at] != '\n'; column--)
        for (at++; at < yaml->size && ((unsigned char)yaml->text[at] & 0xc0) == 0x80;)
            at++;
    return (uint32_t)at;
}

/* "<memory-@...>:6:1: error: words\n", then the line and a caret, which are of no use here. */
static void on_fault(struct fy_diag *diag, void *arg, const char *text, size_t size)
{
    struct reader *reader = arg;
    static const char mark[] = ": error: ";
    (void)diag;
    const char *words = memmem(text, size, mark, strlen(mark));
    const char *place = words != NULL ? memmem(text, size, ">:", 2) : NULL;
    if (place == NULL || place > words)
        return;
    char *rest;
    const unsigned long line = strtoul(place + 2, &rest, 10);
    const unsigned long column = *rest == ':' ? strtoul(rest + 1, NULL, 10) : 1;
    words += strlen(mark);
    size_t length = size - (size_t)(words - text);
    while (length > 0 && words[length - 1] == '\n')
        length--;
    const uint32_t at = place_of(reader->yaml, (unsigned)line, (unsigned)column);
    if (!reader->failed)
        wp_diag(reader->diags, (struct span){ at, at + 1 }, "this is no YAML: %.*s", (int)length, words);
    reader->failed = true;
}

static struct fy_diag *make_diag(struct reader *reader)
{
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = on_fault;
    config.user = reader;
    config.level = FYET_ERROR;
    config.colorize = false;
    return fy_diag_create(&config);
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static int parse(struct reader *reader, struct fy_diag *diag)
{
    const struct fy_parse_cfg config = { .flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = diag };
    struct fy_parser *parser = fy_parser_create(&config);
    if (parser == NULL)
        return -ENOMEM;
    int error = fy_parser_set_string(parser, reader->yaml->text, reader->yaml->size) < 0 ? -ENOMEM : 0;
    struct fy_event *event = NULL;
    while (error == 0 && !reader->failed && !reader->arena->failed && (event = fy_parser_parse(parser)) != NULL) {
        take_event(reader, event);
        fy_parser_event_free(parser, event);
    }
    if (error == 0 && fy_parser_get_stream_error(parser))
        fault(reader, (struct span){ 0, 0 }, "this is no YAML");
    fy_parser_destroy(parser);
    return error;
}

int wp_document_tree(const struct source *yaml, struct arena *arena, struct diags *diags, struct doc_node **ret_root)
{
    struct reader reader = { .arena = arena, .diags = diags, .yaml = yaml };
    if (yaml->size > DOCUMENT_BYTES_MAX)
        fault(&reader, (struct span){ 0, 0 }, "this document is larger than 1 MiB: it is no pipeline");
    else
        check_bytes(&reader);
    struct fy_diag *diag = reader.failed || yaml->size == 0 ? NULL : make_diag(&reader);
    int error = reader.failed || yaml->size == 0 ? 0 : diag == NULL ? -ENOMEM : parse(&reader, diag);
    if (diag != NULL)
        fy_diag_destroy(diag);
    if (error == 0 && !reader.failed && !arena->failed && reader.root == NULL)
        fault(&reader, (struct span){ 0, 0 }, "there is no pipeline here");
    if (error == 0)
        error = arena->failed || diags->no_memory ? -ENOMEM : reader.failed ? -EINVAL : 0;
    if (error == 0)
        *ret_root = reader.root;
    return error;
}

const char *wp_document_backend(void)
{
    return "libfyaml";
}
