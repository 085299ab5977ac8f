/* measure.c - the names of what stats can find. */
#include "aggregate/measure.h"

#include <string.h>

const char *const wp_measure_names[] = { "count", "sum", "avg", "min", "max", "p50", "p90", "p95", "p99", NULL };

static bool take_percent(const char *digits, struct measure *ret_measure)
{
    const size_t count = strspn(digits, "0123456789");
    uint32_t part = 0, whole = 100;
    if (count == 0 || count > 6 || digits[count] != '\0')
        return false;
    for (size_t i = 0; i < count; i++)
        part = 10 * part + (uint32_t)(digits[i] - '0');
    for (size_t i = 2; i < count && strcmp(digits, "100") != 0; i++)
        whole *= 10;
    *ret_measure = (struct measure){ .kind = MEASURE_QUANTILE, .part = part, .whole = whole };
    return true;
}

bool wp_measure_named(const char *name, struct measure *ret_measure)
{
    static const char *const names[] = { [MEASURE_COUNT] = "count",
                                         [MEASURE_SUM] = "sum",
                                         [MEASURE_AVG] = "avg",
                                         [MEASURE_MIN] = "min",
                                         [MEASURE_MAX] = "max" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *ret_measure = (struct measure){ .kind = (enum measure_kind)i };
            return true;
        }
    return name[0] == 'p' && take_percent(name + 1, ret_measure);
}
