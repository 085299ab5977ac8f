/* test_synthetic.c - bytes out of a seed. */
#include "run/synthetic.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define SIZE 20000

/* A host cuts the bytes into chunks as it likes: what comes out must not depend on it. */
static void test_the_same_seed_gives_the_same_bytes_in_any_pieces(void)
{
    static uint8_t whole[SIZE], pieces[SIZE];
    for (int kind = SYNTHETIC_ZERO; kind <= SYNTHETIC_JSON; kind++)
        for (size_t piece = 1; piece < 2000; piece = piece * 3 + 1) {
            struct synthetic a, b;
            wp_synthetic_init(&a, (enum synthetic_kind)kind, 42);
            wp_synthetic_init(&b, (enum synthetic_kind)kind, 42);
            wp_synthetic_fill(&a, whole, SIZE);
            for (size_t at = 0; at < SIZE; at += piece)
                wp_synthetic_fill(&b, pieces + at, piece < SIZE - at ? piece : SIZE - at);
            CHECK(memcmp(whole, pieces, SIZE) == 0);
        }
}

/* Another compiler, another machine: the same bytes. These are the first of seed 1. */
static void test_the_first_bytes_of_a_seed_are_these_everywhere(void)
{
    static const char wanted[] = "{\"ts\":\"2026-01-01T00:00:00.000Z\",\"method\":\"";
    struct synthetic json, random;
    uint8_t bytes[sizeof wanted - 1], word[8];
    wp_synthetic_init(&json, SYNTHETIC_JSON, 1);
    wp_synthetic_fill(&json, bytes, sizeof bytes);
    CHECK(memcmp(bytes, wanted, sizeof bytes) == 0);
    wp_synthetic_init(&random, SYNTHETIC_RANDOM, 1);
    wp_synthetic_fill(&random, word, sizeof word);
    const uint64_t first = UINT64_C(0x910a2dec89025cc1); /* of splitmix64 */
    CHECK(memcmp(word, &first, sizeof word) == 0);
}

int main(void)
{
    RUN(test_the_same_seed_gives_the_same_bytes_in_any_pieces);
    RUN(test_the_first_bytes_of_a_seed_are_these_everywhere);
    return check_done();
}
