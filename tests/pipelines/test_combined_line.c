/* test_combined_line.c - lines of access logs: which are in the format "combined", and what their fields are. */
#include "line_rig.h"

#define CLIENT "192.0.2.1 - ann [01/Mar/2026:12:00:00 +0000] "
#define REST " 200 5 \"-\" \"curl/8\""
#define CLIENT_JSON "{\"remote_addr\":\"192.0.2.1\",\"remote_user\":\"ann\",\"time\":\"01/Mar/2026:12:00:00 +0000\","
#define REQUEST_JSON "\"method\":\"GET\",\"path\":\"/a?b=1\",\"protocol\":\"HTTP/1.1\","

static struct line_rig rig = { .cut = wp_cut_combined };

static void test_a_line_is_ten_fields(void)
{
    LINE_TAKEN(&rig, CLIENT "\"GET /a?b=1 HTTP/1.1\"" REST,
               CLIENT_JSON REQUEST_JSON "\"status\":200,\"bytes\":5,\"referer\":\"-\",\"user_agent\":\"curl/8\"}");
    LINE_TAKEN(&rig, CLIENT "\"GET /a?b=1 HTTP/1.1\" 007 00 \"\" \"\"",
               CLIENT_JSON REQUEST_JSON "\"status\":7,\"bytes\":0,\"referer\":\"\",\"user_agent\":\"\"}");
}

/* Apache: no size, an identity, a quote within quotes as it wrote it. nginx: \x22. */
static void test_what_only_one_of_the_servers_writes_is_taken(void)
{
    LINE_TAKEN(&rig, CLIENT "\"GET /a?b=1 HTTP/1.1\" 304 - \"a\\\"b\" \"\\\\\"",
               CLIENT_JSON REQUEST_JSON
               "\"status\":304,\"bytes\":null,\"referer\":\"a\\\\\\\"b\",\"user_agent\":\"\\\\\\\\\"}");
    LINE_TAKEN(&rig, "::1 id - [x] \"GET /a?b=1 HTTP/1.1\" 200 1 \"\\x22\" \"-\"",
               "{\"remote_addr\":\"::1\",\"remote_user\":\"-\",\"time\":\"x\",\"ident\":\"id\"," REQUEST_JSON
               "\"status\":200,\"bytes\":1,\"referer\":\"\\\\x22\",\"user_agent\":\"-\"}");
}

static void test_numbers_beyond_64_bits_keep_their_digits_in_json(void)
{
    struct line_rig respells = { .cut = wp_cut_combined, .respells = true };
    LINE_TAKEN(&respells, CLIENT "\"GET /a?b=1 HTTP/1.1\" 200 99999999999999999999 \"\" \"\"",
               CLIENT_JSON REQUEST_JSON
               "\"status\":200,\"bytes\":99999999999999999999,\"referer\":\"\",\"user_agent\":\"\"}");
    line_rig_fini(&respells);
}

