/* journal.c - a state directory: opened, appended to, and written anew. */
#include "journal/journal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal/sync_dir.h"
#include "journal/words.h"

#define NAME "journal"
#define NEW_NAME "journal.new"
#define DAMAGED_NAME "journal.damaged"
#define LOCK_TRIES 100 /* 10 ms each */

WEIR_PRINTF(3, 4) static int fault(weir_text *errors, int error, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    const size_t shown = (size_t)size < sizeof line - 1 ? (size_t)size : sizeof line - 2;
    line[shown] = '\n';
    return weir_text_append(errors, line, shown + 1) < 0 ? -ENOMEM : error;
}

/* --- looking ---------------------------------------------------------------------------------------------------- */

int wp_journal_slurp(int fd, weir_text *ret_text)
{
    struct stat meta;
    if (fstat(fd, &meta) < 0)
        return -errno;
    if (weir_text_reserve(ret_text, (size_t)meta.st_size + 1) < 0)
        return -ENOMEM;
    for (;;) {
        if (weir_text_reserve(ret_text, 65536) < 0)
            return -ENOMEM;
        const ssize_t got =
            pread(fd, ret_text->data + ret_text->size, ret_text->capacity - ret_text->size, (off_t)ret_text->size);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            return 0;
        ret_text->size += got > 0 ? (size_t)got : 0;
    }
}

/* The next whole record behind `offset` that isn't older than `number`: 1 with where it is. */
static bool resync(const struct item_name *text, uint64_t offset, uint64_t number, uint64_t *ret_offset)
{
    struct record record;
    uint64_t behind;
    for (uint64_t at = offset + 1; at + RECORD_HEAD_BYTES <= text->size; at++)
        if (wp_record_read(text, at, &record, &behind) == 1 && record.number >= number) {
            *ret_offset = at;
            return true;
        }
    return false;
}

void wp_journal_scan(const struct item_name *text, bool past_damage,
                     void (*see)(void *arg, const struct record *record), void *arg, struct journal_scan *ret_scan)
{
    struct journal_scan scan = { 0 };
    struct record record = { 0 };
    const size_t head = text->size < JOURNAL_HEAD_BYTES ? text->size : JOURNAL_HEAD_BYTES;
    scan.no_journal = text->size > 0 && memcmp(text->data, JOURNAL_MAGIC, head) != 0;
    uint64_t at = JOURNAL_HEAD_BYTES, number = 0;
    if (!scan.no_journal && text->size >= JOURNAL_HEAD_BYTES) {
        scan.whole = JOURNAL_HEAD_BYTES;
        for (;;) {
            uint64_t behind = at;
            int got = wp_record_read(text, at, &record, &behind);
            if (got == 1 && number > 0 && record.number != number && !scan.damaged)
                got = -EBADMSG; /* one is missing, or an old one lies here */
            if (got == 0 || (got < 0 && !resync(text, at, number, &behind)))
                break;
            if (got < 0) {
                scan.resumed = scan.damaged ? scan.resumed : behind;
                scan.damaged = true;
                if (!past_damage)
                    break;
                at = behind;
                number = 0;
                continue;
            }
            if (see != NULL)
                see(arg, &record);
            scan.records++;
            scan.checkpoints += record.kind == RECORD_CHECKPOINT;
            number = record.number + 1;
            at = behind;
            if (!scan.damaged)
                scan.whole = at;
        }
    }
    *ret_scan = scan;
}

/* --- what a restart needs ------------------------------------------------------------------------------------------
 */

/* Without the openings that come before checkpoint `number`. */
static void forget_openings(struct journal *journal, uint64_t number)
{
    weir_text *opened = &journal->opened;
    const struct item_name text = { opened->data, opened->size };
    struct record record;
    size_t kept = 0;
    uint64_t at = 0, behind;
    while (wp_record_read(&text, at, &record, &behind) == 1) {
        if (record.checkpoint >= number) {
            memmove(opened->data + kept, opened->data + at, behind - at);
            kept += behind - at;
        }
        at = behind;
    }
    opened->size = kept;
}

