/* ack_line.c - the lines of acknowledged sending, read and written. */
#include "listen/ack_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const prefixes[] = {
    [ACK_HELLO] = "weir-ack ", [ACK_SESSION] = "session ", [ACK_HAVE] = "have ",
    [ACK_FROM] = "from ",      [ACK_UP_TO] = "ack ",       [ACK_NO] = "no ",
};
enum { KINDS = sizeof prefixes / sizeof prefixes[0] };

static int parse_number(const char *text, size_t size, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (size == 0 || size > 19 || (size > 1 && text[0] == '0'))
        return -EPROTO;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -EPROTO;
        number = 10 * number + (uint64_t)(text[i] - '0'); /* 19 digits fit */
    }
    *ret_number = number;
    return number <= INT64_MAX ? 0 : -EPROTO;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int wp_session_parse(const char *text, size_t size, unsigned char ret_session[SESSION_ID_BYTES])
{
    if (size != SESSION_ID_DIGITS)
        return -EINVAL;
    for (size_t i = 0; i < SESSION_ID_BYTES; i++) {
        const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return -EINVAL;
        ret_session[i] = (unsigned char)(16 * high + low);
    }
    return 0;
}

void wp_session_name(const unsigned char session[SESSION_ID_BYTES], char text[SESSION_ID_DIGITS + 1])
{
    for (size_t i = 0; i < SESSION_ID_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", session[i]);
}

static int parse_words(const char *text, size_t size, char words[ACK_LINE_MAX])
{
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            return -EPROTO;
    memcpy(words, text, size);
    words[size] = '\0';
    return size > 0 ? 0 : -EPROTO;
}

int wp_ack_line_parse(const char *data, size_t size, struct ack_line *ret_line)
{
    const size_t seen = size < ACK_LINE_MAX ? size : ACK_LINE_MAX;
    const char *end = seen > 0 ? memchr(data, '\n', seen) : NULL;
    if (end == NULL)
        return size < ACK_LINE_MAX ? 0 : -EPROTO;
    const size_t line = (size_t)(end - data);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        const size_t prefix = strlen(prefixes[kind]);
        if (line < prefix || memcmp(data, prefixes[kind], prefix) != 0)
            continue;
        const char *rest = data + prefix;
        *ret_line = (struct ack_line){ .kind = (enum ack_kind)kind };
        const int error = kind == ACK_SESSION ? wp_session_parse(rest, line - prefix, ret_line->session)
                          : kind == ACK_NO    ? parse_words(rest, line - prefix, ret_line->words)
                                              : parse_number(rest, line - prefix, &ret_line->number);
        return error < 0 ? -EPROTO : (int)line + 1;
    }
    return -EPROTO;
}

int wp_ack_line_take(char *data, size_t *size, struct ack_line *ret_line)
{
    const int line = wp_ack_line_parse(data, *size, ret_line);
    if (line <= 0)
        return line;
    *size -= (size_t)line;
    memmove(data, data + line, *size);
    return 1;
}

size_t wp_ack_line_put(const struct ack_line *line, char text[ACK_LINE_MAX])
{
    char name[SESSION_ID_DIGITS + 1];
    int size;
    if (line->kind == ACK_SESSION) {
        wp_session_name(line->session, name);
        size = snprintf(text, ACK_LINE_MAX, "%s%s\n", prefixes[line->kind], name);
    } else if (line->kind == ACK_NO) { /* the longest has no room for snprintf()'s NUL */
        const size_t prefix = strlen(prefixes[ACK_NO]), words = strnlen(line->words, ACK_LINE_MAX - prefix - 1);
        memcpy(text, prefixes[ACK_NO], prefix);
        memcpy(text + prefix, line->words, words);
        text[prefix + words] = '\n';
        size = (int)(prefix + words + 1);
    } else {
        size = snprintf(text, ACK_LINE_MAX, "%s%lu\n", prefixes[line->kind], (unsigned long)line->number);
    }
    return (size_t)size;
}
