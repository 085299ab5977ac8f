/*
 * bench_digest.c - GB/s of every algorithm and of every variant of XXH3, on data in the cache.
 *
 * Columns: one call for 4 KiB, one call for 512 KiB, a stream of 512 KiB
 * pieces; the best of several short runs, since the machine is never ours
 * alone. Takes about two seconds.
 */
#include <weir/digest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "digest_rows.h"

enum { SMALL = 4096, LARGE = 512 * 1024, RUNS = 5, RUN_NS = 4000000 };

static uint8_t *data;

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

typedef void work(const weir_digest_algo *algo, void *state, size_t size);

static void by_oneshot(const weir_digest_algo *algo, void *state, size_t size)
{
    weir_digest digest;
    (void)state;
    (void)algo->oneshot(data, size, digest.bytes);
}

static void by_update(const weir_digest_algo *algo, void *state, size_t size)
{
    (void)algo->update(state, data, size);
}

static double best_rate(const weir_digest_algo *algo, void *state, size_t size, work *run)
{
    double best = 0;
    for (int i = 0; i < RUNS; i++) {
        uint64_t bytes = 0, begin = now_ns(), time;
        do {
            for (int j = 0; j < 4; j++)
                run(algo, state, size);
            bytes += 4 * size;
        } while ((time = now_ns() - begin) < RUN_NS);
        const double rate = (double)bytes / (double)time;
        best = rate > best ? rate : best;
    }
    return best;
}

static void measure(const weir_digest_algo *algo)
{
    void *state = aligned_alloc(64, (algo->state_size + 63) / 64 * 64);
    if (state == NULL)
        abort();
    memset(state, 0, algo->state_size);
    if (algo->init(state) != 0) {
        printf("%-10s %-10s not available\n", algo->name, algo->backend);
        free(state);
        return;
    }
    const double small = best_rate(algo, state, SMALL, by_oneshot), large = best_rate(algo, state, LARGE, by_oneshot);
    const double stream = best_rate(algo, state, LARGE, by_update);
    printf("%-10s %-10s %7.2f %8.2f %8.2f GB/s   %7.1f ns/KiB (table: %u)\n", algo->name, algo->backend, small, large,
           stream, 1024 / stream, algo->ns_per_kib);
    if (algo->fini != NULL)
        algo->fini(state);
    free(state);
}

int main(void)
{
    data = aligned_alloc(4096, LARGE);
    if (data == NULL)
        abort();
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (uint8_t)(i * 2654435761U >> 11);

    printf("%-10s %-10s %7s %8s %8s\n", "algorithm", "by", "4KiB", "512KiB", "stream");
    const struct wi_xxh3_variant *variant;
    for (size_t i = 0; (variant = wi_xxh3_variant_at(i)) != NULL; i++) {
        measure(variant->xxh3);
        measure(variant->xxh128);
    }
    const weir_digest_algo *algo;
    for (size_t i = 2; (algo = weir_digest_at(i)) != NULL; i++)
        measure(algo);
    free(data);
    return 0;
}
