/* regex_line.c - lines in which the named groups of a regular expression are the fields. */
#include "line/line_formats.h"

#include "expr/regex.h"

int wp_cut_regex(void *format, struct cutting *cutting)
{
    struct regex_format *self = format;
    const size_t *places;
    const int found = wp_regex_find(self->regex, cutting->line, cutting->size, 0, &places);
    if (found == 0)
        return wp_cut_fail(cutting, cutting->line, "the regular expression doesn't match");
    if (found < 0)
        return found == -ELOOP
                   ? wp_cut_fail(cutting, cutting->line, "the regular expression takes too long on this line")
                   : found;
    if (wp_names_use(&self->names, cutting) < 0)
        return -ENOMEM;
    for (unsigned i = 0; i < self->names.count; i++) {
        const size_t from = places[2 * self->groups[i]], to = places[2 * self->groups[i] + 1];
        const size_t size = from != REGEX_NO_GROUP && to > from ? to - from : 0; /* \K turns them round */
        const char *text = cutting->line + (size > 0 ? from : 0);
        const enum cell_kind kind = from == REGEX_NO_GROUP ? CELL_NULL
                                    : self->numbers        ? wp_cell_kind_of(text, size)
                                                           : CELL_TEXT;
        wp_cut_add(cutting, i, kind, text, size);
    }
    return 0;
}
