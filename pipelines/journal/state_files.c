/* state_files.c - files beside the journal that checkpoints list. */
#include "journal/state_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "spill."

void wp_state_file_name(uint64_t number, char ret_name[STATE_FILE_NAME_BYTES])
{
    (void)snprintf(ret_name, STATE_FILE_NAME_BYTES, PREFIX "%" PRIu64, number);
}

uint64_t wp_state_file_number(struct item_name name)
{
    const size_t prefix = sizeof PREFIX - 1;
    uint64_t number = 0;
    if (name.size <= prefix || name.size > prefix + 19 || memcmp(name.data, PREFIX, prefix) != 0)
        return 0;
    for (size_t i = prefix; i < name.size; i++) {
        if (name.data[i] < '0' || name.data[i] > '9')
            return 0;
        number = 10 * number + (uint64_t)(name.data[i] - '0');
    }
    return number;
}

int wp_state_file_create(struct journal *journal, uint64_t *ret_number)
{
    char name[STATE_FILE_NAME_BYTES];
    (void)pthread_mutex_lock(&journal->lock);
    const uint64_t number = ++journal->files;
    journal->files_unsynced = true;
    (void)pthread_mutex_unlock(&journal->lock);
    wp_state_file_name(number, name);
    const int fd = openat(journal->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    *ret_number = number;
    return fd < 0 ? -errno : fd;
}

int wp_state_file_open(const struct journal *journal, uint64_t number)
{
    char name[STATE_FILE_NAME_BYTES];
    wp_state_file_name(number, name);
    const int fd = openat(journal->dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

bool wp_state_files_are_there(const struct journal *journal, const struct record *checkpoint)
{
    struct item_reader rest = checkpoint->rest;
    struct record_entry entry;
    struct item item;
    while (wp_record_entry(&rest, &entry) == 1)
        while (wp_item_next(&entry.items, &item) == 1) {
            char name[STATE_FILE_NAME_BYTES];
            struct stat meta;
            if (item.kind != ITEM_SPILLED)
                continue;
            wp_state_file_name(wp_state_file_number(item.path), name);
            if (fstatat(journal->dir_fd, name, &meta, AT_SYMLINK_NOFOLLOW) < 0 || (uint64_t)meta.st_size < item.number)
                return false;
        }
    return true;
}

int wp_state_files_sync(struct journal *journal)
{
    (void)pthread_mutex_lock(&journal->lock);
    const bool any = journal->files_unsynced;
    journal->files_unsynced = false;
    (void)pthread_mutex_unlock(&journal->lock);
    return any && fsync(journal->dir_fd) < 0 && errno != EINVAL ? -errno : 0;
}

uint64_t wp_state_files_next(struct journal *journal)
{
    (void)pthread_mutex_lock(&journal->lock);
    const uint64_t next = journal->files + 1;
    (void)pthread_mutex_unlock(&journal->lock);
    return next;
}

static bool is_listed(const struct record *last, const char *name)
{
    struct item_reader rest = last->rest;
    struct record_entry entry;
    struct item item;
    while (wp_record_entry(&rest, &entry) == 1)
        while (wp_item_next(&entry.items, &item) == 1)
            if (item.kind == ITEM_SPILLED && item.path.size == strlen(name) &&
                memcmp(item.path.data, name, item.path.size) == 0)
                return true;
    return false;
}

/* One of those that are swept, below `next`? */
static int sweep_one(struct journal *journal, const struct record *last, const char *name, uint64_t next)
{
    const uint64_t number = wp_state_file_number((struct item_name){ name, strlen(name) });
    if (number > journal->files)
        journal->files = number;
    if (number == 0 || number >= next || (last != NULL && is_listed(last, name)))
        return 0;
    return unlinkat(journal->dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int wp_state_files_sweep(struct journal *journal, uint64_t next)
{
    struct record last;
    (void)pthread_mutex_lock(&journal->lock);
    const bool has_last = wp_journal_last(journal, &last);
    const int fd = openat(journal->dir_fd, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int error = dir == NULL ? -errno : 0;
    for (const struct dirent *entry; error == 0 && (entry = readdir(dir)) != NULL;)
        error = sweep_one(journal, has_last ? &last : NULL, entry->d_name, next);
    if (dir != NULL)
        (void)closedir(dir);
    else if (fd >= 0)
        (void)close(fd);
    (void)pthread_mutex_unlock(&journal->lock);
    return error;
}
