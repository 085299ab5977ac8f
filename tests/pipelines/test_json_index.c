/* test_json_index.c - JSON texts: which are such, where the others stop being, and what their fields are. */
#include "json/json_index.h"

#include <float.h>
#include <math.h>

#include "check.h"
#include "json/json_blocks.h"

#define TEXT_OF(literal) literal, sizeof(literal) - 1

struct text {
    const char *data;
    size_t size;
};

#define T(literal)       \
    {                    \
        TEXT_OF(literal) \
    }

/* What RFC 8259 allows, by what of it is odd. */
static const struct text valid[] = {
    T("{}"),
    T("[]"),
    T("0"),
    T("-0"),
    T("\"\""),
    T("null"),
    T("true"),
    T("false"),
    T(" [ ] "),
    T("\t\r\n{ \n} "),
    T("[1,2]"),
    T("[1 , 2]"),
    T("[[],[[]],{}]"),
    T("{\"a\":{}}"),
    T("{\"a\":[{\"b\":[]}],\"c\":1}"),
    T("{\"\":0}"),
    T("{\"a\":1,\"a\":2}"),
    T("{\"a\\u0062\":1}"),
    T("[-1]"),
    T("[0.5]"),
    T("[-0.0]"),
    T("[1e5]"),
    T("[1E+5]"),
    T("[1e-5]"),
    T("[0e0]"),
    T("[10]"),
    T("[1.000000000000000000000000000000001]"),
    T("[123456789012345678901234567890]"),
    T("[1e999]"),
    T("[-1e-999]"),
    T("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    T("[\"\\u0000\"]"),
    T("[\"\\uD834\\uDD1E\"]"),
    T("[\"\\ud800\"]"),
    T("[\"\\udc00\\ud800\"]"),
    T("[\"\\uAbCd\"]"),
    T("[\"\\\\\"]"),
    T("[\"\\\\\\\"\"]"),
    T("[\"\x7f\"]"),
    T("[\"\xc3\xa9\"]"),
    T("[\"\xe2\x82\xac\"]"),
    T("[\"\xf0\x9f\x98\x80\"]"),
    T("[\"\xef\xbf\xbf\"]"),
    T("[\"\xf4\x8f\xbf\xbf\"]"),
    T("[\"//\",\"/* */\",\"#\"]"),
    T("[\"{[,:]}\"]"),
    T("[null,true,false]"),
    T("{\"a\":null}"),
    T("[\"a\",[\"b\",{\"c\":\"d\"}],1]"),
};

/* What it doesn't, with the place where it stops. */
static const struct {
    struct text text;
    size_t offset;
} invalid[] = {
    /* nothing, not enough */
    { T(""), 0 },
    { T(" "), 1 },
    { T("["), 1 },
    { T("{"), 1 },
    { T("[1"), 2 },
    { T("[1,"), 3 },
    { T("{\"a\""), 4 },
    { T("{\"a\":"), 5 },
    { T("{\"a\":1"), 6 },
    { T("{\"a\":1,"), 7 },
    { T("[[]"), 3 },
    { T("\""), 0 },
    { T("[\"a"), 1 },
    { T("[\"a\\\"]"), 1 },
    { T("{\"a"), 1 },
    /* too much */
    { T("1 2"), 2 },
    { T("[]]"), 2 },
    { T("{}}"), 2 },
    { T("[1]x"), 3 },
    { T("{}{}"), 2 },
    { T("{} #"), 3 },
    { T("\"a\"b"), 3 },
    { T("[]\0"), 2 },
    { T("nulll"), 0 },
    { T("1,"), 1 },
    /* commas, colons, brackets */
    { T("[,]"), 1 },
    { T("[1,]"), 3 },
    { T("[,1]"), 1 },
    { T("[1,,2]"), 3 },
    { T("[1 2]"), 3 },
    { T("[\"a\" \"b\"]"), 5 },
    { T("[\"a\"\"b\"]"), 4 },
    { T("[1:2]"), 2 },
    { T("{,}"), 1 },
    { T("{\"a\":1,}"), 7 },
    { T("{\"a\":1,,\"b\":2}"), 7 },
    { T("{\"a\" 1}"), 5 },
    { T("{\"a\",1}"), 4 },
    { T("{\"a\"::1}"), 5 },
    { T("{\"a\":}"), 5 },
    { T("{:1}"), 1 },
    { T("{\"a\"}"), 4 },
    { T("{1:1}"), 1 },
    { T("{a:1}"), 1 },
    { T("{'a':1}"), 1 },
    { T("{null:1}"), 1 },
    { T("{[]:1}"), 1 },
    { T("[}"), 1 },
    { T("{]"), 1 },
    { T("[1}"), 2 },
    { T("{\"a\":1]"), 6 },
    { T("]"), 0 },
    { T("}"), 0 },
    { T(":"), 0 },
    { T(","), 0 },
    { T("[{\"a\":[1}]"), 8 },
    { T("{\"a\":1 \"b\":2}"), 7 },
    { T("[1]{"), 3 },
    { T("[1\"a\"]"), 2 },
    { T("[1[2]]"), 2 },
    /* numbers */
    { T("-"), 1 },
    { T("[-]"), 2 },
    { T("[+1]"), 1 },
    { T("[01]"), 2 },
    { T("[-01]"), 3 },
    { T("[00]"), 2 },
    { T("[1.]"), 3 },
    { T("[.1]"), 1 },
    { T("[1.e1]"), 3 },
    { T("[1e]"), 3 },
    { T("[1e+]"), 4 },
    { T("[1eE2]"), 3 },
    { T("[0x1]"), 2 },
    { T("[1_0]"), 2 },
    { T("[1a]"), 2 },
    { T("[NaN]"), 1 },
    { T("[Infinity]"), 1 },
    { T("[-Infinity]"), 2 },
    { T("[1.2.3]"), 4 },
    { T("[--1]"), 2 },
    { T("[1-2]"), 2 },
    { T("[1e1.5]"), 4 },
    { T("[1\0]"), 2 },
    { T("[\xef\xbc\x91]"), 1 },
    /* words */
    { T("[True]"), 1 },
    { T("[TRUE]"), 1 },
    { T("[tru]"), 1 },
    { T("[truee]"), 1 },
    { T("[nul"), 1 },
    { T("[nan]"), 1 },
    { T("[fals]"), 1 },
    { T("[true1]"), 1 },
    { T("[undefined]"), 1 },
    { T("['a']"), 1 },
    { T("[`a`]"), 1 },
    /* escapes */
    { T("[\"\\x41\"]"), 3 },
    { T("[\"\\a\"]"), 3 },
    { T("[\"\\0\"]"), 3 },
    { T("[\"\\\0\"]"), 3 },
    { T("[\"\\U0041\"]"), 3 },
    { T("[\"\\u\"]"), 4 },
    { T("[\"\\u12\"]"), 6 },
    { T("[\"\\u123\"]"), 7 },
    { T("[\"\\u123g\"]"), 7 },
    { T("[\"\\ud800\\u\"]"), 10 },
    { T("[\"\\'\"]"), 3 },
    { T("[\\n]"), 1 },
    { T("\\u0041"), 0 },
    { T("[\"\\\xc3\xa9\"]"), 3 },
    { T("{\"\\q\":1}"), 3 },
    /* control characters, blanks that are none */
    { T("[\"a\nb\"]"), 3 },
    { T("[\"\t\"]"), 2 },
    { T("[\"\0\"]"), 2 },
    { T("[\"\x1f\"]"), 2 },
    { T("[\"\n"), 2 },
    { T("[\f]"), 1 },
    { T("[\v1]"), 1 },
    { T("[\xc2\xa0]"), 1 },
    { T("\xef\xbb\xbf{}"), 0 },
    { T("[\x0c"
        "1]"),
      1 },
    { T("[\x1a]"), 1 },
    { T("[1\x0c 2]"), 2 },
    { T("{\"a\"\x1a"
        "1}"),
      4 },
    { T("{\"\n\":1}"), 2 },
    /* comments */
    { T("[1/**/]"), 2 },
    { T("/**/[]"), 0 },
    { T("[] //"), 3 },
    { T("[1,#\n2]"), 3 },
    /* UTF-8 */
    { T("[\"\x80\"]"), 2 },
    { T("[\"\xff\"]"), 2 },
    { T("[\"\xc3\"]"), 2 },
    { T("[\"ab\xc0\x80\"]"), 4 },
    { T("[\"\xe0\x80\x80\"]"), 2 },
    { T("[\"\xed\xa0\x80\"]"), 2 },
    { T("[\"\xf4\x90\x80\x80\"]"), 2 },
    { T("[\"\xf8\x88\x80\x80\x80\"]"), 2 },
    { T("[\"a\xe2\x82\"]"), 3 },
    { T("[\"\xc3\xa9\xe9\"]"), 4 },
    { T("{\"\xff\":1}"), 2 },
    { T("[\xff]"), 1 },
};

/* In memory of its own size, so that ASan sees a look past it. */
static int index_copy(struct json_index *index, const char *text, size_t size, char **ret_copy)
{
    char *copy = malloc(size > 0 ? size : 1);
    CHECK(copy != NULL);
    memcpy(copy, text, size);
    *ret_copy = copy;
    return wp_json_index(index, copy, size);
}

static void test_what_is_json_is_taken(void)
{
    struct json_index index = { 0 };
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        char *copy;
        const int error = index_copy(&index, valid[i].data, valid[i].size, &copy);
        if (error != 0)
            fprintf(stderr, "%s: %s at %zu\n", valid[i].data, index.reason, index.offset);
        CHECK_EQ(error, 0);
        free(copy);
    }
    wp_json_index_fini(&index);
}

