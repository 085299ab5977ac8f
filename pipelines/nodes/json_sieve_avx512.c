/* json_sieve_avx512.c - the search for processors with AVX-512BW; CMake gives this file alone the flags. */
#ifdef __x86_64__
#include <immintrin.h>

#include "nodes/json_sieve.h"

static inline uint64_t equal(const char *at, char byte)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8(byte));
}

#define SIEVE_CALL wp_json_sieve_avx512
#include "nodes/json_sieve_template.h"
#endif
