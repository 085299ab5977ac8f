/* limit_words.h - @timeout, @retry, @rate, and @pool of stages of rows, in words. */
#ifndef WP_LIMIT_WORDS_H
#define WP_LIMIT_WORDS_H

#include "explain/lines.h"
#include "plan/plan.h"

/* What of them the node has, a line each. */
void wp_limit_words(struct lines *lines, const struct plan_node *node);

#endif
