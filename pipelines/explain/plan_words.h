/* plan_words.h - a plan in words for a person, and as a picture. */
#ifndef WP_PLAN_WORDS_H
#define WP_PLAN_WORDS_H

#include <weir/explain.h>

#include "run/bounds.h"

/*
 * Appends the plan in words. `bounds` are those it runs with, by the node's index;
 * `budget` is what they were made for. 0 or -ENOMEM.
 *
 * Values stand there as the text has them: "${secret.x}" stays that.
 */
WEIR_MUST_USE int wp_explain(const struct plan *plan, const struct run_bounds *bounds, size_t budget, weir_text *out);

/* "branch a", "branch b, if .n > 1", "branch c, else"; the caller frees it; NULL: no memory. */
char *wp_explain_branch(const struct plan *plan, const struct plan_node *node, unsigned index);

/* What a setting was set to, as the text has it, in one line of printable characters. The caller frees it; NULL: no
 * memory. */
char *wp_explain_value(const struct plan *plan, const struct setting *setting);

#endif
