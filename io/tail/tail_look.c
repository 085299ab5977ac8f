/* tail_look.c - names that may have changed: which file is it now? */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/time.h>

#include "tail/rotated_name.h"
#include "tail/tail_inside.h"

char *wi_tail_join(const char *dir, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name) < 0 ? NULL : path;
}

void wi_tail_note(const struct weir_tail *tail, const char *path, const char *what)
{
    if (tail->options.note != NULL)
        tail->options.note(tail->options.arg, path, what);
}

void wi_tail_unsure(struct weir_tail *tail, const char *path, int error)
{
    if (error == 0 || error == -ENOENT || error == -ENOTDIR || error == -EACCES || error == -ELOOP)
        return;
    if (!tail->unsure_noted)
        wi_tail_note(tail, path, strerror(-error));
    tail->unsure = tail->unsure_noted = true;
}

struct weir_tail_file *wi_tail_find(const struct weir_tail *tail, const struct file_identity *identity)
{
    for (struct tail_link *link = wi_tail_table_first(&tail->files_by_identity, wi_file_identity_hash(identity));
         link != NULL; link = wi_tail_table_next(link)) {
        struct weir_tail_file *file = weir_container_of(link, struct weir_tail_file, by_identity);
        if (wi_file_is_same(&file->identity, identity))
            return file;
    }
    return NULL;
}

/* --- one name ------------------------------------------------------------------------------------------------ */

struct found {
    struct tail_dir *dir; /* where the file itself is */
    char *target;         /* that a link leads to, or NULL */
    const char *name;
    struct file_identity identity;
    struct statx meta;
};

/* The name was another file's: that has lost it. */
static void take_name(struct weir_tail *tail, const struct found *found)
{
    const uint64_t hash = wi_tail_name_hash(found->dir, found->name);
    struct tail_link *next;
    for (struct tail_link *link = wi_tail_table_first(&tail->files_by_name, hash); link != NULL; link = next) {
        struct weir_tail_file *file = weir_container_of(link, struct weir_tail_file, by_name);
        next = wi_tail_table_next(link);
        if (file->dir == found->dir && strcmp(file->name, found->name) == 0 &&
            !wi_file_is_same(&file->identity, &found->identity))
            wi_tail_file_unname(file);
    }
}

static int known_file(struct weir_tail_file *file, const struct found *found)
{
    const bool grew = found->meta.stx_size != file->size;
    file->look = file->tail->look;
    if (wi_tail_file_place(file, found->dir, found->name) < 0)
        return -ENOMEM;
    if (grew || file->blocked)
        wi_tail_file_wake(file);
    return 0;
}

/* A file that nobody knew, under a name that matches, or (with `position`) one that an earlier run knew. */
static struct weir_tail_file *make_file(struct weir_tail *tail, struct tail_stream *stream, const struct found *found,
                                        const struct tail_position *position)
{
    struct weir_tail_file *file = wi_tail_file_create(tail, stream, &found->identity);
    if (file == NULL)
        return NULL;
    if (wi_tail_file_place(file, found->dir, found->name) < 0) {
        wi_tail_file_free(file);
        return NULL;
    }
    file->look = tail->look;
    file->mtime_ns = wi_statx_ns(&found->meta.stx_mtime);
    file->size = found->meta.stx_size;
    if (position != NULL)
        wi_tail_file_set(file, position);
    return file;
}

/* The file that has the stream's name now. What had it before is read to its end first. */
static int new_file(struct weir_tail *tail, struct tail_stream *stream, const struct found *found,
                    const struct tail_position *position)
{
    struct weir_tail_file *file = make_file(tail, stream, found, position);
    if (file == NULL || wi_tail_stream_at(stream, found->dir, found->name) < 0)
        return -ENOMEM;
    if (position == NULL && tail->options.from_end && !tail->first_look_done && !stream->known) {
        file->offset = found->meta.stx_size;
        file->trimmed = file->offset > 0;
    }
    if (stream->newest == NULL && !stream->known)
        stream->mtime_ns = file->mtime_ns + 1; /* what is older, or as old, nobody asked for */
    if (stream->newest != NULL) {
        stream->newest->caught_up = false;
        wi_tail_file_wake(stream->newest);
    }
    stream->newest = file;
    if (stream->restoring)
        wi_tail_search_later(stream, tail);
    wi_tail_file_wake(file);
    return 0;
}

/* A file of that stream under another name: it was rotated since. */
static int old_file(struct weir_tail *tail, struct tail_stream *stream, const struct found *found,
                    const struct tail_position *position)
{
    struct weir_tail_file *file = make_file(tail, stream, found, position);
    if (file == NULL)
        return -ENOMEM;
    if (stream->dir == NULL && wi_tail_stream_at(stream, found->dir, strrchr(stream->path, '/') + 1) < 0)
        return -ENOMEM;
    wi_tail_file_wake(file);
    return 0;
}

