/* test_histogram.c - durations by size. */
#include <weir/metrics.h>

#include "check.h"

/* Each duration lies in the bucket it is put in, and no bucket is wider than a quarter of what it holds. */
static void test_buckets_are_a_quarter_wide(void)
{
    for (unsigned i = 0; i + 1 < WEIR_HISTOGRAM_BUCKETS; i++) {
        const uint64_t first = weir_histogram_floor_ns(i), next = weir_histogram_floor_ns(i + 1);
        CHECK(next > first);
        CHECK_EQ(weir_histogram_bucket(first), i);
        CHECK_EQ(weir_histogram_bucket(next - 1), i);
        CHECK(next - first <= 1 || (next - first) * 4 <= first);
    }
    CHECK_EQ(weir_histogram_bucket(0), 0);
    CHECK_EQ(weir_histogram_bucket(UINT64_MAX), WEIR_HISTOGRAM_BUCKETS - 1);
    CHECK_EQ(weir_histogram_floor_ns(WEIR_HISTOGRAM_BUCKETS), UINT64_MAX);
    /* The last bucket begins beyond what a poll may take: minutes. */
    CHECK(weir_histogram_floor_ns(WEIR_HISTOGRAM_BUCKETS - 1) > UINT64_C(600) * 1000000000);
}

static void add(weir_histogram *histogram, uint64_t ns, unsigned times)
{
    histogram->samples += times;
    histogram->sum_ns += times * ns;
    histogram->buckets[weir_histogram_bucket(ns)] += times;
}

static void test_quantiles(void)
{
    weir_histogram histogram = { 0 };
    CHECK_EQ(weir_histogram_quantile_ns(&histogram, 0.5), 0);
    add(&histogram, 100, 90);
    add(&histogram, 1000, 9);
    add(&histogram, 1000000, 1);
    const struct {
        double share;
        uint64_t ns;
    } wanted[] = { { 0.0, 100 },   { 0.5, 100 },       { 0.9, 100 },    { 0.91, 1000 },
                   { 0.99, 1000 }, { 0.995, 1000000 }, { 1.0, 1000000 } };
    for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const uint64_t ns = weir_histogram_quantile_ns(&histogram, wanted[i].share);
        CHECK(ns >= wanted[i].ns && ns <= wanted[i].ns * 5 / 4);
    }
}

int main(void)
{
    RUN(test_buckets_are_a_quarter_wide);
    RUN(test_quantiles);
    return check_done();
}
