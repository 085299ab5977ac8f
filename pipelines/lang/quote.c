/* quote.c - a string as it is written in a pipeline: see scan_string.c, which reads it. */
#include "lang/quote.h"

#include <stdio.h>
#include <string.h>

static int quote_byte(weir_text *out, char byte)
{
    static const char letters[] = "n\nt\tr\r\"\"\\\\$${{";
    char escape[12];
    for (size_t i = 0; letters[i] != '\0'; i += 2)
        if (letters[i + 1] == byte) {
            escape[0] = '\\';
            escape[1] = letters[i];
            return weir_text_append(out, escape, 2);
        }
    const int size = snprintf(escape, sizeof escape, "\\u{%x}", (unsigned)(unsigned char)byte);
    return weir_text_append(out, escape, (size_t)size);
}

static bool is_plain(char byte)
{
    return (unsigned char)byte >= ' ' && byte != 0x7f && strchr("\"\\${", byte) == NULL;
}

int wp_quote(weir_text *out, const char *text, size_t size)
{
    int error = weir_text_append(out, "\"", 1);
    for (size_t i = 0, run; error == 0 && i < size; i += run) {
        for (run = 0; i + run < size && is_plain(text[i + run]);)
            run++;
        if (run > 0) {
            error = weir_text_append(out, text + i, run);
        } else {
            error = quote_byte(out, text[i]);
            run = 1;
        }
    }
    return error == 0 ? weir_text_append(out, "\"", 1) : error;
}
