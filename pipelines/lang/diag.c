/* diag.c - faults with their places: kept, sorted, shown. */
#include "lang/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line that is longer is shown around the fault only. */
#define SHOWN_COLUMNS 100u

static char *format_text(const char *format, va_list args)
{
    char *text = NULL;
    return vasprintf(&text, format, args) < 0 ? NULL : text;
}

void wp_diag(struct diags *diags, struct span span, const char *format, ...)
{
    if (diags->count == DIAGS_MAX) {
        diags->more++;
        return;
    }
    va_list args;
    va_start(args, format);
    char *message = format_text(format, args);
    va_end(args);
    if (message == NULL) {
        diags->no_memory = true;
        return;
    }
    diags->list[diags->count++] = (struct diag){ .span = span, .message = message };
}

void wp_diag_hint(struct diags *diags, const char *format, ...)
{
    if (diags->count == 0 || diags->more > 0 || diags->no_memory)
        return;
    struct diag *last = &diags->list[diags->count - 1];
    va_list args;
    va_start(args, format);
    free(last->hint);
    last->hint = format_text(format, args);
    va_end(args);
}

void wp_diag_fini(struct diags *diags)
{
    for (unsigned i = 0; i < diags->count; i++) {
        free(diags->list[i].message);
        free(diags->list[i].hint);
    }
    diags->count = diags->more = 0;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static uint32_t line_start(const struct source *source, uint32_t at)
{
    while (at > 0 && source->text[at - 1] != '\n')
        at--;
    return at;
}

static uint32_t line_end(const struct source *source, uint32_t at)
{
    while (at < source->size && source->text[at] != '\n')
        at++;
    return at;
}

static unsigned columns_between(const struct source *source, uint32_t from, uint32_t to)
{
    unsigned columns = 0;
    for (uint32_t i = from; i < to && i < source->size; i++)
        columns += !is_continuation(source->text[i]);
    return columns;
}

/* --- texts made of others ------------------------------------------------------------------------ */

static struct span piece_span(const struct origin *origin, uint32_t at)
{
    const struct origin_piece *found = NULL;
    for (size_t low = 0, high = origin->count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (origin->pieces[middle].at <= at) {
            found = &origin->pieces[middle];
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (found == NULL)
        return (struct span){ 0, 0 };
    if (!found->exact)
        return found->span;
    const uint32_t from = found->span.from + (at - found->at);
    return from < found->span.to ? (struct span){ from, from + 1 } : (struct span){ found->span.to, found->span.to };
}

/* The place in the text that this one was made of, which is then *source. */
static struct span original(const struct source **source, struct span span)
{
    const struct origin *origin = (*source)->origin;
    if (origin == NULL)
        return span;
    const struct span first = piece_span(origin, span.from);
    const struct span last = span.to > span.from ? piece_span(origin, span.to - 1) : first;
    *source = &origin->source;
    return (struct span){ first.from, last.to > first.from ? last.to : first.to };
}

/* --- places ---------------------------------------------------------------------------------------- */

void wp_source_place(const struct source *source, uint32_t at, unsigned *ret_line, unsigned *ret_column)
{
    at = original(&source, (struct span){ at, at }).from;
    if (at > source->size)
        at = (uint32_t)source->size;
    unsigned line = 1;
    for (uint32_t i = 0; i < at; i++)
        line += source->text[i] == '\n';
    *ret_line = line;
    *ret_column = 1 + columns_between(source, line_start(source, at), at);
}

static int put(weir_text *out, const char *format, ...) WEIR_PRINTF(2, 3);
static int put(weir_text *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    const int error = text == NULL ? -ENOMEM : weir_text_append(out, text, strlen(text));
    free(text);
    return error;
}

/* The line of the fault, with what a terminal might obey replaced, and a caret under it. */
static int put_line(weir_text *out, const struct source *source, struct span span)
{
    uint32_t from = line_start(source, span.from);
    uint32_t to = line_end(source, span.from);
    if (span.from - from > SHOWN_COLUMNS / 2 && to - from > SHOWN_COLUMNS)
        from = span.from - SHOWN_COLUMNS / 2;
    if (to - from > SHOWN_COLUMNS)
        to = from + SHOWN_COLUMNS;
    while (from < to && is_continuation(source->text[from]))
        from++;
    int error = put(out, "    ");
    for (uint32_t i = from; error == 0 && i < to; i++) {
        const unsigned char c = (unsigned char)source->text[i];
        const char shown = c == '\t' || c == '\r' ? ' ' : c < ' ' || c == 0x7f ? '?' : (char)c;
        error = weir_text_append(out, &shown, 1);
    }
    if (error == 0)
        error = put(out, "\n    %*s^", (int)columns_between(source, from, span.from), "");
    const uint32_t last = span.to < to ? span.to : to;
    for (unsigned i = columns_between(source, span.from, last); error == 0 && i > 1; i--)
        error = put(out, "~");
    return error == 0 ? put(out, "\n") : error;
}

static int put_diag(weir_text *out, const struct source *source, const struct diag *diag)
{
    unsigned line, column;
    struct span span = original(&source, diag->span);
    if (span.from > source->size)
        span.from = span.to = (uint32_t)source->size;
    wp_source_place(source, span.from, &line, &column);
    int error = put(out, "%s:%u:%u: %s\n", source->name, line, column, diag->message);
    if (error == 0)
        error = put_line(out, source, span);
    if (error == 0 && diag->hint != NULL)
        error = put(out, "    %s\n", diag->hint);
    return error;
}

int wp_diag_render(const struct diags *diags, weir_text *out)
{
    unsigned order[DIAGS_MAX];
    for (unsigned i = 0; i < diags->count; i++) {
        unsigned at = i;
        for (; at > 0 && diags->list[order[at - 1]].span.from > diags->list[i].span.from; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    int error = 0;
    for (unsigned i = 0; error == 0 && i < diags->count; i++)
        error = put_diag(out, diags->source, &diags->list[order[i]]);
    if (error == 0 && diags->more > 0)
        error = put(out, "%s: %u more\n", diags->source->name, diags->more);
    return error != 0 || diags->no_memory ? -ENOMEM : 0;
}
