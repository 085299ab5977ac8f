/*
 * fill_and_sum.c - what is under pipe4_64k: 128 buffers of 64 KiB go round, each is filled and summed, and nothing
 * else.
 *
 *   at once    one thread sums what it has just filled
 *   64 behind  one thread fills 64 and then sums 64: what a bounded channel of 64 between the two makes of it
 *   each own   two threads, each at once, with 64 buffers of its own
 *   handed on  one thread fills, the other one sums, up to 64 behind: two counters, each side spins
 *
 * Prints ns a buffer / 5, as the row counts hops: the least and the median of 15 runs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BYTES 65536
#define BUFFERS 128
#define BEHIND 64
#define ROUNDS 20000
#define RUNS 15

static uint64_t *buffers[BUFFERS];
static _Atomic uint64_t filled, summed;
static volatile uint64_t result;

static void fill(unsigned i)
{
    memset(buffers[i % BUFFERS], (int)(i & 255), BYTES);
}

static void sum(unsigned i)
{
    const uint64_t *buffer = buffers[i % BUFFERS];
    uint64_t sum[4] = { 0 };
    for (size_t at = 0; at < BYTES / sizeof(uint64_t); at += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += buffer[at + j];
    result = sum[0] + sum[1] + sum[2] + sum[3];
}

static void at_once(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        fill(i);
        sum(i);
    }
}

static void behind(void)
{
    for (unsigned i = 0; i < ROUNDS; i += BEHIND) {
        for (unsigned j = 0; j < BEHIND; j++)
            fill(i + j);
        for (unsigned j = 0; j < BEHIND; j++)
            sum(i + j);
    }
}

static void *half(void *first)
{
    for (unsigned i = 0; i < ROUNDS / 2; i++) {
        const unsigned at = (unsigned)(uintptr_t)first + i % (BUFFERS / 2);
        fill(at);
        sum(at);
    }
    return NULL;
}

static void *sums(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (atomic_load_explicit(&filled, memory_order_acquire) <= i)
            ;
        sum(i);
        atomic_store_explicit(&summed, i + 1, memory_order_release);
    }
    return arg;
}

static void in_two(void *(*other)(void *), void (*ours)(void))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, other, NULL) != 0)
        exit(1);
    ours();
    pthread_join(thread, NULL);
}

static void our_half(void)
{
    (void)half((void *)(uintptr_t)(BUFFERS / 2));
}

static void fills(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (i - atomic_load_explicit(&summed, memory_order_acquire) >= BEHIND)
            ;
        fill(i);
        atomic_store_explicit(&filled, i + 1, memory_order_release);
    }
}

static void each_own(void)
{
    in_two(half, our_half);
}

static void handed_on(void)
{
    filled = summed = 0;
    in_two(sums, fills);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, void (*run)(void))
{
    double ns[RUNS];
    for (int i = 0; i < RUNS; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        run();
        clock_gettime(CLOCK_MONOTONIC, &to);
        ns[i] = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / ROUNDS / 5;
    }
    qsort(ns, RUNS, sizeof ns[0], by_value);
    printf("%-10s %7.1f %7.1f\n", name, ns[0], ns[RUNS / 2]);
}

int main(void)
{
    for (int i = 0; i < BUFFERS; i++)
        if ((buffers[i] = calloc(1, BYTES)) == NULL)
            return 1;
    measure("at once", at_once);
    measure("64 behind", behind);
    measure("each own", each_own);
    measure("handed on", handed_on);
    return 0;
}
