/* source_paths.c - what the command line names: directories, files, streams. */
#include <stdlib.h>
#include <string.h>

#include "hash/sources.h"

struct paths_source {
    struct name_source source;
    weir_walk *walk;
    const char *const *paths;
    size_t count, at;
};

/* One name, on its own: what is a stream may never end, and nothing waits in its list behind it. */
struct single {
    struct list_of_files list;
    const char *name;
};

static void single_free(struct list_of_files *list)
{
    free(weir_container_of(list, struct single, list));
}

static struct node *single_node(struct tree *tree, const char *name, bool stream)
{
    struct single *single = calloc(1, sizeof *single);
    if (single == NULL)
        return NULL;
    single->name = name;
    single->list = (struct list_of_files){ .count = 1, .names = &single->name, .streams = stream, .free = single_free };
    return wp_node_list(tree, &single->list);
}

static int paths_next(struct name_source *source, struct tree *tree, struct node **ret_root)
{
    struct paths_source *self = weir_container_of(source, struct paths_source, source);
    while (self->at < self->count) {
        const char *path = self->paths[self->at++];
        weir_root root = { .kind = WEIR_ROOT_STREAM };
        if (strcmp(path, "-") != 0) {
            const int error = weir_walk_root(self->walk, path, &root);
            if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
                return error;
            if (error < 0 || root.kind == WEIR_ROOT_EXCLUDED)
                continue; /* the walk has told */
        }
        struct node *node = root.kind == WEIR_ROOT_DIR ? wp_node_dir(tree, root.node)
                                                       : single_node(tree, path, root.kind != WEIR_ROOT_FILE);
        if (node == NULL)
            return -ENOMEM;
        *ret_root = node;
        return 1;
    }
    return 0;
}

static void paths_free(struct name_source *source)
{
    free(weir_container_of(source, struct paths_source, source));
}

int wp_source_paths(weir_walk *walk, const char *const *paths, size_t count, struct name_source **ret_source)
{
    struct paths_source *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    *self = (struct paths_source){
        .source = { paths_next, paths_free },
        .walk = walk,
        .paths = paths,
        .count = count,
    };
    *ret_source = &self->source;
    return 0;
}
