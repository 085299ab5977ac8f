/* words.h - numbers in a journal: little-endian, at any address. */
#ifndef WP_WORDS_H
#define WP_WORDS_H

#include <stdint.h>

static inline char *wp_put_u32(char *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        *to++ = (char)(value >> 8 * i);
    return to;
}

static inline char *wp_put_u64(char *to, uint64_t value)
{
    return wp_put_u32(wp_put_u32(to, (uint32_t)value), (uint32_t)(value >> 32));
}

static inline uint32_t wp_get_u32(const void *from)
{
    const unsigned char *at = from;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t wp_get_u64(const void *from)
{
    return wp_get_u32(from) | (uint64_t)wp_get_u32((const char *)from + 4) << 32;
}

#endif
