/*
 * fuzz_cells.c - whatever a line is: every parser of lines takes it or refuses it at a place within it, what it took
 * lies in the line, and comes out as JSON that is JSON.
 */
#include "line/cells.h"

#include <stdlib.h>
#include <string.h>

#include "json/json_index.h"
#include "line/line_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static struct kv_format logfmt = { .pair = " ", .pair_size = 1, .value = "=", .value_size = 1 },
                        kv = { .pair = "; ", .pair_size = 2, .value = "::", .value_size = 2, .numbers = true };

/* Without names: the line is a header, for a format of its own. */
static struct csv_format csv = { .delimiter = ',', .numbers = true }, blank = { .delimiter = ';' };

static const struct parser {
    wp_cut_line cut;
    void *format;
} parsers[] = { { wp_cut_combined, NULL }, { wp_cut_kv, &logfmt }, { wp_cut_kv, &kv },
                { wp_cut_syslog, NULL },   { wp_cut_csv, &csv },   { wp_cut_csv, NULL } };

static void check_taken(struct cutting *cutting, struct row *row)
{
    weir_text text = { 0 };
    struct json_index index = { 0 };
    must(wp_cut_finish(cutting, row) == 0 && wp_cells_append_json(&text, row) == 0);
    must(wp_json_index(&index, text.data, text.size) == 0 && wp_json_is_object(&index));
    must(index.field_count == cutting->count);
    const struct datum all = row->decoder->all(row, cutting->arena);
    must(all.kind == DATUM_MAP && all.size == cutting->count);
    for (uint32_t i = 0; i < all.size; i++) {
        const char *name = all.members[i].name;
        (void)row->decoder->get(row, name, strlen(name), NULL);
    }
    wp_json_index_fini(&index);
    weir_text_fini(&text);
}

/* The first byte is the parser, the rest the line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    static struct cutting cutting;
    struct arena arena = { 0 };
    char *line = malloc(size); /* as long as the line and one byte that nobody reads */
    must(line != NULL);
    memcpy(line, data + 1, size - 1);
    struct row row = { .raw = line, .raw_size = (uint32_t)size - 1, .flags = ROW_RECORD };
    cutting.line = line;
    cutting.size = size - 1;
    cutting.arena = &arena;
    cutting.count = cutting.own_count = 0;
    const struct parser *parser = &parsers[data[0] % (sizeof parsers / sizeof parsers[0])];
    if (csv.names.count == 0)
        must(wp_names_add(&csv.names, "a", 1) == 0 && wp_names_add(&csv.names, "b\"", 2) == 0);
    cutting.names = NULL;
    const bool is_header = parser->cut == wp_cut_csv && parser->format == NULL;
    const int result = parser->cut(is_header ? &blank : parser->format, &cutting);
    if (is_header) {
        must(result == CUT_NOTHING || (result == -EINVAL && cutting.offset < size));
        wp_names_fini(&blank.names);
        blank = (struct csv_format){ .delimiter = ';' };
    }
    if (result == 0)
        check_taken(&cutting, &row);
    else
        must(result == CUT_NOTHING || (cutting.offset < size && cutting.reason != NULL));
    wp_arena_fini(&arena);
    free(line);
    return 0;
}
