/* manifest_read.c - from windows of bytes to lines, and from a line to the parser of its format. */
#include "manifest/manifest_read.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE_MAX_DEFAULT = 1 << 20 };

weir_manifest_reader *weir_manifest_reader_create(const weir_manifest_hints *hints)
{
    weir_manifest_reader *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return NULL;
    self->algo_hint = hints->algo;
    self->name_hint = hints->file_name != NULL ? weir_manifest_algo_of(hints->file_name) : NULL;
    self->is_sfv = self->name_hint != NULL && self->name_hint == weir_digest_find("crc32");
    self->zero = self->zero_known = hints->zero;
    self->line_size_max = hints->line_size_max != 0 ? hints->line_size_max : LINE_SIZE_MAX_DEFAULT;
    self->line_next = 1;
    return self;
}

void weir_manifest_reader_destroy(weir_manifest_reader *self)
{
    if (self == NULL)
        return;
    weir_text_fini(&self->carry);
    weir_text_fini(&self->name);
    weir_text_fini(&self->value);
    free(self);
}

void weir_manifest_feed(weir_manifest_reader *self, const void *data, size_t size, bool last)
{
    self->at = data;
    self->end = size > 0 ? self->at + size : self->at;
    self->last = last;
}

/* A quote opens only where a field begins, and a doubled one closes and opens again. */
static enum csv_state step_csv(enum csv_state state, char letter)
{
    if (letter == '"')
        return state == CSV_QUOTED ? CSV_QUOTE_CLOSED : state == CSV_PLAIN ? CSV_PLAIN : CSV_QUOTED;
    if (state == CSV_QUOTED)
        return CSV_QUOTED;
    return letter == ',' ? CSV_FIELD_BEGINS : CSV_PLAIN;
}

/*
 * The first line break outside of quotes. Keeps the state for the next window.
 * A line that has become too long has lost its right to be believed about
 * quotes: one that is never closed must not swallow the rest of the manifest.
 */
static const char *find_csv_end(weir_manifest_reader *self)
{
    const size_t limit = self->line_size_max - self->carry.size, size = (size_t)(self->end - self->at);
    const bool too_long = size > limit;
    const char *stop = too_long ? self->at + limit + 1 : self->end;
    for (const char *at = self->at; at < stop; at++) {
        if (*at == '\n' && self->csv_state != CSV_QUOTED)
            return at;
        self->csv_state = step_csv(self->csv_state, *at);
    }
    self->skipping = too_long;
    return too_long ? memchr(self->at + limit, '\n', size - limit) : NULL;
}

/*
 * Until the first line has ended, NUL or newline may turn out to be the end of
 * lines: whichever comes first. Without this `-0` would be needed to check what
 * `-0` has written. Where it can mislead (a newline in the first name of such a
 * manifest), the hint is there.
 */
static const char *find_first_end(weir_manifest_reader *self)
{
    for (const char *at = self->at; at < self->end; at++) {
        if (*at == 0 || *at == '\n') {
            self->zero = *at == 0;
            self->zero_known = true;
            return at;
        }
    }
    return NULL;
}

static const char *find_end(weir_manifest_reader *self)
{
    if (self->at == self->end)
        return NULL;
    if (!self->zero_known)
        return find_first_end(self);
    if (self->csv_count > 0 && !self->skipping)
        return find_csv_end(self);
    return memchr(self->at, self->zero ? 0 : '\n', (size_t)(self->end - self->at));
}

static void count_breaks(weir_manifest_reader *self, size_t size)
{
    if (self->csv_count == 0)
        return;
    for (const char *at = self->at; at < self->at + size; at++)
        self->line_breaks += *at == '\n';
}

/* The window is used up without the end of a line: keep the beginning, unless it is longer than anyone may ask us to.
 */
static int keep_rest(weir_manifest_reader *self)
{
    const size_t size = (size_t)(self->end - self->at);
    bool kept = true;
    count_breaks(self, size);
    self->skipping = self->skipping || size > self->line_size_max - self->carry.size;
    if (self->skipping)
        weir_text_fini(&self->carry);
    else
        kept = weir_text_append(&self->carry, self->at, size) == 0;
    self->at = self->end;
    return kept ? WEIR_MANIFEST_MORE : -ENOMEM;
}

/*
 * The next line without its end. Returns WEIR_MANIFEST_ENTRY for a line,
 * WEIR_MANIFEST_BAD for one that is too long, WEIR_MANIFEST_MORE, or -ENOMEM.
 */
