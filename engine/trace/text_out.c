/* text_out.c - see text_out.h. What is written a million times doesn't go through printf. */
#include "text_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void wi_text_init(struct text_out *out, int fd)
{
    out->fd = fd;
    out->error = 0;
    out->used = 0;
}

void wi_text_flush(struct text_out *out)
{
    const char *from = out->buffer;
    while (out->used > 0 && out->error == 0) {
        const ssize_t written = write(out->fd, from, out->used);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            out->error = -errno;
            break;
        }
        from += written;
        out->used -= (size_t)written;
    }
    out->used = 0;
}

void wi_text_bytes(struct text_out *out, const char *text, size_t size)
{
    while (size > 0) {
        const size_t room = sizeof out->buffer - out->used;
        const size_t part = size < room ? size : room;
        memcpy(out->buffer + out->used, text, part);
        out->used += part;
        text += part;
        size -= part;
        if (out->used == sizeof out->buffer)
            wi_text_flush(out);
    }
}

void wi_text(struct text_out *out, const char *text)
{
    wi_text_bytes(out, text, strlen(text));
}

void wi_text_number(struct text_out *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    wi_text_bytes(out, digits + at, sizeof digits - at);
}

void wi_text_spaces(struct text_out *out, unsigned count)
{
    while (count-- > 0)
        wi_text_bytes(out, " ", 1);
}

void wi_text_duration(struct text_out *out, int64_t duration_ns)
{
    const uint64_t ms = duration_ns > 0 ? (uint64_t)duration_ns / 1000000 : 0;
    if (ms < 1000) {
        wi_text_number(out, ms);
        wi_text(out, " ms");
        return;
    }
    wi_text_number(out, ms / 1000);
    if (ms < 100000) {
        wi_text(out, ".");
        wi_text_number(out, ms / 100 % 10);
    }
    wi_text(out, " s");
}

void wi_text_format(struct text_out *out, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length > 0)
        wi_text_bytes(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}
