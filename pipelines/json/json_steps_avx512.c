/* json_steps_avx512.c - the way through a text for processors with AVX-512 (BW, VBMI2); CMake gives this file alone the
 * flags. */
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

static inline uint64_t quotes(const char *at)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('"'));
}

static inline uint16_t *put_places(uint64_t bits, size_t base, uint16_t *to)
{
    static const uint8_t all[64] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                     16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                     32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                     48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63 };
    const __m512i bytes = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(all));
    const __m512i from = _mm512_set1_epi16((short)base);
    const __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(bytes));
    const unsigned count = (unsigned)__builtin_popcountll(bits);
    _mm512_storeu_si512(to, _mm512_add_epi16(low, from));
    if (__builtin_expect(count > 32, 0))
        _mm512_storeu_si512(to + 32, _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(bytes, 1)), from));
    return to + count;
}

#define STEPS_CALL wp_json_steps_avx512
#include "json/json_steps_template.h"
#endif
