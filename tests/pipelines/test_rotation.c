/* test_rotation.c - when a file ends and the next begins, and how names are numbered. */
#include "run/rotation.h"

#include <stdlib.h>

#include "run/batch.h"
#include "run/place.h"
#include "run_rig.h"

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define NOON (20454 * 24 * HOUR + 12 * HOUR) /* of 2026-01-01 */

static struct run_rig rig;
static struct rotation rotation;

/* The rotation of the `to` in this text, which must have one. */
static void open_text(const char *text)
{
    size_t needed;
    run_rig_plan(&rig, text, strlen(text));
    CHECK_EQ(wp_run_create(&rig.plan, &rig.run, &needed), 0);
    unsigned i = 0;
    while (strcmp(rig.run->nodes[i].plan->stage->name, "to") != 0)
        i++;
    rotation = (struct rotation){ 0 };
    wp_rotation_init(&rotation, &rig.run->nodes[i]);
    CHECK(rotation.write != NULL);
    CHECK_STR(rotation.write->plan->stage->name, "write");
}

static void close_text(void)
{
    wp_rotation_fini(&rotation);
    run_rig_close(&rig);
}

/* As `to` does it: does a record of this time end the file? Then it begins the next. */
static bool turns(int64_t time_ns)
{
    const int turn = wp_rotation_turns(&rotation, time_ns);
    CHECK(turn >= 0);
    if (turn > 0)
        wp_rotation_end(&rotation);
    if (!rotation.is_open)
        CHECK_EQ(wp_rotation_begin(&rotation, time_ns), 0);
    return turn > 0;
}

static void test_a_period_is_one_of_utc_and_ends_with_its_last_nanosecond(void)
{
    open_text("stdin | lines | to raw | write \"x\" rotate=1h");
    CHECK(!turns(NOON + 5 * SECOND));
    CHECK(!turns(NOON + HOUR - 1));
    CHECK(turns(NOON + HOUR));
    CHECK(!turns(NOON + 2 * HOUR - 1));
    CHECK(turns(NOON + 26 * HOUR)); /* however much later */
    CHECK_EQ(rotation.files, 3);
    close_text();
}

/* Whatever strftime() can say: the name decides, to the second. */
static void test_a_name_lasts_as_long_as_its_time_reads_the_same(void)
{
    static const struct {
        const char *text;
        int64_t length_ns;
    } names[] = {
        { "stdin | lines | to raw | write \"x-{%H%M%S}\"", SECOND },
        { "stdin | lines | to raw | write \"x-{%s}\"", SECOND },
        { "stdin | lines | to raw | write \"x-{%H%M}\"", 60 * SECOND },
        { "stdin | lines | to raw | write \"x-{%Y%m%d%H}\"", HOUR },
        { "stdin | lines | to raw | write \"x-{%I}{%p}\"", HOUR },
        { "stdin | lines | to raw | write \"x-{%F}/{%H}\"", HOUR },
        { "stdin | lines | to raw | write \"x-{%p}\"", 12 * HOUR },
        { "stdin | lines | to raw | write \"x-{%Y%m%d}\"", 24 * HOUR },
        { "stdin | lines | to raw | write \"x-{%Y%m%d}\" rotate=1h", HOUR },
        { "stdin | lines | to raw | write \"x-{%H}\" rotate=7d", HOUR },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        open_text(names[i].text);
        const int64_t begin_ns = NOON + 12 * HOUR;
        CHECK(!turns(begin_ns));
        CHECK(!turns(begin_ns + names[i].length_ns / 2));
        CHECK(!turns(begin_ns + names[i].length_ns - 1));
        CHECK(turns(begin_ns + names[i].length_ns));
        CHECK(!turns(begin_ns + names[i].length_ns * 3 / 2));
        CHECK(turns(begin_ns + names[i].length_ns * 2));
        close_text();
    }
}

/* A year's name is looked at once a day, not once a second, and still ends with the year. */
static void test_a_year_ends_in_the_night(void)
{
    open_text("stdin | lines | to raw | write \"x-{%Y}\"");
    int64_t at_ns = NOON;
    CHECK(!turns(at_ns));
    for (unsigned day = 1; day < 365; day++)
        CHECK(!turns(at_ns + day * 24 * HOUR));
    CHECK(!turns(NOON + 364 * 24 * HOUR + 12 * HOUR - 1));
    CHECK(turns(NOON + 364 * 24 * HOUR + 12 * HOUR));
    close_text();
}

