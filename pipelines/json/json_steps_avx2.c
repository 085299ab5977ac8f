/* json_steps_avx2.c - the way through a text for processors with AVX2; CMake gives this file alone the flags. */
#ifdef __x86_64__
#include <immintrin.h>

#include "json/json_places.h"
#include "json/json_steps.h"

static inline uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline __m256i load(const char *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

static inline uint64_t differing(const char *at, const char *bytes)
{
    return ~bits_of(_mm256_cmpeq_epi8(load(at), load(bytes)), _mm256_cmpeq_epi8(load(at + 32), load(bytes + 32)));
}

static inline __m256i digits_of(__m256i bytes)
{
    const __m256i off = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(off, _mm256_set1_epi8(9)), off);
}

static inline uint64_t digits(const char *at)
{
    return bits_of(digits_of(load(at)), digits_of(load(at + 32)));
}

static inline __m256i ending_of(__m256i bytes)
{
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    return _mm256_or_si256(control, _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')),
                                                    _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))));
}

static inline uint64_t ending(const char *at, uint64_t *ret_high)
{
    const __m256i low = load(at), high = load(at + 32);
    *ret_high = bits_of(low, high);
    return bits_of(ending_of(low), ending_of(high));
}

static inline uint64_t quotes(const char *at)
{
    const __m256i quote = _mm256_set1_epi8('"');
    return bits_of(_mm256_cmpeq_epi8(load(at), quote), _mm256_cmpeq_epi8(load(at + 32), quote));
}

#define STEPS_CALL wp_json_steps_avx2
#include "json/json_steps_template.h"
#endif
