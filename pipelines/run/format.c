/* format.c - THE list of formats of records. */
#include "run/format.h"

#include <string.h>

#include "run/format_json.h"

static int append_raw(struct format_state *state, weir_text *out, const struct row *row)
{
    (void)state;
    const int error = weir_text_append(out, row->raw, row->raw_size);
    return error == 0 ? weir_text_append(out, "\n", 1) : error;
}

static int append_json(struct format_state *state, weir_text *out, const struct row *row)
{
    (void)state;
    return wp_format_json_append(out, row);
}

static const struct record_format formats[] = {
    { "raw", append_raw, false, '\0' },
    { "json", append_json, false, '\0' },
    { "logfmt", wp_format_logfmt_append, false, '\0' },
    { "csv", wp_format_csv_append, true, ',' },
    { "tsv", wp_format_tsv_append, true, '\t' },
    { "msgpack", wp_format_msgpack_append, false, '\0' },
};

const char *const wp_format_names[] = { "raw", "json", "logfmt", "csv", "tsv", "msgpack", NULL };

const struct record_format *wp_format_at(int64_t index)
{
    return &formats[index];
}

void wp_format_fini(struct format_state *state)
{
    weir_text_fini(&state->scratch);
    wp_arena_fini(&state->arena);
}

int wp_format_append_value(weir_text *out, const struct row *row, const struct member *member)
{
    const struct field *given = wp_row_field(row, member->name);
    const char *json = given != NULL ? given->json : NULL;
    size_t size = given != NULL ? given->json_size : 0;
    if (given == NULL && row->decoder != NULL && row->decoder->source != NULL)
        json = row->decoder->source(row, member->name, strlen(member->name), &size);
    if (json != NULL && datum_is_number(member->value))
        return weir_text_append(out, json, size);
    return wp_datum_append(out, member->value);
}
