/*
 * json_shape.h - texts that differ from one seen before in their strings and numbers only.
 *
 * What writes a log writes the same names in the same order, and so the same bytes
 * between the values. Once a text has been checked whole (json_index.h), its shape
 * is kept: those bytes, and which kind of value stands where. A text in which the
 * same bytes stand, with strings and numbers of JSON between them, is JSON, and its
 * fields are where the shape says: one look at each value, no token is noted. Shapes
 * that begin alike are one path as long as they do, so that a list of one or of two
 * items, or a field that only some have, costs a branch.
 */
#ifndef WP_JSON_SHAPE_H
#define WP_JSON_SHAPE_H

#include "json/json_index.h"

#define SHAPE_VALUES_MAX 256 /* strings and numbers of a text */
#define SHAPE_SLACK 64       /* bytes that are readable behind a text */

struct json_shape;

/* A place in any text of a shape: so far behind the end of that value, or behind the beginning. */
struct shape_point {
    uint32_t value; /* of `ends` */
    uint32_t offset;
};

/* A text as a shape has it: where each of its values ends, behind a 0. */
struct json_shaped {
    const struct json_shape *shape;
    bool escaped; /* strings may have escapes */
    uint32_t ends[];
};

/*
 * The shapes that one parser has seen: of one thread at a time. `way` is which of the ways through a text that this
 * processor knows it takes, 0 the fastest: wp_json_steps_at(). NULL: no memory.
 */
struct json_shapes *wp_json_shapes_create(size_t way);
void wp_json_shapes_destroy(struct json_shapes *shapes); /* takes NULL; shapes stay as long as an arena keeps them */

/*
 * wp_json_shapes_match() - the text as one of them has it, in the arena, or NULL: it has none of them, or there is no
 * memory (arena->failed).
 *
 * SHAPE_SLACK bytes are readable behind it, whatever they are.
 */
struct json_shaped *wp_json_shapes_match(struct json_shapes *shapes, const char *text, size_t size,
                                         struct arena *arena);

/* Takes in the shape of a text of `size` bytes that has just been indexed. Without memory, or room, it doesn't. */
void wp_json_shapes_learn(struct json_shapes *shapes, const struct json_index *index, size_t size);

/* The shapes of what is matched from now on, up to the next call, stay until the arena goes. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_json_shapes_keep(struct json_shapes *shapes, struct arena *arena);

/* The same of one text: a copy of it, in an arena of its own. NULL: no memory. */
struct json_shaped *wp_json_shaped_copy(const struct json_shaped *shaped, struct arena *arena);

/* The value of the field of that name, the last if there are several. False: there is none. */
bool wp_json_shaped_field(const struct json_shaped *shaped, const char *name, size_t size, struct json_span *ret_value);

/* Who looks for the same field in text after text: zero to begin. */
struct json_cursor {
    const struct json_shape *shape; /* of the last text; NULL: none */
    struct shape_point begin, end;  /* of the value */
    bool found;
};

/* The cursor's shape is that of the text, from now on. */
void wp_json_cursor_turn(struct json_cursor *cursor, const struct json_shaped *shaped, const char *name, size_t size);

/* As wp_json_shaped_field(), of the one name. */
static inline bool wp_json_cursor_field(struct json_cursor *cursor, const struct json_shaped *shaped, const char *name,
                                        size_t size, struct json_span *ret_value)
{
    if (cursor->shape != shaped->shape)
        wp_json_cursor_turn(cursor, shaped, name, size);
    if (!cursor->found)
        return false;
    ret_value->at = shaped->ends[cursor->begin.value] + cursor->begin.offset;
    ret_value->size = shaped->ends[cursor->end.value] + cursor->end.offset - ret_value->at;
    return true;
}

struct json_span wp_json_shaped_root(const struct json_shaped *shaped);

/* As wp_json_value(), of a value of it. */
static inline struct datum wp_json_shaped_value(const struct json_shaped *shaped, const char *text,
                                                struct json_span value, struct arena *arena)
{
    if (text[value.at] == '"' && !shaped->escaped)
        return datum_string(text + value.at + 1, value.size - 2);
    return wp_json_value(text, value, arena);
}

#endif
