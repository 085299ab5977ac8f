/* test_summary.c - what stats remembers of numbers, beside a plain sort; and the one order of all values. */
#include <math.h>
#include <stdlib.h>

#include "aggregate/measure.h"
#include "aggregate/sketch.h"
#include "aggregate/summary.h"
#include "aggregate/total_order.h"
#include "check.h"

static uint64_t seed = 7;

static uint64_t any(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return seed >> 11;
}

static int compare(const void *a, const void *b)
{
    return wp_total_order(*(const struct datum *)a, *(const struct datum *)b);
}

enum shape { WHOLES, REALS, MIXED, EQUAL, SORTED, SHAPES };

static struct datum number_of(enum shape shape, uint64_t i)
{
    switch (shape) {
    case WHOLES:
        return datum_int((int64_t)(any() % 1000) - 500);
    case REALS:
        return datum_double(((double)(any() % 100000) - 50000) / 7);
    case MIXED:
        return any() % 2 == 0 ? datum_int(INT64_MAX - (int64_t)(any() % 3000)) : datum_double(0x1p63 - 1024.0);
    case EQUAL:
        return datum_int(5);
    default:
        return datum_double((double)i);
    }
}

/* A group's part goes to another table, as it is or through bytes: nothing may be lost there. */
static void quantiles_of(enum shape shape, uint64_t count)
{
    static const struct measure measures[] = { { MEASURE_QUANTILE, 0, 100 },   { MEASURE_QUANTILE, 50, 100 },
                                               { MEASURE_QUANTILE, 99, 100 },  { MEASURE_QUANTILE, 999, 1000 },
                                               { MEASURE_QUANTILE, 100, 100 }, { MEASURE_QUANTILE, 25, 100 } };
    struct stash stash = { 0 }, others = { 0 };
    struct values part = { 0 }, other = { 0 }, all = { 0 };
    struct value_sorter sorter = { 0 };
    weir_text saved = { 0 };
    struct datum *sorted = calloc(count + 1, sizeof *sorted);
    for (uint64_t i = 0; i < count; i++) {
        sorted[i] = number_of(shape, i);
        CHECK(wp_values_add(i % 3 == 0 ? &all : &part, &stash, sorted[i]) == 0);
        if (++i == count)
            break;
        sorted[i] = number_of(shape, i);
        CHECK(wp_values_add(&other, &others, sorted[i]) == 0);
        if (i < count / 2)
            continue;
        wp_values_join(&part, &other); /* and goes on */
        wp_stash_join(&stash, &others);
        other = (struct values){ 0 };
    }
    wp_values_join(&part, &other);
    wp_stash_join(&stash, &others);
    CHECK(wp_values_add(&all, &stash, datum_double(NAN)) == 0);
    qsort(sorted, count, sizeof *sorted, compare);
    CHECK(wp_values_save(&part, &saved) == 0);
    const char *at = saved.data;
    CHECK(wp_values_load(&all, &stash, &at) == 0 && at == saved.data + saved.size);
    CHECK(wp_values_gather(&all, &sorter) == 0);
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        uint64_t k = count * measures[i].part / measures[i].whole;
        const struct datum found = wp_values_quantile(&sorter, measures[i].part, measures[i].whole);
        k -= k == count && count > 0;
        CHECK(count == 0 ? found.kind == DATUM_NULL : wp_datum_equal(found, sorted[k]));
    }
    free(sorted);
    free(sorter.numbers);
    weir_text_fini(&saved);
    wp_stash_fini(&stash);
}

static void test_quantiles_are_what_a_sort_has_at_that_index(void)
{
    for (enum shape shape = 0; shape < SHAPES; shape++)
        for (uint64_t count = 0; count < 40; count++)
            quantiles_of(shape, count);
    for (enum shape shape = 0; shape < SHAPES; shape++)
        quantiles_of(shape, 3000);
}

