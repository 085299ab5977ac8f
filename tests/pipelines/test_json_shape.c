/* test_json_shape.c - what is taken by its shape is JSON, and its fields are those of its index; what was learned is
 * taken. */
#include "json/json_shape.h"

#include <stdlib.h>
#include <string.h>

#include "aggregate/total_order.h"
#include "check.h"
#include "json/json_steps.h"
#include "random_text.h"

/* --- texts: the structure of a few seeds, each with any values ------------------------------------------ */

static void random_string(weir_text *text)
{
    static const char *const parts[] = {
        "a",
        "status",
        " ",
        "/",
        "\xc3\xbc",
        "\xe2\x82\xac",
        "\\n",
        "\\\"",
        "\\\\",
        "\\u00e9",
        "\\ud83d\\ude00",
        "{\\\"a\\\":1}",
        ",",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij",
        "0",
        "}",
        "]",
        ":",
    };
    static const char *const faults[] = { "\\x", "\xff", "\xc3", "\t", "\\u12", "\"", "\x01", "\xed\xa0\x80" };
    for (unsigned left = random_below(random_below(4) == 0 ? 12 : 3); left > 0; left--)
        random_append(text, parts[random_below(sizeof parts / sizeof parts[0])]);
    if (random_below(60) == 0)
        random_append(text, faults[random_below(sizeof faults / sizeof faults[0])]);
}

static void random_number(weir_text *text)
{
    static const char *const numbers[] = { "0",
                                           "7",
                                           "200",
                                           "0.039",
                                           "12293",
                                           "102740362445867043",
                                           "-1",
                                           "-0",
                                           "1e5",
                                           "1.5E-3",
                                           "0.0",
                                           "12.5",
                                           "1E+2",
                                           "18446744073709551616",
                                           "123456789012345678901234567890123456789012345678901234567890.25" };
    static const char *const faults[] = {
        "00", "01.5", "1.", ".5", "1e", "-", "+1", "1.2.3", "0x1", "1e+", "1a", "--1"
    };
    random_append(text, random_below(60) == 0 ? faults[random_below(sizeof faults / sizeof faults[0])]
                                              : numbers[random_below(sizeof numbers / sizeof numbers[0])]);
}

struct seeds {
    uint64_t structure, values;
};

static unsigned structure_below(struct seeds *seeds, unsigned limit)
{
    random_seed = seeds->structure;
    const unsigned number = random_below(limit);
    seeds->structure = random_seed;
    return number;
}

static void append_value(weir_text *text, struct seeds *seeds, unsigned depth);

static void append_items(weir_text *text, struct seeds *seeds, unsigned depth, bool object)
{
    static const char *const names[] = {
        "\"status\"",
        "\"path\"",
        "\"a\"",
        "\"\"",
        "\"st\\u0061tus\"",
        "\"\xc3\xbc\"",
        "\"a name that is longer than the sixty-four bytes that are looked at at once\""
    };
    static const char *const blanks[] = { "", "", "", " ", "\t ", "  " };
    const char *blank = blanks[structure_below(seeds, 6)];
    random_append(text, object ? "{" : "[");
    for (unsigned left = structure_below(seeds, 5), first = left; left > 0; left--) {
        random_append(text, left < first ? "," : "");
        random_append(text, blank);
        if (object) {
            random_append(text, names[structure_below(seeds, structure_below(seeds, 8) == 0 ? 7 : 4)]);
            random_append(text, ":");
            random_append(text, blank);
        }
        append_value(text, seeds, depth + 1);
    }
    random_append(text, blank);
    random_append(text, object ? "}" : "]");
}

static void append_value(weir_text *text, struct seeds *seeds, unsigned depth)
{
    static const char *const words[] = { "true", "false", "null" };
    const unsigned kind = structure_below(seeds, depth > 3 ? 5 : 7);
    random_seed = seeds->values;
    if (kind < 2) {
        random_append(text, "\"");
        random_string(text);
        random_append(text, "\"");
    } else if (kind < 4) {
        random_number(text);
    }
    seeds->values = random_seed;
    if (kind == 4)
        random_append(text, words[structure_below(seeds, 3)]);
    else if (kind > 4)
        append_items(text, seeds, depth, kind == 5);
}

/* A byte of it is another one, or it ends too early. */
static void damage(weir_text *text)
{
    static const char bytes[] = "\"\\{}[],:019.eE+-tfn \n\x01\xff";
    if (text->size > 0 && random_below(4) == 0)
        text->data[random_below((unsigned)text->size)] = bytes[random_below(sizeof bytes)];
    if (random_below(40) == 0)
        text->size = random_below((unsigned)text->size + 1);
}

/* --- the same of both -------------------------------------------------------------------------------------- */

/* By itself; by who has looked for that name in other texts before; and what it is. */
static void check_field(const struct json_index *index, const struct json_shaped *shaped, const char *name, size_t size)
{
    const struct json_field *wanted = wp_json_field(index, name, size);
    struct json_span value = { 0 }, again = { 0 };
    struct json_cursor cursor = { 0 };
    CHECK_EQ(wp_json_shaped_field(shaped, name, size, &value), wanted != NULL);
    for (unsigned times = 0; times < 2; times++)
        CHECK_EQ(wp_json_cursor_field(&cursor, shaped, name, size, &again), wanted != NULL);
    if (wanted == NULL)
        return;
    CHECK(value.at == wanted->value.at && value.size == wanted->value.size);
    CHECK(again.at == value.at && again.size == value.size);
    struct arena arena = { 0 };
    const struct datum made = wp_json_shaped_value(shaped, index->text, value, &arena);
    CHECK_EQ(wp_total_order(made, wp_json_value(index->text, value, &arena)), 0);
    wp_arena_fini(&arena);
}

