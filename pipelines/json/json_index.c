/* json_index.c - the second pass over a JSON text: from token to token, checking, and noting the fields of the root. */
#include "json/json_index.h"

#include <stdlib.h>
#include <string.h>

#include "json/json_blocks.h"
#include "text/spelling.h"

#define FIELDS_FIRST 32

/* Where the second pass stands. */
struct walk {
    struct json_index *index;
    const char *text;
    const uint32_t *tokens;
    size_t count, at; /* tokens: how many, which is next */
    size_t size;
    bool has_backslash;
    unsigned depth;
    uint64_t objects[JSON_DEPTH_MAX / 64]; /* a bit a level: set for objects */
};

static int refuse(struct json_index *index, size_t offset, const char *reason)
{
    index->offset = offset;
    index->reason = reason;
    return -EINVAL;
}

/* --- the first pass -------------------------------------------------------------------------- */

static json_blocks_call *fastest_blocks(void)
{
    static json_blocks_call *chosen;
    json_blocks_call *call = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
    if (call == NULL) {
        call = wp_json_blocks_at(0);
        __atomic_store_n(&chosen, call, __ATOMIC_RELAXED);
    }
    return call;
}

/* Room for the places of `more` bytes. Every byte may be a token, few are: it grows as they come. */
static int reserve_tokens(struct json_index *index, size_t count, size_t more)
{
    if (index->tokens_room - count >= more)
        return 0;
    const size_t room = 2 * index->tokens_room > count + more ? 2 * index->tokens_room : count + more;
    uint32_t *tokens = realloc(index->tokens, room * sizeof *tokens);
    if (tokens == NULL)
        return -ENOMEM;
    index->tokens = tokens;
    index->tokens_room = room;
    return 0;
}

#define STRIDE ((size_t)4096)

static int find_tokens(struct json_index *index, struct json_blocks *blocks, size_t size)
{
    json_blocks_call *call = fastest_blocks();
    const size_t whole = size - size % JSON_BLOCK;
    for (size_t at = 0; at < whole; at += STRIDE) {
        const size_t step = whole - at < STRIDE ? whole - at : STRIDE;
        if (reserve_tokens(index, blocks->count, step) < 0)
            return -ENOMEM;
        call(blocks, index->text + at, step, at, index->tokens);
    }
    char last[JSON_BLOCK];
    memset(last, ' ', sizeof last);
    memcpy(last, index->text + whole, size - whole);
    if (reserve_tokens(index, blocks->count, JSON_BLOCK) < 0)
        return -ENOMEM;
    call(blocks, last, JSON_BLOCK, whole, index->tokens);
    index->tokens_count = blocks->count;
    return 0;
}

/* --- strings, numbers, words ------------------------------------------------------------------ */

static bool is_hex(char letter)
{
    return (letter >= '0' && letter <= '9') || ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'f');
}

static int check_escapes(struct walk *walk, size_t at, size_t end)
{
    const char *text;
    while ((text = memchr(walk->text + at, '\\', end - at)) != NULL) {
        at = (size_t)(text - walk->text) + 2; /* the quote at `end` isn't escaped, so there is a byte behind this */
        if (text[1] == 'u') {
            for (const size_t stop = at + 4; at < stop; at++)
                if (at >= end || !is_hex(walk->text[at]))
                    return refuse(walk->index, at, "\\u is followed by four hexadecimal digits");
        } else if (text[1] == '\0' || strchr("\"\\/bfnrt", text[1]) == NULL) {
            return refuse(walk->index, at - 1, "there is no such escape");
        }
    }
    return 0;
}

/* The string whose opening quote is the next token: gives what stands between the quotes. */
static int take_string(struct walk *walk, struct json_span *ret_inside, bool *ret_escaped)
{
    const uint32_t open = walk->tokens[walk->at];
    if (walk->at + 1 == walk->count)
        return refuse(walk->index, open, "a string without its end");
    const uint32_t close = walk->tokens[walk->at + 1]; /* nothing within a string is a token */
    walk->at += 2;
    *ret_inside = (struct json_span){ open + 1, close - open - 1 };
    *ret_escaped = false;
    if (!walk->has_backslash)
        return 0;
    *ret_escaped = memchr(walk->text + open + 1, '\\', close - open - 1) != NULL;
    return *ret_escaped ? check_escapes(walk, open + 1, close) : 0;
}

static bool ends_scalar(const struct walk *walk, size_t at)
{
    if (at >= walk->size)
        return true;
    switch (walk->text[at]) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ':':
    case '[':
    case ']':
    case '{':
    case '}':
    case '"':
        return true;
    default:
        return false;
    }
}

