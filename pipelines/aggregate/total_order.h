/*
 * total_order.h - an order of all values, as jq has it: null, false, true, numbers, durations, times, strings, lists,
 * maps. Numbers by value, strings by their bytes, lists item by item, maps as their JSON.
 */
#ifndef WP_TOTAL_ORDER_H
#define WP_TOTAL_ORDER_H

#include "expr/datum.h"

/* Less than, equal to or more than 0. Lists and maps are all equal among themselves here. */
int wp_total_order(struct datum a, struct datum b);

/*
 * Bytes that memcmp(3) orders as that, none of them the beginning of another; the other way round with `desc`. NaN
 * comes before all numbers. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_order_append(weir_text *key, struct datum datum, bool desc);

#endif
