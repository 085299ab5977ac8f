/* xml_text.c - any bytes as text of XML or HTML. */
#include "xml_text.h"

#include <stdbool.h>

/* The bytes of the character at `at` that XML may hold; 0: it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    const size_t size = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
    if (size == 1)
        return *at >= ' ' || *at == '\n' || *at == '\t';
    if (*at < 0xc2 || *at > 0xf4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    const bool odd = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
                     (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f) ||
                     (at[0] == 0xef && at[1] == 0xbf && at[2] > 0xbd);
    return odd ? 0 : size;
}

void xml_text(FILE *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        const size_t taken = character((const unsigned char *)text + i, size - i);
        if (taken == 0)
            fputc('?', out);
        else if (text[i] == '<')
            fputs("&lt;", out);
        else if (text[i] == '>')
            fputs("&gt;", out);
        else if (text[i] == '&')
            fputs("&amp;", out);
        else if (text[i] == '"')
            fputs("&quot;", out);
        else if (text[i] == '\n')
            fputs("&#10;", out);
        else
            (void)fwrite(text + i, 1, taken, out);
        i += taken + (taken == 0);
    }
}
