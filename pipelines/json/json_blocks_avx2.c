/* json_blocks_avx2.c - the first pass for processors with AVX2 and PCLMUL; CMake gives this file alone the flags. */
#ifdef __x86_64__
#include <immintrin.h>

#include "json/json_blocks.h"

#include "json/json_bitmaps.h"

static inline uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline uint64_t equal_to(__m256i low, __m256i high, char byte)
{
    const __m256i wanted = _mm256_set1_epi8(byte);
    return bits_of(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

/* A byte is its own entry of the table, if it is one of those looked for; the low half of it chooses the entry. */
static inline uint64_t among(__m256i low, __m256i high, __m256i table)
{
    return bits_of(_mm256_cmpeq_epi8(low, _mm256_shuffle_epi8(table, low)),
                   _mm256_cmpeq_epi8(high, _mm256_shuffle_epi8(table, high)));
}

static inline struct bitmaps classify(const char *block)
{
    const __m256i blanks = _mm256_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0, ' ', 0, 0, 0, 0,
                                            0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0);
    /* With 0x20 set, [ and ] are { and }. A colon has ten, a comma twelve as its half. */
    const __m256i marks = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                           0, 0, 0, ':', '{', ',', '}', 0, 0);
    const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)block);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(block + 32));
    const __m256i bit = _mm256_set1_epi8(0x20), last = _mm256_set1_epi8(0x1f);
    const __m256i folded_low = _mm256_or_si256(low, bit), folded_high = _mm256_or_si256(high, bit);
    struct bitmaps maps = {
        .quote = equal_to(low, high, '"'),
        .backslash = equal_to(low, high, '\\'),
        .blank = among(low, high, blanks),
        .control = bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(low, last), low),
                           _mm256_cmpeq_epi8(_mm256_min_epu8(high, last), high)),
        .high = bits_of(low, high),
    };
    maps.mark = bits_of(_mm256_cmpeq_epi8(folded_low, _mm256_shuffle_epi8(marks, low)),
                        _mm256_cmpeq_epi8(folded_high, _mm256_shuffle_epi8(marks, high)));
    maps.mark &= ~maps.control; /* 0x0c and 0x1a, folded, are a comma and a colon */
    return maps;
}

static inline uint64_t xor_of_all_below(uint64_t bits)
{
    const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xff), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

#define BLOCKS_CALL wp_json_blocks_avx2
#include "json/json_blocks_template.h"
#endif