static int64_t time_of(struct batch *batch, int64_t ts, int64_t now_ns)
{
    struct arena arena = { 0 };
    struct row *row = wp_batch_add_record(batch, "", 0);
    if (ts >= 0)
        CHECK_EQ(wp_row_set(batch, row, "ts", NULL, datum_time(ts)), 0);
    const int64_t time_ns = wp_rotation_time(&rotation, row, now_ns, &arena);
    wp_arena_fini(&arena);
    return time_ns;
}

/* One record with a faulty clock may not cost all that follow their files. */
static void test_time_goes_neither_back_nor_beyond_the_clock(void)
{
    struct batch *batch = wp_batch_create();
    const int64_t now_ns = NOON + 100 * HOUR;
    open_text("stdin | lines | json | to json | write \"x-{%H}\" time=.ts");
    CHECK_EQ(time_of(batch, NOON, now_ns), NOON);
    CHECK_EQ(time_of(batch, NOON - HOUR, now_ns), NOON); /* late: of the file that is open */
    CHECK_EQ(time_of(batch, -1, now_ns), NOON);          /* it has none: the same */
    CHECK_EQ(time_of(batch, NOON + HOUR, now_ns), NOON + HOUR);
    CHECK_EQ(time_of(batch, NOON + 1000 * HOUR, now_ns), now_ns);
    CHECK_EQ(time_of(batch, now_ns + HOUR, now_ns + SECOND), now_ns + SECOND);
    close_text();
    wp_batch_free(batch);
}

/* Nobody knows better at first; the first that has a time begins a file of that time, though it is earlier. */
static void test_records_without_a_time_don_t_keep_the_others_in_their_file(void)
{
    struct batch *batch = wp_batch_create();
    open_text("stdin | lines | json | to json | write \"x-{%F}\" time=.ts");
    CHECK(!turns(time_of(batch, -1, NOON + 100 * HOUR)));
    CHECK(turns(time_of(batch, NOON, NOON + 100 * HOUR)));
    CHECK(!turns(time_of(batch, -1, NOON + 100 * HOUR)));
    CHECK(!turns(time_of(batch, NOON + HOUR, NOON + 100 * HOUR)));
    close_text();
    wp_batch_free(batch);
}

static void test_the_write_says_that_its_file_is_full_and_means_that_one(void)
{
    open_text("stdin | lines | to raw | zstd | write \"x\" rotate=1KiB");
    struct run_node *write = &rig.run->nodes[rotation.write - rig.run->nodes];
    CHECK_EQ(rotation.bytes_max, 0); /* of the codec's bytes nothing is known before the codec */
    CHECK(!turns(NOON));
    CHECK(!wp_rotation_is_full(&rotation));
    write->full_file = 1;
    CHECK(wp_rotation_is_full(&rotation));
    wp_rotation_end(&rotation);
    CHECK(!turns(NOON));
    CHECK(!wp_rotation_is_full(&rotation));
    close_text();
}

static void test_a_number_stands_before_the_extension(void)
{
    static const char *const names[][2] = {
        { "err.json.zst", "err.7.json.zst" }, { "a.b/err", "a.b/err.7" },   { "d/app.log", "d/app.7.log" },
        { "app.2026.log", "app.2026.7.log" }, { ".hidden", ".hidden.7" },   { "x.gz", "x.7.gz" },
        { "d.d/.x.lz4", "d.d/.x.7.lz4" },     { "a.b.c.gz", "a.b.7.c.gz" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct place place = { .dir_fd = AT_FDCWD, .shown = strdup(names[i][0]) };
        place.name = place.shown;
        CHECK_EQ(wp_place_number(&place, 3), 0);
        CHECK_EQ(wp_place_number(&place, 7), 0);
        CHECK_STR(place.name, names[i][1]);
        CHECK_EQ(wp_place_number(&place, 0), 0);
        CHECK_STR(place.name, names[i][0]);
        wp_place_fini(&place);
    }
}

int main(void)
{
    RUN(test_a_period_is_one_of_utc_and_ends_with_its_last_nanosecond);
    RUN(test_a_name_lasts_as_long_as_its_time_reads_the_same);
    RUN(test_a_year_ends_in_the_night);
    RUN(test_time_goes_neither_back_nor_beyond_the_clock);
    RUN(test_records_without_a_time_don_t_keep_the_others_in_their_file);
    RUN(test_the_write_says_that_its_file_is_full_and_means_that_one);
    RUN(test_a_number_stands_before_the_extension);
    return check_done();
}
