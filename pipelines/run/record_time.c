/* record_time.c - when a record is of. */
#include "run/record_time.h"

#include <time.h>

#include "expr/functions.h"
#include "run/row.h"

int64_t wp_wall_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool wp_record_time(const struct row *row, const struct path_step *field, struct arena *arena, int64_t *ret_ns)
{
    struct eval eval = wp_row_eval(row, arena);
    struct datum time = wp_eval_path(&eval, field);
    if (time.kind != DATUM_TIME)
        time = wp_time_of(&eval, &time, 1);
    *ret_ns = time.number;
    return time.kind == DATUM_TIME;
}
