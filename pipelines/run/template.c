/* template.c - "{.dir}/{.stem}.zst" filled in for a row. */
#include "run/template.h"

#include <string.h>
#include <time.h>

#include "run/row.h"

static int append_time(weir_text *out, const char *format, int64_t time_ns)
{
    char text[256];
    struct tm parts;
    const time_t seconds = (time_t)(time_ns / 1000000000 - (time_ns % 1000000000 < 0));
    if (gmtime_r(&seconds, &parts) == NULL)
        return 0;
    return weir_text_append(out, text, strftime(text, sizeof text, format, &parts));
}

static int append_field(weir_text *out, const struct expr *path, const struct row *row)
{
    struct arena arena = { 0 };
    struct eval eval = wp_row_eval(row, &arena);
    const struct datum datum = wp_eval(&eval, path);
    const int error = arena.failed ? -ENOMEM : wp_datum_append(out, datum);
    wp_arena_fini(&arena);
    return error;
}

int wp_template_append(weir_text *out, const struct piece *pieces, const struct row *row, int64_t time_ns)
{
    int error = 0;
    for (const struct piece *piece = pieces; error == 0 && piece != NULL; piece = piece->next)
        switch (piece->kind) {
        case PIECE_TEXT:
            error = weir_text_append(out, piece->text, piece->size);
            break;
        case PIECE_TIME:
            error = append_time(out, piece->text, time_ns);
            break;
        case PIECE_FIELD:
            error = append_field(out, piece->path, row);
            break;
        }
    return error;
}