static void test_what_is_none_is_refused_where_it_stops_being_json(void)
{
    struct json_index index = { 0 };
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        char *copy;
        const int error = index_copy(&index, invalid[i].text.data, invalid[i].text.size, &copy);
        if (error != -EINVAL || index.offset != invalid[i].offset)
            fprintf(stderr, "%s: %s at %zu\n", invalid[i].text.data, error != 0 ? index.reason : "taken", index.offset);
        CHECK_EQ(error, -EINVAL);
        CHECK_EQ(index.offset, invalid[i].offset);
        CHECK(index.reason != NULL);
        free(copy);
    }
    wp_json_index_fini(&index);
}

/* Bitmaps are made of 64 bytes, carries go from one to the next: the same text at every place of a block. */
static void test_it_is_the_same_wherever_in_a_block_it_stands(void)
{
    struct json_index index = { 0 };
    char text[512];
    for (size_t shift = 0; shift <= 2 * JSON_BLOCK; shift++) {
        memset(text, ' ', shift);
        for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
            memcpy(text + shift, valid[i].data, valid[i].size);
            CHECK_EQ(wp_json_index(&index, text, shift + valid[i].size), 0);
        }
        for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
            memcpy(text + shift, invalid[i].text.data, invalid[i].text.size);
            CHECK_EQ(wp_json_index(&index, text, shift + invalid[i].text.size), -EINVAL);
            CHECK_EQ(index.offset, shift + invalid[i].offset);
        }
    }
    wp_json_index_fini(&index);
}

