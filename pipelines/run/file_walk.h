/* file_walk.h - the files of trees and lists, a batch at a time: what the node `files` is a face of. */
#ifndef WP_FILE_WALK_H
#define WP_FILE_WALK_H

#include "run/batch.h"
#include "run/run.h"

struct file_walk;

/* Of the options of a plan node `files`. 0 or a negative errno, which wp_run_fail() was told. */
int wp_file_walk_create(struct run_node *node, struct file_walk **ret_walk);
/*
 * The files that a pattern such as logs/app-?.gz means, as a shell has it: from the directory that stands
 * before its first wildcard on, hidden ones only where a dot is written. The same errors; -ENOENT is for the caller to
 * say, when no file comes.
 */
int wp_file_walk_create_glob(struct run_node *node, const char *pattern, struct file_walk **ret_walk);
/* A path with wildcards, and no file of that very name. */
bool wp_is_glob(const char *path);
void wp_file_walk_destroy(void *walk); /* takes NULL */

/* The next files, in the order of the sorted walk; NULL: that was all. Blocks. 0 or a negative errno, told. */
int wp_file_walk_next(struct file_walk *walk, struct batch **ret_batch);

/* The rules of such a node; `items` has room for its patterns, and lives as long as the rules. */
weir_walk_rules wp_file_rules(const struct plan_node *plan, const char **items);
/* What a walk tells: what is wrong with a file is told on. */
void wp_file_note(struct run_node *node, weir_note_kind kind, const char *path, int error);

/* What went wrong at a path, in words: errno's, or one of ours. */
const char *wp_file_error(int error);

#endif
