/* screen.c - what a terminal can show, and names that must not reach it as they are. */
#include "screen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int screen_width(FILE *stream)
{
    const char *columns = getenv("COLUMNS");
    const int width = columns != NULL ? atoi(columns) : 0;
    struct winsize size;
    if (width > 0)
        return width;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

bool screen_colours(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(stream)) && (no_color == NULL || *no_color == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

/* Bytes of the UTF-8 character at `s` (RFC 3629), 0 when it is none or is a control character. */
static size_t character(const unsigned char *s, size_t left)
{
    if (s[0] >= 0x20 && s[0] < 0x7f)
        return 1;
    const size_t size = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    /* C1 controls, and the marks that turn the direction of the text around (Unicode 9, UAX 9). */
    if (s[0] == 0xc2 && s[1] < 0xa0)
        return 0;
    if (s[0] == 0xe2 &&
        ((s[1] == 0x80 && (s[2] >= 0xaa && s[2] <= 0xae)) || (s[1] == 0x81 && (s[2] >= 0xa6 && s[2] <= 0xa9))))
        return 0;
    return size;
}

static size_t escape(char *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    out[0] = '\\';
    if (byte == '\n' || byte == '\t' || byte == '\r') {
        out[1] = byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r';
        return 2;
    }
    out[1] = 'x';
    out[2] = hex[byte >> 4];
    out[3] = hex[byte & 15];
    return 4;
}

const char *screen_name(char *buffer, size_t size, const char *name, size_t name_size)
{
    const unsigned char *s = (const unsigned char *)name;
    size_t used = 0;
    for (size_t i = 0; i < name_size;) {
        char one[4];
        size_t bytes = character(s + i, name_size - i), shown = bytes;
        if (bytes > 0) {
            memcpy(one, s + i, bytes);
        } else {
            shown = escape(one, s[i]);
            bytes = 1;
        }
        if (used + shown + 4 > size) {
            memcpy(buffer + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(buffer + used, one, shown);
        used += shown;
        i += bytes;
    }
    buffer[used] = '\0';
    return buffer;
}
