/* json_steps.c - the way through a text on any processor, and who goes it how. */
#include "json/json_places.h"
#include "json/json_steps.h"

static inline uint64_t differing(const char *at, const char *bytes)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < STEP_BYTES; i++)
        bits |= (uint64_t)(at[i] != bytes[i]) << i;
    return bits;
}

static inline uint64_t digits(const char *at)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < STEP_BYTES; i++)
        bits |= (uint64_t)(at[i] >= '0' && at[i] <= '9') << i;
    return bits;
}

static inline uint64_t ending(const char *at, uint64_t *ret_high)
{
    uint64_t bits = 0, high = 0;
    for (unsigned i = 0; i < STEP_BYTES; i++) {
        const unsigned char byte = (unsigned char)at[i];
        bits |= (uint64_t)(byte == '"' || byte == '\\' || byte < 0x20) << i;
        high |= (uint64_t)(byte >= 0x80) << i;
    }
    *ret_high = high;
    return bits;
}

static inline uint64_t quotes(const char *at)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < STEP_BYTES; i++)
        bits |= (uint64_t)(at[i] == '"') << i;
    return bits;
}

#define STEPS_CALL wp_json_steps_portable
#include "json/json_steps_template.h"

json_steps_call *wp_json_steps_at(size_t index)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("popcnt") && index-- == 0)
        return wp_json_steps_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt") &&
        index-- == 0)
        return wp_json_steps_avx2;
#endif
    return index == 0 ? wp_json_steps_portable : NULL;
}
