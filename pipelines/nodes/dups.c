/* dups.c - stage "dups": groups of the same content, told or made one file. */
#include <stdlib.h>
#include <string.h>

#include "make_room.h"
#include "nodes/node.h"
#include "run/file_walk.h"
#include "run/rows.h"
#include "run/same_file.h"
#include "run/say.h"

enum keep { KEEP_OLDEST, KEEP_NEWEST, KEEP_FIRST };
static const char *const keeps[] = { "oldest", "newest", "first", NULL };
enum action { ACTION_REPORT, ACTION_HARDLINK, ACTION_REFLINK, ACTION_DELETE };
static const char *const actions[] = { "report", "hardlink", "reflink", "delete", NULL };

static const weir_opt dups_opts[] = {
    { "keep", "which file of a group stays as it is", WEIR_OPT_CHOICE, 0, .def = KEEP_OLDEST, .choices = keeps },
    { "action", "what becomes of the others, once their bytes have been compared", WEIR_OPT_CHOICE, 0,
      .def = ACTION_REPORT, .choices = actions },
    { "yes", "do it: all but report want this", WEIR_OPT_BOOL, 0, .def = 0 },
    { 0 },
};

struct dups {
    struct run_node *node;
    enum keep keep;
    enum action action;
    uint64_t group;
    struct arena arena; /* of the group's paths */
    struct seen_file *files;
    size_t count, room;
    weir_text text;
};

static int open_dups(struct run_node *node, void **ret_state)
{
    struct dups *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    self->keep = (enum keep)wp_plan_number(node->plan, "keep");
    self->action = (enum action)wp_plan_number(node->plan, "action");
    if (self->action != ACTION_REPORT && wp_plan_number(node->plan, "yes") == 0)
        return wp_run_fail(node, -EINVAL, "action=%s changes files: say yes to it (dups action=%s yes)",
                           actions[self->action], actions[self->action]);
    return 0;
}

/* --- a group ------------------------------------------------------------------------------------------- */

/* Names of one file are no duplicates: nothing would be won. */
static bool is_known(const struct dups *self, const struct row *row)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->files[i].meta.dev == row->meta.dev && self->files[i].meta.ino == row->meta.ino)
            return true;
    return false;
}

static int add(struct dups *self, const struct row *row)
{
    if (is_known(self, row))
        return 0;
    if (WP_MAKE_ROOM(self->files, self->count, self->room, 16) < 0)
        return -ENOMEM;
    const char *path = wp_arena_copy(&self->arena, row->path, row->path_size);
    if (path == NULL)
        return -ENOMEM;
    self->files[self->count++] = (struct seen_file){ path, row->meta };
    return 0;
}

/* The one that stays goes to the front. */
static void choose(struct dups *self)
{
    size_t best = 0;
    for (size_t i = 1; i < self->count && self->keep != KEEP_FIRST; i++) {
        const int64_t time = self->files[i].meta.mtime_ns, other = self->files[best].meta.mtime_ns;
        if (self->keep == KEEP_OLDEST ? time < other : time > other)
            best = i;
    }
    const struct seen_file kept = self->files[best];
    memmove(&self->files[1], &self->files[0], best * sizeof kept);
    self->files[0] = kept;
}

static int report(struct dups *self)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < self->count; i++) {
        const size_t from = self->text.size;
        error = weir_text_append(&self->text, self->files[i].path, strlen(self->files[i].path));
        if (error == 0 && wp_say_to_terminal())
            wp_say_tame(self->text.data + from, self->text.size - from);
        if (error == 0)
            error = weir_text_append(&self->text, "\n", 1);
    }
    return error == 0 ? weir_text_append(&self->text, "\n", 1) : error;
}

static void make_one(struct dups *self, const struct seen_file *other)
{
    const struct seen_file *kept = &self->files[0];
    int error = wp_same_content(kept, other);
    if (error == 0 && self->action == ACTION_HARDLINK)
        error = wp_same_hardlink(kept, other);
    else if (error == 0 && self->action == ACTION_REFLINK)
        error = wp_same_reflink(kept, other);
    else if (error == 0)
        error = wp_same_delete(other);
    if (error == -EILSEQ)
        wp_run_trouble(self->node, "%s: is not the same as %s", other->path, kept->path);
    else if (error < 0)
        wp_run_trouble(self->node, "%s: %s", other->path, wp_file_error(error));
}

static int end_group(struct dups *self)
{
    int error = 0;
    if (self->count > 1) {
        choose(self);
        if (self->action == ACTION_REPORT)
            error = report(self);
        for (size_t i = 1; self->action != ACTION_REPORT && i < self->count; i++)
            make_one(self, &self->files[i]);
    }
    self->count = 0;
    wp_arena_fini(&self->arena);
    return error;
}

static int take(struct dups *self, const struct row *row)
{
    if (row->group == 0)
        return wp_run_fail(self->node, -EINVAL, "takes groups: put 'group .size,.f > 1' before it");
    int error = row->group != self->group ? end_group(self) : 0;
    self->group = row->group;
    if (error == 0)
        error = add(self, row);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

static int dups(void *state, struct batch **batch, const weir_job *job)
{
    struct dups *self = state;
    int error = 0;
    (void)job;
    for (uint32_t i = 0; error == 0 && *batch != NULL && i < (*batch)->count; i++)
        error = take(self, &(*batch)->rows[i]);
    if (error == 0 && *batch == NULL && end_group(self) < 0)
        error = wp_run_fail(self->node, -ENOMEM, "no memory");
    return error == 0 ? wp_say(self->node, &self->text) : error;
}

static void close_dups(void *state)
{
    struct dups *self = state;
    wp_arena_fini(&self->arena);
    weir_text_fini(&self->text);
    free(self->files);
    free(self);
}

static const struct rows_ops ops = {
    .open = open_dups, .batch = dups, .close = close_dups, .drains = true, .offloads = true, .lane = WEIR_LANE_IO
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_dups = {
    .stage = { .name = "dups",
               .summary = "groups of files with the same content: told, linked, shared or deleted",
               .in = WEIR_FILES,
               .out = WEIR_FILES,
               .sink = true,
               .opts = dups_opts },
    .runs = "works on each group on a thread of the io lane",
    .spawn = spawn,
    .touches = TOUCHES_LINKS,
    .times = NODE_FED_BY(WEIR_FILES),
};
