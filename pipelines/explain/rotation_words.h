/* rotation_words.h - what a stage has to do with files that a write begins, in words. */
#ifndef WP_ROTATION_WORDS_H
#define WP_ROTATION_WORDS_H

#include "explain/lines.h"
#include "plan/plan.h"

/* Nothing, if it has nothing to do with it. */
void wp_rotation_words(struct lines *lines, const struct plan_node *node);

#endif
