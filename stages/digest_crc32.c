/* digest_crc32.c - CRC-32 as zip, gzip and SFV files use it, by zlib. */
#include <zlib.h>

#include "digest_rows.h"

static void store(uLong crc, uint8_t *ret_digest)
{
    for (int i = 0; i < 4; i++)
        ret_digest[i] = (uint8_t)(crc >> (24 - 8 * i));
}

static int crc32_init(void *state)
{
    *(uLong *)state = crc32_z(0, NULL, 0);
    return 0;
}

static int crc32_update(void *state, const void *data, size_t size)
{
    uLong *crc = state;
    /* zlib takes a NULL buffer as "give me the first value", even with nothing to add to a later one. */
    if (size > 0)
        *crc = crc32_z(*crc, data, size);
    return 0;
}

static int crc32_final(void *state, uint8_t *ret_digest)
{
    store(*(const uLong *)state, ret_digest);
    return 0;
}

static int crc32_oneshot(const void *data, size_t size, uint8_t *ret_digest)
{
    store(size > 0 ? crc32_z(0, data, size) : 0, ret_digest);
    return 0;
}

const weir_digest_algo wi_digest_crc32 = {
    .name = "crc32",
    .tag = "CRC32",
    .gnu_prefix = "",
    .backend = "zlib",
    .digest_size = 4,
    .state_size = sizeof(uLong),
    .state_align = _Alignof(uLong),
    .ns_per_kib = 190,
    .init = crc32_init,
    .update = crc32_update,
    .final = crc32_final,
    .oneshot = crc32_oneshot,
};