static void check_shaped(const struct json_index *index, const struct json_shaped *shaped)
{
    const struct json_span root = wp_json_shaped_root(shaped);
    CHECK(root.at == index->root.at && root.size == index->root.size);
    for (uint32_t i = 0; i < index->field_count; i++)
        check_field(index, shaped, index->text + index->fields[i].name.at, index->fields[i].name.size);
    check_field(index, shaped, "nothing", 7);
    check_field(index, shaped, "status", 6);
}

/* Behind a text may stand whatever looks like more of it. */
static char *copy_with_slack(const weir_text *text)
{
    static const char more[] = "\"a\":1,\"b\":0.123456789,\"\"}}]]}0000000000000000000000000000000000\"\"\"";
    char *copy = malloc(text->size + SHAPE_SLACK); /* of its own size: a byte too many is seen */
    CHECK(copy != NULL && sizeof more > SHAPE_SLACK);
    if (text->size > 0)
        memcpy(copy, text->data, text->size);
    memcpy(copy + text->size, more + random_below(sizeof more - SHAPE_SLACK), SHAPE_SLACK);
    return copy;
}

static unsigned taken, learned;

static void check_text(struct json_shapes *shapes, const weir_text *text)
{
    struct json_index index = { 0 };
    struct arena arena = { 0 };
    char *copy = copy_with_slack(text);
    CHECK_EQ(wp_json_shapes_keep(shapes, &arena), 0);
    const struct json_shaped *shaped = wp_json_shapes_match(shapes, copy, text->size, &arena);
    const int error = wp_json_index(&index, copy, text->size);
    CHECK(error == 0 || shaped == NULL);
    if (shaped != NULL) {
        taken++;
        check_shaped(&index, shaped);
        check_shaped(&index, wp_json_shaped_copy(shaped, &arena));
    } else if (error == 0) {
        wp_json_shapes_learn(shapes, &index, text->size);
        shaped = wp_json_shapes_match(shapes, copy, text->size, &arena);
        learned += shaped != NULL;
        if (shaped != NULL)
            check_shaped(&index, shaped);
    }
    wp_json_index_fini(&index);
    wp_arena_fini(&arena);
    free(copy);
}

static void check_way(size_t way, uint64_t seed)
{
    struct json_shapes *shapes = wp_json_shapes_create(way);
    CHECK(shapes != NULL);
    for (uint64_t i = 0; i < 200; i++) {
        struct seeds seeds = { .structure = seed + i % 7, .values = seed * 1000 + i };
        weir_text text = { 0 };
        append_items(&text, &seeds, 0, true);
        random_seed = seeds.values;
        damage(&text);
        check_text(shapes, &text);
        weir_text_fini(&text);
    }
    wp_json_shapes_destroy(shapes);
}

static void test_as_the_index(void)
{
    for (size_t way = 0; wp_json_steps_at(way) != NULL; way++) {
        taken = learned = 0;
        for (uint64_t seed = 1; seed <= 150; seed++)
            check_way(way, seed);
        CHECK(taken > 10000 && learned > 500);
    }
}

/* Texts that never repeat fill it, and are taken for another log then: memory is bounded, and old ones stay whole. */
static void test_other_texts_take_the_place_of_those_before(void)
{
    struct json_shapes *shapes = wp_json_shapes_create(0);
    struct json_index index = { 0 };
    struct arena arena = { 0 }, later = { 0 };
    char line[64 + SHAPE_SLACK] = "{\"a\":1}";
    CHECK_EQ(wp_json_index(&index, line, 7), 0);
    CHECK_EQ(wp_json_shapes_keep(shapes, &arena), 0);
    wp_json_shapes_learn(shapes, &index, 7);
    const struct json_shaped *first = wp_json_shapes_match(shapes, line, 7, &arena);
    CHECK(first != NULL);
    for (unsigned i = 0; i < 20000; i++) {
        const int size = snprintf(line, 64, "{\"name%u\":[{\"x%u\":%u}]}", i, i, i);
        CHECK_EQ(wp_json_index(&index, line, (size_t)size), 0);
        wp_json_shapes_learn(shapes, &index, (size_t)size);
        wp_arena_fini(&later);
        CHECK_EQ(wp_json_shapes_keep(shapes, &later), 0);
    }
    struct json_span value = { 0 };
    CHECK(wp_json_shaped_field(first, "a", 1, &value) && value.at == 5 && value.size == 1);
    wp_json_shapes_destroy(shapes);
    CHECK(wp_json_shaped_field(first, "a", 1, &value));
    wp_arena_fini(&arena);
    wp_arena_fini(&later);
    wp_json_index_fini(&index);
}

int main(void)
{
    RUN(test_as_the_index);
    RUN(test_other_texts_take_the_place_of_those_before);
    return check_done();
}
