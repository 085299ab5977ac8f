/* document_emit.c - a tree as YAML, a line for each scalar, or as JSON. */
#include <stdio.h>
#include <string.h>

#include "document/document.h"

struct emit {
    weir_text *out;
    bool json, failed;
};

size_t wp_document_character(const char *at, size_t left)
{
    const unsigned char *bytes = (const unsigned char *)at, c = bytes[0];
    const size_t size = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (size == 1)
        return c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c != 0x7f);
    if (c < 0xc2 || c > 0xf4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    const bool odd = (c == 0xc2 && bytes[1] < 0xa0) || (c == 0xe0 && bytes[1] < 0xa0) ||
                     (c == 0xed && bytes[1] > 0x9f) || (c == 0xf0 && bytes[1] < 0x90) || (c == 0xf4 && bytes[1] > 0x8f);
    return odd ? 0 : size;
}

static void put(struct emit *emit, const char *text, size_t size)
{
    if (!emit->failed && weir_text_append(emit->out, text, size) < 0)
        emit->failed = true;
}

static void say(struct emit *emit, const char *text)
{
    put(emit, text, strlen(text));
}

static void new_line(struct emit *emit, unsigned indent)
{
    say(emit, "\n");
    while (indent-- > 0)
        say(emit, " ");
}

/* --- scalars -------------------------------------------------------------------------------------- */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Nothing in it means something to YAML, where it stands alone in a line or behind "key: ". */
static bool may_be_plain(const struct doc_node *node)
{
    const char *text = node->text;
    const size_t size = node->size;
    if (size == 0 || text[size - 1] == ':' || text[size - 1] == ' ')
        return false;
    if (!is_alnum(text[0]) && strchr("./_", text[0]) == NULL && !(size > 1 && text[0] == '~') &&
        !(size > 1 && text[0] == '-' && is_alnum(text[1])))
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || (text[i] == ':' && text[i + 1] == ' ') ||
            (text[i] == ' ' && text[i + 1] == '#') || wp_document_character(text + i, size - i) == 0)
            return false;
        else
            i += wp_document_character(text + i, size - i) - 1;
    return strncmp(text, "...", 3) != 0;
}

static bool is_number(const struct doc_node *node)
{
    const char *text = node->text + (node->text[0] == '-');
    if (*text == '0')
        return text[1] == '\0';
    return *text >= '1' && *text <= '9' && strspn(text, "0123456789") == strlen(text) && strlen(text) <= 15;
}

/* What JSON says without quotes, and reads back as it is. */
static bool is_json_plain(const struct doc_node *node)
{
    return strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0 || strcmp(node->text, "null") == 0 ||
           is_number(node);
}

static void put_double(struct emit *emit, const struct doc_node *node)
{
    say(emit, "\"");
    for (size_t i = 0, size; i < node->size; i += size) {
        const unsigned char c = (unsigned char)node->text[i];
        char code[8] = "";
        size = wp_document_character(node->text + i, node->size - i);
        if (c == '"' || c == '\\')
            (void)snprintf(code, sizeof code, "\\%c", c);
        else if (c == '\n' || c == '\t' || c == '\r')
            (void)snprintf(code, sizeof code, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        else if (size == 0)
            (void)snprintf(code, sizeof code, "\\u00%02x", c < 0x80 ? c : (unsigned char)node->text[i + 1]);
        if (size == 0)
            size = c < 0x80 ? 1 : 2; /* of more than ASCII only U+0080 to U+009F are left here */
        if (code[0] != '\0')
            say(emit, code);
        else
            put(emit, node->text + i, size);
    }
    say(emit, "\"");
}

static void put_single(struct emit *emit, const struct doc_node *node)
{
    say(emit, "'");
    for (size_t i = 0; i < node->size; i++)
        if (node->text[i] == '\'')
            say(emit, "''");
        else
            put(emit, node->text + i, 1);
    say(emit, "'");
}

/* Backslashes and quotes stay as they are between single quotes, where that is possible. */
static bool wants_single(const struct doc_node *node)
{
    for (size_t i = 0; i < node->size; i++)
        if ((unsigned char)node->text[i] < ' ' || wp_document_character(node->text + i, node->size - i) == 0)
            return false;
        else
            i += wp_document_character(node->text + i, node->size - i) - 1;
    return memchr(node->text, '"', node->size) != NULL || memchr(node->text, '\\', node->size) != NULL;
}

static void put_scalar(struct emit *emit, const struct doc_node *node)
{
    const bool wants_plain = node->plain || node->any_style;
    if (wants_plain && (emit->json ? is_json_plain(node) : may_be_plain(node)))
        put(emit, node->text, node->size);
    else if (!emit->json && wants_single(node))
        put_single(emit, node);
    else
        put_double(emit, node);
}

/* --- YAML -------------------------------------------------------------------------------------------- */

static void put_yaml(struct emit *emit, const struct doc_node *node, unsigned indent, bool begun);

/* Behind "key:" or "-". */
static void put_yaml_item(struct emit *emit, const struct doc_node *node, unsigned indent, bool in_list)
{
    if (node->items == NULL && node->kind != DOC_SCALAR) {
        say(emit, node->kind == DOC_MAPPING ? " {}" : " []");
    } else if (node->kind == DOC_SCALAR) {
        say(emit, " ");
        put_scalar(emit, node);
    } else if (in_list && node->kind == DOC_MAPPING) {
        say(emit, " ");
        put_yaml(emit, node, indent, true);
    } else {
        put_yaml(emit, node, indent, false);
    }
}

/* `begun`: the first item goes on in the line. */
static void put_yaml(struct emit *emit, const struct doc_node *node, unsigned indent, bool begun)
{
    for (const struct doc_node *item = node->items; item != NULL; item = item->next) {
        if (!begun)
            new_line(emit, indent);
        begun = false;
        if (node->kind == DOC_SEQUENCE) {
            say(emit, "-");
            put_yaml_item(emit, item, indent + 2, true);
            continue;
        }
        put_scalar(emit, item);
        say(emit, ":");
        item = item->next;
        put_yaml_item(emit, item, indent + 2, false);
    }
}

/* --- JSON -------------------------------------------------------------------------------------------- */

static bool is_flat(const struct doc_node *node)
{
    for (const struct doc_node *item = node->items; item != NULL; item = item->next)
        if (item->kind != DOC_SCALAR)
            return false;
    return true;
}

static void put_json(struct emit *emit, const struct doc_node *node, unsigned indent)
{
    if (node->kind == DOC_SCALAR) {
        put_scalar(emit, node);
        return;
    }
    const bool flat = is_flat(node), is_mapping = node->kind == DOC_MAPPING;
    say(emit, is_mapping ? "{" : "[");
    for (const struct doc_node *item = node->items; item != NULL; item = item->next) {
        if (item != node->items)
            say(emit, flat ? ", " : ",");
        if (!flat)
            new_line(emit, indent + 2);
        if (is_mapping) {
            put_double(emit, item);
            say(emit, ": ");
            item = item->next;
        }
        put_json(emit, item, indent + 2);
    }
    if (!flat)
        new_line(emit, indent);
    say(emit, is_mapping ? "}" : "]");
}

int wp_document_emit(const struct doc_node *root, bool json, weir_text *out)
{
    struct emit emit = { .out = out, .json = json };
    if (json)
        put_json(&emit, root, 0);
    else
        put_yaml(&emit, root, 0, true);
    say(&emit, "\n");
    return emit.failed ? -ENOMEM : 0;
}
