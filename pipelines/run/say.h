/*
 * say.h - lines on standard output.
 *
 * Whoever reads them may take his time, so they are written on a lane; unless it is
 * known that the write won't wait: to a pipe or a terminal with room, or to a page
 * cache that takes it at once. Then a worker writes, and a line that comes alone is out
 * without a second thread.
 */
#ifndef WP_SAY_H
#define WP_SAY_H

#include "run/cached_write.h"
#include "run/run.h"

/* All of the text; then it is empty. 0 or a negative errno, which wp_run_fail() was told. Blocks. */
int wp_say(struct run_node *node, weir_text *text);

struct saying {
    int fd;    /* a description of our own, which doesn't block; -1: none, it isn't a pipe or terminal */
    bool full; /* there was no room */
    struct cached_write file;
};

void wp_saying_init(struct saying *self);
void wp_saying_fini(struct saying *self);
/* Would the next write have to wait, as far as is known? Asked once for each. */
bool wp_saying_blocks(struct saying *self);
/*
 * As wp_say(), by a worker that was told that it doesn't block: what finds no room all the same is written by
 * weir_block_in_place().
 */
int wp_say_now(struct run_node *node, struct saying *self, weir_text *text);

/* Standard output is a terminal: what would move its cursor, or worse, is shown as '?': what weir/shown.h escapes. */
bool wp_say_to_terminal(void);
void wp_say_tame(char *text, size_t size);
/* The same of whole lines: their ends ("\n", "\r\n", NUL) stay. */
void wp_say_tame_lines(char *text, size_t size);

#endif
