/* record_time.h - when a record is of: by the clock, or by a field of its own. */
#ifndef WP_RECORD_TIME_H
#define WP_RECORD_TIME_H

#include "expr/eval.h"
#include "run/batch.h"

/* The clock of people, in ns since 1970. It may be set, backwards too. */
int64_t wp_wall_ns(void);

/* The field: a time, or what time() can read. False: it has none. The arena is for what is read on the way. */
bool wp_record_time(const struct row *row, const struct path_step *field, struct arena *arena, int64_t *ret_ns);

#endif
