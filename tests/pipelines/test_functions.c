/* test_functions.c - time, format_time, cidr, hash and contains: what they take, what they give, what they refuse. */
#include <time.h>

#include "eval_rig.h"

static void test_time_reads_rfc_3339_epochs_and_formats(void)
{
    wants("time(.s)", "2026-11-26T04:02:07Z", "\"2026-11-26T04:02:07Z\"");
    wants("time(.s)", "2026-11-26 04:02:07.250+01:30", "\"2026-11-26T02:32:07.25Z\"");
    wants("time(.s)", "2024-02-29T00:00:00Z", "\"2024-02-29T00:00:00Z\"");
    wants("time(.s)", "2026-02-29T00:00:00Z", "null");
    wants("time(.s)", "2026-13-01T00:00:00Z", "null");
    wants("time(.s)", "2026-11-26T04:02:07", "null"); /* of which zone? */
    wants("time(.s)", "2026-11-26T04:02:07Zx", "null");
    wants("time(.s)", "9999-01-01T00:00:00Z", "null"); /* 64 bits of ns end in 2262 */
    wants("time(0)", "", "\"1970-01-01T00:00:00Z\"");
    wants("time(1.5)", "", "\"1970-01-01T00:00:01.5Z\"");
    wants("time(9223372036854775807)", "", "null");
    wants("time(.s, \"%d/%b/%Y:%H:%M:%S %z\")", "26/Nov/2026:04:02:07 +0100", "\"2026-11-26T03:02:07Z\"");
    wants("time(.s, \"%a, %e %B %Y %I:%M %p\")", "Thu,  6 november 2026 12:05 AM", "\"2026-11-06T00:05:00Z\"");
    wants("time(.s, \"%s.%f\")", "1.25", "\"1970-01-01T00:00:01.25Z\"");
    wants("time(.s, \"%F %R %Z\")", "2026-11-26 04:02 GMT", "\"2026-11-26T04:02:00Z\"");
    wants("time(.s, \"%b %e %T\")", "Nov 26 04:02:07", "null"); /* of which year? */
    wants("time(.s) - time(0)", "1970-01-01T00:00:02Z", "\"2000000000ns\"");
}

static void test_format_time_writes_what_time_reads(void)
{
    wants("format_time(time(.s), \"%a, %e %b %Y %T.%f %z %Z %j %p %I %y %s %%\")", "2024-03-05T16:07:08.5Z",
          "\"Tue,  5 Mar 2024 16:07:08.500000000 +0000 UTC 065 PM 04 24 1709654828 %\"");
    wants("format_time(time(-1), \"%F %T %A %B\")", "", "\"1969-12-31 23:59:59 Wednesday December\"");
    wants("format_time(1, \"%F\")", "", "null");
}

/* The calendar against the C library's, over all that 64 bits hold. */
static void test_dates_are_those_of_the_c_library(void)
{
    struct rig rig;
    CHECK(rig_open(&rig, "format_time(time(.s, \"%s\"), \"%Y-%m-%d %H:%M:%S %j %a\")"));
    uint64_t random = 1;
    for (unsigned i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        const time_t seconds = (time_t)(random >> 32) * 4 - (time_t)8000000000;
        char text[32], wanted[64];
        struct tm parts;
        const int size = snprintf(text, sizeof text, "%lld", (long long)seconds);
        CHECK(gmtime_r(&seconds, &parts) != NULL);
        CHECK(strftime(wanted, sizeof wanted, "%Y-%m-%d %H:%M:%S %j %a", &parts) > 0);
        const struct datum datum = rig_run(&rig, text, (size_t)size);
        CHECK(datum.kind == DATUM_STRING && datum.size == strlen(wanted));
        CHECK(memcmp(datum.text, wanted, datum.size) == 0);
    }
    rig_close(&rig);
}

