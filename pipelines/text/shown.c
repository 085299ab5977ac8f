/* shown.c - a character as a terminal may be shown it. */
#include <weir/shown.h>

#include <string.h>

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

size_t weir_shown(const char *text, size_t left, char ret_shown[4], size_t *ret_shown_size)
{
    const unsigned char *s = (const unsigned char *)text;
    const size_t bytes = character(s, left);
    if (bytes == 0) {
        *ret_shown_size = escape(ret_shown, *s);
        return 1;
    }
    memcpy(ret_shown, s, bytes);
    *ret_shown_size = bytes;
    return bytes;
}