static int take_line(weir_manifest_reader *self, const char **ret_line, size_t *ret_size, weir_manifest_entry *entry)
{
    if (self->carry_is_done) {
        self->carry.size = 0;
        self->carry_is_done = false;
    }
    const char *end = find_end(self);
    if (end == NULL && !(self->last && (self->at < self->end || self->carry.size > 0 || self->skipping)))
        return keep_rest(self);

    const char *begin = self->at;
    size_t size = (size_t)((end != NULL ? end : self->end) - begin);
    const bool too_long = self->skipping || size > self->line_size_max - self->carry.size;
    count_breaks(self, size);
    entry->line = self->line_next;
    self->line_next += 1 + self->line_breaks;
    self->line_breaks = 0;
    self->at = end != NULL ? end + 1 : self->end;
    self->csv_state = CSV_FIELD_BEGINS;
    self->skipping = false;
    if (too_long) {
        self->carry.size = 0;
        return wi_manifest_bad(entry, "the line is too long");
    }
    if (self->carry.size > 0) {
        if (weir_text_append(&self->carry, begin, size) != 0)
            return -ENOMEM;
        begin = self->carry.data;
        size = self->carry.size;
        self->carry_is_done = true;
    }
    *ret_line = begin;
    *ret_size = size;
    return WEIR_MANIFEST_ENTRY;
}

static bool is_blank_line(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!wi_is_blank(line[i]))
            return false;
    return true;
}

/* In turn, the likelier first. Where two formats could take a line, what the manifest was so far decides. */
static int parse_in_turn(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry)
{
    int result = LINE_OTHER;
    if (self->is_sfv)
        result = wi_manifest_parse_sfv(self, line, size, entry);
    if (result == LINE_OTHER && line[0] == '{')
        result = wi_manifest_parse_json(self, line, size, entry);
    if (result == LINE_OTHER)
        result = wi_manifest_parse_sums(self, line, size, entry);
    if (result == LINE_OTHER && !self->has_sums && !self->is_sfv)
        result = wi_manifest_parse_sfv(self, line, size, entry);
    else if (result == WEIR_MANIFEST_ENTRY && entry->format != WEIR_MANIFEST_SFV)
        self->has_sums = true;
    return result == LINE_OTHER ? wi_manifest_bad(entry, "not a line of a manifest") : result;
}

/* A line without its end. Returns LINE_OTHER for one that says nothing: blank, a comment, a header. */
static int parse_line(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry)
{
    if (entry->line == 1 && size >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        line += 3;
        size -= 3;
    }
    if (!self->zero) {
        if (memchr(line, 0, size) != NULL)
            return wi_manifest_bad(entry, "a NUL byte in the line");
        if (size > 0 && line[size - 1] == '\r')
            size--;
    }
    if (self->csv_count > 0)
        return size == 0 ? LINE_OTHER : wi_manifest_parse_csv(self, line, size, entry);
    if (is_blank_line(line, size))
        return LINE_OTHER;
    if (line[0] == ';') {
        self->is_sfv = self->is_sfv || !self->has_sums;
        return LINE_OTHER;
    }
    if (line[0] == '#' && !self->is_sfv)
        return LINE_OTHER;
    if (!self->started && !self->zero) {
        self->started = true;
        const int is_header = wi_manifest_take_csv_header(self, line, size);
        if (is_header != 0)
            return is_header < 0 ? is_header : LINE_OTHER;
    }
    return parse_in_turn(self, line, size, entry);
}

int weir_manifest_next(weir_manifest_reader *self, weir_manifest_entry *ret_entry)
{
    for (;;) {
        const char *line;
        size_t size;
        int result = take_line(self, &line, &size, ret_entry);
        if (result != WEIR_MANIFEST_ENTRY)
            return result;
        self->name.size = self->value.size = 0;
        ret_entry->count = 0;
        ret_entry->size = -1;
        ret_entry->binary = ret_entry->guessed = false;
        ret_entry->reason = NULL;
        result = parse_line(self, line, size, ret_entry);
        if (result == LINE_OTHER)
            continue;
        if (result != WEIR_MANIFEST_ENTRY)
            return result;
        if (weir_text_append(&self->name, "", 1) != 0)
            return -ENOMEM;
        ret_entry->name = self->name.data;
        ret_entry->name_size = self->name.size - 1;
        return WEIR_MANIFEST_ENTRY;
    }
}
