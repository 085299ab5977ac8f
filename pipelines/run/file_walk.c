/* file_walk.c - the files of trees and lists, a batch at a time. */
#include "run/file_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/stop.h"

/* Directories deeper than this are opened again, from the root, when the walk comes back to them. */
#define OPEN_DEPTH 64

struct level {
    struct level *up;
    weir_dir *dir;
    uint32_t at; /* the next entry */
};

struct file_walk {
    struct run_node *node;
    weir_walk *walk;
    const struct setting *path; /* the next root, of the options */
    char *root;                 /* or of a pattern; NULL once it was taken */
    FILE *list;                 /* or of a list */
    char *line;
    size_t line_size;
    int line_end;
    struct level *level;
    unsigned depth;
    weir_text prefix; /* of the level's directory, its last '/' included */
    const weir_dir *prefix_of;
    struct batch *batch; /* under way */
    uint32_t root_flags;
};

const char *wp_file_error(int error)
{
    switch (error) {
    case -ESTALE:
        return "changed while it was read";
    case -ELOOP:
        return "is a symbolic link, or was replaced by one";
    default:
        return strerror(-error);
    }
}

/* --- what the walk tells ---------------------------------------------------------------------------- */

void wp_file_note(struct run_node *node, weir_note_kind kind, const char *path, int error)
{
    switch (kind) {
    case WEIR_NOTE_SPECIAL_SKIPPED: /* files are regular files, on this device where that was asked for */
    case WEIR_NOTE_OTHER_DEVICE:
        return;
    case WEIR_NOTE_LOOP:
        wp_run_trouble(node, "%s: is one of its own parents", path);
        return;
    case WEIR_NOTE_DANGLING:
        wp_run_trouble(node, "%s: a link to nothing", path);
        return;
    case WEIR_NOTE_VANISHED:
        wp_run_trouble(node, "%s: vanished", path);
        return;
    case WEIR_NOTE_SWAPPED:
        wp_run_trouble(node, "%s: was replaced meanwhile", path);
        return;
    default:
        wp_run_trouble(node, "%s: %s", path, wp_file_error(error));
        return;
    }
}

static void note(void *arg, weir_note_kind kind, const char *path, size_t size, int error)
{
    struct file_walk *self = arg;
    (void)size;
    wp_file_note(self->node, kind, path, error);
}

/* --- made of options ------------------------------------------------------------------------------------ */

static size_t collect(const struct plan_node *plan, const char *name, const char **ret_items)
{
    size_t count = 0;
    for (const struct setting *setting = plan->settings; setting != NULL; setting = setting->next)
        if (strcmp(setting->opt->name, name) == 0) {
            if (ret_items != NULL)
                ret_items[count] = setting->text;
            count++;
        }
    return count;
}