static double from_sketch(const struct sketch *sketch, uint64_t part)
{
    return wp_sketch_quantile(sketch, part, 1000).real;
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* The bound that the manual promises, over eight decades, both signs and zeros, in two sketches that are joined. */
static void test_a_sketch_is_within_one_percent(void)
{
    enum { COUNT = 5000 };
    static double numbers[COUNT];
    struct stash stash = { 0 };
    struct sketch half = { 0 }, all = { 0 };
    weir_text saved = { 0 };
    for (int i = 0; i < COUNT; i++) {
        numbers[i] = any() % 50 == 0 ? 0 : pow(10, (double)(any() % 8000) / 1000 - 4) * (any() % 3 == 0 ? -1 : 1);
        CHECK(wp_sketch_add(i % 2 == 0 ? &all : &half, &stash, numbers[i]) == 0);
    }
    CHECK(wp_sketch_save(&half, &saved) == 0);
    const char *at = saved.data;
    CHECK(wp_sketch_load(&all, &stash, &at) == 0 && at == saved.data + saved.size);
    qsort(numbers, COUNT, sizeof numbers[0], compare_doubles);
    for (uint64_t part = 0; part <= 1000; part++) {
        const uint64_t k = COUNT * part / 1000;
        const double wanted = numbers[k < COUNT ? k : COUNT - 1];
        CHECK(fabs(from_sketch(&all, part) - wanted) <= 0.01 * fabs(wanted) * (1 + 1e-9));
    }
    weir_text_fini(&saved);
    wp_stash_fini(&stash);
}

/* Where bins run out the smallest pay: what is asked of logs is the slow end. */
static void test_a_sketch_of_more_decades_than_it_has_keeps_the_largest(void)
{
    struct stash stash = { 0 };
    struct sketch sketch = { 0 };
    CHECK(wp_sketch_quantile(&sketch, 1, 2).kind == DATUM_NULL);
    for (int power = -300; power <= 300; power++)
        CHECK(wp_sketch_add(&sketch, &stash, pow(10, power)) == 0);
    for (int power = 300; power >= -300; power--)
        CHECK(wp_sketch_add(&sketch, &stash, pow(10, power)) == 0);
    CHECK(fabs(from_sketch(&sketch, 1000) / 1e300 - 1) <= 0.01 * (1 + 1e-9));
    CHECK(fabs(from_sketch(&sketch, 990) / 1e294 - 1) <= 0.01 * (1 + 1e-9));
    CHECK(sketch.above.room == SKETCH_BINS);
    wp_stash_fini(&stash);
}

static void sum_wants(const struct datum *numbers, size_t count, struct datum wanted)
{
    const struct measure sum = { .kind = MEASURE_SUM };
    const unsigned parts = wp_summary_part(&sum, false);
    _Alignas(8) char half[64] = { 0 }, all[64] = { 0 };
    struct stash stash = { 0 };
    weir_text saved = { 0 };
    CHECK(wp_summary_size(parts) <= sizeof all);
    for (size_t i = 0; i < count; i++)
        CHECK(wp_summary_add(i % 2 == 0 ? all : half, parts, &stash, numbers[i]) == 0);
    CHECK(wp_summary_save(half, parts, &saved) == 0);
    const char *at = saved.data;
    CHECK(wp_summary_load(all, parts, &stash, &at) == 0);
    const struct datum found = wp_summary_result(all, parts, &sum, NULL);
    CHECK(found.kind == wanted.kind && wp_datum_equal(found, wanted));
    weir_text_fini(&saved);
}

static void test_sums_keep_all_bits_as_long_as_they_can(void)
{
    const struct datum small[] = { datum_int(INT64_MAX - 3), datum_int(1), datum_int(2) },
                       large[] = { datum_int(INT64_MAX), datum_int(INT64_MAX) },
                       tenths[] = { datum_double(1e16), datum_double(1), datum_double(-1e16), datum_int(2) },
                       none[] = { datum_null(), datum_string("7", 1), datum_bool(true) };
    sum_wants(small, 3, datum_int(INT64_MAX));
    sum_wants(large, 2, datum_double(0x1p64));
    sum_wants(tenths, 4, datum_double(3));
    sum_wants(none, 3, datum_int(0));
}

static void named(const char *name, bool good, uint32_t part, uint32_t whole)
{
    struct measure measure = { 0 };
    CHECK(wp_measure_named(name, &measure) == good);
    CHECK(!good || (measure.part == part && measure.whole == whole));
}

static void test_names_of_quantiles_are_percents_and_their_fractions(void)
{
    named("p50", true, 50, 100);
    named("p5", true, 5, 100);
    named("p100", true, 100, 100);
    named("p999", true, 999, 1000);
    named("p9999", true, 9999, 10000);
    named("p", false, 0, 0);
    named("p5x", false, 0, 0);
    named("p1234567", false, 0, 0);
    named("median", false, 0, 0);
}

/* In the order of the manual; neighbours in a row of braces are equal. */
static void test_values_of_all_types_have_one_order(void)
{
    const struct datum one = datum_int(1), items[] = { datum_int(1), datum_int(2) };
    const struct datum values[] = {
        datum_null(),
        datum_bool(false),
        datum_bool(true),
        datum_double(NAN),
        datum_double(-INFINITY),
        datum_int(INT64_MIN),
        datum_double(-1.5),
        datum_int(-1),
        datum_double(-1e-300),
        datum_int(0),
        datum_double(1e-300),
        datum_int(1),
        datum_double(1.5),
        datum_int((INT64_C(1) << 53) + 1),
        datum_double(0x1p53 + 2),
        datum_int(INT64_MAX - 1023),
        datum_int(INT64_MAX - 1),
        datum_int(INT64_MAX),
        datum_double(0x1p63),
        datum_double(INFINITY),
        { .kind = DATUM_DURATION, .number = -1 },
        { .kind = DATUM_DURATION, .number = 1 },
        datum_time(-1),
        datum_time(1),
        datum_string("", 0),
        datum_string("\0", 1),
        datum_string("\0\0", 2),
        datum_string("\0a", 2),
        datum_string("a", 1),
        datum_string("a\0", 2),
        datum_string("ab", 2),
        datum_string("\xff", 1),
        { .kind = DATUM_LIST },
        { .kind = DATUM_LIST, .size = 1, .items = &one },
        { .kind = DATUM_LIST, .size = 2, .items = items },
        { .kind = DATUM_MAP },
    };
    enum { COUNT = sizeof values / sizeof values[0] };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            for (int desc = 0; desc < 2; desc++) {
                weir_text a = { 0 }, b = { 0 };
                CHECK(wp_order_append(&a, values[i], desc != 0) == 0 && wp_order_append(&b, values[j], desc != 0) == 0);
                const int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
                const int wanted = (int)(i > j) - (int)(i < j);
                CHECK((order > 0) - (order < 0) == (desc != 0 ? -wanted : wanted));
                if (values[i].kind != DATUM_LIST || values[j].kind != DATUM_LIST) {
                    const int compared = wp_total_order(values[i], values[j]);
                    CHECK((compared > 0) - (compared < 0) == wanted);
                }
                weir_text_fini(&a);
                weir_text_fini(&b);
            }
}

static void test_whole_and_broken_numbers_of_one_value_are_one_key(void)
{
    weir_text a = { 0 }, b = { 0 };
    CHECK(wp_order_append(&a, datum_int(-3), false) == 0 && wp_order_append(&b, datum_double(-3), false) == 0);
    CHECK(wp_order_append(&a, datum_int(0), false) == 0 && wp_order_append(&b, datum_double(-0.0), false) == 0);
    CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    weir_text_fini(&a);
    weir_text_fini(&b);
}

int main(void)
{
    RUN(test_quantiles_are_what_a_sort_has_at_that_index);
    RUN(test_a_sketch_is_within_one_percent);
    RUN(test_a_sketch_of_more_decades_than_it_has_keeps_the_largest);
    RUN(test_sums_keep_all_bits_as_long_as_they_can);
    RUN(test_names_of_quantiles_are_percents_and_their_fractions);
    RUN(test_values_of_all_types_have_one_order);
    RUN(test_whole_and_broken_numbers_of_one_value_are_one_key);
    return check_done();
}