static void test_cidr_knows_both_families(void)
{
    wants("cidr(.s, \"10.0.0.0/8\")", "10.255.0.1", "true");
    wants("cidr(.s, \"10.0.0.0/8\")", "11.0.0.1", "false");
    wants("cidr(.s, \"10.128.0.0/9\")", "10.127.0.1", "false");
    wants("cidr(.s, \"10.0.0.0/8\")", "::ffff:10.0.0.1", "true");
    wants("cidr(.s, \"10.1.2.3\")", "10.1.2.3", "true");
    wants("cidr(.s, \"0.0.0.0/0\")", "1.2.3.4", "true");
    wants("cidr(.s, \"0.0.0.0/0\")", "::1", "false");
    wants("cidr(.s, \"2001:db8::/33\")", "2001:db8:7fff::1", "true");
    wants("cidr(.s, \"2001:db8::/33\")", "2001:db8:8000::1", "false");
    wants("cidr(.s, \"10.0.0.0/8\")", "nobody", "null");
    wants("cidr(.s, .s)", "10.0.0.0/33", "null");
    wants("cidr!(.s, \"10.0.0.0/8\")", "nobody", "failed: cidr!() has no value for \"nobody\"");
}

static void test_hash_is_the_digest_in_hex(void)
{
    wants("hash(.s, \"md5\")", "abc", "\"900150983cd24fb0d6963f7d28e17f72\"");
    wants("hash(.s) == hash(.s, \"xxh128\") && len(hash(.s)) == 32", "abc", "true");
    wants("hash(.s, \"crc32\")", "123456789", "\"cbf43926\"");
    wants("hash(.n)", "", "null");
    wants("hash(.s, .s)", "nothing", "null");
}

static void refused(const char *expression, const char *word)
{
    struct rig rig;
    const bool good = rig_open(&rig, expression);
    if (good || strstr(rig.text.data, word) == NULL)
        fprintf(stderr, "%s\n%s", expression, good ? "" : rig.text.data);
    CHECK(!good && strstr(rig.text.data, word) != NULL);
    rig_close(&rig);
}

/* What can be seen when the plan is made is said then. */
static void test_literals_that_can_never_work_are_refused(void)
{
    refused("time(.s, \"%Q\")", "x:1:10: time(): no such place as '%Q'");
    refused("format_time(now(), \"%\")", "no such place as '%%'");
    refused("cidr(.s, \"10.0.0.0/33\")", "x:1:10: cidr(): '10.0.0.0/33' is no network");
    refused("hash(.s, \"xxh12\")", "did you mean 'xxh128'?");
}

/* A text that stands in the expression is prepared, one that is made isn't: nobody sees a difference. */
static void test_contains_is_true_of_texts_and_lists(void)
{
    static const char hay[] = "GET /api/v2/checkout HTTP/1.1, and more than a block of bytes behind it";
    wants("contains(.s, \"/api/v2/checkout\")", hay, "true");
    wants("contains(.s, \"/api/v2/checkouts\")", hay, "false");
    wants("contains(.s, \"api/v2/\" + \"checkout\")", hay, "true");
    wants("contains(.s, \"it\")", hay, "true");
    wants("contains(.s, \"\")", "", "true");
    wants("contains(.s, \"x\")", "", "false");
    wants("contains(\"seven\", .s)", "eve", "true");
    wants("contains(.n, \"7\")", "", "false");
    wants("contains(.missing, \"x\")", "", "false");
    wants("contains(split(.s, \",\"), \"b\")", "a,b,c", "true");
    wants("contains(split(.s, \",\"), \"b\")", "a,bb,c", "false");
}

int main(void)
{
    RUN(test_contains_is_true_of_texts_and_lists);
    RUN(test_time_reads_rfc_3339_epochs_and_formats);
    RUN(test_format_time_writes_what_time_reads);
    RUN(test_dates_are_those_of_the_c_library);
    RUN(test_cidr_knows_both_families);
    RUN(test_hash_is_the_digest_in_hex);
    RUN(test_literals_that_can_never_work_are_refused);
    return check_done();
}
