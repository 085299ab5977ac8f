/* restore.c - outputs become what they were at the last checkpoint. */
#include "journal/restore.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/state_files.h"
#include "journal/sync_dir.h"

struct restoring {
    const struct journal *journal;
    weir_text *errors;
    weir_text *changes; /* or NULL */
    bool acts;
    int error; /* the first */
    weir_text path, name;
};

WEIR_PRINTF(2, 3) static int say(weir_text *to, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    if (to == NULL)
        return 0;
    va_start(args, format);
    const int size = vasprintf(&line, format, args);
    va_end(args);
    const int error = size < 0 ? -ENOMEM : weir_text_append(to, line, (size_t)size);
    free(size < 0 ? NULL : line);
    return error;
}

static void keep(struct restoring *self, int error)
{
    if (self->error == 0)
        self->error = error;
}

static void failed(struct restoring *self, const char *path, int error)
{
    keep(self, error);
    keep(self, say(self->errors, "%s: %s\n", path, strerror(-error)));
}

/* The text with a NUL, in `to`. NULL: no memory. */
static const char *text_of(struct restoring *self, weir_text *to, struct item_name name)
{
    to->size = 0;
    if (weir_text_append(to, name.data, name.size) == 0 && weir_text_append(to, "", 1) == 0)
        return to->data;
    keep(self, -ENOMEM);
    return NULL;
}

/* 0, with its size; -ENOENT; or another negative errno. */
static int look_at(const char *path, uint64_t *ret_size)
{
    struct stat meta;
    if (lstat(path, &meta) < 0)
        return -errno;
    *ret_size = (uint64_t)meta.st_size;
    return S_ISREG(meta.st_mode) ? 0 : -ESTALE;
}

static void cut(struct restoring *self, const char *path, uint64_t has, uint64_t size)
{
    if (has == size)
        return;
    keep(self, say(self->changes, "%s: cut from %lu bytes to %lu\n", path, (unsigned long)has, (unsigned long)size));
    if (!self->acts)
        return;
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
    if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fsync(fd) < 0)
        failed(self, path, -errno);
    if (fd >= 0)
        (void)close(fd);
}

static const char way_out[] = "weir state rewind takes up an older checkpoint, another --state begins anew";

/* It has at least this many bytes, and is to have no more. */
static void restore_length(struct restoring *self, const char *path, uint64_t size)
{
    uint64_t has = 0;
    const int error = look_at(path, &has);
    if (error == -ENOENT && size == 0)
        return;
    if (error == -ENOENT || (error == 0 && has < size)) {
        keep(self, error == 0 ? -ESTALE : error);
        if (error == 0)
            keep(self, say(self->errors, "%s: has %lu bytes, but %lu were written to it: %s\n", path,
                           (unsigned long)has, (unsigned long)size, way_out));
        else
            keep(self, say(self->errors, "%s: isn't there, but %lu bytes were written to it: %s\n", path,
                           (unsigned long)size, way_out));
    } else if (error < 0) {
        failed(self, path, error);
    } else {
        cut(self, path, has, size);
    }
}

static void restore_name(struct restoring *self, const char *path, const char *name, uint64_t size)
{
    uint64_t has = 0, named = 0;
    const int error = look_at(path, &has);
    const bool is_named = look_at(name, &named) != -ENOENT;
    if (error == -ENOENT && is_named)
        return; /* it has its name */
    if (error == 0 && is_named) {
        keep(self, -EEXIST);
        keep(self,
             say(self->errors, "%s: is there, and isn't %s, which is to be called so: move it away\n", name, path));
        return;
    }
    restore_length(self, path, size);
    if (error < 0 || has < size)
        return;
    keep(self, say(self->changes, "%s: becomes %s\n", path, name));
    if (!self->acts)
        return;
    const int renamed = rename(path, name) < 0 ? -errno : wp_sync_dir_of(name);
    if (renamed < 0)
        failed(self, name, renamed);
}

