/* manifest_csv.c - rows of comma-separated values (RFC 4180) under a header that names path and digests. */
#include "manifest/manifest_read.h"

#include <string.h>

struct cursor {
    const char *at, *end;
    bool more; /* a comma stood behind the last field: another one follows, be it empty */
};

/*
 * The next field, decoded into self->value. Returns 0, -EINVAL (a quote where
 * none may be, text behind a closing one) or -ENOMEM.
 */
static int take_field(weir_manifest_reader *self, struct cursor *row)
{
    self->value.size = 0;
    int error = 0;
    if (row->at < row->end && *row->at == '"') {
        row->at++;
        for (;;) {
            const char *quote = memchr(row->at, '"', (size_t)(row->end - row->at));
            if (quote == NULL)
                return -EINVAL;
            const bool doubled = quote + 1 < row->end && quote[1] == '"';
            error = weir_text_append(&self->value, row->at, (size_t)(quote - row->at) + doubled);
            if (error != 0)
                return error;
            row->at = quote + 1 + doubled;
            if (!doubled)
                break;
        }
        if (row->at < row->end && *row->at != ',')
            return -EINVAL;
    } else {
        const char *comma = memchr(row->at, ',', (size_t)(row->end - row->at));
        const char *end = comma != NULL ? comma : row->end;
        if (memchr(row->at, '"', (size_t)(end - row->at)) != NULL)
            return -EINVAL;
        error = weir_text_append(&self->value, row->at, (size_t)(end - row->at));
        row->at = end;
    }
    row->more = row->at < row->end;
    row->at += row->more;
    return error;
}

static bool is_word(const weir_text *value, const char *word)
{
    return value->size == strlen(word) && memcmp(value->data, word, value->size) == 0;
}

static struct csv_column column_of(const weir_text *value)
{
    if (value->size == 0)
        return (struct csv_column){ .kind = CSV_IGNORED };
    if (is_word(value, "path"))
        return (struct csv_column){ .kind = CSV_PATH };
    if (is_word(value, "size"))
        return (struct csv_column){ .kind = CSV_SIZE };
    const weir_digest_algo *algo = weir_digest_find_n(value->data, value->size);
    return (struct csv_column){ .kind = algo != NULL ? CSV_DIGEST : CSV_IGNORED, .algo = algo };
}

/*
 * A header holds no blank, a line of any other format does: else the name of
 * the first file, "x,path,md5", could turn the manifest into something else.
 */
int wi_manifest_take_csv_header(weir_manifest_reader *self, const char *line, size_t size)
{
    if (memchr(line, ' ', size) != NULL || memchr(line, '\t', size) != NULL)
        return 0;
    struct cursor row = { line, line + size, true };
    size_t count = 0, paths = 0, digests = 0;
    while (row.more && count < CSV_COLUMNS_MAX) {
        const int error = take_field(self, &row);
        if (error != 0)
            return error == -EINVAL ? 0 : error;
        self->csv[count] = column_of(&self->value);
        paths += self->csv[count].kind == CSV_PATH;
        digests += self->csv[count].kind == CSV_DIGEST;
        count++;
    }
    if (row.more || paths != 1 || digests == 0)
        return 0;
    self->csv_count = count;
    return 1;
}

static int take_value(weir_manifest_reader *self, const struct csv_column *column, weir_manifest_entry *entry)
{
    const weir_text *value = &self->value;
    switch (column->kind) {
    case CSV_IGNORED:
        break;
    case CSV_PATH:
        return weir_text_append(&self->name, value->data, value->size);
    case CSV_SIZE:
        if (value->size > 0 && wi_manifest_parse_size(value->data, value->size, &entry->size) != 0)
            return wi_manifest_bad(entry, "a size that isn't a number");
        break;
    case CSV_DIGEST:
        if (value->size > 0)
            return wi_manifest_add_digest(entry, column->algo, value->data, value->size);
        break;
    }
    return 0;
}

int wi_manifest_parse_csv(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry)
{
    struct cursor row = { line, line + size, true };
    for (size_t i = 0; i < self->csv_count; i++) {
        if (!row.more)
            return wi_manifest_bad(entry, "fewer fields than the header has");
        int result = take_field(self, &row);
        if (result == -EINVAL)
            return wi_manifest_bad(entry, "quotes that don't match");
        if (result == 0)
            result = take_value(self, &self->csv[i], entry);
        if (result != 0)
            return result;
    }
    if (row.more)
        return wi_manifest_bad(entry, "more fields than the header has");
    if (self->name.size == 0)
        return wi_manifest_bad(entry, "no name");
    if (entry->count == 0)
        return wi_manifest_bad(entry, "no digest");
    entry->format = WEIR_MANIFEST_CSV;
    return WEIR_MANIFEST_ENTRY;
}
