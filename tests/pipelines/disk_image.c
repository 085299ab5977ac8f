/* disk_image.c - a directory as a loss of power may leave it. */
#include "disk_log.h"

#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define SECTOR 512

const char *const disk_loss_names[DISK_LOSSES] = { "all", "nothing", "names", "bytes", "calls", "sectors" };

struct image {
    const struct disk_log *log;
    size_t calls;
    enum disk_loss loss;
    uint64_t seed;
};

/* Every second time. */
static bool chance(struct image *self)
{
    self->seed = self->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (self->seed >> 63) != 0;
}

/* How many calls were made when file `number` was synced last; `ret_dropped`: before those nothing came to the disk. */
static size_t find_synced(const struct image *self, unsigned number)
{
    for (size_t i = self->calls; i-- > 0;) {
        const struct disk_entry *entry = &self->log->entries[i];
        if (entry->call == DISK_SYNC && entry->file == number && !entry->failed)
            return i;
    }
    return 0;
}

/* A sync that failed has dropped what was written before it and behind the one before: is entry `at` among that? */
static bool was_dropped(const struct image *self, size_t at)
{
    const unsigned number = self->log->entries[at].file;
    for (size_t i = at + 1; i < self->calls; i++) {
        const struct disk_entry *entry = &self->log->entries[i];
        if (entry->call == DISK_SYNC && entry->file == number)
            return entry->failed;
    }
    return false;
}

/* --- bytes ---------------------------------------------------------------------------------------------------------
 */

struct bytes {
    char *data;
    size_t size;
};

static void set_size(struct bytes *bytes, size_t size)
{
    if (size > bytes->size) {
        bytes->data = realloc(bytes->data, size);
        CHECK(bytes->data != NULL);
        memset(bytes->data + bytes->size, 0, size - bytes->size);
    }
    bytes->size = size;
}

static void put(struct bytes *bytes, const struct disk_entry *write, size_t from, size_t to)
{
    if (write->offset + to > bytes->size)
        set_size(bytes, write->offset + to);
    memcpy(bytes->data + write->offset + from, write->data + from, to - from);
}

static void put_sectors(struct image *self, struct bytes *bytes, const struct disk_entry *write)
{
    for (size_t from = 0; from < write->size;) {
        const size_t left = SECTOR - (write->offset + from) % SECTOR;
        const size_t to = left < write->size - from ? from + left : write->size;
        if (chance(self))
            put(bytes, write, from, to);
        from = to;
    }
    const bool is_longer = write->offset + write->size > bytes->size;
    if (is_longer && chance(self))
        set_size(bytes, write->offset + write->size);
}

/* One that wasn't synced, or is under way. */
static void put_some(struct image *self, struct bytes *bytes, const struct disk_entry *entry, bool under_way)
{
    const bool is_there = self->loss == DISK_LOSES_CALLS || self->loss == DISK_LOSES_SECTORS
                              ? chance(self)
                              : !under_way && (self->loss == DISK_LOSES_NOTHING || self->loss == DISK_LOSES_NAMES);
    if (entry->call == DISK_WRITE && self->loss == DISK_LOSES_SECTORS)
        put_sectors(self, bytes, entry);
    else if (is_there && entry->call == DISK_WRITE)
        put(bytes, entry, 0, entry->size);
    else if (is_there)
        set_size(bytes, entry->offset);
}

static struct bytes content_of(struct image *self, unsigned number)
{
    const struct disk_file *file = &self->log->files[number];
    const size_t synced = find_synced(self, number);
    struct bytes bytes = { 0 };
    set_size(&bytes, file->base_size);
    if (file->base_size > 0)
        memcpy(bytes.data, file->base, file->base_size);
    for (size_t i = 0; i < self->log->count && i <= self->calls; i++) {
        const struct disk_entry *entry = &self->log->entries[i];
        if (entry->file != number || (entry->call != DISK_WRITE && entry->call != DISK_TRUNCATE))
            continue;
        if (entry->call == DISK_WRITE && was_dropped(self, i))
            continue;
        if (i >= synced)
            put_some(self, &bytes, entry, i == self->calls);
        else if (entry->call == DISK_WRITE)
            put(&bytes, entry, 0, entry->size);
        else
            set_size(&bytes, entry->offset);
    }
    return bytes;
}

/* --- names ---------------------------------------------------------------------------------------------------------
 */

struct names {
    const char **of_file; /* NULL: it has none */
};

static void take_name(struct names *names, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (names->of_file[i] != NULL && strcmp(names->of_file[i], name) == 0)
            names->of_file[i] = NULL;
}

static void change_name(struct image *self, struct names *names, const struct disk_entry *entry)
{
    if (entry->call == DISK_UNLINK) {
        if (names->of_file[entry->file] != NULL && strcmp(names->of_file[entry->file], entry->name) == 0)
            names->of_file[entry->file] = NULL;
        return;
    }
    const char *name = entry->call == DISK_RENAME ? entry->new_name : entry->name;
    take_name(names, self->log->file_count, name);
    names->of_file[entry->file] = name;
}

static bool has_name(struct image *self, size_t at, size_t synced)
{
    if (at < synced)
        return true;
    if (self->loss == DISK_LOSES_CALLS || self->loss == DISK_LOSES_SECTORS)
        return chance(self);
    return at < self->calls && (self->loss == DISK_LOSES_NOTHING || self->loss == DISK_LOSES_BYTES);
}

static struct names names_of(struct image *self)
{
    const struct disk_log *log = self->log;
    struct names names = { calloc(log->file_count + 1, sizeof *names.of_file) };
    CHECK(names.of_file != NULL);
    for (unsigned i = 0; i < log->file_count; i++)
        names.of_file[i] = log->files[i].base_name;
    for (size_t i = 0; i < log->count && i <= self->calls; i++) {
        const struct disk_entry *entry = &log->entries[i];
        if (entry->name != NULL && has_name(self, i, find_synced(self, entry->directory)))
            change_name(self, &names, entry);
    }
    return names;
}

/* --- the directory -------------------------------------------------------------------------------------------------
 */

static int remove_one(const char *name, const struct stat *meta, int type, struct FTW *at)
{
    (void)meta;
    (void)type;
    return at->level > 0 ? remove(name) : 0;
}

/* What lies in a directory that isn't there is gone with it. */
static void make_file(struct image *self, unsigned number, const char *name)
{
    struct bytes bytes = content_of(self, number);
    FILE *out = fopen(name, "wb");
    if (out != NULL) {
        CHECK(bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, out) == bytes.size);
        CHECK_EQ(fclose(out), 0);
    }
    free(bytes.data);
}

void disk_image_make(const struct disk_log *log, size_t calls, enum disk_loss loss, uint64_t seed)
{
    struct image self = { log, calls, loss, seed };
    struct names names = names_of(&self);
    CHECK_EQ(nftw(log->dir, remove_one, 16, FTW_PHYS | FTW_DEPTH), 0);
    for (unsigned i = 0; i < log->file_count; i++) /* each after the one it lies in */
        if (names.of_file[i] != NULL && log->files[i].is_directory && strcmp(names.of_file[i], log->dir) != 0)
            (void)mkdir(names.of_file[i], 0700);
    for (unsigned i = 0; i < log->file_count; i++)
        if (names.of_file[i] != NULL && !log->files[i].is_directory)
            make_file(&self, i, names.of_file[i]);
    free(names.of_file);
}
