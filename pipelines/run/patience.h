/*
 * patience.h - @timeout and @retry of one operation: how long it may take, and how often it is tried again.
 *
 *     for (;;) {
 *         self->open = weir_open(...);
 *         self->limit = wp_patience_limit(self->node);
 *         AWAIT(self->which, weir_select_biased(self->open, self->limit));
 *         self->output = self->which.output == 0 ? self->open.output : -ETIMEDOUT;
 *         if (!wp_patience_again(&self->patience, self->node, self->output))
 *             break;
 *         AWAIT(self->nap, wp_patience_nap(&self->patience));
 *     }
 *
 * A read or a write that took too long is not tried again: the kernel has it still, and its buffer.
 * Between two tries there are 100 ms, then twice as much each time, up to 10 s.
 */
#ifndef WP_PATIENCE_H
#define WP_PATIENCE_H

#include <weir/time.h>

#include "run/run.h"

struct patience {
    unsigned tries; /* that failed */
};

/* Ends after @timeout; without one it is a branch that select leaves out. */
weir_sleep wp_patience_limit(const struct run_node *node);
/* An operation resolved to this: is it to be tried again? Not what was cancelled, and not once the run is to stop. */
bool wp_patience_again(struct patience *patience, const struct run_node *node, int64_t result);
/* What to await before that. */
weir_sleep wp_patience_nap(const struct patience *patience);

/* What went wrong, in words: errno's, or that it took longer than @timeout says. */
const char *wp_patience_words(const struct run_node *node, int64_t error);

#endif
