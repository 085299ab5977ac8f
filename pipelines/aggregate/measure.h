/* measure.h - what can be found of a field in many records, by name. */
#ifndef WP_MEASURE_H
#define WP_MEASURE_H

#include <weir/base.h>

enum measure_kind { MEASURE_COUNT, MEASURE_SUM, MEASURE_AVG, MEASURE_MIN, MEASURE_MAX, MEASURE_QUANTILE };

struct measure {
    enum measure_kind kind;
    uint32_t part, whole; /* of a quantile: part/whole of all, 99/100 */
};

/*
 * "count", "sum", "avg", "min", "max", "p50". p0 to p100 are percents; the digits behind the second are fractions of
 * one: p999 is 99.9 %, p9999 99.99 %. False: it is none.
 */
bool wp_measure_named(const char *name, struct measure *ret_measure);

/* What stats may be asked for, as help shows it; NULL at the end. */
extern const char *const wp_measure_names[];

#endif
