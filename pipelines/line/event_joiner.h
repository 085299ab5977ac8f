/*
 * event_joiner.h - lines that belong together, as stack traces do: each becomes one record with those that begin it.
 */
#ifndef WP_EVENT_JOINER_H
#define WP_EVENT_JOINER_H

#include "expr/regex.h"
#include "run/batch.h"

/* Zero it and set what the options say. */
struct event_joiner {
    const struct regex *start; /* a line that matches begins an event */
    const char *join;          /* what stands between two lines of one */
    size_t join_size;
    size_t max; /* the longest event */

    bool open;        /* an event has begun in an earlier batch: */
    bool skips;       /* and is too long, and said so */
    weir_text text;   /* what there is of it */
    uint64_t dropped; /* events that were too long */
};

/*
 * Puts events together in their rows; the last one stays behind, until its end is seen. Returns 0, -EMSGSIZE: an event
 * is longer than `max`, and `drops` is false; -ELOOP: `start` takes too long on a line; or -ENOMEM. After an error
 * *ret_row is the row of the batch, from 0, and the batch is good for nothing.
 */
WEIR_MUST_USE int wp_join_events(struct event_joiner *self, struct batch *batch, bool drops, uint32_t *ret_row);
/* No more lines come, or none for long: what is there is whole, and goes to the batch, which is
 * empty. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_join_rest(struct event_joiner *self, struct batch *batch);
void wp_join_fini(struct event_joiner *self);

#endif
