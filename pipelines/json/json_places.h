/* json_places.h - the places of bits, by whoever has no instruction for it: eight at once, so that few branches fail.
 */
#ifndef WP_JSON_PLACES_H
#define WP_JSON_PLACES_H

#include <weir/base.h>

static inline uint16_t *put_places(uint64_t bits, size_t base, uint16_t *to)
{
    uint16_t *behind = to + __builtin_popcountll(bits);
    while (to < behind)
        for (unsigned i = 0; i < 8; i++, bits &= bits - 1)
            *to++ = (uint16_t)(base + (size_t)__builtin_ctzll(bits | UINT64_C(1) << 63));
    return behind;
}

#endif
