/* record_framing.c - where records end in the bytes of a connection. */
#include "listen/record_framing.h"

#include <string.h>

/* Of a length: more than any record may have. */
#define DIGITS_MAX 10u

const char *const wp_framing_names[] = { "lines", "octets", "syslog", NULL };

/* --- lines ----------------------------------------------------------------------------------------------- */

static void set_line(struct frame *frame, const char *text, size_t size)
{
    frame->text = text;
    frame->size = size > 0 && text[size - 1] == '\r' ? size - 1 : size;
}

static enum frame_kind next_line(struct framing *framing, const char *data, size_t size, struct frame *frame)
{
    const char *newline = size > 0 ? memchr(data, '\n', size) : NULL;
    if (newline == NULL && size <= framing->max + 1) /* a carriage return may be the last byte */
        return FRAME_MORE;
    set_line(frame, data, newline != NULL ? (size_t)(newline - data) : size);
    frame->took += newline != NULL ? (size_t)(newline - data) + 1 : size;
    framing->skips_line = newline == NULL;
    if (frame->size <= framing->max && newline != NULL)
        return FRAME_RECORD;
    frame->size = frame->size < framing->max ? frame->size : framing->max;
    return FRAME_TOO_LONG;
}

/* --- octet counting ---------------------------------------------------------------------------------------- */

static enum frame_kind next_counted(struct framing *framing, const char *data, size_t size, struct frame *frame)
{
    size_t length = 0, digits = 0;
    while (digits < size && digits < DIGITS_MAX && data[digits] >= '0' && data[digits] <= '9')
        length = 10 * length + (size_t)(data[digits++] - '0');
    if (digits == size && digits < DIGITS_MAX)
        return FRAME_MORE;
    frame->text = data;
    frame->size = size < 32 ? size : 32;
    const bool is_zero = data[0] == '0' && !(framing->empties && digits == 1);
    if (digits == 0 || digits == DIGITS_MAX || is_zero || data[digits] != ' ')
        return FRAME_BAD;
    frame->text = data + digits + 1;
    const size_t here = size - digits - 1;
    if (length > framing->max && here >= framing->max) { /* its beginning is there, to be shown */
        frame->size = framing->max;
        frame->took += digits + 1 + (here < length ? here : length);
        framing->skip = here < length ? length - here : 0;
        return FRAME_TOO_LONG;
    }
    if (here < length)
        return FRAME_MORE;
    frame->size = length;
    frame->took += digits + 1 + length;
    return FRAME_RECORD;
}

/* --- both ---------------------------------------------------------------------------------------------------- */

/* What is left of a record that was too long, and what stands between two. */
static size_t pass_over(struct framing *framing, const char *data, size_t size)
{
    size_t at = framing->skip < size ? framing->skip : size;
    framing->skip -= at;
    if (framing->skips_line) {
        const char *newline = at < size ? memchr(data + at, '\n', size - at) : NULL;
        at = newline != NULL ? (size_t)(newline - data) + 1 : size;
        framing->skips_line = newline == NULL;
    }
    while (framing->kind == FRAMING_SYSLOG && at < size && (data[at] == '\n' || data[at] == '\0' || data[at] == '\r'))
        at++;
    return at;
}

enum frame_kind wp_framing_next(struct framing *framing, const char *data, size_t size, struct frame *ret_frame)
{
    const size_t at = pass_over(framing, data, size);
    *ret_frame = (struct frame){ .took = at };
    if (at == size)
        return FRAME_MORE;
    const bool counted =
        framing->kind == FRAMING_OCTETS || (framing->kind == FRAMING_SYSLOG && data[at] >= '1' && data[at] <= '9');
    return counted ? next_counted(framing, data + at, size - at, ret_frame)
                   : next_line(framing, data + at, size - at, ret_frame);
}

enum frame_kind wp_framing_rest(struct framing *framing, const char *data, size_t size, struct frame *ret_frame)
{
    const enum frame_kind kind = wp_framing_next(framing, data, size, ret_frame);
    if (kind != FRAME_MORE || ret_frame->took == size)
        return kind;
    const char *text = data + ret_frame->took;
    if (framing->kind == FRAMING_OCTETS || (framing->kind == FRAMING_SYSLOG && *text >= '1' && *text <= '9'))
        return FRAME_MORE; /* it was to be longer */
    set_line(ret_frame, text, size - ret_frame->took);
    ret_frame->took = size;
    if (ret_frame->size <= framing->max)
        return FRAME_RECORD;
    ret_frame->size = framing->max;
    return FRAME_TOO_LONG;
}
