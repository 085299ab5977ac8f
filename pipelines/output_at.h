/* output_at.h - what our own outputs can besides <weir/output.h>. */
#ifndef WP_OUTPUT_AT_H
#define WP_OUTPUT_AT_H

#include <weir/output.h>

/* As weir_output_open() below a directory, whose fd becomes the output's in any case. `path` isn't NULL. */
int wp_output_open_at(weir_output *output, int dir_fd, const char *path);
/*
 * The same for a file that is written for long: until its end it has a name that nobody takes for the final one
 * (PATH.weir-0123abcd), so that what a kill leaves can be found.
 */
int wp_output_open_named_at(weir_output *output, int dir_fd, const char *path);
/* A file that grows: what is written goes behind what is there, at once; it is made if need be. */
int wp_output_append_at(weir_output *output, int dir_fd, const char *path);
/* Blocks: what commit does before the name, and needn't do again: sync, unless `unsynced`. 0 or a negative errno. */
int wp_output_sync(weir_output *output);
/* Blocks: as commit, but nothing is replaced: -EEXIST, and it can be tried again with another `path`. */
int wp_output_commit_new(weir_output *output);
/* Nobody will commit it: the file loses its name. Writes may still be under way. */
void wp_output_withdraw(weir_output *output);

#endif
