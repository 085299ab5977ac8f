/* say.h - lines on standard output, from nodes that run on a lane. */
#ifndef WP_SAY_H
#define WP_SAY_H

#include "run/run.h"

/* All of the text; then it is empty. 0 or a negative errno, which wp_run_fail() was told. Blocks. */
int wp_say(struct run_node *node, weir_text *text);

/* Standard output is a terminal: what would move its cursor, or worse, is shown as '?'. */
bool wp_say_to_terminal(void);
void wp_say_tame(char *text, size_t size);

#endif
