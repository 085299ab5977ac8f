/* test_every_stage.c - what every stage of the table owes its host, whatever it does. */
#include "stage_rig.h"

static uint8_t text[3000];

static void fill_text(void)
{
    static const char line[] = "{\"n\":1,\"path\":\"/a b\",\"x\":[1,2]} key=value \"quoted\\\"\" 127.0.0.1\r\n";
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i < 2000 ? (uint8_t)line[i % (sizeof(line) - 1)] : (uint8_t)(i * 2654435761U >> 13);
}

struct outcome {
    uint8_t *out;
    size_t out_size;
    int result;
};

static struct outcome run_once(const weir_stage *stage, size_t size, size_t in_window, size_t out_window, bool late_end)
{
    struct stage_rig rig;
    stage_rig_init(&rig, stage);
    rig.late_end = late_end;
    CHECK_EQ(stage_rig_open(&rig), 0);
    stage_rig_run(&rig, text, size, in_window, out_window);
    struct outcome outcome = { rig.out, rig.out_size, rig.result };
    rig.out = NULL;
    stage_rig_fini(&rig);
    return outcome;
}

static void compare_with(const weir_stage *stage, size_t size, size_t in_window, size_t out_window, bool late_end)
{
    const struct outcome big = run_once(stage, size, size + 1, 1 << 20, false);
    const struct outcome small = run_once(stage, size, in_window, out_window, late_end);
    CHECK_EQ(small.result, big.result);
    /* What a failing stage wrote before it failed may depend on the windows. */
    if (big.result == 0) {
        CHECK_EQ(small.out_size, big.out_size);
        CHECK(big.out_size == 0 || memcmp(small.out, big.out, big.out_size) == 0);
    }
    free(big.out);
    free(small.out);
}

static void compare(const weir_stage *stage, size_t size, size_t in_window, size_t out_window)
{
    compare_with(stage, size, in_window, out_window, false);
    compare_with(stage, size, in_window, out_window, true);
}

static bool takes_bytes(const weir_stage *stage)
{
    return (stage->in & WEIR_BYTES) != 0 && stage->out == WEIR_BYTES;
}

/* The host promises no window size: neither whole files nor lines. */
static void test_any_window_size_gives_the_same_output(void)
{
    const weir_stage *stage;
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++)
        for (size_t in_window = 1; takes_bytes(stage) && in_window <= 16; in_window++)
            for (size_t out_window = 1; out_window <= 16; out_window++)
                compare(stage, 300, in_window, out_window);
}

/* Windows that grow and shrink past a stage's own buffers. */
static void test_odd_large_windows_give_the_same_output(void)
{
    const weir_stage *stage;
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++) {
        for (size_t in_window = 100; takes_bytes(stage) && in_window < sizeof(text); in_window += 397)
            compare(stage, sizeof(text), in_window, sizeof(text) - in_window);
    }
}

/* Empty files and files of one byte are files too. */
static void test_the_empty_stream_and_one_byte_end_well(void)
{
    const weir_stage *stage;
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++) {
        for (size_t out_window = 1; takes_bytes(stage) && out_window <= 16; out_window++) {
            compare(stage, 0, 1, out_window);
            compare(stage, 1, 1, out_window);
        }
    }
}

/* A reset stage is a new one: nothing of the last stream is left. */
static void test_reset_is_as_good_as_close_and_open(void)
{
    const weir_stage *stage;
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++) {
        if (!takes_bytes(stage) || stage->reset == NULL)
            continue;
        const struct outcome fresh = run_once(stage, 500, 7, 5, false);
        struct stage_rig rig;
        stage_rig_init(&rig, stage);
        CHECK_EQ(stage_rig_open(&rig), 0);
        stage_rig_run(&rig, text + 400, 1000, 64, 64);
        CHECK_EQ(stage->reset(rig.state, &rig.flow), 0);
        rig.out_size = 0;
        /* also when the stream broke off in the middle */
        (void)stage_rig_step(&rig, text, 100, false, 3);
        rig.flow.error = 0;
        CHECK_EQ(stage->reset(rig.state, &rig.flow), 0);
        rig.out_size = 0;
        CHECK_EQ(stage_rig_run(&rig, text, 500, 7, 5), fresh.result);
        CHECK(rig.out_size == fresh.out_size && memcmp(rig.out, fresh.out, fresh.out_size) == 0);
        stage_rig_fini(&rig);
        free(fresh.out);
    }
}

/* A stage that was dropped in the middle has released everything (ASan watches). */
static void test_close_at_any_step_releases_everything(void)
{
    const weir_stage *stage;
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++) {
        struct stage_rig rig;
        stage_rig_init(&rig, stage);
        CHECK_EQ(stage_rig_open(&rig), 0);
        if (takes_bytes(stage))
            (void)stage_rig_step(&rig, text, 200, false, 1);
        stage_rig_fini(&rig);
    }
}

/* Help, man page and suggestions are made from the tables, so the tables are whole. */
static void test_the_tables_are_fit_to_print(void)
{
    const weir_stage *stage;
    const char *last = "";
    char words[1024];
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++) {
        CHECK(strcmp(last, stage->name) < 0);
        last = stage->name;
        CHECK(weir_stage_find(stage->name) == stage);
        CHECK(stage->summary[0] != 0 && stage->summary[strlen(stage->summary) - 1] != '.');
        CHECK(stage->state_size > 0 && stage->step != NULL);
        for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++) {
            CHECK(opt->help[0] != 0 && opt->help[strlen(opt->help) - 1] != '.');
            CHECK(opt->type >= WEIR_OPT_INT && opt->type <= WEIR_OPT_LIST);
            CHECK(opt->offset < stage->state_size);
            CHECK(opt->min <= opt->max);
            CHECK(opt->type != WEIR_OPT_CHOICE || (opt->choices != NULL && opt->choices[0] != NULL));
            CHECK((opt->min == 0 && opt->max == 0) || (opt->def >= opt->min && opt->def <= opt->max));
            CHECK(weir_opt_find(stage, opt->name) == opt);
            CHECK(weir_opt_describe(opt, words, sizeof(words)) == strlen(words));
        }
    }
    CHECK(weir_stage_find("no such stage") == NULL);
}

int main(void)
{
    fill_text();
    RUN(test_any_window_size_gives_the_same_output);
    RUN(test_odd_large_windows_give_the_same_output);
    RUN(test_the_empty_stream_and_one_byte_end_well);
    RUN(test_reset_is_as_good_as_close_and_open);
    RUN(test_close_at_any_step_releases_everything);
    RUN(test_the_tables_are_fit_to_print);
    return check_done();
}
