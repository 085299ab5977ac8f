/* source_names.c - files that the finder of duplicates has in memory, by their names. */
#include <stdlib.h>
#include <string.h>

#include "hash/dup_finder.h"
#include "hash/name_list.h"
#include "hash/sources.h"

struct names_source {
    struct name_source source;
    struct dup_finder *finder;
    bool follow;
};

static int names_next(struct name_source *source, struct tree *tree, struct node **ret_root)
{
    const struct names_source *self = weir_container_of(source, struct names_source, source);
    struct dup_finder *finder = self->finder;
    struct name_list *names = wp_name_list_create();
    if (names == NULL)
        return -ENOMEM;
    if (!self->follow)
        wp_name_list_set_regular(names);
    while (!wp_name_list_is_full(names) && finder->index_at < finder->index_count) {
        const char *name = wp_dup_path(finder->listed, finder->indices[finder->index_at++]);
        if (wp_name_list_add(names, name, strlen(name)) < 0) {
            wp_name_list_free(names);
            return -ENOMEM;
        }
    }
    return wp_name_list_node(names, tree, ret_root);
}

static void names_free(struct name_source *source)
{
    free(weir_container_of(source, struct names_source, source));
}

int wp_source_names(const struct job *job, struct name_source **ret_source)
{
    struct names_source *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    *self = (struct names_source){ .source = { names_next, names_free },
                                   .finder = job->options.finder,
                                   .follow = job->options.rules.follow };
    *ret_source = &self->source;
    return 0;
}
