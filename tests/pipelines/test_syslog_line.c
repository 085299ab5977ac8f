/* test_syslog_line.c - lines of syslog in each of the ways that daemons write them. */
#include "line_rig.h"

static struct line_rig rig = { .cut = wp_cut_syslog };

#define HEAD "<165>1 2026-03-01T12:00:00.003Z host app 8710 ID47 "
#define HEAD_JSON                                                                                                \
    "{\"facility\":\"local4\",\"severity\":\"notice\",\"version\":1,\"timestamp\":\"2026-03-01T12:00:00.003Z\"," \
    "\"hostname\":\"host\",\"appname\":\"app\",\"procid\":8710,\"msgid\":\"ID47\""

static void test_rfc_5424(void)
{
    LINE_TAKEN(&rig, HEAD "- words  x", HEAD_JSON ",\"message\":\"words  x\"}");
    LINE_TAKEN(&rig, HEAD "-", HEAD_JSON "}");
    LINE_TAKEN(&rig, HEAD "- ", HEAD_JSON ",\"message\":\"\"}");
    LINE_TAKEN(&rig, HEAD "- \xef\xbb\xbf\xc3\xa9", HEAD_JSON ",\"message\":\"\xc3\xa9\"}");
    LINE_TAKEN(&rig, "<0>1 - - - - - -", "{\"facility\":\"kern\",\"severity\":\"emerg\",\"version\":1}");
    LINE_TAKEN(
        &rig, "<191>1 - - - 0x1 - - \xff",
        "{\"facility\":\"local7\",\"severity\":\"debug\",\"version\":1,\"procid\":\"0x1\",\"message_b64\":\"/w==\"}");
}

static void test_structured_data_is_a_map_of_maps(void)
{
    LINE_TAKEN(&rig, HEAD "[a@1 b=\"c\" d=\"e\\\"\\\\\\]\\n]\"][z] x",
               HEAD_JSON
               ",\"structured_data\":{\"a@1\":{\"b\":\"c\",\"d\":\"e\\\"\\\\]\\\\n]\"},\"z\":{}},\"message\":\"x\"}");
    LINE_TAKEN(&rig, HEAD "[a b=\"\"]", HEAD_JSON ",\"structured_data\":{\"a\":{\"b\":\"\"}}}");
}

static void test_rfc_3164_and_files(void)
{
    LINE_TAKEN(&rig, "<34>Oct 11 22:14:15 host su[230]: words: x",
               "{\"facility\":\"auth\",\"severity\":\"crit\",\"timestamp\":\"Oct 11 22:14:15\",\"hostname\":\"host\","
               "\"appname\":\"su\",\"procid\":230,\"message\":\"words: x\"}");
    LINE_TAKEN(&rig, "2026-03-01T12:00:00.003+01:00 host su: words",
               "{\"timestamp\":\"2026-03-01T12:00:00.003+01:00\",\"hostname\":\"host\",\"appname\":\"su\","
               "\"message\":\"words\"}");
    LINE_TAKEN(&rig, "Mar  1 00:00:00 su: x",
               "{\"timestamp\":\"Mar  1 00:00:00\",\"appname\":\"su\",\"message\":\"x\"}");
    LINE_TAKEN(&rig, "Mar  1 00:00:00 host last message repeated",
               "{\"timestamp\":\"Mar  1 00:00:00\",\"hostname\":\"host\",\"message\":\"last message repeated\"}");
    LINE_TAKEN(&rig, "<13>hello", "{\"facility\":\"user\",\"severity\":\"notice\",\"message\":\"hello\"}");
    LINE_TAKEN(&rig, "<13>su[x", "{\"facility\":\"user\",\"severity\":\"notice\",\"message\":\"su[x\"}");
    LINE_TAKEN(
        &rig, "<13>a[007]:b",
        "{\"facility\":\"user\",\"severity\":\"notice\",\"appname\":\"a\",\"procid\":\"007\",\"message\":\"b\"}");
    CHECK_EQ(line_rig_cut(&rig, "", 0), CUT_NOTHING);
}

static void test_what_is_none_is_refused_with_its_place(void)
{
    LINE_REFUSED(&rig, "words", 0, "neither a <priority> nor a time");
    LINE_REFUSED(&rig, "Mar 32x00:00:00 host", 0, "neither a <priority> nor a time");
    LINE_REFUSED(&rig, "<192>x", 0, "the priority is no <0> to <191>");
    LINE_REFUSED(&rig, "<>x", 0, "the priority is no <0> to <191>");
    LINE_REFUSED(&rig, "<1234>x", 0, "the priority is no <0> to <191>");
    LINE_REFUSED(&rig, "<1", 0, "the priority is no <0> to <191>");
    LINE_REFUSED(&rig, "<1>1 - -", 8, "after <priority>1 stand time, host, app, process, message id and data");
    LINE_REFUSED(&rig, "<1>1 -  - - -", 7, "an empty word: what isn't known is \"-\"");
    LINE_REFUSED(&rig, "<1>1 - - - - - x", 14, "no structured data, nor \"-\" for none");
    LINE_REFUSED(&rig, "<1>1 - - - - -", 14, "no structured data, nor \"-\" for none");
    LINE_REFUSED(&rig, "<1>1 - - - - - -x", 16, "no blank behind the structured data");
    LINE_REFUSED(&rig, "<1>1 - - - - - [a]x", 18, "no blank behind the structured data");
    LINE_REFUSED(&rig, "<1>1 - - - - - [a b]", 17, "structured data is no [id name=\"value\"]");
    LINE_REFUSED(&rig, "<1>1 - - - - - [a b=\"c]", 17, "structured data is no [id name=\"value\"]");
    LINE_REFUSED(&rig, "<1>1 - - - - - [a][", 18, "structured data is no [id name=\"value\"]");
    line_rig_cut_short(&rig, HEAD "[a@1 b=\"c\" d=\"e\\\"\\\\\\]\\n]\"][z] x");
    line_rig_cut_short(&rig, "<34>Oct 11 22:14:15 host su[230]: words: x");
}

int main(void)
{
    RUN(test_rfc_5424);
    RUN(test_structured_data_is_a_map_of_maps);
    RUN(test_rfc_3164_and_files);
    RUN(test_what_is_none_is_refused_with_its_place);
    line_rig_fini(&rig);
    return check_done();
}