static void test_nesting_has_a_limit(void)
{
    struct json_index index = { 0 };
    char text[2 * JSON_DEPTH_MAX + 4];
    static const unsigned limits[] = { 0, 1, 64, JSON_DEPTH_MAX - 1 };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        index.depth_max = limits[i];
        const size_t depth = limits[i] == 0 ? JSON_DEPTH : limits[i];
        memset(text, '[', depth + 1);
        memset(text + depth + 1, ']', depth + 1);
        CHECK_EQ(wp_json_index(&index, text + 1, 2 * depth), 0);
        CHECK_EQ(wp_json_index(&index, text, 2 * depth + 2), -EINVAL);
        CHECK_EQ(index.offset, depth);
    }
    wp_json_index_fini(&index);
}

static struct datum find(struct json_index *index, const char *name, struct arena *arena)
{
    return wp_json_find(index, name, strlen(name), arena);
}

static void check_string(struct datum datum, const char *wanted, size_t size)
{
    CHECK_EQ(datum.kind, DATUM_STRING);
    CHECK_EQ(datum.size, size);
    CHECK(memcmp(datum.text, wanted, size) == 0);
}

static void test_fields_have_their_types(void)
{
    static const char text[] =
        " {\"i\":-12, \"d\" : 0.25,\"s\":\"a\xc3\xa9\",\"e\":\"\\u00e9\\n\\ud83d\\ude00\\ud800x\\u0000\","
        "\"t\":true,\"f\":false,\"n\":null,\"\\u0061b\":7,\"dup\":1,\"dup\":[2] } ";
    struct json_index index = { 0 };
    struct arena arena = { 0 };
    CHECK_EQ(wp_json_index(&index, text, sizeof text - 1), 0);
    CHECK_EQ(index.field_count, 10);
    CHECK(wp_json_is_object(&index));
    CHECK_EQ(find(&index, "i", &arena).number, -12);
    CHECK_EQ(find(&index, "d", &arena).kind, DATUM_DOUBLE);
    CHECK(find(&index, "d", &arena).real == 0.25);
    check_string(find(&index, "s", &arena), TEXT_OF("a\xc3\xa9"));
    CHECK(find(&index, "s", &arena).text > text && find(&index, "s", &arena).text < text + sizeof text);
    check_string(find(&index, "e", &arena), TEXT_OF("\xc3\xa9\n\xf0\x9f\x98\x80\xef\xbf\xbdx\0"));
    CHECK(datum_is_true(find(&index, "t", &arena)));
    CHECK_EQ(find(&index, "f", &arena).kind, DATUM_BOOL);
    CHECK_EQ(find(&index, "n", &arena).kind, DATUM_NULL);
    CHECK_EQ(find(&index, "missing", &arena).kind, DATUM_NULL);
    CHECK_EQ(find(&index, "ab", &arena).number, 7);
    CHECK_EQ(find(&index, "dup", &arena).kind, DATUM_LIST);
    CHECK_EQ(find(&index, "dup", &arena).items[0].number, 2);
    const struct json_field *field = wp_json_field(&index, "d", 1);
    CHECK(field != NULL && field->value.size == 4 && memcmp(text + field->value.at, "0.25", 4) == 0);
    wp_arena_fini(&arena);
    wp_json_index_fini(&index);
}

