/*
 * disk_log.h - what is written below one directory, call by call; and what a loss of power may leave of that.
 *
 *     WRAPS: open openat pwrite write fsync fdatasync ftruncate rename renameat unlink unlinkat mkdir mkdirat
 *     WITH: disk_log.c disk_image.c
 *
 * in a test's head sends these calls of ours here (not those of io_uring's kernel threads: run with epoll). Nothing is
 * synced for real: what would be on the disk is known from the log. The model of the disk is the least that POSIX
 * promises: what was written to a file is there once it was synced, the names in a directory once that was; of what was
 * not synced any part may be there, in any order, of a write any of its sectors of 512 bytes, of a truncation or a
 * rename all or nothing. A file may have its length before its bytes, which are zeros then.
 */
#ifndef DISK_LOG_H
#define DISK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_call { DISK_CREATE, DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_RENAME, DISK_UNLINK, DISK_MKDIR, DISK_CALLS };
extern const char *const disk_call_names[DISK_CALLS];

struct disk_entry {
    enum disk_call call;
    unsigned file;      /* which, by number; of a directory that is synced, too */
    unsigned directory; /* that has its name: what must be synced for the name to stay */
    uint64_t offset;    /* of a write; or the length that it was cut to */
    size_t size;
    char *data;     /* of a write */
    char *name;     /* absolute: of what changes a name, */
    char *new_name; /* and of a rename */
    bool failed;    /* a sync: what was written before and isn't on the disk never will be */
};

struct disk_file {
    bool is_directory;
    char *base; /* what it had at the beginning */
    size_t base_size;
    char *base_name; /* its name then; NULL: it came later */
};

struct disk_log {
    char *dir;
    struct disk_entry *entries;
    size_t count;
    struct disk_file *files;
    unsigned file_count;
};

/* From now on calls below this directory (absolute, without links) are logged. What is there is on the disk. */
void disk_log_begin(const char *dir);
/* No longer; the log is the caller's, until disk_log_free(). */
struct disk_log disk_log_end(void);
/* How many calls are logged by now. */
size_t disk_log_count(void);
void disk_log_free(struct disk_log *log);

/* From now on the nth such call below the directory that is logged, from 1, fails with this errno (once). 0: none. */
void disk_log_fail(enum disk_call call, unsigned nth, int error);
/* How many there were since. */
unsigned disk_log_seen(void);

enum disk_loss {
    DISK_LOSES_ALL,     /* what wasn't synced is gone */
    DISK_LOSES_NOTHING, /* all is there */
    DISK_LOSES_NAMES,   /* all the bytes are there, and no name that wasn't synced */
    DISK_LOSES_BYTES,   /* all names, and no bytes that weren't synced */
    DISK_LOSES_CALLS,   /* each call, by chance */
    DISK_LOSES_SECTORS, /* each sector, by chance */
    DISK_LOSSES
};
extern const char *const disk_loss_names[DISK_LOSSES];

/*
 * The directory becomes what a loss of power behind the first `calls` calls may leave of it; of the next one, which is
 * under way, some may be there, too. The same seed makes the same of it.
 */
void disk_image_make(const struct disk_log *log, size_t calls, enum disk_loss loss, uint64_t seed);

#endif