static void restore_file(struct restoring *self, const struct item *file)
{
    const char *path = text_of(self, &self->path, file->path);
    const char *name = file->more.data != NULL ? text_of(self, &self->name, file->more) : NULL;
    if (path == NULL || (file->more.data != NULL && name == NULL))
        return;
    if (!file->complete)
        restore_length(self, path, file->number);
    else if (name != NULL)
        restore_name(self, path, name, file->number);
}

/* A file of the state: what the checkpoint says it has nobody has changed since. */
static void restore_spilled(struct restoring *self, const struct item *file)
{
    char name[STATE_FILE_NAME_BYTES];
    const uint64_t number = wp_state_file_number(file->path);
    wp_state_file_name(number, name); /* of 0, which none has: it isn't there */
    self->path.size = 0;
    if (say(&self->path, "%s/%s%c", self->journal->dir, name, '\0') < 0)
        keep(self, -ENOMEM);
    else
        restore_length(self, self->path.data, file->number);
}

static void restore_opening(struct restoring *self, const struct record *opening)
{
    const char *path = text_of(self, &self->path, opening->path);
    uint64_t has;
    if (path == NULL)
        return;
    if (!opening->is_new) {
        restore_length(self, path, opening->size);
        return;
    }
    if (look_at(path, &has) == -ENOENT)
        return;
    keep(self, say(self->changes, "%s: removed\n", path));
    if (!self->acts)
        return;
    const int error = unlink(path) < 0 && errno != ENOENT ? -errno : wp_sync_dir_of(path);
    if (error < 0)
        failed(self, path, error);
}

static void restore_checkpoint(struct restoring *self, const struct record *last)
{
    struct item_reader rest = last->rest;
    struct record_entry entry;
    struct item item;
    while (wp_record_entry(&rest, &entry) == 1)
        while (wp_item_next(&entry.items, &item) == 1) {
            if (item.kind == ITEM_FILE && entry.keeps == RECORD_OUTPUT)
                restore_file(self, &item);
            else if (item.kind == ITEM_SPILLED)
                restore_spilled(self, &item);
        }
}

static int restore(const struct journal *journal, weir_text *errors, weir_text *changes, bool acts)
{
    struct restoring self = { .journal = journal, .errors = errors, .changes = changes, .acts = acts };
    const struct item_name opened = { journal->opened.data, journal->opened.size };
    struct record record;
    uint64_t at = 0;
    if (wp_journal_last(journal, &record))
        restore_checkpoint(&self, &record);
    while (wp_record_read(&opened, at, &record, &at) == 1)
        restore_opening(&self, &record);
    weir_text_fini(&self.path);
    weir_text_fini(&self.name);
    return self.error;
}

int wp_restore_names(const weir_text *text)
{
    const struct item_name bytes = { text->data, text->size };
    weir_text errors = { 0 };
    struct restoring self = { .errors = &errors, .acts = true };
    struct record record;
    struct record_entry entry;
    struct item item;
    uint64_t behind;
    if (wp_record_read(&bytes, 0, &record, &behind) == 1)
        while (wp_record_entry(&record.rest, &entry) == 1)
            while (entry.keeps == RECORD_OUTPUT && wp_item_next(&entry.items, &item) == 1)
                if (item.kind == ITEM_FILE && item.complete && item.more.data != NULL)
                    restore_file(&self, &item);
    weir_text_fini(&self.path);
    weir_text_fini(&self.name);
    weir_text_fini(&errors);
    return self.error;
}

int wp_restore_look(const struct journal *journal, weir_text *errors, weir_text *changes)
{
    return restore(journal, errors, changes, false);
}

int wp_restore(struct journal *journal, weir_text *errors)
{
    int error = restore(journal, errors, NULL, false);
    if (error == 0)
        error = restore(journal, errors, NULL, true);
    const int swept = error == 0 ? wp_state_files_sweep(journal, UINT64_MAX) : 0;
    if (swept < 0 && say(errors, "%s: a file of the state: %s\n", journal->dir, strerror(-swept)) < 0)
        return -ENOMEM;
    return error < 0 ? error : swept;
}
