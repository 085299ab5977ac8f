/* lookup_table.c - a file that is read whole, and a table of where each key is. */
#include "run/lookup_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json/json_index.h"
#include "line/line_formats.h"

#define READ_BYTES ((size_t)1 << 18)
/* What a row takes beside its bytes in the file, roughly: an entry, its slots, members. */
#define ROW_BYTES 256

WEIR_PRINTF(3, 4) static int fail(struct lookup_table *table, int error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(table->reason, sizeof table->reason, format, values);
    va_end(values);
    return error;
}

static int no_memory(struct lookup_table *table)
{
    return fail(table, -ENOMEM, "no memory");
}

static int read_all(struct lookup_table *table, int fd, size_t bytes_max)
{
    weir_text *text = &table->text;
    for (;;) {
        if (weir_text_reserve(text, READ_BYTES) < 0)
            return no_memory(table);
        const ssize_t taken = read(fd, text->data + text->size, READ_BYTES);
        if (taken < 0 && errno == EINTR)
            continue;
        if (taken < 0)
            return fail(table, -errno, "%s", strerror(errno));
        if (taken == 0)
            return 0;
        text->size += (size_t)taken;
        if (text->size > bytes_max)
            return fail(table, -ENOBUFS, "is larger than its part of --mem: a larger --mem takes it");
    }
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *key, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static size_t *find_slot(const struct lookup_table *table, const char *key, size_t size)
{
    size_t at = hash_of(key, size) & (table->slot_count - 1);
    for (; table->slots[at] != 0; at = (at + 1) & (table->slot_count - 1)) {
        const struct lookup_entry *entry = &table->entries[table->slots[at] - 1];
        if (entry->key_size == size && memcmp(entry->key, key, size) == 0)
            break;
    }
    return &table->slots[at];
}

static int grow(struct lookup_table *table)
{
    const size_t room = table->room > 0 ? 2 * table->room : 256;
    struct lookup_entry *entries = reallocarray(table->entries, room, sizeof *entries);
    if (entries == NULL)
        return no_memory(table);
    table->entries = entries;
    table->room = room;
    free(table->slots);
    table->slot_count = 2 * room;
    table->slots = calloc(table->slot_count, sizeof *table->slots);
    if (table->slots == NULL)
        return no_memory(table);
    for (size_t i = 0; i < table->count; i++)
        *find_slot(table, entries[i].key, entries[i].key_size) = i + 1;
    return 0;
}

static int add(struct lookup_table *table, const struct lookup_entry *entry, enum lookup_twice twice)
{
    if (table->count == table->room) {
        const int error = grow(table);
        if (error < 0)
            return error;
    }
    size_t *slot = find_slot(table, entry->key, entry->key_size);
    if (*slot == 0) {
        table->entries[table->count] = *entry;
        *slot = ++table->count;
        return 0;
    }
    struct lookup_entry *there = &table->entries[*slot - 1];
    if (twice == LOOKUP_TWICE_FAIL)
        return fail(table, -EEXIST, "%lu: '%.*s' is in line %lu already: twice=first or twice=last takes one of them",
                    (unsigned long)entry->line, entry->key_size > 60 ? 60 : (int)entry->key_size, entry->key,
                    (unsigned long)there->line);
    if (twice == LOOKUP_TWICE_LAST)
        *there = *entry;
    return 0;
}

/* The fields of a line without the key; the key as text. */
static int add_fields(struct lookup_table *table, struct datum all, const char *key, uint64_t line,
                      enum lookup_twice twice)
{
    struct lookup_entry entry = { .line = line };
    struct member *members = wp_arena_alloc(&table->arena, (all.size + 1) * sizeof *members);
    if (members == NULL || table->arena.failed)
        return no_memory(table);
    for (uint32_t i = 0; i < all.size; i++) {
        if (strcmp(all.members[i].name, key) != 0) {
            members[entry.count++] = all.members[i];
            continue;
        }
        weir_text text = { 0 };
        const struct datum value = all.members[i].value;
        const int error = wp_datum_append(&text, value);
        entry.key = error == 0 && value.kind != DATUM_NULL ? wp_arena_copy(&table->arena, text.data, text.size) : NULL;
        entry.key_size = (uint32_t)text.size;
        weir_text_fini(&text);
        if (error < 0 || table->arena.failed)
            return no_memory(table);
    }
    if (entry.key == NULL)
        return fail(table, -EBADMSG, "%lu: it has no field '%s': key= says which one is the key", (unsigned long)line,
                    key);
    entry.members = members;
    return add(table, &entry, twice);
}

/* --- lines ----------------------------------------------------------------------------------------------------- */

struct reading {
    struct lookup_table *table;
    const char *key;
    enum lookup_twice twice;
    bool is_csv;
    struct csv_format csv;
    struct cutting cutting;
    struct json_index index;
};

static int bad_line(struct reading *self, uint64_t line, size_t offset, const char *reason)
{
    return fail(self->table, -EBADMSG, "%lu: byte %zu: %s", (unsigned long)line, offset + 1, reason);
}

static int take_csv(struct reading *self, const char *text, size_t size, uint64_t line)
{
    struct row row = { .raw = text, .raw_size = (uint32_t)size, .flags = ROW_RECORD };
    struct cutting *cutting = &self->cutting;
    cutting->line = text;
    cutting->size = size;
    cutting->count = cutting->own_count = 0;
    const int error = wp_cut_csv(&self->csv, cutting);
    if (error == CUT_NOTHING)
        return 0;
    if (error == -EBADMSG || error == -EINVAL)
        return bad_line(self, line, cutting->offset, cutting->reason);
    if (error < 0 || wp_cut_finish(cutting, &row) < 0)
        return no_memory(self->table);
    return add_fields(self->table, row.decoder->all(&row, &self->table->arena), self->key, line, self->twice);
}

static int take_json(struct reading *self, const char *text, size_t size, uint64_t line)
{
    const int error = wp_json_index(&self->index, text, size);
    if (error == -ENOMEM)
        return no_memory(self->table);
    if (error < 0)
        return bad_line(self, line, self->index.offset, self->index.reason);
    if (!wp_json_is_object(&self->index))
        return bad_line(self, line, self->index.root.at, "JSON, but no object");
    const struct datum all = wp_json_value(text, self->index.root, &self->table->arena);
    return add_fields(self->table, all, self->key, line, self->twice);
}

static bool is_blank(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

static int take_lines(struct reading *self, size_t bytes_max)
{
    const char *at = self->table->text.data, *const end = at + self->table->text.size;
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; /* what editors of elsewhere put in front */
    int error = 0;
    for (uint64_t line = 1; error == 0 && at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *to = newline != NULL ? newline : end;
        const size_t size = (size_t)(to - at) - (to > at && to[-1] == '\r');
        if (size > UINT32_MAX / 2)
            return fail(self->table, -EFBIG, "%lu: a line of more than 2 GiB", (unsigned long)line);
        if (!is_blank(at, size))
            error = self->is_csv ? take_csv(self, at, size, line) : take_json(self, at, size, line);
        at = newline != NULL ? newline + 1 : end;
        if (error == 0 && self->table->text.size + self->table->count * ROW_BYTES > bytes_max)
            error = fail(self->table, -ENOBUFS, "has more rows than its part of --mem takes: a larger --mem does");
    }
    return error;
}

static bool begins_object(const weir_text *text)
{
    size_t at = text->size >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < text->size && strchr(" \t\r\n", text->data[at]) != NULL && text->data[at] != '\0')
        at++;
    return at < text->size && text->data[at] == '{';
}

int wp_lookup_load(struct lookup_table *table, int fd, enum lookup_format format, const char *key,
                   enum lookup_twice twice, size_t bytes_max)
{
    int error = read_all(table, fd, bytes_max);
    struct reading *reading = error == 0 ? calloc(1, sizeof *reading) : NULL;
    if (error < 0)
        return error;
    if (reading == NULL || grow(table) < 0) {
        free(reading);
        return no_memory(table);
    }
    reading->table = table;
    reading->key = key;
    reading->twice = twice;
    reading->is_csv = format == LOOKUP_CSV || (format == LOOKUP_AUTO && !begins_object(&table->text));
    reading->csv.delimiter = ',';
    reading->cutting.arena = &table->arena;
    error = take_lines(reading, bytes_max);
    wp_names_fini(&reading->csv.names);
    wp_json_index_fini(&reading->index);
    free(reading);
    return error;
}

void wp_lookup_fini(struct lookup_table *table)
{
    wp_arena_fini(&table->arena);
    weir_text_fini(&table->text);
    free(table->entries);
    free(table->slots);
    *table = (struct lookup_table){ 0 };
}

const struct lookup_entry *wp_lookup_find(const struct lookup_table *table, const char *key, size_t size)
{
    if (table->slot_count == 0)
        return NULL;
    const size_t slot = *find_slot(table, key, size);
    return slot != 0 ? &table->entries[slot - 1] : NULL;
}