static int restored_file(struct weir_tail *tail, const char *path, const struct found *found,
                         const struct tail_position *position)
{
    const bool as_before = wi_tail_matches(tail, position->path);
    if (!as_before && !wi_tail_matches(tail, path))
        return 0; /* nobody asks for it any more */
    struct tail_stream *stream = wi_tail_stream(tail, as_before ? position->path : path);
    if (stream == NULL)
        return -ENOMEM;
    return strcmp(stream->path, path) == 0 ? new_file(tail, stream, found, position)
                                           : old_file(tail, stream, found, position);
}

static int regular_file(struct weir_tail *tail, const char *path, const struct found *found)
{
    take_name(tail, found);
    struct weir_tail_file *file = wi_tail_find(tail, &found->identity);
    if (file != NULL)
        return known_file(file, found);
    struct tail_position *position = wi_tail_take_loaded(tail, &found->identity, path);
    if (position != NULL) {
        const int error = restored_file(tail, path, found, position);
        wi_tail_position_free(position);
        return error;
    }
    if (wi_is_packed_name(found->name))
        return 0; /* no text, but perhaps the rest of one: a search finds it */
    struct tail_stream *base = wi_tail_stream_of_rotated(tail, found->dir, found->name);
    if (base != NULL && (tail->first_look_done || base->known)) {
        wi_tail_search_later(base, tail); /* it may be a copy */
        return 0;
    }
    if (!wi_tail_matches(tail, path))
        return 0;
    struct tail_stream *stream = wi_tail_stream(tail, path);
    return stream != NULL ? new_file(tail, stream, found, NULL) : -ENOMEM;
}

/* What the link leads to, and who is told when it leads elsewhere. */
static int follow_link(struct weir_tail *tail, const char *path, struct tail_dir *dir, const char *name,
                       struct found *found)
{
    const int error = wi_tail_links(tail, path, NULL, dir, name, &found->target);
    if (error < 0 || found->target == NULL)
        return error;
    char *slash = strrchr(found->target, '/');
    *slash = '\0';
    found->dir = wi_tail_dir(tail, slash == found->target ? "/" : found->target);
    found->name = slash + 1;
    return found->dir != NULL ? 0 : -ENOMEM;
}

static int look_at(struct weir_tail *tail, struct tail_dir *dir, const char *name)
{
    struct found found = { .dir = dir, .name = name };
    char *path = wi_tail_join(dir->path, name);
    if (path == NULL)
        return -ENOMEM;
    int error = wi_file_identify(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &found.identity, &found.meta);
    bool there = error == 0;
    wi_tail_unsure(tail, path, error);
    const bool is_link = there && S_ISLNK(found.meta.stx_mode);
    error = 0;
    if (is_link && (wi_tail_matches(tail, path) || dir->listed)) {
        error = wi_file_identify(AT_FDCWD, path, 0, &found.identity, &found.meta);
        there = error == 0;
        wi_tail_unsure(tail, path, error);
        error = 0;
        if (wi_tail_matches(tail, path))
            error = follow_link(tail, path, dir, name, &found);
        there = there && (found.target != NULL || S_ISDIR(found.meta.stx_mode));
    }
    if (error == 0 && there && S_ISDIR(found.meta.stx_mode))
        error = wi_tail_descend(tail, path);
    else if (error == 0 && there && S_ISREG(found.meta.stx_mode))
        error = regular_file(tail, path, &found);
    else if (error == 0 && there && !S_ISLNK(found.meta.stx_mode) && wi_tail_matches(tail, path))
        wi_tail_note(tail, path, "is no regular file: it is not followed");
    free(found.target);
    free(path);
    return error;
}

/* --- directories --------------------------------------------------------------------------------------------- */

/* Those of which nobody has seen anything in this look have lost their name, if it was one of this directory. */
static void unname_unseen(struct weir_tail *tail, const struct tail_dir *dir)
{
    for (struct weir_tail_file *file = tail->files, *next; file != NULL; file = next) {
        next = file->next;
        if (file->dir == dir && file->look != tail->look)
            wi_tail_file_unname(file);
    }
}

/* In a directory in which only some names are of interest: these. */
static int look_at_some(struct weir_tail *tail, struct tail_dir *dir)
{
    int error = 0;
    for (const struct tail_alias *alias = tail->aliases; alias != NULL; alias = alias->next)
        if (alias->dir == dir)
            wi_tail_alias_event(tail, dir, alias->name);
    for (const struct tail_root *root = tail->roots; error == 0 && root != NULL; root = root->next)
        if (!root->is_glob && strcmp(root->base, dir->path) == 0)
            error = look_at(tail, dir, strrchr(root->pattern, '/') + 1);
    for (struct weir_tail_file *file = tail->files, *next; error == 0 && file != NULL; file = next) {
        next = file->next;
        char *name = file->dir == dir ? strdup(file->name) : NULL;
        if (name != NULL)
            error = look_at(tail, dir, name);
        free(name);
    }
    return error;
}

