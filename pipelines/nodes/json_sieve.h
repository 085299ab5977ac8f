/*
 * json_sieve.h - the glance (json_glance.h) at a whole chunk, before it is cut into lines: where does the next line
 * stand of which a record may pass the filter?
 */
#ifndef WP_JSON_SIEVE_H
#define WP_JSON_SIEVE_H

#include "nodes/json_glance.h"

/*
 * wp_json_sieve() - a byte of the first line that may make a record that passes; NULL: none of these lines does.
 *
 * What begins before or ends behind the bytes isn't judged: lines are put together first.
 */
const char *wp_json_sieve(const struct json_glance *glance, const char *bytes, size_t size);

typedef const char *json_sieve_call(const struct json_glance *glance, const char *bytes, size_t size);

json_sieve_call wp_json_sieve_portable;
#ifdef __x86_64__
json_sieve_call wp_json_sieve_avx2, wp_json_sieve_avx512;
#endif

/* The fastest first that this processor can run; NULL past the last, which is the portable one. */
json_sieve_call *wp_json_sieve_at(size_t index);

#endif
