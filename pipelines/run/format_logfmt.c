/* format_logfmt.c - the format "logfmt": name=value name="a value". */
#include <string.h>

#include "run/format.h"
#include "run/row.h"

/* A name has no quotes: what would end it is a '_'. */
static int append_name(weir_text *out, const char *name)
{
    const size_t size = strlen(name), from = out->size;
    const int error = weir_text_append(out, name, size);
    for (size_t i = from; error == 0 && i < out->size; i++)
        if ((unsigned char)out->data[i] <= ' ' || out->data[i] == '=' || out->data[i] == '"' || out->data[i] == 0x7f)
            out->data[i] = '_';
    if (error == 0 && size == 0)
        return weir_text_append(out, "_", 1);
    return error;
}

static bool is_plain(const weir_text *text)
{
    for (size_t i = 0; i < text->size; i++) {
        const unsigned char byte = (unsigned char)text->data[i];
        if (byte <= ' ' || byte == '=' || byte == '"' || byte == '\\' || byte == 0x7f)
            return false;
    }
    return text->size > 0;
}

/* The escapes that the parser of the same name undoes; other bytes stay. */
static int append_quoted(weir_text *out, const weir_text *text)
{
    if (weir_text_reserve(out, 6 * text->size + 2) < 0)
        return -ENOMEM;
    char *to = out->data + out->size;
    *to++ = '"';
    for (size_t i = 0; i < text->size; i++) {
        const unsigned char byte = (unsigned char)text->data[i];
        const char *found = byte != 0 ? strchr("\nn\rr\tt\"\"\\\\", byte) : NULL;
        const bool escapes = byte == '\n' || byte == '\r' || byte == '\t' || byte == '"' || byte == '\\';
        if (escapes && found != NULL) {
            *to++ = '\\';
            *to++ = found[1];
        } else if (byte < ' ' || byte == 0x7f) {
            memcpy(to, "\\u00", 4); /* NOLINT(bugprone-not-null-terminated-result): two more digits follow */
            to[4] = "0123456789abcdef"[byte >> 4];
            to[5] = "0123456789abcdef"[byte & 15];
            to += 6;
        } else {
            *to++ = (char)byte;
        }
    }
    *to++ = '"';
    out->size = (size_t)(to - out->data);
    return 0;
}

static int append_member(struct format_state *state, weir_text *out, const struct row *row, const struct member *member)
{
    int error = append_name(out, member->name);
    if (error == 0)
        error = weir_text_append(out, "=", 1);
    if (error < 0 || member->value.kind == DATUM_NULL)
        return error < 0 ? error : weir_text_append(out, "null", 4);
    state->scratch.size = 0;
    error = wp_format_append_value(&state->scratch, row, member);
    if (error < 0)
        return error;
    return is_plain(&state->scratch) ? weir_text_append(out, state->scratch.data, state->scratch.size)
                                     : append_quoted(out, &state->scratch);
}

int wp_format_logfmt_append(struct format_state *state, weir_text *out, const struct row *row)
{
    struct arena arena = { 0 };
    const struct datum all = wp_row_view.all(row, &arena);
    int error = arena.failed ? -ENOMEM : 0;
    for (uint32_t i = 0; error == 0 && i < all.size; i++) {
        error = i > 0 ? weir_text_append(out, " ", 1) : 0;
        if (error == 0)
            error = append_member(state, out, row, &all.members[i]);
    }
    wp_arena_fini(&arena);
    return error == 0 ? weir_text_append(out, "\n", 1) : error;
}
