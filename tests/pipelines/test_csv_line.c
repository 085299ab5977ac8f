/* test_csv_line.c - lines of comma-separated values, with a header and with names. */
#include "line_rig.h"

static struct csv_format csv;
static struct line_rig rig = { .cut = wp_cut_csv, .format = &csv, .respells = true };

static void begin(char delimiter, bool numbers)
{
    wp_names_fini(&csv.names);
    csv = (struct csv_format){ .delimiter = delimiter, .numbers = numbers };
}

#define HEADER(line) CHECK_EQ(line_rig_cut(&rig, line, sizeof(line) - 1), CUT_NOTHING)

static void test_a_line_has_the_fields_that_the_header_names(void)
{
    begin(',', false);
    HEADER("a,\"b \"\"x\"\"\",\"\xc3\xa9\"");
    LINE_TAKEN(&rig, "1,2,", "{\"a\":\"1\",\"b \\\"x\\\"\":\"2\",\"\xc3\xa9\":\"\"}");
    LINE_TAKEN(&rig, "\"x,y\",\"\",\"q \"\"z\"\"\"",
               "{\"a\":\"x,y\",\"b \\\"x\\\"\":\"\",\"\xc3\xa9\":\"q \\\"z\\\"\"}");
    LINE_TAKEN(&rig, ",,", "{\"a\":\"\",\"b \\\"x\\\"\":\"\",\"\xc3\xa9\":\"\"}");
    LINE_TAKEN(&rig, " a ,b\"c, \"d\"", "{\"a\":\" a \",\"b \\\"x\\\"\":\"b\\\"c\",\"\xc3\xa9\":\" \\\"d\\\"\"}");
    LINE_TAKEN(&rig, "\xff,\"\"\"\xff\",", "{\"a_b64\":\"/w==\",\"b \\\"x\\\"_b64\":\"Iv8=\",\"\xc3\xa9\":\"\"}");
}

static void test_blank_lines_and_the_header_again_are_no_records(void)
{
    begin(',', false);
    HEADER("");
    HEADER("a,b");
    HEADER("");
    LINE_TAKEN(&rig, "a,c", "{\"a\":\"a\",\"b\":\"c\"}");
    HEADER("a,b");
}

static void test_names_may_be_given(void)
{
    begin('\t', true);
    CHECK_EQ(wp_names_add(&csv.names, "x", 1), 0);
    CHECK_EQ(wp_names_add(&csv.names, "a name that is longer than a key", 32), 0);
    csv.skips_header = true;
    HEADER("old\tnames");
    LINE_TAKEN(&rig, "1.50\t\"2\"", "{\"x\":1.50,\"a name that is longer than a key\":\"2\"}");
    LINE_TAKEN(&rig, "a,b\t-7", "{\"x\":\"a,b\",\"a name that is longer than a key\":-7}");
}

static void test_what_is_none_is_refused_with_its_place(void)
{
    begin(',', false);
    HEADER("a,b");
    LINE_REFUSED(&rig, "1", 1, "fewer fields than names");
    LINE_REFUSED(&rig, "1,2,3", 4, "more fields than names");
    LINE_REFUSED(&rig, "1,\"2", 2, "a quoted field isn't closed");
    LINE_REFUSED(&rig, "\"1\"\"", 0, "a quoted field isn't closed");
    LINE_REFUSED(&rig, "\"1\"x,2", 3, "something follows a quoted field");
    line_rig_cut_short(&rig, "\"x,y\",\"q \"\"z\"\"\"");
}

/* Without names no line can be a record: no @onerror=drop helps. */
static void test_a_bad_header_is_refused_for_good(void)
{
    static const char *const headers[] = { "a,,b", "a,a", "a,\xff", "a,\"b", "\"a\"b", "a," };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        begin(',', false);
        CHECK_EQ(line_rig_cut(&rig, headers[i], strlen(headers[i])), -EINVAL);
    }
    weir_text text = { 0 };
    char name[16];
    begin(',', false);
    for (unsigned i = 0; i <= CELLS_MAX; i++) {
        const int size = snprintf(name, sizeof name, "%sf%u", i > 0 ? "," : "", i);
        CHECK_EQ(weir_text_append(&text, name, (size_t)size), 0);
    }
    CHECK_EQ(line_rig_cut(&rig, text.data, text.size), -EINVAL);
    weir_text_fini(&text);
}

int main(void)
{
    RUN(test_a_line_has_the_fields_that_the_header_names);
    RUN(test_blank_lines_and_the_header_again_are_no_records);
    RUN(test_names_may_be_given);
    RUN(test_what_is_none_is_refused_with_its_place);
    RUN(test_a_bad_header_is_refused_for_good);
    wp_names_fini(&csv.names);
    line_rig_fini(&rig);
    return check_done();
}