static void test_text_is_escaped_wherever_in_a_block_it_stands(void)
{
    char line[256], wanted[400];
    static const struct {
        const char *text, *json;
    } odd[] = { { "\\\\", "\\\\\\\\" },
                { "\x01", "\\u0001" },
                { "\t", "\\t" },
                { "\x7f", "\\u007f" },
                { "\xc3\xa9", "\xc3\xa9" },
                { "\xc2\x85", "\\u0085" },
                { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" } };
    for (size_t kind = 0; kind < sizeof odd / sizeof odd[0]; kind++)
        for (int before = 0; before < 40; before++)
            for (int behind = 0; behind < 40; behind += 3) {
                const int size =
                    snprintf(line, sizeof line, CLIENT "\"GET /a?b=1 HTTP/1.1\" 200 5 \"-\" \"%.*s%s%.*s\"", before,
                             "0123456789012345678901234567890123456789", odd[kind].text, behind,
                             "abcdefghijabcdefghijabcdefghijabcdefghij");
                snprintf(wanted, sizeof wanted,
                         CLIENT_JSON REQUEST_JSON
                         "\"status\":200,\"bytes\":5,\"referer\":\"-\",\"user_agent\":\"%.*s%s%.*s\"}",
                         before, "0123456789012345678901234567890123456789", odd[kind].json, behind,
                         "abcdefghijabcdefghijabcdefghijabcdefghij");
                CHECK_EQ(line_rig_cut(&rig, line, (size_t)size), 0);
                CHECK_STR(rig.json.data, wanted);
            }
}

static void test_bytes_that_are_no_utf8_come_out_in_base64(void)
{
    LINE_TAKEN(&rig, CLIENT "\"GET /a?b=1 HTTP/1.1\" 200 5 \"-\" \"\xff\"",
               CLIENT_JSON REQUEST_JSON "\"status\":200,\"bytes\":5,\"referer\":\"-\",\"user_agent_b64\":\"/w==\"}");
    LINE_TAKEN(&rig, "a - \0 [x] \"GET /a?b=1 HTTP/1.1\" 200 5 \"-\" \"\"",
               "{\"remote_addr\":\"a\",\"remote_user\":\"\\u0000\",\"time\":\"x\"," REQUEST_JSON
               "\"status\":200,\"bytes\":5,\"referer\":\"-\",\"user_agent\":\"\"}");
}

static void test_what_is_none_is_refused_where_it_stops_being_one(void)
{
    LINE_REFUSED(&rig, "", 0, "no address and blank");
    LINE_REFUSED(&rig, "-", 0, "no address and blank");
    LINE_REFUSED(&rig, " - ann", 0, "no address and blank");
    LINE_REFUSED(&rig, "a", 0, "no address and blank");
    LINE_REFUSED(&rig, "a b", 2, "no \"-\" of the client's identity");
    LINE_REFUSED(&rig, "a - [x]", 4, "no user");
    LINE_REFUSED(&rig, "203.0.113.7 - - 01/Mar/2026 GET / 200", 16, "no [time]");
    LINE_REFUSED(&rig, "a - - [] \"", 6, "no [time]");
    LINE_REFUSED(&rig, "a - - [x", 6, "no [time]");
    LINE_REFUSED(&rig, "a - - [x]\"GET", 9, "no quoted request");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1.1", 11, "the request has no quote at its end");
    LINE_REFUSED(&rig, "a - - [x] \"\" 400 0 \"-\" \"-\"", 11, "the request is no METHOD PATH HTTP/VERSION");
    LINE_REFUSED(&rig, "a - - [x] \"GET /\" 400 0 \"-\" \"-\"", 11, "the request is no METHOD PATH HTTP/VERSION");
    LINE_REFUSED(&rig, "a - - [x] \"GET  HTTP/1\" 400 0 \"-\" \"-\"", 11, "the request is no METHOD PATH HTTP/VERSION");
    LINE_REFUSED(&rig, "a - - [x] \"GET / b HTTP/1\" 400 0 \"-\" \"-\"", 11,
                 "the request is no METHOD PATH HTTP/VERSION");
    LINE_REFUSED(&rig, "a - - [x] \"get / HTTP/1\" 400 0 \"-\" \"-\"", 11,
                 "the request is no METHOD PATH HTTP/VERSION");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/\" 400 0 \"-\" \"-\"", 11, "the request is no METHOD PATH HTTP/VERSION");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 40 0 \"-\" \"-\"", 24, "no status of three digits");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 4000 0 \"-\" \"-\"", 24, "no status of three digits");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 400  \"-\" \"-\"", 28, "no number of bytes");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 400 x \"-\" \"-\"", 28, "no number of bytes");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 400 0 - \"-\"", 30, "no quoted referer");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 400 0 \"-\"", 34, "no quoted user agent");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 400 0 \"-\" \"\\\"", 34, "no quoted user agent");
    LINE_REFUSED(&rig, "a - - [x] \"GET / HTTP/1\" 400 0 \"-\" \"-\" 0.1", 38, "something follows the user agent");
    line_rig_cut_short(&rig, CLIENT "\"GET /a?b=1 HTTP/1.1\" 200 5 \"-\" \"curl\\\"/8\"");
}

int main(void)
{
    RUN(test_a_line_is_ten_fields);
    RUN(test_what_only_one_of_the_servers_writes_is_taken);
    RUN(test_numbers_beyond_64_bits_keep_their_digits_in_json);
    RUN(test_text_is_escaped_wherever_in_a_block_it_stands);
    RUN(test_bytes_that_are_no_utf8_come_out_in_base64);
    RUN(test_what_is_none_is_refused_where_it_stops_being_one);
    line_rig_fini(&rig);
    return check_done();
}
