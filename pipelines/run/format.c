/* format.c - THE list of formats of records. */
#include "run/format.h"

#include "run/format_json.h"

static int append_raw(weir_text *out, const struct row *row)
{
    const int error = weir_text_append(out, row->raw, row->raw_size);
    return error == 0 ? weir_text_append(out, "\n", 1) : error;
}

static const struct record_format formats[] = {
    { "raw", append_raw, NULL },
    { "json", wp_format_json_append, NULL },
    { "tsv", NULL, wp_format_tsv_append },
};

const char *const wp_format_names[] = { "raw", "json", "tsv", NULL };

const struct record_format *wp_format_at(int64_t index)
{
    return &formats[index];
}
