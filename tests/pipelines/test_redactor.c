/* test_redactor.c - what redact finds, and what only looks like it. */
#include "redact/redactor.h"

#include "check.h"
#include "redact/finders.h"

enum { EMAIL = 1, IPV4 = 2, IPV6 = 4, CARD = 8, TOKEN = 16, ALL = 31 };

static void gives(unsigned kinds, const char *text, const char *wanted)
{
    const struct redactor redactor = { .kinds = kinds, .with = "#", .key = "" };
    weir_text out = { 0 };
    const int result = wp_redact_text(&redactor, text, strlen(text), &out);
    if (result != (strcmp(text, wanted) != 0))
        fprintf(stderr, "%s\n", text);
    CHECK_EQ(result, strcmp(text, wanted) != 0);
    CHECK(weir_text_append(&out, "", 1) == 0);
    if (result > 0)
        CHECK_STR(out.data, wanted);
    weir_text_fini(&out);
}

static void test_emails(void)
{
    gives(EMAIL, "a.b+c@d-e.org, <x@y.co.uk>", "#, <#>");
    gives(EMAIL, "x@y.zz.", "#.");
    gives(EMAIL, "x@y.zz.1", "#.1");
    gives(EMAIL, "@y.org x@ x@y x@y.z x@.org a@@b.org", "@y.org x@ x@y x@y.z x@.org a@@b.org");
    gives(EMAIL, "\\na@b.org\\ta@b.org", "\\n#\\t#");
    gives(EMAIL, "", "");
}

static void test_addresses_of_version_4(void)
{
    gives(IPV4, "10.0.0.1:80 [255.255.255.255] 1.2.3.4.", "#:80 [#] #.");
    gives(IPV4, "256.1.1.1 1.2.3 1.2.3.4.5 v1.2.3.4 1.2.3.4x 1.2.3.1234 1..2.3",
          "256.1.1.1 1.2.3 1.2.3.4.5 v1.2.3.4 1.2.3.4x 1.2.3.1234 1..2.3");
    gives(IPV4, "\\n1.2.3.4", "\\n#");
}

static void test_addresses_of_version_6(void)
{
    gives(IPV6, "fe80::1, [2001:db8::1]:443 ::1 ::ffff:1.2.3.4. 1:2:3:4:5:6:7:8", "#, [#]:443 # #. #");
    gives(IPV6, "12:34:56 std::string a::g :: x: y:z 2026-11-26T12:00:00Z",
          "12:34:56 std::string a::g :: x: y:z 2026-11-26T12:00:00Z");
    gives(IPV6, ":", ":");
    gives(IPV6, "::::::::", "::::::::");
}

static void test_numbers_of_cards(void)
{
    gives(CARD, "4111111111111111 4111-1111-1111-1111 3782 822463 10005.", "# # #.");
    gives(CARD, "43 4111 1111 1111 1111", "43 #");
    gives(CARD, "4111111111111112 1234567890123452 0.4111111111111111 41111111111111111111",
          "4111111111111112 1234567890123452 0.4111111111111111 41111111111111111111");
    gives(CARD, "a4111111111111111 4111111111111111b", "a4111111111111111 4111111111111111b");
}

static void test_tokens(void)
{
    gives(TOKEN, "Authorization: bearer abc.def-ghi_jkl=, Basic dXNlcjpwYXNz", "Authorization: bearer #, Basic #");
    gives(TOKEN, "AKIAIOSFODNN7EXAMPLE \"ghp_abcdefghijklmnopqrst\" eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.x", "# \"#\" #");
    gives(TOKEN, "AKIA sk-short eyJ Bearer x xAKIAIOSFODNN7EXAMPLE",
          "AKIA sk-short eyJ Bearer x xAKIAIOSFODNN7EXAMPLE");
}

static void test_several_kinds_in_the_order_of_the_text(void)
{
    gives(ALL, "x@y.org 1.2.3.4 ::1 4111111111111111 x@y.org", "# # # # #");
    gives(EMAIL | IPV4, "root@1.2.3.4 a@b.org@c.org", "root@# #@c.org");
    gives(0, "x@y.org", "x@y.org");
}

static void json_gives(const char *text, const char *wanted)
{
    const struct redactor redactor = { .kinds = ALL, .with = "\"", .key = "" };
    weir_text out = { 0 };
    CHECK_EQ(wp_redact_json(&redactor, text, strlen(text), &out), strcmp(text, wanted) != 0);
    CHECK(weir_text_append(&out, "", 1) == 0);
    if (out.size > 1)
        CHECK_STR(out.data, wanted);
    weir_text_fini(&out);
}

static void test_json_stays_json_and_names_stay(void)
{
    json_gives("{ \"a@b.org\" : \"a@b.org\", \"n\":4111111111111111, \"e\":\"\\u0061@b.org\", \"x\":[1.50,\"\",true] }",
               "{ \"a@b.org\" : \"\\\"\", \"n\":\"\\\"\", \"e\":\"\\\"\", \"x\":[1.50,\"\",true] }");
    json_gives("[\"\\n1.2.3.4\\/\", \"\\/\"]", "[\"\\n\\\"/\", \"\\/\"]");
    json_gives("\"1.2.3.4\"", "\"\\\"\"");
    json_gives("{}", "{}");
}

static void test_a_hash_is_the_same_for_the_same_and_another_with_a_key(void)
{
    struct redactor redactor = { .kinds = ALL, .algo = weir_digest_find("sha256"), .key = "" };
    weir_text out = { 0 };
    if (redactor.algo == NULL)
        return;
    CHECK(wp_redact_text(&redactor, "1.2.3.4 1.2.3.4", 15, &out) == 1 && out.size == 33);
    CHECK(memcmp(out.data, out.data + 17, 16) == 0 && memcmp(out.data, "6694f83c9f476da3", 16) == 0);
    redactor.key = "k";
    CHECK(wp_redact_text(&redactor, "1.2.3.4", 7, &out) == 1 && memcmp(out.data, out.data + 33, 16) != 0);
    weir_text_fini(&out);
}

/* A line of one kind of byte, or of beginnings that lead to nothing: each kind must stay linear. */
static void test_long_lines_of_beginnings_are_no_work(void)
{
    enum { SIZE = 1 << 20 };
    static const char *const pieces[] = {
        "a", "1", "@", "a@", "1.", ":", "1:", "4111 ", "eyJ", "a.", "Bearer ", "::1:"
    };
    char *text = malloc(SIZE);
    CHECK(text != NULL);
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
        const struct redactor redactor = { .kinds = ALL, .with = "#", .key = "" };
        weir_text out = { 0 };
        for (size_t i = 0; i < SIZE; i++)
            text[i] = pieces[p][i % strlen(pieces[p])];
        CHECK(wp_redact_text(&redactor, text, SIZE, &out) >= 0);
        weir_text_fini(&out);
    }
    free(text);
}

int main(void)
{
    RUN(test_emails);
    RUN(test_addresses_of_version_4);
    RUN(test_addresses_of_version_6);
    RUN(test_numbers_of_cards);
    RUN(test_tokens);
    RUN(test_several_kinds_in_the_order_of_the_text);
    RUN(test_json_stays_json_and_names_stay);
    RUN(test_a_hash_is_the_same_for_the_same_and_another_with_a_key);
    RUN(test_long_lines_of_beginnings_are_no_work);
    return check_done();
}
