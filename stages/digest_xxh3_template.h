/*
 * digest_xxh3_template.h - XXH3, 64 and 128 bits, for the instruction set this file is compiled for.
 *
 * Debian builds libxxhash for SSE2 and reaches a third of what the processor
 * can do, so the algorithm is compiled here from xxhash.h, which picks its
 * vectors by what the compiler flags allow (stages/CMakeLists.txt). The file
 * that includes this defines XXH3_VARIANT and two guesses of the cost.
 *
 * Only what is static may be in here: a function shared with other files could
 * be the copy with AVX-512 in it, linked into a program on an older processor.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "digest_rows.h"

#define PASTE_(left, right) left##right
#define PASTE(left, right) PASTE_(left, right)
#define NAME_(variant) #variant
#define NAME(variant) NAME_(variant)

static int xxh3_init(void *state)
{
    (void)XXH3_64bits_reset(state);
    return 0;
}

static int xxh3_update(void *state, const void *data, size_t size)
{
    (void)XXH3_64bits_update(state, data, size);
    return 0;
}

static int xxh3_final(void *state, uint8_t *ret_digest)
{
    XXH64_canonical_t canonical;
    XXH64_canonicalFromHash(&canonical, XXH3_64bits_digest(state));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

static int xxh3_oneshot(const void *data, size_t size, uint8_t *ret_digest)
{
    XXH64_canonical_t canonical;
    XXH64_canonicalFromHash(&canonical, XXH3_64bits(data, size));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

static int xxh128_init(void *state)
{
    (void)XXH3_128bits_reset(state);
    return 0;
}

static int xxh128_update(void *state, const void *data, size_t size)
{
    (void)XXH3_128bits_update(state, data, size);
    return 0;
}

static int xxh128_final(void *state, uint8_t *ret_digest)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

static int xxh128_oneshot(const void *data, size_t size, uint8_t *ret_digest)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

static const weir_digest_algo xxh128 = {
    .name = "xxh128",
    .tag = "XXH128",
    .gnu_prefix = "",
    .backend = NAME(XXH3_VARIANT),
    .digest_size = 16,
    .state_size = sizeof(XXH3_state_t),
    .state_align = _Alignof(XXH3_state_t),
    .ns_per_kib = XXH3_NS_PER_KIB,
    .init = xxh128_init,
    .update = xxh128_update,
    .final = xxh128_final,
    .oneshot = xxh128_oneshot,
};

static const weir_digest_algo xxh3 = {
    .name = "xxh3",
    .tag = "XXH3",
    .gnu_prefix = "XXH3_",
    .backend = NAME(XXH3_VARIANT),
    .digest_size = 8,
    .state_size = sizeof(XXH3_state_t),
    .state_align = _Alignof(XXH3_state_t),
    .ns_per_kib = XXH3_NS_PER_KIB,
    .init = xxh3_init,
    .update = xxh3_update,
    .final = xxh3_final,
    .oneshot = xxh3_oneshot,
};

const struct wi_xxh3_variant PASTE(wi_xxh3_, XXH3_VARIANT) = { .xxh128 = &xxh128, .xxh3 = &xxh3 };
