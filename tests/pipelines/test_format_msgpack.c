/* test_format_msgpack.c - records as MessagePack: every kind of value at every border of its spelling. */
#include "check.h"
#include "run/format.h"

/* A record of one field "v" with this value, as hexadecimal digits behind those of the map and the name. */
static const char *spell(struct datum value)
{
    static char text[128];
    struct format_state state = { 0 };
    struct batch *batch = wp_batch_create();
    weir_text out = { 0 };
    CHECK(batch != NULL);
    struct row *row = wp_batch_add_record(batch, "", 0);
    row->flags |= ROW_FIELDS;
    CHECK_EQ(wp_row_set(batch, row, "v", NULL, value), 0);
    CHECK_EQ(wp_format_msgpack_append(&state, &out, row), 0);
    CHECK(out.size > 3 && memcmp(out.data, "\x81\xa1v", 3) == 0);
    for (size_t i = 3; i < out.size && i < 3 + 20; i++)
        snprintf(text + 2 * (i - 3), 3, "%02x", (unsigned char)out.data[i]);
    weir_text_fini(&out);
    wp_format_fini(&state);
    wp_batch_free(batch);
    return text;
}

static void test_integers_are_as_short_as_they_fit(void)
{
    static const struct {
        int64_t number;
        const char *wanted;
    } cases[] = {
        { 0, "00" },
        { 127, "7f" },
        { 128, "cc80" },
        { 255, "ccff" },
        { 256, "cd0100" },
        { 65535, "cdffff" },
        { 65536, "ce00010000" },
        { UINT32_MAX, "ceffffffff" },
        { INT64_C(1) << 32, "cf0000000100000000" },
        { INT64_MAX, "cf7fffffffffffffff" },
        { -1, "ff" },
        { -32, "e0" },
        { -33, "d0df" },
        { -128, "d080" },
        { -129, "d1ff7f" },
        { -32768, "d18000" },
        { -32769, "d2ffff7fff" },
        { INT32_MIN, "d280000000" },
        { INT64_C(-2147483649), "d3ffffffff7fffffff" },
        { INT64_MIN, "d38000000000000000" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STR(spell(datum_int(cases[i].number)), cases[i].wanted);
}

static void test_other_scalars(void)
{
    CHECK_STR(spell(datum_null()), "c0");
    CHECK_STR(spell(datum_bool(false)), "c2");
    CHECK_STR(spell(datum_bool(true)), "c3");
    CHECK_STR(spell(datum_double(1.5)), "cb3ff8000000000000");
    CHECK_STR(spell(datum_time(INT64_C(1500000000))), "c70cff1dcd65000000000000000001");
    CHECK_STR(spell(datum_time(-1)), "c70cff3b9ac9ffffffffffffffffff");
    CHECK_STR(spell((struct datum){ .kind = DATUM_DURATION, .number = 5 }), "a3356e73");
}

/* The first bytes: lead and size. */
static void check_lead(struct datum value, const char *wanted)
{
    const char *got = spell(value);
    CHECK(strncmp(got, wanted, strlen(wanted)) == 0);
}

static void test_sizes_have_four_spellings(void)
{
    static char text[70000];
    static struct datum items[70000];
    memset(text, 'x', sizeof text);
    check_lead(datum_string("", 0), "a0");
    check_lead(datum_string(text, 31), "bf78");
    check_lead(datum_string(text, 32), "d92078");
    check_lead(datum_string(text, 255), "d9ff78");
    check_lead(datum_string(text, 256), "da010078");
    check_lead(datum_string(text, 65535), "daffff78");
    check_lead(datum_string(text, 65536), "db0001000078");
    check_lead(datum_string("\xff", 1), "c401ff");
    text[0] = (char)0xff;
    check_lead(datum_string(text, 300), "c5012cff");
    check_lead(datum_string(text, 65536), "c600010000ff");
    check_lead((struct datum){ .kind = DATUM_LIST, .size = 0, .items = items }, "90");
    check_lead((struct datum){ .kind = DATUM_LIST, .size = 15, .items = items }, "9fc0");
    check_lead((struct datum){ .kind = DATUM_LIST, .size = 16, .items = items }, "dc0010c0");
    check_lead((struct datum){ .kind = DATUM_LIST, .size = 65536, .items = items }, "dd00010000c0");
    const struct member member = { "k", datum_bool(true) };
    check_lead((struct datum){ .kind = DATUM_MAP, .size = 1, .members = &member }, "81a16bc3");
    static struct member members[16];
    for (size_t i = 0; i < 16; i++)
        members[i] = member;
    check_lead((struct datum){ .kind = DATUM_MAP, .size = 16, .members = members }, "de0010a16bc3");
}

int main(void)
{
    RUN(test_integers_are_as_short_as_they_fit);
    RUN(test_other_scalars);
    RUN(test_sizes_have_four_spellings);
    return check_done();
}
