/* remove.c - stage "remove source": files that were worked up lose their names. */
#include <string.h>
#include <unistd.h>

#include "nodes/node.h"
#include "run/file_walk.h"
#include "run/rows.h"
#include "run/same_file.h"

static const char *const whats[] = { "source", NULL };

static const weir_opt remove_opts[] = {
    { "what", "source: the files themselves", WEIR_OPT_CHOICE, 0, .def = 0, .choices = whats, .positional = true,
      .required = true },
    { 0 },
};

static int open_remove(struct run_node *node, void **ret_state)
{
    *ret_state = node;
    return 0;
}

/* One that changed since it was found is not what was worked up. */
static int remove_file(const struct row *row)
{
    if ((row->flags & ROW_META) == 0)
        return -ESTALE;
    return wp_same_delete(&(struct seen_file){ row->path, row->meta });
}

static int remove_all(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    for (uint32_t i = 0; i < (*batch)->count; i++) {
        const struct row *row = &(*batch)->rows[i];
        const int error = remove_file(row);
        if (error < 0)
            wp_run_trouble(state, "%s: not removed: %s", row->path,
                           error == -ESTALE ? "it changed meanwhile, or is no regular file" : wp_file_error(error));
    }
    return 0;
}

static const struct rows_ops ops = { .open = open_remove, .batch = remove_all, .offloads = true, .lane = WEIR_LANE_IO };

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_remove = {
    .stage = { .name = "remove",
               .summary = "files that were worked up lose their names",
               .in = WEIR_FILES,
               .out = WEIR_FILES,
               .sink = true,
               .opts = remove_opts },
    .runs = "removes the files of each batch on a thread of the io lane",
    .spawn = spawn,
    .touches = TOUCHES_NAMES,
    .times = NODE_FED_BY(WEIR_FILES),
};
