/* test_event_joiner.c - events of several lines: the same ones however the lines come in batches. */
#include "line/event_joiner.h"

#include "check.h"

static struct regex *compile(const char *pattern)
{
    struct regex *regex = NULL;
    struct regex_fault fault;
    const int error = wp_regex_create(pattern, strlen(pattern), false, &regex, &fault);
    if (error == -ENOTSUP) {
        printf("skipped: no regular expressions in this build\n");
        exit(0);
    }
    CHECK_EQ(error, 0);
    return regex;
}

static void take(struct batch *batch, weir_text *out)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        CHECK_EQ(weir_text_append(out, batch->rows[i].raw, batch->rows[i].raw_size), 0);
        CHECK_EQ(weir_text_append(out, ";", 1), 0);
    }
    wp_batch_free(batch);
}

/* The lines of a text, `size` a batch; events end with ';'. The result is compared, or the error. */
static void join(const char *text, unsigned size, size_t max, bool drops, int wanted_error, const char *wanted)
{
    struct regex *start = compile("^[0-9]{2}-");
    struct event_joiner joiner = { .start = start, .join = "+ ", .join_size = 2, .max = max };
    struct batch *batch = NULL;
    weir_text out = { 0 };
    uint32_t row;
    int error = 0;
    for (const char *at = text; error == 0 && *at != '\0';) {
        if (batch == NULL)
            batch = wp_batch_create();
        CHECK(batch != NULL);
        const char *end = strchr(at, '\n');
        (void)wp_batch_add_record(batch, at, (size_t)(end - at));
        at = end + 1;
        if (batch->count < size && *at != '\0')
            continue;
        error = wp_join_events(&joiner, batch, drops, &row);
        take(batch, &out);
        batch = NULL;
    }
    if (error == 0) {
        batch = wp_batch_create();
        CHECK(batch != NULL);
        CHECK_EQ(wp_join_rest(&joiner, batch), 0);
        take(batch, &out);
        CHECK(!joiner.open);
    }
    CHECK_EQ(error, wanted_error);
    CHECK_EQ(weir_text_append(&out, "", 1), 0);
    if (wanted != NULL)
        CHECK_STR(out.data, wanted);
    weir_text_fini(&out);
    wp_join_fini(&joiner);
    wp_regex_destroy(start);
}

static void test_batches_make_no_difference(void)
{
    for (unsigned size = 1; size < 12; size++) {
        join("01-a\n x\n y\n02-b\n03-c\n z\n", size, 100, false, 0, "01-a+  x+  y;02-b;03-c+  z;");
        join(" before\n again\n01-a\n02-b\n", size, 100, false, 0, " before+  again;01-a;02-b;");
        join("\n\n01-\n\n", size, 100, false, 0, "+ ;01-+ ;");
        join("01-a\n", size, 100, false, 0, "01-a;");
        join("", size, 100, false, 0, "");
    }
}

static void test_a_full_batch_and_the_event_before_it_fit(void)
{
    weir_text text = { 0 };
    for (unsigned i = 0; i < 3 * BATCH_ROWS + 1; i++)
        CHECK_EQ(weir_text_append(&text, "01-\n", 4), 0);
    CHECK_EQ(weir_text_append(&text, "", 1), 0);
    join(text.data, BATCH_ROWS, 100, false, 0, NULL);
    weir_text_fini(&text);
}

static void test_what_is_too_long_is_an_error_or_left_out(void)
{
    for (unsigned size = 1; size < 12; size++) {
        join("01-a\n x\n y\n02-b\n", size, 12, false, 0, "01-a+  x+  y;02-b;");
        join("01-a\n x\n y\n02-b\n", size, 11, false, -EMSGSIZE, NULL);
        join("00-\n01-a\n x\n y\n z\n02-b\n y\n", size, 11, true, 0, "00-;02-b+  y;");
        join("01-a\n x\n y\n z\n", size, 11, true, 0, "");
    }
}

/* The check of a line's first bytes says what the whole expression says. */
static void test_a_prefix_is_what_the_pattern_says(void)
{
    static const char *const patterns[] = {
        "^[0-9]{4}-\\d\\d", "^a+b",  "^ab?c",     "^[^a-c]x", "^.\\.", "^a{2}b", "^a{1,2}", "^(a|b)c", "^a|b",
        "^\\w\\W\\s",       "^[]x]", "^[a\\]-]b", "^a$",      "^",     "^ab*"
    };
    static const char *const texts[] = { "2026-11", "2026-1", "x2026-11", "ab", "aab", "b",    "ac",  "abc",
                                         "dx",      "ax",     "a.",       "..", "aa",  "aaab", "bc",  "a- ",
                                         "]",       "x",      "]b",       "-b", "a",   "",     "\n.", "xb" };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct regex *regex = compile(patterns[i]);
        for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++) {
            const size_t *places;
            const size_t size = strlen(texts[j]);
            if (wp_regex_test(regex, texts[j], size) != wp_regex_find(regex, texts[j], size, 0, &places)) {
                fprintf(stderr, "/%s/ on '%s'\n", patterns[i], texts[j]);
                CHECK(false);
            }
            CHECK(true);
        }
        wp_regex_destroy(regex);
    }
}

static void test_a_prefix_is_seen(void)
{
    struct regex_atom atoms[REGEX_PREFIX_MAX];
    bool whole;
    CHECK_EQ(wp_regex_prefix("^[0-9]{4}-\\d\\d", 14, atoms, &whole), 7);
    CHECK(whole && atoms[0].size == 5 && atoms[4].size == 1 && atoms[6].size == 2);
    CHECK_EQ(wp_regex_prefix("^ab+", 4, atoms, &whole), 2);
    CHECK(!whole);
    CHECK_EQ(wp_regex_prefix("^ab?", 4, atoms, &whole), 1);
    CHECK(!whole);
    CHECK_EQ(wp_regex_prefix("^a|b", 4, atoms, &whole), 0);
    CHECK_EQ(wp_regex_prefix("ab", 2, atoms, &whole), 0);
    CHECK_EQ(wp_regex_prefix("^a{33}", 6, atoms, &whole), 0);
    CHECK(!whole);
    CHECK_EQ(wp_regex_prefix("^[[:digit:]]", 12, atoms, &whole), 0);
    CHECK_EQ(wp_regex_prefix("^\\x41", 5, atoms, &whole), 0);
}

int main(void)
{
    RUN(test_batches_make_no_difference);
    RUN(test_a_full_batch_and_the_event_before_it_fit);
    RUN(test_what_is_too_long_is_an_error_or_left_out);
    RUN(test_a_prefix_is_what_the_pattern_says);
    RUN(test_a_prefix_is_seen);
    return check_done();
}