weir_walk_rules wp_file_rules(const struct plan_node *plan, const char **items)
{
    const size_t matches = collect(plan, "match", items);
    const size_t excludes = collect(plan, "exclude", items + matches);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const int64_t newer_ns = wp_plan_number(plan, "newer");
    return (weir_walk_rules){
        .match = matches > 0 ? items : NULL,
        .match_count = matches,
        .exclude = items + matches,
        .exclude_count = excludes,
        .size_min = (uint64_t)wp_plan_number(plan, "min"),
        .size_max = (uint64_t)wp_plan_number(plan, "max"),
        .has_size_max = wp_plan_setting(plan, "max") != NULL,
        .newer_ns = (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec - newer_ns,
        .has_newer = newer_ns != 0,
        .depth_max = (uint32_t)wp_plan_number(plan, "depth"),
        .skip_hidden = wp_plan_number(plan, "hidden") == 0,
        .same_device = wp_plan_number(plan, "xdev") != 0,
        .follow = wp_plan_number(plan, "follow") != 0,
        .gitignore = wp_plan_number(plan, "gitignore") != 0,
        .meta = true,
    };
}

static int create_walk(struct file_walk *self)
{
    const struct plan_node *plan = self->node->plan;
    const char **items = calloc(collect(plan, "match", NULL) + collect(plan, "exclude", NULL) + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    const weir_walk_rules rules = wp_file_rules(plan, items);
    const int error = weir_walk_create(&rules, note, self, &self->walk);
    free(items);
    return error;
}

static int open_list(struct file_walk *self, const char *from)
{
    self->line_end = wp_plan_number(self->node->plan, "null") != 0 ? '\0' : '\n';
    self->list = strcmp(from, "-") == 0 ? stdin : fopen(from, "re");
    return self->list != NULL ? 0 : wp_run_fail(self->node, -errno, "%s: %s", from, strerror(errno));
}

int wp_file_walk_create(struct run_node *node, struct file_walk **ret_walk)
{
    struct file_walk *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_walk = self;
    self->node = node;
    self->path = wp_plan_setting(node->plan, "path");
    const char *from = wp_plan_text(node->plan, "from");
    if ((self->path != NULL) == (from != NULL))
        return wp_run_fail(node, -EINVAL, "wants paths, or from=LIST, and not both");
    const int error = create_walk(self);
    if (error < 0)
        return wp_run_fail(node, error, "%s", error == -E2BIG ? "a pattern is too long" : strerror(-error));
    return from != NULL ? open_list(self, from) : 0;
}

/* --- made of a pattern ---------------------------------------------------------------------------------- */

bool wp_is_glob(const char *path)
{
    struct stat stat;
    return strpbrk(path, "*?[") != NULL && lstat(path, &stat) < 0;
}

/* How deep its files can lie; 0: at any depth. */
static uint32_t depth_of(const char *pattern)
{
    uint32_t depth = 1;
    if (strstr(pattern, "**") != NULL)
        return 0;
    for (; (pattern = strchr(pattern, '/')) != NULL; pattern++)
        depth++;
    return depth;
}

/* The pattern without its root, a '/' in front, and the root without the '/' at its end. */
static char *split_pattern(const char *pattern, char **ret_root)
{
    size_t size = strcspn(pattern, "*?[");
    while (size > 0 && pattern[size - 1] != '/')
        size--;
    char *rest = NULL;
    *ret_root = size == 0 ? strdup(".") : strndup(pattern, size > 1 ? size - 1 : 1);
    if (asprintf(&rest, "/%s", pattern + size) < 0)
        rest = NULL;
    return rest;
}

int wp_file_walk_create_glob(struct run_node *node, const char *pattern, struct file_walk **ret_walk)
{
    struct file_walk *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_walk = self;
    self->node = node;
    char *rest = split_pattern(pattern, &self->root);
    if (rest == NULL || self->root == NULL) {
        free(rest);
        return wp_run_fail(node, -ENOMEM, "no memory");
    }
    const char *const items[] = { rest };
    const weir_walk_rules rules = { .match = items,
                                    .match_count = 1,
                                    .depth_max = depth_of(rest + 1),
                                    .skip_hidden = strstr(rest, "/.") == NULL,
                                    .meta = true };
    const int error = weir_walk_create(&rules, note, self, &self->walk);
    free(rest);
    return error < 0 ? wp_run_fail(node, error, "%s: %s", pattern,
                                   error == -E2BIG ? "the pattern is too long" : strerror(-error))
                     : 0;
}

static void leave(struct file_walk *self)
{
    struct level *level = self->level;
    self->level = level->up;
    self->depth--;
    weir_dir_free(level->dir);
    free(level);
    self->prefix_of = NULL;
}

void wp_file_walk_destroy(void *arg)
{
    struct file_walk *self = arg;
    if (self == NULL)
        return;
    while (self->level != NULL)
        leave(self);
    weir_walk_destroy(self->walk);
    if (self->list != NULL && self->list != stdin)
        (void)fclose(self->list);
    free(self->line);
    free(self->root);
    weir_text_fini(&self->prefix);
    wp_batch_free(self->batch);
    free(self);
}

/* --- the walk ----------------------------------------------------------------------------------------------- */

/* Takes the caller's reference to the node. What can't be read has been noted. */
static int enter(struct file_walk *self, weir_walk_node *node, int parent_fd)
{
    struct level *level = calloc(1, sizeof *level);
    int error = level == NULL ? -ENOMEM : weir_dir_read(node, parent_fd, &level->dir);
    weir_walk_node_put(node);
    if (error < 0) {
        free(level);
        return error == -ENOMEM || error == -EMFILE || error == -ENFILE ? error : 0;
    }
    level->up = self->level;
    self->level = level;
    self->depth++;
    self->prefix_of = NULL;
    if (self->depth > OPEN_DEPTH)
        weir_dir_close_fd(level->dir);
    return 0;
}

/* What stands before a name in the level's directory. */
static int set_prefix(struct file_walk *self)
{
    const weir_walk_node *node = self->level->dir->node;
    const size_t size = weir_walk_path(node, "x", 1, NULL, 0);
    self->prefix.size = 0;
    if (weir_text_reserve(&self->prefix, size + 1) < 0)
        return -ENOMEM;
    (void)weir_walk_path(node, "x", 1, self->prefix.data, size + 1);
    self->prefix.size = size - 1;
    self->prefix_of = self->level->dir;
    return 0;
}

static int add_file(struct file_walk *self, const char *path, size_t size, const weir_file_meta *meta, uint32_t flags)
{
    struct row *row = wp_batch_next(self->batch, path, size);
    if (row == NULL)
        return -ENOMEM;
    row->flags = flags | ROW_META;
    row->meta = *meta;
    self->batch->bytes += meta->size;
    self->batch->count++;
    return 0;
}

static int add_entry(struct file_walk *self, const weir_dir *dir, const weir_entry *entry)
{
    if (self->prefix_of != dir && set_prefix(self) < 0)
        return -ENOMEM;
    const size_t prefix = self->prefix.size;
    if (weir_text_append(&self->prefix, weir_entry_name(dir, entry), entry->name_len) < 0)
        return -ENOMEM;
    const int error = add_file(self, self->prefix.data, self->prefix.size, &dir->meta[entry - dir->entries],
                               (entry->flags & WEIR_ENTRY_LINK) != 0 ? ROW_FOLLOW : 0);
    self->prefix.size = prefix;
    return error;
}

static int step_level(struct file_walk *self)
{
    struct level *level = self->level;
    const weir_dir *dir = level->dir;
    if (level->at == dir->count) {
        leave(self);
        return 0;
    }
    const weir_entry *entry = &dir->entries[level->at++];
    if (entry->kind == WEIR_ENTRY_FILE)
        return add_entry(self, dir, entry);
    weir_walk_node *child;
    const int error = weir_walk_child(dir, entry, &child);
    if (error < 0)
        return error == -ENOMEM ? error : 0;
    return enter(self, child, dir->fd);
}

static int add_root(struct file_walk *self, const char *path)
{
    weir_root root;
    const int error = weir_walk_root(self->walk, path, &root);
    if (error < 0)
        return error == -ENOMEM || error == -EMFILE || error == -ENFILE ? error : 0;
    switch (root.kind) {
    case WEIR_ROOT_DIR:
        return enter(self, root.node, -1);
    case WEIR_ROOT_FILE:
        return add_file(self, path, strlen(path), &root.meta, ROW_FOLLOW);
    case WEIR_ROOT_STREAM:
    case WEIR_ROOT_BLOCK:
        wp_run_trouble(self->node, "%s: is no regular file", path);
        break;
    case WEIR_ROOT_EXCLUDED:
        break;
    }
    return 0;
}

/* 1 and the next root, or 0: there is none. */
static int next_root(struct file_walk *self, const char **ret_path)
{
    while (self->list != NULL) {
        const ssize_t got = getdelim(&self->line, &self->line_size, self->line_end, self->list);
        if (got < 0)
            return ferror(self->list) ? -EIO : 0;
        if (self->line[got - 1] == self->line_end)
            self->line[got - 1] = '\0';
        *ret_path = self->line;
        if (self->line[0] != '\0')
            return 1;
    }
    if (self->root != NULL) {
        *ret_path = self->line = self->root; /* lives as long as the walk */
        self->root = NULL;
        return 1;
    }
    while (self->path != NULL && strcmp(self->path->opt->name, "path") != 0)
        self->path = self->path->next;
    if (self->path == NULL)
        return 0;
    *ret_path = self->path->text;
    self->path = self->path->next;
    return 1;
}

int wp_file_walk_next(struct file_walk *self, struct batch **ret_batch)
{
    int more = 1, error = 0;
    self->batch = wp_batch_create();
    if (self->batch == NULL)
        error = -ENOMEM;
    while (error == 0 && more > 0 && self->batch->count < BATCH_ROWS && self->batch->bytes < BATCH_BYTES &&
           !wp_stop_is_asked(self->node)) {
        const char *path = NULL;
        if (self->level != NULL)
            error = step_level(self);
        else if ((more = next_root(self, &path)) > 0)
            error = add_root(self, path);
    }
    if (error == 0 && more < 0)
        error = more;
    if (error < 0)
        return wp_run_fail(self->node, error, "%s", strerror(-error));
    /* Nothing means the end to who asked for more; after something they see the stop by themselves. */
    if (self->batch->count == 0 && more > 0)
        wp_stop_cut(self->node);
    *ret_batch = self->batch->count > 0 ? self->batch : NULL;
    if (*ret_batch != NULL)
        self->batch = NULL;
    wp_batch_free(self->batch);
    self->batch = NULL;
    return 0;
}