static int remember(struct journal *journal, const struct record *record, const char *data, size_t size)
{
    journal->number = record->number + 1;
    if (record->kind == RECORD_OPENING)
        return weir_text_append(&journal->opened, data, size);
    journal->last.size = 0;
    journal->checkpoint = record->checkpoint;
    forget_openings(journal, record->checkpoint);
    return weir_text_append(&journal->last, data, size);
}

struct remembering {
    struct journal *journal;
    const struct item_name *text;
    int error;
};

static void see(void *arg, const struct record *record)
{
    struct remembering *self = arg;
    if (self->error == 0)
        self->error =
            remember(self->journal, record, self->text->data + record->offset, RECORD_HEAD_BYTES + record->body.size);
}

bool wp_journal_last(const struct journal *journal, struct record *ret_record)
{
    const struct item_name text = { journal->last.data, journal->last.size };
    uint64_t behind;
    return journal->last.size > 0 && wp_record_read(&text, 0, ret_record, &behind) == 1;
}

/* --- writing -------------------------------------------------------------------------------------------------------
 */

static int write_all(int fd, const char *data, size_t size, uint64_t offset)
{
    while (size > 0) {
        const ssize_t written = pwrite(fd, data, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        data += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return 0;
}

static int sync_dir(int dir_fd)
{
    return fsync(dir_fd) < 0 && errno != EINVAL ? -errno : 0;
}

/* A new file with what a restart needs takes the place of the old one. */
static int write_anew(struct journal *journal)
{
    const int fd = openat(journal->dir_fd, NEW_NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    const uint64_t opened_at = JOURNAL_HEAD_BYTES + journal->last.size, size = opened_at + journal->opened.size;
    int error = write_all(fd, JOURNAL_MAGIC, JOURNAL_HEAD_BYTES, 0);
    if (error == 0)
        error = write_all(fd, journal->last.data, journal->last.size, JOURNAL_HEAD_BYTES);
    if (error == 0)
        error = write_all(fd, journal->opened.data, journal->opened.size, opened_at);
    if (error == 0 && fdatasync(fd) < 0)
        error = -errno;
    if (error == 0 && renameat(journal->dir_fd, NEW_NAME, journal->dir_fd, NAME) < 0)
        error = -errno;
    if (error < 0) {
        (void)close(fd);
        (void)unlinkat(journal->dir_fd, NEW_NAME, 0);
        return error;
    }
    (void)close(journal->fd);
    journal->fd = fd;
    journal->size = size;
    error = sync_dir(journal->dir_fd);
    journal->broken |= error < 0; /* which of the two has the name after a loss of power nobody can say */
    return error;
}

/* Numbers are without gaps in a file, so those of openings that were kept are given anew. */
static void number_anew(struct journal *journal)
{
    weir_text *opened = &journal->opened;
    const struct item_name text = { opened->data, opened->size };
    struct record record;
    uint64_t number = 1, at = 0, behind;
    if (wp_journal_last(journal, &record)) {
        wp_record_end(&journal->last, record.number);
        number = record.number + 1;
    }
    for (; wp_record_read(&text, at, &record, &behind) == 1; at = behind, number++) {
        weir_text one = { opened->data + at, behind - at, behind - at };
        wp_record_end(&one, number);
    }
    journal->number = number;
}

static uint64_t needed_bytes(const struct journal *journal)
{
    return JOURNAL_HEAD_BYTES + journal->last.size + journal->opened.size;
}

int wp_journal_append(struct journal *journal, weir_text *text)
{
    struct record record;
    uint64_t behind;
    (void)pthread_mutex_lock(&journal->lock);
    wp_record_end(text, journal->number);
    int error = journal->broken ? -EIO : write_all(journal->fd, text->data, text->size, journal->size);
    if (error == 0 && fdatasync(journal->fd) < 0) {
        error = -errno;
        journal->broken = true; /* what of it is on the disk nobody can say any more */
    }
    if (error < 0) {
        journal->broken |= ftruncate(journal->fd, (off_t)journal->size) < 0;
    } else {
        const struct item_name whole = { text->data, text->size };
        journal->size += text->size;
        error = wp_record_read(&whole, 0, &record, &behind) == 1 ? remember(journal, &record, text->data, text->size)
                                                                 : -EINVAL;
    }
    if (error == 0 && journal->size > journal->bytes_max && journal->size / 8 > needed_bytes(journal)) {
        number_anew(journal);
        error = write_anew(journal);
    }
    (void)pthread_mutex_unlock(&journal->lock);
    return error;
}

int wp_journal_restored(struct journal *journal)
{
    (void)pthread_mutex_lock(&journal->lock);
    const bool any = journal->opened.size > 0;
    journal->opened.size = 0;
    number_anew(journal);
    const int error = any ? write_anew(journal) : 0;
    (void)pthread_mutex_unlock(&journal->lock);
    return error;
}

/* --- opening ---------------------------------------------------------------------------------------------------------
 */

/* Each that is made with its name on the disk; what keeps one from being made shows at the last. */
static int make_dirs(const char *dir)
{
    char *path = strdup(dir);
    if (path == NULL)
        return -ENOMEM;
    int error = 0;
    for (char *slash = strchr(path + 1, '/'); error == 0 && slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) == 0)
            error = wp_sync_dir_of(path);
        *slash = '/';
    }
    if (error == 0 && mkdir(path, 0700) < 0)
        error = errno == EEXIST ? 0 : -errno;
    free(path);
    return error; /* that of the last is synced by settle() */
}

/* One that was killed has it until the kernel is done with that process, which isn't at once. 0 or errno. */
static int wait_for_lock(int fd)
{
    const struct timespec pause = { .tv_nsec = 10000000 };
    for (unsigned tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
        if (errno != EWOULDBLOCK || tries == LOCK_TRIES)
            return errno;
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

/* The process that has it says so in the file, for people. */
static int lock(struct journal *journal, weir_text *errors)
{
    char owner[32] = "";
    journal->lock_fd = openat(journal->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (journal->lock_fd < 0)
        return fault(errors, -errno, "%s/lock: %s", journal->dir, strerror(errno));
    const int error = wait_for_lock(journal->lock_fd);
    if (error != 0) {
        const ssize_t size = pread(journal->lock_fd, owner, sizeof owner - 1, 0);
        owner[size > 0 ? strspn(owner, "0123456789") : 0] = '\0';
        if (error != EWOULDBLOCK)
            return fault(errors, -error, "%s/lock: %s", journal->dir, strerror(error));
        return fault(errors, -EBUSY, "%s: %s%s has this state: end it, or give this one a --state of its own",
                     journal->dir, owner[0] != '\0' ? "process " : "another process", owner);
    }
    const int size = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
    (void)!ftruncate(journal->lock_fd, 0);
    (void)!pwrite(journal->lock_fd, owner, (size_t)size, 0);
    return 0;
}

static int read_file(struct journal *journal, bool past_damage, weir_text *bytes, weir_text *errors)
{
    struct journal_scan *scan = &journal->scan;
    int error = wp_journal_slurp(journal->fd, bytes);
    if (error < 0)
        return fault(errors, error, "%s/" NAME ": %s", journal->dir, strerror(-error));
    const struct item_name text = { bytes->data, bytes->size };
    struct remembering remembering = { journal, &text, 0 };
    wp_journal_scan(&text, past_damage, see, &remembering, scan);
    error = remembering.error;
    if (scan->no_journal)
        error = fault(errors, -EBADMSG, "%s/" NAME ": is no journal of weir: give another directory", journal->dir);
    else if (scan->damaged && !past_damage)
        error =
            fault(errors, -EBADMSG,
                  "%s/" NAME ": damaged at byte %lu, and there are records behind that: weir state fsck --repair %s "
                  "takes up the last whole one",
                  journal->dir, (unsigned long)scan->whole, journal->dir);
    journal->size = scan->whole;
    journal->cut_bytes = bytes->size - scan->whole;
    return error;
}

/* The name of a directory that was just made, too. */
static int sync_parent(int dir_fd)
{
    const int fd = openat(dir_fd, "..", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : -errno; /* whoever made it can't be us then */
    const int error = sync_dir(fd);
    (void)close(fd);
    return error;
}

/*
 * What was cut off goes for good, and what was read is on the disk: only then anything is built on it. It is written
 * again, since a sync that failed in another process may have left pages that are read, aren't on the disk, and that no
 * other sync would write.
 */
static int settle(struct journal *journal, const weir_text *bytes, weir_text *errors)
{
    int error = write_all(journal->fd, bytes->data, journal->size, 0);
    if (error == 0 && journal->cut_bytes > 0 && ftruncate(journal->fd, (off_t)journal->size) < 0)
        error = -errno;
    if (error == 0 && journal->size == 0) {
        error = write_all(journal->fd, JOURNAL_MAGIC, JOURNAL_HEAD_BYTES, 0);
        journal->size = JOURNAL_HEAD_BYTES;
    }
    if (error == 0 && fdatasync(journal->fd) < 0)
        error = -errno;
    if (error == 0)
        error = sync_dir(journal->dir_fd);
    if (error == 0)
        error = sync_parent(journal->dir_fd);
    return error < 0 ? fault(errors, error, "%s/" NAME ": %s", journal->dir, strerror(-error)) : 0;
}

/* A file without a journal's head is given one when it is first written to. */
static int open_files(struct journal *journal, enum journal_mode mode, weir_text *errors)
{
    const int flags = mode == JOURNAL_LOOK_AT ? O_RDONLY : mode == JOURNAL_MEND ? O_RDWR : O_RDWR | O_CREAT;
    int error = mode == JOURNAL_WRITE ? make_dirs(journal->dir) : 0;
    if (error == 0 && (journal->dir_fd = open(journal->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC)) < 0)
        error = -errno;
    if (error < 0)
        return fault(errors, error, "%s: %s", journal->dir, strerror(-error));
    if (mode != JOURNAL_LOOK_AT)
        error = lock(journal, errors);
    else
        journal->lock_fd = openat(journal->dir_fd, "lock", O_RDONLY | O_CLOEXEC);
    if (error == 0 && (journal->fd = openat(journal->dir_fd, NAME, flags | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        error = fault(errors, -errno, "%s/" NAME ": %s", journal->dir, strerror(errno));
    return error;
}

int wp_journal_open(const char *dir, enum journal_mode mode, struct journal **ret_journal, weir_text *errors)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return -ENOMEM;
    (void)pthread_mutex_init(&journal->lock, NULL);
    journal->dir = strdup(dir);
    journal->dir_fd = journal->lock_fd = journal->fd = -1;
    journal->number = 1;
    journal->bytes_max = JOURNAL_BYTES_MAX;
    weir_text bytes = { 0 };
    int error = journal->dir == NULL ? -ENOMEM : open_files(journal, mode, errors);
    if (error == 0)
        error = read_file(journal, mode != JOURNAL_WRITE, &bytes, errors);
    if (error == 0 && mode == JOURNAL_WRITE)
        error = settle(journal, &bytes, errors);
    weir_text_fini(&bytes);
    if (error < 0)
        wp_journal_close(journal);
    else
        *ret_journal = journal;
    return error;
}

int wp_journal_mend(struct journal *journal)
{
    (void)unlinkat(journal->dir_fd, DAMAGED_NAME, 0);
    if (linkat(journal->dir_fd, NAME, journal->dir_fd, DAMAGED_NAME, 0) < 0)
        return -errno;
    number_anew(journal);
    return write_anew(journal);
}

int64_t wp_journal_owner(const struct journal *journal)
{
    char owner[32] = "";
    if (journal->lock_fd < 0 || flock(journal->lock_fd, LOCK_SH | LOCK_NB) == 0)
        return 0; /* and the lock goes with the descriptor, soon */
    return pread(journal->lock_fd, owner, sizeof owner - 1, 0) > 0 ? strtoll(owner, NULL, 10) : 0;
}

void wp_journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->fd >= 0)
        (void)close(journal->fd);
    if (journal->lock_fd >= 0)
        (void)close(journal->lock_fd);
    if (journal->dir_fd >= 0)
        (void)close(journal->dir_fd);
    weir_text_fini(&journal->last);
    weir_text_fini(&journal->opened);
    free(journal->dir);
    (void)pthread_mutex_destroy(&journal->lock);
    free(journal);
}
