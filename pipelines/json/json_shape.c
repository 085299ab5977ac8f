/* json_shape.c - shapes: how they are learned from texts that were indexed, and what of a text they say. */
#include "json/json_shape.h"

#include <stdlib.h>
#include <string.h>

#include "json/json_steps.h"
#include "text/spelling.h"

/* A text whose shape would be larger than this is no line of a log. */
#define SHAPE_TOKENS_MAX 2048
#define SHAPE_BYTES_MAX 8192
/* Ways that begin at the same place. */
#define SHAPE_OTHERS_MAX 16
/* What one parser keeps of them, and how many texts that have none of these it takes for another kind of log. */
#define SHAPES_BYTES_MAX ((size_t)512 << 10)
#define SHAPES_MISSES_MAX 4096

struct shape_field {
    const char *name; /* without escapes */
    uint32_t name_size;
    struct shape_point begin, end;
};

struct shape_memory;

/* Who asks for a field asks for it in every record, by a name that lies in the same place. */
#define HINTS 16

struct json_shape {
    struct shape_memory *memory; /* where it lies */
    uint16_t hints[HINTS];       /* [atomic] by the place of a name: the field that was found, or any other */
    uint32_t value_count, field_count;
    struct shape_point begin, end; /* of the root */
    struct shape_field fields[];
};

/* Counted: rows may outlive the parser. Only the parser adds to it, and what it has added stays as it is. */
struct shape_memory {
    uint32_t refs;
    size_t bytes;
    struct arena arena;
};

struct json_shapes {
    json_steps_call *steps;
    struct shape_memory *memory;
    struct json_step *first;
    bool full;
    uint32_t misses; /* since it was full */
    uint32_t ends[SHAPE_VALUES_MAX + 1];
    uint16_t places[STEPS_PLACES];
};

