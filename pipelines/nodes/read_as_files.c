/*
 * read_as_files.c - stage "read" with as_files: the files that it would read, in the order in which it would, as rows.
 *
 * What can't be looked at ends the run, as it does where its bytes are wanted.
 */
#include "nodes/read_as_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "run/file_walk.h"
#include "run/rows.h"

struct naming {
    struct run_node *node;
    const struct setting *next; /* from here on */
    const char *pattern;        /* of the walk */
    struct file_walk *walk;     /* or NULL */
    bool any;                   /* the pattern has matched */
    bool is_fed;                /* the file that the block is for comes first */
};

static int open_naming(struct run_node *node, void **ret_state)
{
    static const char *const of_bytes[] = { "block", "direct" };
    struct naming *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    *self = (struct naming){ .node = node, .next = node->plan->settings };
    self->is_fed = wp_plan_setting(node->plan, "path") == NULL;
    for (size_t i = 0; i < sizeof of_bytes / sizeof of_bytes[0]; i++)
        if (wp_plan_setting(node->plan, of_bytes[i]) != NULL)
            return wp_run_fail(node, -EINVAL, "%s is for bytes, and this gives files", of_bytes[i]);
    return 0;
}

static int add(struct naming *self, struct batch *batch, const char *path)
{
    weir_file_meta meta;
    const int error = weir_file_meta_at(AT_FDCWD, path, 0, &meta);
    if (error < 0)
        return wp_run_fail(self->node, error, "%s: %s", path, wp_file_error(error));
    struct row *row = wp_batch_next(batch, path, strlen(path));
    if (row == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    row->flags = ROW_META | ROW_FOLLOW;
    row->meta = meta;
    batch->bytes += meta.size;
    batch->count++;
    return 0;
}

/* Files that are named, up to a pattern, whose walk begins. */
static int take_named(struct naming *self, struct batch *batch)
{
    int error = 0;
    while (error == 0 && self->next != NULL && self->walk == NULL && batch->count < BATCH_ROWS &&
           batch->bytes < BATCH_BYTES) {
        const struct setting *setting = self->next;
        self->next = setting->next;
        if (strcmp(setting->opt->name, "path") != 0)
            continue;
        if (!wp_is_glob(setting->text)) {
            error = add(self, batch, setting->text);
            continue;
        }
        self->pattern = setting->text;
        self->any = false;
        error = wp_file_walk_create_glob(self->node, setting->text, &self->walk);
    }
    return error;
}

/* The walk's next files; *ret_batch stays NULL at its end. */
static int take_found(struct naming *self, struct batch **ret_batch)
{
    const int error = wp_file_walk_next(self->walk, ret_batch);
    if (error < 0)
        return error;
    self->any |= *ret_batch != NULL;
    if (*ret_batch != NULL)
        return 0;
    wp_file_walk_destroy(self->walk);
    self->walk = NULL;
    return self->any ? 0 : wp_run_fail(self->node, -ENOENT, "%s: no file is called like this", self->pattern);
}

static int take_next(struct naming *self, struct batch **ret_batch)
{
    if (self->walk != NULL)
        return take_found(self, ret_batch);
    struct batch *batch = wp_batch_create();
    if (batch == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    int error = 0;
    if (self->is_fed)
        error = wp_batch_copy(batch, self->node->file) < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
    else
        error = take_named(self, batch);
    self->is_fed = false;
    if (error == 0 && batch->count > 0)
        *ret_batch = batch;
    else
        wp_batch_free(batch);
    return error;
}

static int name_files(void *state, struct batch **batch, const weir_job *job)
{
    struct naming *self = state;
    (void)job;
    int error = 0;
    while (error == 0 && *batch == NULL && (self->is_fed || self->walk != NULL || self->next != NULL))
        error = take_next(self, batch);
    return error;
}

static void close_naming(void *state)
{
    struct naming *self = state;
    wp_file_walk_destroy(self->walk);
    free(self);
}

static const struct rows_ops ops = {
    .open = open_naming, .batch = name_files, .close = close_naming, .offloads = true, .lane = WEIR_LANE_IO
};

int wp_read_as_files_spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}
