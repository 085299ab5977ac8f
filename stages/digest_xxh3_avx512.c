/* digest_xxh3_avx512.c - XXH3 for processors with AVX-512; CMake gives this file alone the flag. */
#ifdef __x86_64__
#define XXH3_VARIANT avx512
#define XXH3_NS_PER_KIB 13
#include "digest_xxh3_template.h"
#endif
