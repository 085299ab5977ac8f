/*
 * json_index.h - one JSON text (RFC 8259), checked whole, its fields found on demand.
 *
 * Two passes, as in Langdale and Lemire, "Parsing Gigabytes of JSON per Second"
 * (VLDB Journal 28, 2019): the first makes bitmaps of 64 bytes at a time and
 * from them the places where tokens begin, the second walks from one to the
 * next. Nothing is copied: a value that nobody asks for costs its check only.
 */
#ifndef WP_JSON_INDEX_H
#define WP_JSON_INDEX_H

#include "expr/datum.h"

#define JSON_DEPTH 512      /* how deep arrays and objects may nest, if nobody says otherwise */
#define JSON_DEPTH_MAX 4096 /* what somebody may say */
#define JSON_SIZE_MAX ((size_t)UINT32_MAX - 64)

/* A value as it is spelled in the text, quotes and brackets included. */
struct json_span {
    uint32_t at, size;
};

struct json_field {
    struct json_span name; /* between its quotes */
    struct json_span value;
    bool escaped; /* the name has escapes */
};

/* Zero it to begin; it keeps its memory from text to text. */
struct json_index {
    const char *text; /* the caller's, as long as the index is asked for fields */
    struct json_span root;
    const struct json_field *fields; /* of the root, if it is an object, in their order */
    uint32_t field_count;
    unsigned depth_max; /* 0: JSON_DEPTH */

    /* after -EINVAL */
    const char *reason; /* lives for ever */
    size_t offset;      /* of the byte where it stopped being JSON */

    /* json_index.c's */
    struct json_field *room;
    uint32_t room_count;
    uint32_t *tokens;
    size_t tokens_count, tokens_room;
};

/*
 * wp_json_index() - checks a text and finds the fields of its root.
 *
 * Everything is checked: structure, depth, escapes, control characters, numbers,
 * UTF-8, that nothing follows. Blanks around it are fine. A text need not be an
 * object; then it has no fields. The same name may stand twice.
 *
 * Returns 0, -EINVAL with `reason` and `offset`, or -ENOMEM.
 */
WEIR_MUST_USE int wp_json_index(struct json_index *index, const char *text, size_t size);
void wp_json_index_fini(struct json_index *index);

static inline bool wp_json_is_object(const struct json_index *index)
{
    return index->text[index->root.at] == '{';
}

/* The field of that name, the last if there are several; NULL: none. */
const struct json_field *wp_json_field(const struct json_index *index, const char *name, size_t size);

/*
 * Its value, or null. What has to be made (strings with escapes, lists, maps)
 * is made in the arena, whose `failed` tells that there was no memory; strings
 * without escapes point into the text.
 */
struct datum wp_json_find(const struct json_index *index, const char *name, size_t size, struct arena *arena);

/* json_value.c: the bytes of the token at `at`, of a text that was found to be JSON: a blank is one, too. */
size_t wp_json_token_size(const char *at, const char *end);
/* Behind the value that begins at `at`, or behind blanks there, of such a text. */
const char *wp_json_value_end(const char *at);
/* The value of a span of a text that was found to be JSON. */
struct datum wp_json_value(const char *text, struct json_span span, struct arena *arena);
/* What stands between the quotes, decoded; half of a surrogate pair becomes U+FFFD. NULL: no memory. */
const char *wp_json_unescape(const char *text, size_t size, struct arena *arena, size_t *ret_size);

/* json_number.c: the end of the number that begins at `at`, or NULL and *ret_bad, where it stops being one. */
const char *wp_json_number_end(const char *at, const char *end, const char **ret_bad);
/* The value of a number that is spelled right: an integer of 64 bits, or else a double (never infinite). */
struct datum wp_json_number(const char *text, size_t size, struct arena *arena);

#endif
