/* digest_xxh3_portable.c - XXH3 for any processor: SSE2 on x86-64, NEON on arm64, else scalar. */
#define XXH3_VARIANT portable
#define XXH3_NS_PER_KIB 33
#include "digest_xxh3_template.h"