static void memory_unref(void *arg)
{
    struct shape_memory *memory = arg;
    if (memory == NULL || __atomic_fetch_sub(&memory->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    wp_arena_fini(&memory->arena);
    free(memory);
}

static int keep_memory(struct shape_memory *memory, struct arena *arena)
{
    (void)__atomic_fetch_add(&memory->refs, 1, __ATOMIC_RELAXED);
    return wp_arena_at_end(arena, memory_unref, memory) ? 0 : -ENOMEM;
}

static struct shape_memory *memory_create(void)
{
    struct shape_memory *memory = calloc(1, sizeof *memory);
    if (memory != NULL)
        memory->refs = 1;
    return memory;
}

struct json_shapes *wp_json_shapes_create(size_t way)
{
    struct json_shapes *shapes = calloc(1, sizeof *shapes);
    if (shapes == NULL)
        return NULL;
    shapes->steps = wp_json_steps_at(way);
    shapes->memory = memory_create();
    if (shapes->memory != NULL)
        return shapes;
    free(shapes);
    return NULL;
}

void wp_json_shapes_destroy(struct json_shapes *shapes)
{
    if (shapes == NULL)
        return;
    memory_unref(shapes->memory);
    free(shapes);
}

/* Other texts come than those that filled it: what was learned of those goes. */
static void begin_again(struct json_shapes *shapes)
{
    struct shape_memory *memory = memory_create();
    shapes->misses = 0;
    if (memory == NULL)
        return;
    memory_unref(shapes->memory);
    shapes->memory = memory;
    shapes->first = NULL;
    shapes->full = false;
}

int wp_json_shapes_keep(struct json_shapes *shapes, struct arena *arena)
{
    if (shapes->misses > SHAPES_MISSES_MAX)
        begin_again(shapes);
    return keep_memory(shapes->memory, arena);
}

/* --- texts of a shape ------------------------------------------------------------------------------ */

struct json_shaped *wp_json_shapes_match(struct json_shapes *shapes, const char *text, size_t size, struct arena *arena)
{
    unsigned has;
    if (shapes->first == NULL || size > JSON_SIZE_MAX)
        return NULL;
    const struct json_shape *shape = shapes->steps(shapes->first, text, size, shapes->places, shapes->ends + 1, &has);
    if (shape == NULL || ((has & STEPS_HIGH) != 0 && !wi_utf8_valid(text, size)))
        return NULL;
    const size_t bytes = (shape->value_count + 1) * sizeof(uint32_t);
    struct json_shaped *shaped = wp_arena_alloc(arena, sizeof *shaped + bytes);
    if (shaped == NULL)
        return NULL;
    shaped->shape = shape;
    shaped->escaped = (has & STEPS_ESCAPED) != 0;
    memcpy(shaped->ends, shapes->ends, bytes);
    return shaped;
}

struct json_shaped *wp_json_shaped_copy(const struct json_shaped *shaped, struct arena *arena)
{
    const size_t bytes = sizeof *shaped + (shaped->shape->value_count + 1) * sizeof(uint32_t);
    struct json_shaped *copy = wp_arena_alloc(arena, bytes);
    if (copy == NULL || keep_memory(shaped->shape->memory, arena) < 0)
        return NULL;
    memcpy(copy, shaped, bytes);
    return copy;
}

static struct json_span span_between(const struct json_shaped *shaped, struct shape_point begin, struct shape_point end)
{
    const uint32_t at = shaped->ends[begin.value] + begin.offset;
    return (struct json_span){ at, shaped->ends[end.value] + end.offset - at };
}

static bool is_named(const struct shape_field *field, const char *name, size_t size)
{
    return field->name_size == size && memcmp(field->name, name, size) == 0;
}

/* What was found before, by any name, is the last field of its name. */
static const struct shape_field *find_field(const struct json_shape *shape, const char *name, size_t size)
{
    uint16_t *hint = (uint16_t *)(uintptr_t)&shape->hints[(uintptr_t)name / 8 % HINTS];
    const uint16_t hinted = __atomic_load_n(hint, __ATOMIC_RELAXED);
    if (hinted > 0 && is_named(&shape->fields[hinted - 1], name, size))
        return &shape->fields[hinted - 1];
    for (uint32_t i = shape->field_count; i > 0; i--)
        if (is_named(&shape->fields[i - 1], name, size)) {
            __atomic_store_n(hint, (uint16_t)i, __ATOMIC_RELAXED);
            return &shape->fields[i - 1];
        }
    return NULL;
}

bool wp_json_shaped_field(const struct json_shaped *shaped, const char *name, size_t size, struct json_span *ret_value)
{
    const struct shape_field *field = find_field(shaped->shape, name, size);
    if (field != NULL)
        *ret_value = span_between(shaped, field->begin, field->end);
    return field != NULL;
}

void wp_json_cursor_turn(struct json_cursor *cursor, const struct json_shaped *shaped, const char *name, size_t size)
{
    const struct shape_field *field = find_field(shaped->shape, name, size);
    *cursor = (struct json_cursor){ .shape = shaped->shape, .found = field != NULL };
    if (field == NULL)
        return;
    cursor->begin = field->begin;
    cursor->end = field->end;
}

struct json_span wp_json_shaped_root(const struct json_shaped *shaped)
{
    return span_between(shaped, shaped->shape->begin, shaped->shape->end);
}

/* --- learning ------------------------------------------------------------------------------------------ */

/* A text on its way into the tree. */
struct lesson {
    struct json_shapes *shapes;
    const struct json_index *index;
    struct json_step **link; /* what may stand at its place */
    uint32_t from;           /* where the bytes of the next step begin */
    uint32_t values;
    bool failed; /* it stays unlearned */
};

static void *take_memory(struct lesson *lesson, size_t size)
{
    struct shape_memory *memory = lesson->shapes->memory;
    lesson->shapes->full |= memory->bytes + size > SHAPES_BYTES_MAX;
    void *taken = lesson->shapes->full ? NULL : wp_arena_alloc(&memory->arena, size);
    memory->bytes += size;
    lesson->failed |= taken == NULL;
    return taken;
}

static bool is_same_step(const struct json_step *step, enum step_kind kind, const char *bytes, size_t size)
{
    const size_t here = size < STEP_BYTES ? size : STEP_BYTES;
    return step->kind == kind && step->size == size && memcmp(step->bytes, bytes, here) == 0 &&
           (step->rest == NULL || memcmp(step->rest, bytes + here, size - here) == 0);
}

static struct json_step *add_step(struct lesson *lesson, enum step_kind kind, const char *bytes, size_t size)
{
    struct json_step *step = take_memory(lesson, sizeof *step);
    const size_t here = size < STEP_BYTES ? size : STEP_BYTES;
    if (step == NULL)
        return NULL;
    *step = (struct json_step){ .size = (uint32_t)size, .kind = kind };
    for (size_t i = 0; i < size; i++)
        step->quotes += bytes[i] == '"';
    step->mask = here < STEP_BYTES ? (UINT64_C(1) << here) - 1 : UINT64_MAX;
    memcpy(step->bytes, bytes, here);
    if (size > here) {
        char *rest = take_memory(lesson, size - here);
        if (rest == NULL)
            return NULL;
        memcpy(rest, bytes + here, size - here);
        step->rest = rest;
    }
    *lesson->link = step;
    return step;
}

/* The step that reaches up to byte `to`: one that is there, or a new one. NULL: it failed. */
static struct json_step *take_step(struct lesson *lesson, enum step_kind kind, uint32_t to)
{
    const char *bytes = lesson->index->text + lesson->from;
    const size_t size = to - lesson->from;
    unsigned others = 0;
    for (; *lesson->link != NULL; lesson->link = &(*lesson->link)->other, others++)
        if (is_same_step(*lesson->link, kind, bytes, size))
            return *lesson->link;
    lesson->failed |= others >= SHAPE_OTHERS_MAX || size > SHAPE_BYTES_MAX;
    return lesson->failed ? NULL : add_step(lesson, kind, bytes, size);
}

/* A value that begins at byte `begin` (behind its quote) and goes on up to `end`. */
static void take_value(struct lesson *lesson, enum step_kind kind, uint32_t begin, uint32_t end)
{
    lesson->failed |= lesson->values == SHAPE_VALUES_MAX;
    struct json_step *step = lesson->failed ? NULL : take_step(lesson, kind, begin);
    if (step == NULL)
        return;
    lesson->link = &step->next;
    lesson->from = end;
    lesson->shapes->ends[++lesson->values] = end;
}

static void take_tokens(struct lesson *lesson)
{
    const struct json_index *index = lesson->index;
    const char *text = index->text, *bad;
    const uint32_t *tokens = index->tokens;
    for (size_t i = 0; i < index->tokens_count && !lesson->failed; i++) {
        const char letter = text[tokens[i]];
        if (letter == '"') {
            const bool is_name = i + 2 < index->tokens_count && text[tokens[i + 2]] == ':';
            if (!is_name)
                take_value(lesson, STEP_STRING, tokens[i] + 1, tokens[i + 1]);
            i++; /* the other quote */
        } else if (letter == '-' || (letter >= '0' && letter <= '9')) {
            const char *end = wp_json_number_end(text + tokens[i], text + index->root.at + index->root.size, &bad);
            take_value(lesson, STEP_NUMBER, tokens[i], (uint32_t)(end - text));
        }
    }
}

/* The place of a byte, by the last value that ends before it. */
static struct shape_point point_at(const struct lesson *lesson, uint32_t at)
{
    uint32_t value = 0;
    while (value < lesson->values && lesson->shapes->ends[value + 1] <= at)
        value++;
    return (struct shape_point){ value, at - lesson->shapes->ends[value] };
}

static struct json_shape *make_shape(struct lesson *lesson)
{
    const struct json_index *index = lesson->index;
    struct json_shape *shape = take_memory(lesson, sizeof *shape + index->field_count * sizeof shape->fields[0]);
    if (shape == NULL)
        return NULL;
    *shape = (struct json_shape){
        .memory = lesson->shapes->memory,
        .value_count = lesson->values,
        .field_count = index->field_count,
        .begin = point_at(lesson, index->root.at),
        .end = point_at(lesson, index->root.at + index->root.size),
    };
    for (uint32_t i = 0; i < index->field_count; i++) {
        const struct json_field *field = &index->fields[i];
        char *name = take_memory(lesson, field->name.size + 1);
        if (name == NULL)
            return NULL;
        memcpy(name, index->text + field->name.at, field->name.size);
        shape->fields[i] = (struct shape_field){
            .name = name,
            .name_size = field->name.size,
            .begin = point_at(lesson, field->value.at),
            .end = point_at(lesson, field->value.at + field->value.size),
        };
    }
    return shape;
}

static bool has_escaped_name(const struct json_index *index)
{
    for (uint32_t i = 0; i < index->field_count; i++)
        if (index->fields[i].escaped)
            return true;
    return false;
}

void wp_json_shapes_learn(struct json_shapes *shapes, const struct json_index *index, size_t size)
{
    struct lesson lesson = { .shapes = shapes, .index = index, .link = &shapes->first };
    shapes->misses += shapes->full;
    if (shapes->full || index->tokens_count > SHAPE_TOKENS_MAX || has_escaped_name(index))
        return;
    take_tokens(&lesson);
    if (lesson.failed)
        return;
    struct json_step *step = take_step(&lesson, STEP_END, (uint32_t)size);
    if (step != NULL && step->shape == NULL)
        step->shape = make_shape(&lesson);
}
