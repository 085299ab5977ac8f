/* digest_xxh3_avx2.c - XXH3 for processors with AVX2; CMake gives this file alone the flag. */
#ifdef __x86_64__
#define XXH3_VARIANT avx2
#define XXH3_NS_PER_KIB 16
#include "digest_xxh3_template.h"
#endif
