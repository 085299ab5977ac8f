/* test_regex_line.c - named groups of a regular expression as fields. */
#include "expr/regex.h"
#include "line_rig.h"

static struct regex_format format;
static struct line_rig rig = { .cut = wp_cut_regex, .format = &format, .respells = true };

static void begin(const char *pattern, const char *first, const char *second)
{
    struct regex *regex = NULL;
    struct regex_fault fault;
    const int error = wp_regex_create(pattern, strlen(pattern), false, &regex, &fault);
    if (error == -ENOTSUP) {
        printf("skipped: no regular expressions in this build\n");
        exit(0);
    }
    CHECK_EQ(error, 0);
    format.regex = regex;
    CHECK_EQ(wp_names_add(&format.names, first, strlen(first)), 0);
    CHECK_EQ(wp_names_add(&format.names, second, strlen(second)), 0);
    format.groups[0] = wp_regex_group(regex, first);
    format.groups[1] = wp_regex_group(regex, second);
}

static void end(struct regex_format *self)
{
    wp_regex_destroy((struct regex *)(uintptr_t)self->regex);
    wp_names_fini(&self->names);
    *self = (struct regex_format){ 0 };
}

static void test_groups_are_fields(void)
{
    begin("^(?<verb>[A-Z]+) (?<n>\\d+)?", "verb", "n");
    LINE_TAKEN(&rig, "GET 12", "{\"verb\":\"GET\",\"n\":\"12\"}");
    LINE_TAKEN(&rig, "GET x", "{\"verb\":\"GET\",\"n\":null}");
    LINE_REFUSED(&rig, "get 12", 0, "the regular expression doesn't match");
    LINE_REFUSED(&rig, "", 0, "the regular expression doesn't match");
    format.numbers = true;
    LINE_TAKEN(&rig, "GET 12", "{\"verb\":\"GET\",\"n\":12}");
    LINE_TAKEN(&rig, "GET 012", "{\"verb\":\"GET\",\"n\":\"012\"}");
    end(&format);
}

/* Both hold all of the text, each byte of which needs six in JSON: there must be room for twelve. */
static void test_groups_may_overlap(void)
{
    begin("(?<a>(?<b>.*))", "a", "b");
    char line[300];
    weir_text wanted = { 0 };
    memset(line, 1, sizeof line);
    CHECK_EQ(weir_text_append(&wanted, "{\"a\":\"", 6), 0);
    for (size_t i = 0; i < 2 * sizeof line; i++) {
        if (i == sizeof line)
            CHECK_EQ(weir_text_append(&wanted, "\",\"b\":\"", 7), 0);
        CHECK_EQ(weir_text_append(&wanted, "\\u0001", 6), 0);
    }
    CHECK_EQ(weir_text_append(&wanted, "\"}", 3), 0);
    CHECK_EQ(line_rig_cut(&rig, line, sizeof line), 0);
    CHECK_STR(rig.json.data, wanted.data);
    weir_text_fini(&wanted);
    LINE_TAKEN(&rig, "\xff", "{\"a_b64\":\"/w==\",\"b_b64\":\"/w==\"}");
    end(&format);
}

static void test_what_takes_too_long_is_refused(void)
{
    begin("^(?<a>(?:a+)+)(?<b>b)$", "a", "b");
    LINE_REFUSED(&rig, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc", 0,
                 "the regular expression takes too long on this line");
    end(&format);
}

int main(void)
{
    RUN(test_groups_are_fields);
    RUN(test_groups_may_overlap);
    RUN(test_what_takes_too_long_is_refused);
    line_rig_fini(&rig);
    return check_done();
}