/* Whatever stands in it comes out of it as it went in, names that stand twice once. */
static void test_nested_values_are_made_whole(void)
{
    static const char text[] =
        "{\"v\":{\"a\":[1, \"x\\\"]\", {\"b\" :[ ] ,\"c\":{}},[[-5]]],\"d\":null,\"a2\":1.5,\"d\":[true]}}";
    struct json_index index = { 0 };
    struct arena arena = { 0 };
    weir_text made = { 0 };
    CHECK_EQ(wp_json_index(&index, text, sizeof text - 1), 0);
    CHECK_EQ(wp_datum_append_json(&made, find(&index, "v", &arena)), 0);
    CHECK_EQ(weir_text_append(&made, "", 1), 0);
    CHECK_STR(made.data, "{\"a\":[1,\"x\\\"]\",{\"b\":[],\"c\":{}},[[-5]]],\"d\":[true],\"a2\":1.5}");
    weir_text_fini(&made);
    wp_arena_fini(&arena);
    wp_json_index_fini(&index);
}

static void test_numbers_keep_64_bits_and_go_on_as_doubles(void)
{
    struct arena arena = { 0 };
    CHECK_EQ(wp_json_number(TEXT_OF("9223372036854775807"), &arena).number, INT64_MAX);
    CHECK_EQ(wp_json_number(TEXT_OF("-9223372036854775808"), &arena).number, INT64_MIN);
    CHECK_EQ(wp_json_number(TEXT_OF("-9223372036854775808"), &arena).kind, DATUM_INT);
    CHECK_EQ(wp_json_number(TEXT_OF("9223372036854775808"), &arena).kind, DATUM_DOUBLE);
    CHECK(wp_json_number(TEXT_OF("9223372036854775808"), &arena).real == 9223372036854775808.0);
    CHECK_EQ(wp_json_number(TEXT_OF("1e2"), &arena).kind, DATUM_DOUBLE);
    CHECK(wp_json_number(TEXT_OF("0.1"), &arena).real == 0.1);
    CHECK(wp_json_number(TEXT_OF("-123.456"), &arena).real == -123.456);
    CHECK(wp_json_number(TEXT_OF("0.000001"), &arena).real == 0.000001);
    CHECK(wp_json_number(TEXT_OF("99999999999999.9"), &arena).real == 99999999999999.9);
    CHECK(wp_json_number(TEXT_OF("1e999"), &arena).real == DBL_MAX);
    CHECK(wp_json_number(TEXT_OF("-1e999"), &arena).real == -DBL_MAX);
    CHECK_EQ(wp_json_number(TEXT_OF("-0"), &arena).kind, DATUM_DOUBLE);
    CHECK(signbit(wp_json_number(TEXT_OF("-0.0"), &arena).real) != 0);
    CHECK_EQ(wp_json_number(TEXT_OF("9999999999999999"), &arena).number, INT64_C(9999999999999999));
    CHECK_EQ(wp_json_number(TEXT_OF("-999999999999999"), &arena).number, -INT64_C(999999999999999));
    char digits[400];
    memset(digits, '7', sizeof digits);
    digits[1] = '.';
    CHECK(wp_json_number(digits, sizeof digits, &arena).real == 7.7777777777777777777);
    wp_arena_fini(&arena);
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* All the ways to make bitmaps see the same, whatever the bytes are. */
static void test_every_instruction_set_finds_the_same_tokens(void)
{
    static const char letters[] = "\"\\\"\\{}[]:, \t\n\r1a\x0c\x1a\x01\x80\xff\x5b\x7b\x3a";
    static char text[4 * JSON_BLOCK];
    static uint32_t wanted[sizeof text], got[sizeof text];
    uint64_t state = 1;
    for (int round = 0; round < 4000; round++) {
        for (size_t i = 0; i < sizeof text; i++) {
            const uint64_t random = next_random(&state);
            text[i] = (round & 1) != 0 ? (char)random : letters[random % (sizeof letters - 1)];
        }
        struct json_blocks portable = { 0 };
        wp_json_blocks_portable(&portable, text, sizeof text, 0, wanted);
        for (size_t i = 0; wp_json_blocks_at(i) != NULL; i++) {
            struct json_blocks other = { 0 };
            wp_json_blocks_at(i)(&other, text, sizeof text, 0, got);
            CHECK_EQ(other.count, portable.count);
            CHECK(memcmp(wanted, got, portable.count * sizeof *got) == 0);
            CHECK(other.has_high == portable.has_high && other.has_backslash == portable.has_backslash);
            CHECK(other.has_control == portable.has_control && other.control_at == portable.control_at);
            CHECK(other.in_string == portable.in_string && other.escaped == portable.escaped);
        }
    }
}

int main(void)
{
    RUN(test_what_is_json_is_taken);
    RUN(test_what_is_none_is_refused_where_it_stops_being_json);
    RUN(test_it_is_the_same_wherever_in_a_block_it_stands);
    RUN(test_nesting_has_a_limit);
    RUN(test_fields_have_their_types);
    RUN(test_nested_values_are_made_whole);
    RUN(test_numbers_keep_64_bits_and_go_on_as_doubles);
    RUN(test_every_instruction_set_finds_the_same_tokens);
    return check_done();
}
