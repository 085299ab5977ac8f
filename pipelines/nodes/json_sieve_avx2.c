/* json_sieve_avx2.c - the search for processors with AVX2; CMake gives this file alone the flags. */
#ifdef __x86_64__
#include <immintrin.h>

#include "nodes/json_sieve.h"

static inline uint32_t equal_half(const char *at, char byte)
{
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte)));
}

static inline uint64_t equal(const char *at, char byte)
{
    return equal_half(at, byte) | (uint64_t)equal_half(at + 32, byte) << 32;
}

#define SIEVE_CALL wp_json_sieve_avx2
#include "nodes/json_sieve_template.h"
#endif
