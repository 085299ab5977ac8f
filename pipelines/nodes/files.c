/* files.c - stage "files": the regular files of trees, in the order of the sorted walk. */
#include "nodes/node.h"
#include "run/file_walk.h"
#include "run/rows.h"

static const weir_opt files_opts[] = {
    { "path", "trees and files", WEIR_OPT_LIST, 0, .positional = true },
    { "match", "only files like these: *.c, src/**", WEIR_OPT_LIST, 0, .def_text = NULL },
    { "exclude", "not these; a directory is not entered", WEIR_OPT_LIST, 0, .def_text = NULL },
    { "gitignore", "obey .gitignore files", WEIR_OPT_BOOL, 0, .def = 0 },
    { "hidden", "names that begin with a dot, too", WEIR_OPT_BOOL, 0, .def = 1 },
    { "xdev", "stay on the file system", WEIR_OPT_BOOL, 0, .def = 0 },
    { "follow", "symbolic links are what they point to", WEIR_OPT_BOOL, 0, .def = 0 },
    { "min", "only files of at least so many bytes", WEIR_OPT_SIZE, 0, .def = 0, .min = 0, .max = INT64_MAX },
    { "max", "only files of at most so many bytes", WEIR_OPT_SIZE, 0, .def = INT64_MAX, .min = 0, .max = INT64_MAX },
    { "newer", "only files that were changed within this time", WEIR_OPT_DURATION, 0, .def = 0 },
    { "depth", "directories below the root to enter; 0 is all", WEIR_OPT_INT, 0, .def = 0, .min = 0, .max = 1000000 },
    { "from", "a file with the paths, one a line; - is standard input", WEIR_OPT_STRING, 0, .def_text = NULL },
    { "null", "in that file NUL ends a path", WEIR_OPT_BOOL, 0, .def = 0 },
    { 0 },
};

static int open_files(struct run_node *node, void **ret_state)
{
    return wp_file_walk_create(node, (struct file_walk **)ret_state);
}

static int walk(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    return wp_file_walk_next(state, batch);
}

static const struct rows_ops ops = {
    .open = open_files, .batch = walk, .close = wp_file_walk_destroy, .offloads = true, .lane = WEIR_LANE_IO
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_files = {
    .stage = { .name = "files",
               .summary = "the regular files of trees, in the order of LC_ALL=C sort",
               .in = WEIR_NONE,
               .out = WEIR_FILES,
               .source = true,
               .opts = files_opts },
    .runs = "walks on a thread of the io lane, a batch of files a job",
    .spawn = spawn,
    .touches = TOUCHES_PATHS,
    .times = NODE_FED_BY(WEIR_NONE),
};
