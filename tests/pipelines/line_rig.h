/* line_rig.h - one line through a parser of lines, and its fields as JSON. */
#ifndef LINE_RIG_H
#define LINE_RIG_H

#include "check.h"
#include "line/line_formats.h"
#include "run/row.h"

struct line_rig {
    wp_cut_line cut;
    void *format;
    bool respells; /* its values have other spellings of numbers */
    size_t offset; /* of the last line that was refused */
    const char *reason;
    weir_text json;
};

static inline void line_rig_fini(struct line_rig *self)
{
    weir_text_fini(&self->json);
}

/* What the fast way writes is what the values say. */
static inline void line_rig_check_ways(const struct line_rig *self, const struct row *row, struct arena *arena,
                                       const weir_text *json)
{
    weir_text slow = { 0 };
    CHECK_EQ(wp_datum_append_json(&slow, wp_row_view.all(row, arena)), 0);
    if (!self->respells)
        CHECK(slow.size == json->size && memcmp(slow.data, json->data, slow.size) == 0);
    weir_text_fini(&slow);
    const struct datum all = row->decoder->all(row, arena);
    for (uint32_t i = 0; i < all.size; i++) {
        const char *name = all.members[i].name;
        CHECK(wp_datum_equal(row->decoder->get(row, name, strlen(name), arena), all.members[i].value) ||
              all.members[i].value.kind == DATUM_NULL);
    }
    for (uint32_t i = 0; i < all.size; i++) /* without an arena: what needs none */
        (void)row->decoder->get(row, all.members[i].name, strlen(all.members[i].name), NULL);
    CHECK_EQ(row->decoder->get(row, "no such field", 13, arena).kind, DATUM_NULL);
}

/* 0 and the JSON with a NUL behind it, CUT_NOTHING, or -EBADMSG. The line is copied, so that no byte behind it is its.
 */
static inline int line_rig_cut(struct line_rig *self, const char *line, size_t size)
{
    struct arena arena = { 0 };
    struct row row = { .raw_size = (uint32_t)size, .flags = ROW_RECORD };
    struct cutting *cutting = calloc(1, sizeof *cutting);
    char *copy = malloc(size > 0 ? size : 1);
    CHECK(cutting != NULL && copy != NULL);
    memcpy(copy, line, size);
    row.raw = copy;
    *cutting = (struct cutting){ .line = copy, .size = size, .arena = &arena };
    self->json.size = 0;
    const int result = self->cut(self->format, cutting);
    if (result == -EBADMSG) {
        self->offset = cutting->offset;
        self->reason = cutting->reason;
        CHECK(self->offset <= size && self->reason != NULL);
    } else if (result == 0) {
        CHECK_EQ(wp_cut_finish(cutting, &row), 0);
        CHECK_EQ(wp_cells_append_json(&self->json, &row), 0);
        line_rig_check_ways(self, &row, &arena, &self->json);
        CHECK_EQ(weir_text_append(&self->json, "", 1), 0);
    }
    wp_arena_fini(&arena);
    free(copy);
    free(cutting);
    return result;
}

#define LINE_TAKEN(rig, line, wanted)                                   \
    do {                                                                \
        CHECK_EQ(line_rig_cut((rig), "" line "", sizeof(line) - 1), 0); \
        CHECK_STR((rig)->json.data, (wanted));                          \
    } while (0)

#define LINE_REFUSED(rig, line, place, why)                                    \
    do {                                                                       \
        CHECK_EQ(line_rig_cut((rig), "" line "", sizeof(line) - 1), -EBADMSG); \
        CHECK_EQ((rig)->offset, (place));                                      \
        CHECK_STR((rig)->reason, (why));                                       \
    } while (0)

/* Cut short anywhere it is taken or refused, and nothing behind its end is read (the sanitizers look). */
static inline void line_rig_cut_short(struct line_rig *self, const char *line)
{
    for (size_t size = 0; size <= strlen(line); size++)
        (void)line_rig_cut(self, line, size);
}

#endif
