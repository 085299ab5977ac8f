/*
 * find_text.c - where a text stands in bytes.
 *
 * The first and the last byte of the text are compared with 16 places at once, and
 * only where both are right the rest is looked at (W. Mula, "SIMD-friendly
 * algorithms for substring searching", 2016). Every x86-64 has what that takes.
 */
#include "run/find_text.h"

#include <stdbool.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

static const char *find_in_block(const char *at, unsigned hits, const char *text, size_t text_size)
{
    for (; hits != 0; hits &= hits - 1) {
        const char *place = at + __builtin_ctz(hits);
        if (memcmp(place + 1, text + 1, text_size - 2) == 0)
            return place;
    }
    return NULL;
}

const char *wp_find_text(const char *bytes, size_t size, const char *text, size_t text_size)
{
    if (text_size < 2 || size < text_size + 16)
        return memmem(bytes, size, text, text_size);
    const __m128i first = _mm_set1_epi8(text[0]), last = _mm_set1_epi8(text[text_size - 1]);
    const char *at = bytes, *end = bytes + size - text_size - 15; /* of blocks that lie in the bytes */
    for (; at < end; at += 16) {
        const __m128i head = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i tail = _mm_loadu_si128((const __m128i *)(const void *)(at + text_size - 1));
        const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(head, first), _mm_cmpeq_epi8(tail, last));
        const char *place = find_in_block(at, (unsigned)_mm_movemask_epi8(both), text, text_size);
        if (place != NULL)
            return place;
    }
    return memmem(at, (size_t)(bytes + size - at), text, text_size);
}

#else

const char *wp_find_text(const char *bytes, size_t size, const char *text, size_t text_size)
{
    return memmem(bytes, size, text, text_size);
}

#endif
