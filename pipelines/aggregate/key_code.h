/*
 * key_code.h - values as bytes, so that equal values are equal bytes: the keys of groups.
 *
 * Whole and broken numbers of one value are equal (1 and 1.0), as == has it. Lists and maps are their JSON.
 */
#ifndef WP_KEY_CODE_H
#define WP_KEY_CODE_H

#include "expr/datum.h"

/* 0 or -ENOMEM. */
WEIR_MUST_USE int wp_key_append(weir_text *key, struct datum datum);

/*
 * The value whose bytes begin at `at`. A string, and the JSON of a list or map, which comes as a string, point there.
 * *ret_json: it is such JSON. Returns where the next one begins.
 */
const char *wp_key_read(const char *at, struct datum *ret_datum, bool *ret_json);

#endif
