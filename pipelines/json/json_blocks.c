/* json_blocks.c - the first pass on any processor, and who runs which. */
#include "json/json_blocks.h"

#include "json/json_bitmaps.h"

enum { QUOTE = 1, BACKSLASH = 2, MARK = 4, BLANK = 8, CONTROL = 16, HIGH = 32 };

static const uint8_t kinds[256] = {
    [0 ... '\t' - 1] = CONTROL,
    ['\n' + 1 ... '\r' - 1] = CONTROL,
    ['\r' + 1 ... 0x1f] = CONTROL,
    ['\t'] = CONTROL | BLANK,
    ['\n'] = CONTROL | BLANK,
    ['\r'] = CONTROL | BLANK,
    [' '] = BLANK,
    ['"'] = QUOTE,
    ['\\'] = BACKSLASH,
    ['{'] = MARK,
    ['}'] = MARK,
    ['['] = MARK,
    [']'] = MARK,
    [':'] = MARK,
    [','] = MARK,
    [0x80 ... 0xff] = HIGH,
};

static inline struct bitmaps classify(const char *block)
{
    struct bitmaps maps = { 0 };
    for (unsigned i = 0; i < JSON_BLOCK; i++) {
        const uint64_t kind = kinds[(unsigned char)block[i]];
        maps.quote |= (kind & 1) << i;
        maps.backslash |= (kind >> 1 & 1) << i;
        maps.mark |= (kind >> 2 & 1) << i;
        maps.blank |= (kind >> 3 & 1) << i;
        maps.control |= (kind >> 4 & 1) << i;
        maps.high |= (kind >> 5 & 1) << i;
    }
    return maps;
}

static inline uint64_t xor_of_all_below(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

#define BLOCKS_CALL wp_json_blocks_portable
#include "json/json_blocks_template.h"

json_blocks_call *wp_json_blocks_at(size_t index)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("popcnt") && index-- == 0)
        return wp_json_blocks_avx2;
#endif
    return index == 0 ? wp_json_blocks_portable : NULL;
}
