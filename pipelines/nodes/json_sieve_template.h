/*
 * json_sieve_template.h - the search, compiled once for each instruction set.
 *
 * Who includes it has defined SIEVE_CALL, the name of the function, and
 * `static uint64_t equal(const char *at, char byte)`: which of 64 bytes are that one, bit 0 for the first.
 */
#include <string.h>

#define STEP 64

/* One of the places is of interest, for sure. */
static const char *pick(const struct json_glance *glance, const char *at, uint64_t places, const char *end)
{
    for (; places != 0; places &= places - 1) {
        const char *place = at + __builtin_ctzll(places);
        if ((place[0] == '\\' && place[1] == 'u') ||
            (memcmp(place, glance->key, glance->key_size) == 0 &&
             !wp_json_glance_rules_out_value(glance, place + glance->key_size, end)))
            return place;
    }
    return NULL;
}

const char *SIEVE_CALL(const struct json_glance *glance, const char *bytes, size_t size)
{
    const size_t key_size = glance->key_size; /* of three bytes and more: it is in quotes */
    const char last[] = { glance->key[key_size - 3], glance->key[key_size - 2] };
    const char *at = bytes, *end = bytes + size;
    for (; (size_t)(end - at) >= STEP + key_size; at += STEP) {
        const char *behind = at + key_size;
        const uint64_t escapes = equal(at, '\\') & equal(at + 1, 'u');
        const uint64_t places =
            escapes | (equal(behind - 3, last[0]) & equal(behind - 2, last[1]) & equal(behind - 1, '"'));
        const char *place = places != 0 ? pick(glance, at, places, end) : NULL;
        if (place != NULL)
            return place;
    }
    return wp_json_sieve_portable(glance, at, (size_t)(end - at));
}
