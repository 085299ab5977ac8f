/* test_kv_line.c - lines of names with values: logfmt, and pairs with other separators. */
#include "line_rig.h"

static struct kv_format logfmt = { .pair = " ", .pair_size = 1, .value = "=", .value_size = 1 };
static struct kv_format typed = { .pair = " ", .pair_size = 1, .value = "=", .value_size = 1, .numbers = true };
static struct kv_format header = { .pair = "; ", .pair_size = 2, .value = ":", .value_size = 1 };

static struct line_rig rig = { .cut = wp_cut_kv, .format = &logfmt };
static struct line_rig typed_rig = { .cut = wp_cut_kv, .format = &typed, .respells = true };
static struct line_rig header_rig = { .cut = wp_cut_kv, .format = &header };

static void test_pairs_are_fields_in_their_order(void)
{
    LINE_TAKEN(&rig, "level=info msg=\"it is up\" took=5ms cached a=",
               "{\"level\":\"info\",\"msg\":\"it is up\",\"took\":\"5ms\",\"cached\":true,\"a\":\"\"}");
    LINE_TAKEN(&rig, "  a=1\t b=2  ", "{\"a\":\"1\",\"b\":\"2\"}");
    LINE_TAKEN(&rig, "a=b=c n=5\"x", "{\"a\":\"b=c\",\"n\":\"5\\\"x\"}");
    LINE_TAKEN(&rig, "e=\"\"", "{\"e\":\"\"}");
}

static void test_escapes_are_undone_and_what_is_none_stays(void)
{
    LINE_TAKEN(&rig, "a=\"\\\"\\\\ \\n\\t\\r\"", "{\"a\":\"\\\"\\\\ \\n\\t\\r\"}");
    LINE_TAKEN(&rig, "a=\"\\u00e9\\uD83D\\uDE00\\ud800\\udc0\"",
               "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd\\\\udc0\"}");
    LINE_TAKEN(&rig, "a=\"\\x \\u12\"", "{\"a\":\"\\\\x \\\\u12\"}");
}

static void test_the_last_of_two_counts_where_the_first_stands(void)
{
    LINE_TAKEN(&rig, "a=1 b=2 a=\"\\\"\" b", "{\"a\":\"\\\"\",\"b\":true}");
}

static void test_numbers_are_such_when_asked_for(void)
{
    LINE_TAKEN(&typed_rig, "a=12 b=-1.50 c=007 d=\"5\" e=1e3 f=0 g=1x h=- i=0.5",
               "{\"a\":12,\"b\":-1.50,\"c\":\"007\",\"d\":\"5\",\"e\":1e3,\"f\":0,\"g\":\"1x\",\"h\":\"-\",\"i\":0.5}");
}

static void test_a_number_may_be_longer_than_any_buffer(void)
{
    char line[200] = "a=1.", wanted[220];
    memset(line + 4, '2', 150);
    snprintf(wanted, sizeof wanted, "{\"a\":%s}", line + 2);
    CHECK_EQ(line_rig_cut(&typed_rig, line, strlen(line)), 0);
    CHECK_STR(typed_rig.json.data, wanted);
}

static void test_separators_are_texts(void)
{
    LINE_TAKEN(&header_rig, "a: 1;b; c : x y ; d:\"p; q\" ; ; e",
               "{\"a\":\"1;b\",\"c\":\"x y\",\"d\":\"p; q\",\"e\":true}");
    LINE_TAKEN(&header_rig, "a:b:c", "{\"a\":\"b:c\"}");
}

static void test_blank_lines_are_no_records(void)
{
    CHECK_EQ(line_rig_cut(&rig, "", 0), CUT_NOTHING);
    CHECK_EQ(line_rig_cut(&rig, " \t ", 3), CUT_NOTHING);
    CHECK_EQ(line_rig_cut(&header_rig, "; ;  ", 5), CUT_NOTHING);
}

static void test_values_may_be_any_bytes_and_names_utf8(void)
{
    LINE_TAKEN(&rig, "a=\xff b=\"\\\"\xff\"", "{\"a_b64\":\"/w==\",\"b_b64\":\"Iv8=\"}");
    LINE_TAKEN(&rig, "\xc3\xa9\"=1", "{\"\xc3\xa9\\\"\":\"1\"}");
    LINE_REFUSED(&rig, "a=1 \xff=1", 4, "a name that isn't UTF-8, or has a NUL in it");
    LINE_REFUSED(&rig, "a\0=1", 0, "a name that isn't UTF-8, or has a NUL in it");
}

static void test_what_is_none_is_refused_with_its_place(void)
{
    LINE_REFUSED(&rig, "a=1 =2", 4, "a value without a name");
    LINE_REFUSED(&rig, "a=\"x", 2, "a quote is opened and not closed");
    LINE_REFUSED(&rig, "a=\"x\\\"", 2, "a quote is opened and not closed");
    LINE_REFUSED(&rig, "a=\"x\\", 2, "a quote is opened and not closed");
    LINE_REFUSED(&rig, "a=\"x\"y", 5, "something follows a quoted value");
    line_rig_cut_short(&rig, "level=info msg=\"it \\\"is\\\" up\\u00e9\" took=5ms cached a=");
    line_rig_cut_short(&header_rig, "a: 1;b; c : x y ; d:\"p; q\" ; ; e");
}

static void test_fields_have_a_bound(void)
{
    weir_text text = { 0 };
    char pair[16];
    for (unsigned i = 0; i <= CELLS_MAX; i++) {
        if (i == CELLS_MAX)
            CHECK_EQ(line_rig_cut(&rig, text.data, text.size), 0);
        const int size = snprintf(pair, sizeof pair, "f%u=1 ", i);
        CHECK_EQ(weir_text_append(&text, pair, (size_t)size), 0);
    }
    CHECK_EQ(line_rig_cut(&rig, text.data, text.size), -EBADMSG);
    CHECK_STR(rig.reason, "more than 1024 fields");
    weir_text_fini(&text);
}

int main(void)
{
    RUN(test_pairs_are_fields_in_their_order);
    RUN(test_escapes_are_undone_and_what_is_none_stays);
    RUN(test_the_last_of_two_counts_where_the_first_stands);
    RUN(test_numbers_are_such_when_asked_for);
    RUN(test_a_number_may_be_longer_than_any_buffer);
    RUN(test_separators_are_texts);
    RUN(test_blank_lines_are_no_records);
    RUN(test_values_may_be_any_bytes_and_names_utf8);
    RUN(test_what_is_none_is_refused_with_its_place);
    RUN(test_fields_have_a_bound);
    line_rig_fini(&rig);
    line_rig_fini(&typed_rig);
    line_rig_fini(&header_rig);
    return check_done();
}