static int look_at_all(struct weir_tail *tail, struct tail_dir *dir)
{
    DIR *stream = opendir(dir->path);
    int error = 0;
    if (stream == NULL) {
        wi_tail_unsure(tail, dir->path, -errno);
        return 0;
    }
    const struct dirent *entry;
    while (error == 0 && (errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = look_at(tail, dir, entry->d_name);
    if (error == 0)
        wi_tail_unsure(tail, dir->path, -errno);
    (void)closedir(stream);
    return error;
}

/* A name that is gone: whose it was has none, unless it was seen under another one. */
static void unname_lost(struct weir_tail *tail, struct tail_dir *dir, const char *name)
{
    const uint64_t hash = wi_tail_name_hash(dir, name);
    struct tail_link *next;
    for (struct tail_link *link = wi_tail_table_first(&tail->files_by_name, hash); link != NULL; link = next) {
        struct weir_tail_file *file = weir_container_of(link, struct weir_tail_file, by_name);
        next = wi_tail_table_next(link);
        if (file->dir == dir && strcmp(file->name, name) == 0 && file->look != tail->look)
            wi_tail_file_unname(file);
    }
}

static int look_at_dir(struct weir_tail *tail, struct tail_dir *dir)
{
    char **names = dir->names;
    const size_t count = dir->name_count;
    const bool whole = dir->whole;
    int error = 0;
    const bool was_unsure = tail->unsure;
    tail->unsure = false;
    dir->names = NULL; /* what is found may change others */
    dir->name_count = dir->name_room = 0;
    dir->whole = false;
    if (whole)
        error = dir->listed ? look_at_all(tail, dir) : look_at_some(tail, dir);
    for (size_t i = 0; error == 0 && i < count; i++)
        error = look_at(tail, dir, names[i]);
    if (error == 0 && whole && !tail->unsure)
        unname_unseen(tail, dir);
    for (size_t i = 0; i < count; i++) {
        if (error == 0 && !tail->unsure)
            unname_lost(tail, dir, names[i]);
        free(names[i]);
    }
    free(names);
    tail->unsure |= was_unsure;
    return error;
}

static int look_at_roots(struct weir_tail *tail)
{
    int error = 0;
    tail->roots_changed = false;
    for (struct tail_root *root = tail->roots; error == 0 && root != NULL; root = root->next)
        if (root->look)
            error = wi_tail_root_look(tail, root);
    return error;
}

bool weir_tail_wants_look(const weir_tail *tail)
{
    return tail->roots_changed || tail->changed != NULL || tail->searching != NULL || tail->dead_count > 0 ||
           (tail->closed_queue.first != NULL && wi_tail_can_open(tail));
}

/* All that was there at first is known: what was written down of others is of no file with a name that matches. */
static int end_first_look(struct weir_tail *tail)
{
    int error = 0;
    tail->first_look_done = true;
    for (const struct tail_position *position = tail->loaded; error == 0 && position != NULL;
         position = position->next) {
        char *parent = strndup(position->path, (size_t)(strrchr(position->path, '/') - position->path));
        struct tail_stream *stream =
            wi_tail_matches(tail, position->path) ? wi_tail_stream(tail, position->path) : NULL;
        struct tail_dir *dir = stream != NULL && stream->dir == NULL && parent != NULL && access(parent, X_OK) == 0
                                   ? wi_tail_dir(tail, parent[0] != '\0' ? parent : "/")
                                   : NULL;
        if (dir != NULL)
            error = wi_tail_stream_at(stream, dir, strrchr(position->path, '/') + 1);
        if (stream != NULL)
            wi_tail_search_later(stream, tail);
        free(parent);
    }
    return error;
}

/* Those that are to be searched again are so after the next look at names. */
static int search(struct weir_tail *tail)
{
    struct tail_stream *stream = tail->searching;
    int error = 0;
    tail->searching = NULL;
    for (struct tail_stream *next; stream != NULL; stream = next) {
        next = stream->next_searching;
        stream->searches = false;
        error = error == 0 ? wi_tail_search(tail, stream) : error;
    }
    return error;
}

int weir_tail_look(weir_tail *tail)
{
    int error = 0;
    if (tail->polled_ns == 0)
        tail->polled_ns = weir_now_ns();
    tail->look++;
    wi_tail_file_reap(tail);
    if (tail->roots_changed)
        error = look_at_roots(tail);
    while (error == 0 && tail->changed != NULL) {
        struct tail_dir *dir = tail->changed;
        tail->changed = dir->next_changed;
        dir->changed = false;
        error = look_at_dir(tail, dir);
    }
    if (error == 0 && !tail->first_look_done && !tail->unsure) /* else what it couldn't see may be what is known */
        error = end_first_look(tail);
    error = error == 0 ? search(tail) : error;
    return error == 0 ? wi_tail_open_queued(tail) : error;
}