static int take_word(struct walk *walk, const char *word, size_t size, struct json_span *ret_value)
{
    const size_t at = walk->tokens[walk->at++];
    if (walk->size - at < size || memcmp(walk->text + at, word, size) != 0 || !ends_scalar(walk, at + size))
        return refuse(walk->index, at, "neither true, false nor null");
    ret_value->size = (uint32_t)size;
    return 0;
}

static int take_number(struct walk *walk, struct json_span *ret_value)
{
    const char *begin = walk->text + walk->tokens[walk->at++], *bad = begin;
    const char *end = wp_json_number_end(begin, walk->text + walk->size, &bad);
    if (end != NULL && !ends_scalar(walk, (size_t)(end - walk->text))) {
        bad = end;
        end = NULL;
    }
    if (end == NULL)
        return refuse(walk->index, (size_t)(bad - walk->text), "not a number as JSON spells them");
    ret_value->size = (uint32_t)(end - begin);
    return 0;
}

static int take_scalar(struct walk *walk, struct json_span *ret_value)
{
    struct json_span inside = { 0 };
    bool escaped;
    int error;
    switch (walk->text[ret_value->at]) {
    case '"':
        error = take_string(walk, &inside, &escaped);
        ret_value->size = inside.size + 2;
        return error;
    case 't':
        return take_word(walk, "true", 4, ret_value);
    case 'f':
        return take_word(walk, "false", 5, ret_value);
    case 'n':
        return take_word(walk, "null", 4, ret_value);
    case '-':
    case '0' ... '9':
        return take_number(walk, ret_value);
    default:
        return refuse(walk->index, ret_value->at, "a value was expected");
    }
}

/* --- structure ----------------------------------------------------------------------------------- */

static inline bool next_is(const struct walk *walk, char letter)
{
    return walk->at < walk->count && walk->text[walk->tokens[walk->at]] == letter;
}

static int expect(struct walk *walk, const char *reason)
{
    return refuse(walk->index, walk->at < walk->count ? walk->tokens[walk->at] : walk->size, reason);
}

static inline bool in_object(const struct walk *walk)
{
    return (walk->objects[walk->depth / 64] >> walk->depth % 64 & 1) != 0;
}

static int open_level(struct walk *walk, bool object)
{
    const unsigned wanted = walk->index->depth_max, depth_max = wanted == 0 ? JSON_DEPTH : wanted;
    if (walk->depth + 1 > depth_max || walk->depth + 1 >= JSON_DEPTH_MAX)
        return expect(walk, "nested too deep");
    walk->depth++;
    walk->at++;
    /* The bits of deeper levels may be anything: they are set when those are opened. NOLINTBEGIN(*Assign) */
    const uint64_t bit = UINT64_C(1) << walk->depth % 64;
    if (object)
        walk->objects[walk->depth / 64] |= bit;
    else
        walk->objects[walk->depth / 64] &= ~bit;
    /* NOLINTEND(*Assign) */
    return 0;
}

static struct json_field *add_field(struct json_index *index)
{
    if (index->field_count == index->room_count) {
        const uint32_t room = index->room_count == 0 ? FIELDS_FIRST : 2 * index->room_count;
        struct json_field *fields = realloc(index->room, room * sizeof *fields);
        if (fields == NULL)
            return NULL;
        index->fields = index->room = fields;
        index->room_count = room;
    }
    return &index->room[index->field_count++];
}

/* "name": of an object; one of the root is noted. */
static int take_name(struct walk *walk)
{
    struct json_span name;
    bool escaped;
    if (!next_is(walk, '"'))
        return expect(walk, "a name in quotes was expected");
    const int error = take_string(walk, &name, &escaped);
    if (error != 0)
        return error;
    if (!next_is(walk, ':'))
        return expect(walk, "a colon was expected");
    walk->at++;
    if (walk->depth > 1)
        return 0;
    struct json_field *field = add_field(walk->index);
    if (field == NULL)
        return -ENOMEM;
    *field = (struct json_field){ .name = name, .escaped = escaped };
    return 0;
}

/* A value of the root's has ended: where its name was noted, or the text itself. */
static void note_value(struct walk *walk, struct json_span value)
{
    struct json_index *index = walk->index;
    if (walk->depth == 0)
        index->root = value;
    else if (walk->depth == 1 && index->field_count > 0)
        index->room[index->field_count - 1].value = value;
}

/* Closes levels while that is what comes, up to the comma before the next value. *ret_done: the root has ended. */
static int close_levels(struct walk *walk, uint32_t *outer_at, bool *ret_done)
{
    while (walk->depth > 0) {
        const bool object = in_object(walk);
        if (next_is(walk, ',')) {
            walk->at++;
            return object ? take_name(walk) : 0;
        }
        if (!next_is(walk, object ? '}' : ']'))
            return expect(walk, object ? "a comma or } was expected" : "a comma or ] was expected");
        const uint32_t end = walk->tokens[walk->at++] + 1;
        walk->depth--;
        if (walk->depth < 2)
            note_value(walk, (struct json_span){ outer_at[walk->depth], end - outer_at[walk->depth] });
    }
    *ret_done = true;
    return 0;
}

