/* source_list.c - names from a file or from standard input (--files-from). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash/name_list.h"
#include "hash/sources.h"

struct list_source {
    struct name_source source;
    FILE *file;
    char *line;
    size_t line_size;
    int end; /* what ends a name */
};

static int list_next(struct name_source *source, struct tree *tree, struct node **ret_root)
{
    struct list_source *self = weir_container_of(source, struct list_source, source);
    struct name_list *names = wp_name_list_create();
    if (names == NULL)
        return -ENOMEM;
    while (!wp_name_list_is_full(names)) {
        const ssize_t got = getdelim(&self->line, &self->line_size, self->end, self->file);
        if (got < 0)
            break;
        size_t size = (size_t)got;
        if (self->line[size - 1] == self->end)
            size--;
        if (size == 0)
            continue;
        if (wp_name_list_add(names, self->line, size) < 0) {
            wp_name_list_free(names);
            return -ENOMEM;
        }
    }
    if (ferror(self->file)) {
        wp_name_list_free(names);
        return -EIO;
    }
    return wp_name_list_node(names, tree, ret_root);
}

static void list_free(struct name_source *source)
{
    struct list_source *self = weir_container_of(source, struct list_source, source);
    if (self->file != NULL && self->file != stdin)
        (void)fclose(self->file);
    free(self->line);
    free(self);
}

int wp_source_list(const char *path, bool nul, struct name_source **ret_source)
{
    struct list_source *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->source = (struct name_source){ list_next, list_free };
    self->end = nul ? '\0' : '\n';
    self->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (self->file == NULL) {
        const int error = -errno;
        free(self);
        return error;
    }
    *ret_source = &self->source;
    return 0;
}
