/* sources.h - where the roots of a job come from. */
#ifndef WP_SOURCES_H
#define WP_SOURCES_H

#include "hash/hashing.h"

/* Paths: borrowed. `walk` too. */
int wp_source_paths(weir_walk *walk, const char *const *paths, size_t count, struct name_source **ret_source);

/* The names in a file ("-": standard input), a line each or NUL-terminated. 0 or a negative errno: it can't be opened.
 */
int wp_source_list(const char *path, bool nul, struct name_source **ret_source);

/* What the finder of the job's options chose to be read whole. */
int wp_source_names(const struct job *job, struct name_source **ret_source);

/* The entries of a manifest, each with what it should be. Bad lines go to job->options.on_bad_line and its counter. */
int wp_source_manifest(struct job *job, struct name_source **ret_source);

#endif
