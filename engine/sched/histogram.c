/* histogram.c - durations by size. */
#include <weir/metrics.h>

#define SUB_BITS 2u
#define SUB (1u << SUB_BITS)

/* Below SUB each number has a bucket; then each octave has SUB of them. */
unsigned weir_histogram_bucket(uint64_t ns)
{
    if (ns < SUB)
        return (unsigned)ns;
    const unsigned top = 63 - (unsigned)__builtin_clzll(ns);
    const unsigned bucket = (top - SUB_BITS + 1) * SUB + (unsigned)(ns >> (top - SUB_BITS) & (SUB - 1));
    return bucket < WEIR_HISTOGRAM_BUCKETS ? bucket : WEIR_HISTOGRAM_BUCKETS - 1;
}

uint64_t weir_histogram_floor_ns(unsigned bucket)
{
    if (bucket >= WEIR_HISTOGRAM_BUCKETS)
        return UINT64_MAX;
    if (bucket < SUB)
        return bucket;
    return (uint64_t)(SUB + bucket % SUB) << (bucket / SUB - 1);
}

uint64_t weir_histogram_quantile_ns(const weir_histogram *histogram, double share)
{
    if (histogram->samples == 0)
        return 0;
    const double wanted = share * (double)histogram->samples;
    uint64_t seen = 0;
    for (unsigned i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (histogram->buckets[i] > 0 && (double)seen >= wanted)
            return weir_histogram_floor_ns(i + 1) - 1;
    }
    return UINT64_MAX;
}
