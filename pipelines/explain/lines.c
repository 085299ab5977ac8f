/* lines.c - words into lines of at most 80 columns, indented as far as they are nested. */
#include "explain/lines.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct lines *lines, const char *data, size_t size)
{
    if (!lines->failed && weir_text_append(lines->out, data, size) < 0)
        lines->failed = true;
}

static void append_blanks(struct lines *lines, unsigned count)
{
    while (count-- > 0)
        append(lines, " ", 1);
}

/* Characters of UTF-8, not bytes. */
static unsigned columns_of(const char *word, size_t size)
{
    unsigned columns = 0;
    for (size_t i = 0; i < size; i++)
        columns += ((unsigned char)word[i] & 0xc0) != 0x80;
    return columns;
}

void wp_lines_end(struct lines *lines)
{
    if (lines->column > 0)
        append(lines, "\n", 1);
    lines->column = 0;
}

void wp_lines_gap(struct lines *lines)
{
    wp_lines_end(lines);
    append(lines, "\n", 1);
}

/* Begins the word's line if it must. A line that goes on is indented by two more. */
static void make_room(struct lines *lines, unsigned columns)
{
    const bool goes_on = lines->column > 0 && lines->column + 1 + columns > LINES_COLUMNS;
    if (goes_on)
        wp_lines_end(lines);
    if (lines->column > 0) {
        append(lines, " ", 1);
        lines->column++;
        return;
    }
    lines->column = lines->indent + (goes_on ? 2 : 0);
    append_blanks(lines, lines->column);
}

static void put_word(struct lines *lines, const char *word, size_t size)
{
    const unsigned most = LINES_COLUMNS - 2 - (lines->indent < 40 ? lines->indent : 40);
    unsigned columns = columns_of(word, size);
    if (columns <= most) {
        make_room(lines, columns);
        append(lines, word, size);
    } else {
        while (columns_of(word, size) > most - 3 || ((unsigned char)word[size] & 0xc0) == 0x80)
            size--;
        columns = most;
        make_room(lines, columns);
        append(lines, word, size);
        append(lines, "...", 3);
    }
    lines->column += columns;
}

static void put_words(struct lines *lines, const char *text)
{
    while (*text != '\0') {
        const size_t size = strcspn(text, " \n");
        if (size > 0)
            put_word(lines, text, size);
        text += size + (text[size] != '\0');
    }
}

static void say(struct lines *lines, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void say(struct lines *lines, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        lines->failed = true;
        return;
    }
    put_words(lines, text);
    free(text);
}

void wp_lines_say(struct lines *lines, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(lines, format, args);
    va_end(args);
}

void wp_lines_put(struct lines *lines, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(lines, format, args);
    va_end(args);
    wp_lines_end(lines);
}

const char *wp_lines_size(char buffer[LINES_SIZE_MAX], uint64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    size_t unit = 0;
    double shown = (double)bytes;
    while (shown >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        shown /= 1024;
        unit++;
    }
    const bool whole = shown >= 100 || shown - (double)(uint64_t)shown < 0.05;
    snprintf(buffer, LINES_SIZE_MAX, whole ? "%.0f %s" : "%.1f %s", shown, units[unit]);
    return buffer;
}
