/* state_line.c - what became of one file, as a line. */
#include "hash/state_line.h"

#include <string.h>

#include "text/spelling.h"

static bool has_line_break(const char *path, size_t size)
{
    return memchr(path, '\n', size) != NULL || memchr(path, '\r', size) != NULL;
}

int wp_state_name(weir_text *out, const char *path, size_t size)
{
    if (!has_line_break(path, size))
        return weir_text_append(out, path, size);
    if (weir_text_reserve(out, 2 * size + 1) < 0)
        return -ENOMEM;
    int error = weir_text_append(out, "\\", 1);
    for (size_t i = 0; i < size && error == 0; i++) {
        const char byte = path[i];
        const char *escape = byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : byte == '\\' ? "\\\\" : NULL;
        error = escape != NULL ? weir_text_append(out, escape, 2) : weir_text_append(out, &byte, 1);
    }
    return error;
}

static int text_line(weir_text *out, const char *path, size_t size, const struct state_words *words, const char *from,
                     size_t from_size)
{
    int error = wp_state_name(out, path, size);
    if (error == 0)
        error = weir_text_append(out, words->text, strlen(words->text));
    if (error == 0 && from != NULL)
        error = wp_state_name(out, from, from_size);
    return error == 0 ? weir_text_append(out, "\n", 1) : error;
}

static int json_line(weir_text *out, const char *path, size_t size, const struct state_words *words, const char *from,
                     size_t from_size)
{
    if (weir_text_reserve(out, WI_JSON_NAME_ROOM("path", size) + WI_JSON_NAME_ROOM("from", from_size) + 64) < 0)
        return -ENOMEM;
    char *at = out->data + out->size;
    *at++ = '{';
    at = wi_json_put_name(at, "path", path, size);
    at = stpcpy(at, ",\"state\":\"");
    at = stpcpy(at, words->name);
    *at++ = '"';
    if (from != NULL) {
        *at++ = ',';
        at = wi_json_put_name(at, "from", from, from_size);
    }
    at = stpcpy(at, "}\n");
    out->size = (size_t)(at - out->data);
    return 0;
}

static int csv_line(weir_text *out, const char *path, size_t size, const struct state_words *words, const char *from,
                    size_t from_size)
{
    if (weir_text_reserve(out, WI_CSV_NAME_ROOM(size) + WI_CSV_NAME_ROOM(from_size) + 64) < 0)
        return -ENOMEM;
    char *at = wi_csv_put_name(out->data + out->size, path, size);
    *at++ = ',';
    at = stpcpy(at, words->name);
    *at++ = ',';
    if (from != NULL)
        at = wi_csv_put_name(at, from, from_size);
    at = stpcpy(at, "\r\n");
    out->size = (size_t)(at - out->data);
    return 0;
}

int wp_state_head(weir_text *out, enum state_format format)
{
    static const char head[] = "path,state,from\r\n";
    return format == STATE_CSV ? weir_text_append(out, head, sizeof head - 1) : 0;
}

int wp_state_line(weir_text *out, enum state_format format, const char *path, size_t size,
                  const struct state_words *words, const char *from, size_t from_size)
{
    switch (format) {
    case STATE_TEXT:
        break;
    case STATE_JSON:
        return json_line(out, path, size, words, from, from_size);
    case STATE_CSV:
        return csv_line(out, path, size, words, from, from_size);
    }
    return text_line(out, path, size, words, from, from_size);
}
