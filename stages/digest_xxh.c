/* digest_xxh.c - XXH64 and XXH32, for which no vector instruction helps; and who runs which XXH3. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "digest_rows.h"

const struct wi_xxh3_variant *wi_xxh3_variant_at(size_t index)
{
#ifdef __x86_64__
    /* The compiler's runtime asks the processor and, for the registers, the kernel. */
    if (__builtin_cpu_supports("avx512f") && index-- == 0)
        return &wi_xxh3_avx512;
    if (__builtin_cpu_supports("avx2") && index-- == 0)
        return &wi_xxh3_avx2;
#endif
    return index == 0 ? &wi_xxh3_portable : NULL;
}

static int xxh64_init(void *state)
{
    (void)XXH64_reset(state, 0);
    return 0;
}

static int xxh64_update(void *state, const void *data, size_t size)
{
    (void)XXH64_update(state, data, size);
    return 0;
}

static int xxh64_final(void *state, uint8_t *ret_digest)
{
    XXH64_canonical_t canonical;
    XXH64_canonicalFromHash(&canonical, XXH64_digest(state));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

static int xxh64_oneshot(const void *data, size_t size, uint8_t *ret_digest)
{
    XXH64_canonical_t canonical;
    XXH64_canonicalFromHash(&canonical, XXH64(data, size, 0));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

const weir_digest_algo wi_digest_xxh64 = {
    .name = "xxh64",
    .tag = "XXH64",
    .gnu_prefix = "",
    .backend = "xxhash",
    .digest_size = 8,
    .state_size = sizeof(XXH64_state_t),
    .state_align = _Alignof(XXH64_state_t),
    .ns_per_kib = 60,
    .init = xxh64_init,
    .update = xxh64_update,
    .final = xxh64_final,
    .oneshot = xxh64_oneshot,
};

static int xxh32_init(void *state)
{
    (void)XXH32_reset(state, 0);
    return 0;
}

static int xxh32_update(void *state, const void *data, size_t size)
{
    (void)XXH32_update(state, data, size);
    return 0;
}

static int xxh32_final(void *state, uint8_t *ret_digest)
{
    XXH32_canonical_t canonical;
    XXH32_canonicalFromHash(&canonical, XXH32_digest(state));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

static int xxh32_oneshot(const void *data, size_t size, uint8_t *ret_digest)
{
    XXH32_canonical_t canonical;
    XXH32_canonicalFromHash(&canonical, XXH32(data, size, 0));
    __builtin_memcpy(ret_digest, canonical.digest, sizeof(canonical.digest));
    return 0;
}

const weir_digest_algo wi_digest_xxh32 = {
    .name = "xxh32",
    .tag = "XXH32",
    .gnu_prefix = "",
    .backend = "xxhash",
    .digest_size = 4,
    .state_size = sizeof(XXH32_state_t),
    .state_align = _Alignof(XXH32_state_t),
    .ns_per_kib = 120,
    .init = xxh32_init,
    .update = xxh32_update,
    .final = xxh32_final,
    .oneshot = xxh32_oneshot,
};
