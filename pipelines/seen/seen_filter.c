/* seen_filter.c - three bits a key. */
#include "seen/seen_filter.h"

#include <stdlib.h>
#include <string.h>

#define BITS_MIN 12
#define BITS_MAX 40
#define PROBES 3

void wp_seen_filter_init(struct seen_filter *filter, size_t bytes)
{
    *filter = (struct seen_filter){ .bits = BITS_MIN };
    while (filter->bits < BITS_MAX && (size_t)1 << filter->bits <= 4 * bytes)
        filter->bits++;
}

void wp_seen_filter_fini(struct seen_filter *filter)
{
    free(filter->words);
    *filter = (struct seen_filter){ 0 };
}

int wp_seen_filter_open(struct seen_filter *filter)
{
    if (filter->words == NULL)
        filter->words = calloc((size_t)1 << filter->bits >> 6, sizeof *filter->words);
    return filter->words != NULL ? 0 : -ENOMEM;
}

/* Keys are hashes: their bits are as good as any. */
static uint64_t probe(const struct seen_filter *filter, struct seen_key key, unsigned i)
{
    return (key.low + i * (key.high | 1)) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - filter->bits);
}

void wp_seen_filter_note(struct seen_filter *filter, struct seen_key key)
{
    for (unsigned i = 0; i < PROBES; i++) {
        const uint64_t bit = probe(filter, key, i);
        filter->words[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

void wp_seen_filter_clear(struct seen_filter *filter)
{
    if (filter->words != NULL)
        memset(filter->words, 0, (size_t)1 << filter->bits >> 3);
}

bool wp_seen_filter_may_have(const struct seen_filter *filter, struct seen_key key)
{
    if (filter->words == NULL)
        return false;
    for (unsigned i = 0; i < PROBES; i++) {
        const uint64_t bit = probe(filter, key, i);
        if ((filter->words[bit / 64] >> bit % 64 & 1) == 0)
            return false;
    }
    return true;
}
