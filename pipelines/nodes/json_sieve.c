/* json_sieve.c - the search on any processor, and who runs which. */
#include "nodes/json_sieve.h"

/* The first name with a value behind it that may pass. */
static const char *find_value(const struct json_glance *glance, const char *at, const char *end)
{
    while ((at = wp_text_finder_find(&glance->finder, at, (size_t)(end - at))) != NULL) {
        if (!wp_json_glance_rules_out_value(glance, at + glance->key_size, end))
            return at;
        at += glance->key_size;
    }
    return NULL;
}

const char *wp_json_sieve_portable(const struct json_glance *glance, const char *bytes, size_t size)
{
    const char *value = find_value(glance, bytes, bytes + size);
    const char *escape = wp_json_find_escape(bytes, value != NULL ? (size_t)(value - bytes) : size);
    return escape != NULL ? escape : value;
}

json_sieve_call *wp_json_sieve_at(size_t index)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi") && index-- == 0)
        return wp_json_sieve_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && index-- == 0)
        return wp_json_sieve_avx2;
#endif
    return index == 0 ? wp_json_sieve_portable : NULL;
}

const char *wp_json_sieve(const struct json_glance *glance, const char *bytes, size_t size)
{
    return wp_json_sieve_at(0)(glance, bytes, size);
}
