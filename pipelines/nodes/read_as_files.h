/* read_as_files.h - the stage "read" with as_files: the files that it would read. */
#ifndef WP_READ_AS_FILES_H
#define WP_READ_AS_FILES_H

#include "run/run.h"

/* As node_type.spawn. */
int wp_read_as_files_spawn(struct run_node *node, weir_join_set *set);

#endif
