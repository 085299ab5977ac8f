/* json_steps_avx512.c - the way through a text for processors with AVX-512BW; CMake gives this file alone the flags. */
#ifdef __x86_64__
#include <immintrin.h>

#include "json/json_steps.h"

static inline uint64_t differing(const char *at, const char *bytes)
{
    return _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(at), _mm512_loadu_si512(bytes));
}

static inline uint64_t digits(const char *at)
{
    const __m512i off = _mm512_sub_epi8(_mm512_loadu_si512(at), _mm512_set1_epi8('0'));
    return _mm512_cmplt_epu8_mask(off, _mm512_set1_epi8(10));
}

static inline uint64_t ending(const char *at, uint64_t *ret_high)
{
    const __m512i bytes = _mm512_loadu_si512(at);
    *ret_high = _mm512_movepi8_mask(bytes);
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')) |
           _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')) |
           _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20));
}

#define STEPS_CALL wp_json_steps_avx512
#include "json/json_steps_template.h"
#endif