/* An array or object begins: with its first name taken, or, if it is empty, right before its end. */
static int begin_level(struct walk *walk, uint32_t *outer_at, bool *ret_empty)
{
    const uint32_t at = walk->tokens[walk->at];
    const bool object = walk->text[at] == '{';
    if (walk->depth < 2)
        outer_at[walk->depth] = at;
    const int error = open_level(walk, object);
    *ret_empty = error == 0 && next_is(walk, object ? '}' : ']');
    return error != 0 || *ret_empty || !object ? error : take_name(walk);
}

static int walk_tokens(struct walk *walk)
{
    uint32_t outer_at[2]; /* where the root, and the field of it that nests, begin */
    for (bool done = false; !done;) {
        bool ended = true;
        if (walk->at == walk->count)
            return expect(walk, "the text ends too early");
        struct json_span value = { .at = walk->tokens[walk->at] };
        const char letter = walk->text[value.at];
        int error;
        if (letter == '{' || letter == '[') {
            error = begin_level(walk, outer_at, &ended);
        } else {
            error = take_scalar(walk, &value);
            if (error == 0 && walk->depth < 2)
                note_value(walk, value);
        }
        if (error == 0 && ended)
            error = close_levels(walk, outer_at, &done);
        if (error != 0)
            return error;
    }
    return walk->at < walk->count ? expect(walk, "something follows the end") : 0;
}

/* The first byte of what isn't UTF-8, where there is such a byte: no character of 1 to 4 bytes begins with it. */
static size_t odd_byte(const char *text, size_t size)
{
    size_t at = 0;
    for (size_t step = 1; step <= 4 && at + step <= size; step++)
        if (wi_utf8_valid(text + at, step)) {
            at += step;
            step = 0;
        }
    return at;
}

int wp_json_index(struct json_index *index, const char *text, size_t size)
{
    struct json_blocks blocks = { 0 };
    index->text = text;
    index->field_count = 0;
    index->fields = index->room;
    index->root = (struct json_span){ 0 };
    if (size > JSON_SIZE_MAX)
        return refuse(index, JSON_SIZE_MAX, "longer than 4 GiB");
    int error = find_tokens(index, &blocks, size);
    if (error != 0)
        return error;

    struct walk walk;
    walk.index = index;
    walk.text = text;
    walk.tokens = index->tokens;
    walk.count = index->tokens_count;
    walk.at = 0;
    walk.size = size;
    walk.has_backslash = blocks.has_backslash;
    walk.depth = 0;
    error = walk_tokens(&walk);
    if (error == -ENOMEM)
        return error;
    /* Whatever comes first is told: a control character may be why a string has no end. */
    if (blocks.has_control && (error == 0 || blocks.control_at < index->offset || walk.at + 1 >= walk.count))
        error = refuse(index, blocks.control_at, "a control character within a string");
    if (error == 0 && blocks.has_high && !wi_utf8_valid(text, size))
        error = refuse(index, odd_byte(text, size), "not UTF-8");
    return error;
}

void wp_json_index_fini(struct json_index *index)
{
    free(index->room);
    free(index->tokens);
    *index = (struct json_index){ 0 };
}

/* --- fields ------------------------------------------------------------------------------------------ */

static bool is_named(const struct json_index *index, const struct json_field *field, const char *name, size_t size)
{
    const char *spelled = index->text + field->name.at;
    if (!field->escaped)
        return field->name.size == size && memcmp(spelled, name, size) == 0;
    if (field->name.size < size)
        return false;
    struct arena arena = { 0 };
    size_t made_size;
    const char *made = wp_json_unescape(spelled, field->name.size, &arena, &made_size);
    const bool same = made != NULL && made_size == size && memcmp(made, name, size) == 0;
    wp_arena_fini(&arena);
    return same;
}

const struct json_field *wp_json_field(const struct json_index *index, const char *name, size_t size)
{
    for (uint32_t i = index->field_count; i > 0; i--)
        if (is_named(index, &index->fields[i - 1], name, size))
            return &index->fields[i - 1];
    return NULL;
}

struct datum wp_json_find(const struct json_index *index, const char *name, size_t size, struct arena *arena)
{
    const struct json_field *field = wp_json_field(index, name, size);
    return field != NULL ? wp_json_value(index->text, field->value, arena) : datum_null();
}
