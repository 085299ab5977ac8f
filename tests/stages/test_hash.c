/* test_hash.c - the stage "hash": its line, its options, its errors. */
#include "stage_rig.h"

static char output[4096];

static void set_algos(struct stage_rig *rig, const char *const *names, size_t count)
{
    size_t index;
    CHECK_EQ(weir_opt_set_list(weir_opt_find(rig->stage, "algo"), rig->state, (weir_opt_list){ names, count }, &index),
             0);
}

static const char *finish(struct stage_rig *rig, const char *in, size_t window)
{
    CHECK_EQ(stage_rig_open(rig), 0);
    CHECK_EQ(stage_rig_run(rig, (const uint8_t *)in, strlen(in), window, 5), 0);
    CHECK(rig->out_size < sizeof(output));
    memcpy(output, rig->out, rig->out_size);
    output[rig->out_size] = 0;
    stage_rig_fini(rig);
    return output;
}

static struct stage_rig rig;

static void test_the_default_is_one_line_with_size_and_xxh128(void)
{
    stage_rig_init(&rig, weir_stage_find("hash"));
    CHECK_STR(finish(&rig, "", 1), "{\"size\":0,\"xxh128\":\"99aa06d3014798d86001c324468d497f\"}\n");
}

static void test_several_digests_come_from_one_read_in_the_order_asked_for(void)
{
    static const char *const names[] = { "sha256", "crc32", "md5" };
    stage_rig_init(&rig, weir_stage_find("hash"));
    set_algos(&rig, names, 3);
    CHECK_STR(finish(&rig, "abc", 2),
              "{\"size\":3,\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\","
              "\"crc32\":\"352441c2\",\"md5\":\"900150983cd24fb0d6963f7d28e17f72\"}\n");
}

/* `hash md5 head=3 as .h` of a large file must not read the rest of it. */
static void test_head_stops_after_its_bytes(void)
{
    static const char *const names[] = { "md5" };
    stage_rig_init(&rig, weir_stage_find("hash"));
    set_algos(&rig, names, 1);
    CHECK_EQ(weir_opt_set_int(weir_opt_find(rig.stage, "head"), rig.state, 3), 0);
    CHECK_EQ(weir_opt_set_text(weir_opt_find(rig.stage, "as"), rig.state, "h"), 0);
    CHECK_STR(finish(&rig, "abcdefghijklmnopqrstuvwxyz", 2),
              "{\"size\":3,\"h\":\"900150983cd24fb0d6963f7d28e17f72\"}\n");
    CHECK_EQ(rig.in_taken, 3);
}

static void test_a_stream_shorter_than_head_is_taken_whole(void)
{
    stage_rig_init(&rig, weir_stage_find("hash"));
    static const char *const names[] = { "md5" };
    set_algos(&rig, names, 1);
    CHECK_EQ(weir_opt_set_int(weir_opt_find(rig.stage, "head"), rig.state, 4), 0);
    CHECK_STR(finish(&rig, "abc", 2), "{\"size\":3,\"md5\":\"900150983cd24fb0d6963f7d28e17f72\"}\n");
}

static void refuse(const char *const *names, size_t count, const char *as, const char *words)
{
    stage_rig_init(&rig, weir_stage_find("hash"));
    set_algos(&rig, names, count);
    CHECK_EQ(weir_opt_set_text(weir_opt_find(rig.stage, "as"), rig.state, as), 0);
    CHECK_EQ(stage_rig_open(&rig), -EINVAL);
    CHECK_STR(rig.flow.error_text, words);
    stage_rig_fini(&rig);
}

static void test_what_makes_no_sense_is_refused_with_a_reason(void)
{
    static const char *const two[] = { "md5", "sha256" }, *const twice[] = { "md5", "md5" };
    refuse(two, 2, "h", "'as' names one digest, but there are 2 algorithms");
    refuse(twice, 2, NULL, "md5 is given twice");
    refuse(two, 0, NULL, "takes 1 to 16 algorithms, not 0");
    refuse(two, 1, "a\"b", "'as' takes a plain field name of at most 64 bytes");
    refuse(two, 1, "", "'as' takes a plain field name of at most 64 bytes");
}

static void test_options_keep_to_their_tables(void)
{
    size_t index = 77;
    stage_rig_init(&rig, weir_stage_find("hash"));
    const weir_opt *algo = weir_opt_find(rig.stage, "algo"), *head = weir_opt_find(rig.stage, "head");
    static const char *const wrong[] = { "md5", "sha257" };
    CHECK_EQ(weir_opt_set_list(algo, rig.state, (weir_opt_list){ wrong, 2 }, &index), -ENOENT);
    CHECK_EQ(index, 1);
    CHECK_EQ(weir_opt_set_int(head, rig.state, -1), -ERANGE);
    CHECK_EQ(weir_opt_set_int(algo, rig.state, 1), -EINVAL);
    CHECK_EQ(weir_opt_set_text(head, rig.state, "x"), -EINVAL);
    CHECK_EQ(weir_opt_set_list(head, rig.state, (weir_opt_list){ wrong, 2 }, &index), -EINVAL);
    free(rig.state);

    char words[256];
    weir_opt_describe(head, words, sizeof(words));
    CHECK_STR(words, "0 or more, default 0");
    CHECK_EQ(weir_opt_describe(algo, words, 12), 11);
    CHECK_STR(words, "xxh128|xxh3");
    CHECK_STR(weir_stage_suggest("hsah"), "hash");
    CHECK(weir_stage_suggest("no such name") == NULL);
}

/* Numbers in help are spelled as the user would type them. */
static void test_ranges_are_described_in_the_units_of_the_language(void)
{
    static const char *const kinds[] = { "zero", "random", NULL };
    const struct {
        weir_opt opt;
        const char *words;
    } cases[] = {
        { { .type = WEIR_OPT_INT, .def = 3, .min = 1, .max = 19 }, "1 to 19, default 3" },
        { { .type = WEIR_OPT_SIZE, .def = 65536, .min = 512, .max = INT64_C(3) << 30 }, "512 to 3GiB, default 64KiB" },
        { { .type = WEIR_OPT_DURATION, .def = 1500000000 }, "default 1500ms" },
        { { .type = WEIR_OPT_BOOL, .def = 1 }, "default true" },
        { { .type = WEIR_OPT_CHOICE, .def = 1, .choices = kinds }, "zero|random, default random" },
        { { .type = WEIR_OPT_FIELD, .def_text = "ts" }, "default .ts" },
        { { .type = WEIR_OPT_STRING }, "" },
    };
    char words[128];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        weir_opt_describe(&cases[i].opt, words, sizeof(words));
        CHECK_STR(words, cases[i].words);
    }
}

int main(void)
{
    RUN(test_the_default_is_one_line_with_size_and_xxh128);
    RUN(test_several_digests_come_from_one_read_in_the_order_asked_for);
    RUN(test_head_stops_after_its_bytes);
    RUN(test_a_stream_shorter_than_head_is_taken_whole);
    RUN(test_what_makes_no_sense_is_refused_with_a_reason);
    RUN(test_options_keep_to_their_tables);
    RUN(test_ranges_are_described_in_the_units_of_the_language);
    return check_done();
}
