/* spool.c - packets in files. */
#include "send/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal/record.h"
#include "journal/sync_dir.h"
#include "make_room.h"
#include "pread_full.h"

#define FILE_BYTES_MAX ((uint64_t)16 << 20)
#define FILE_BYTES_MIN ((uint64_t)64 << 10)
#define FILES_WANTED 16 /* of a spool that is full: so much of it goes at once */
#define LOCK_TRIES 100

struct head {
    char magic[4];
    uint32_t count;
    uint64_t first, size;
    struct record_digest digest;
};

struct done {
    char magic[8];
    uint64_t acked;
    struct record_digest digest; /* of the two */
};

static const char magic[4] = "wsp1", done_magic[8] = "weirdone", begun_magic[8] = "weirbegn";

WEIR_PRINTF(3, 4) static int fail(struct spool *self, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(self->fault, sizeof self->fault, format, args);
    va_end(args);
    return error;
}

struct spool *wp_spool_ref(struct spool *self)
{
    (void)__atomic_fetch_add(&self->refs, 1, __ATOMIC_RELAXED);
    return self;
}

static void close_it(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

void wp_spool_unref(void *arg)
{
    struct spool *self = arg;
    if (self == NULL || __atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    close_it(self->fd);
    close_it(self->done_fd);
    close_it(self->dir_fd);
    close_it(self->lock_fd);
    wp_packet_free(self->in);
    wp_packet_free(self->out);
    free(self->files);
    free(self->dir);
    free(self);
}

static size_t packet_bytes(uint32_t count, uint64_t size)
{
    return sizeof(struct head) + count * sizeof(uint32_t) + size;
}

bool wp_spool_has_room(const struct spool *self, uint32_t count, size_t size)
{
    return self->bytes == 0 || self->bytes + packet_bytes(count, size) <= self->bytes_max;
}

/* --- files ---------------------------------------------------------------------------------------------------- */

static void name_of(uint64_t first, char name[40])
{
    (void)snprintf(name, 40, "%020lu.spool", (unsigned long)first);
}

static int open_file(const struct spool *self, uint64_t first, int flags)
{
    char name[40];
    name_of(first, name);
    const int fd = openat(self->dir_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -errno : fd;
}

static int remove_file(struct spool *self, uint64_t first)
{
    char name[40];
    name_of(first, name);
    return unlinkat(self->dir_fd, name, 0) < 0 && errno != ENOENT
               ? fail(self, -errno, "%s/%s: %s", self->dir, name, strerror(errno))
               : 0;
}

static int add_file(struct spool *self, uint64_t first, uint64_t size)
{
    if (WP_MAKE_ROOM(self->files, self->count, self->room, 16) < 0)
        return fail(self, -ENOMEM, "no memory");
    self->files[self->count++] = (struct spool_file){ first, size };
    self->bytes += size;
    return 0;
}

/* --- appending -------------------------------------------------------------------------------------------------- */

static uint64_t file_bytes(const struct spool *self)
{
    const uint64_t wanted = self->bytes_max / FILES_WANTED;
    return wanted < FILE_BYTES_MIN ? FILE_BYTES_MIN : wanted > FILE_BYTES_MAX ? FILE_BYTES_MAX : wanted;
}

/* There is a file to append to. */
static int begin_file(struct spool *self)
{
    if (self->fd >= 0 && self->files[self->count - 1].size < file_bytes(self))
        return 0;
    if (self->fd >= 0 && self->syncs && fdatasync(self->fd) < 0)
        return fail(self, -errno, "%s: %s", self->dir, strerror(errno));
    close_it(self->fd);
    self->fd = open_file(self, self->appended + 1, O_RDWR | O_CREAT | O_TRUNC);
    if (self->fd < 0)
        return fail(self, self->fd, "%s: %s", self->dir, strerror(-self->fd));
    self->is_new = true;
    return add_file(self, self->appended + 1, 0);
}

static unsigned char *lay_out(const struct packet *packet, size_t size)
{
    unsigned char *bytes = malloc(size);
    if (bytes == NULL)
        return NULL;
    struct head head = { .count = packet->count, .first = packet->first, .size = packet->size };
    memcpy(head.magic, magic, sizeof magic);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, packet->ends, packet->count * sizeof *packet->ends);
    memcpy(bytes + sizeof head + packet->count * sizeof *packet->ends, packet->data, packet->size);
    head.digest = wp_record_digest(bytes, size);
    memcpy(bytes, &head, sizeof head);
    return bytes;
}

static int append(struct spool *self)
{
    struct packet *packet = self->in;
    const size_t size = packet_bytes(packet->count, packet->size);
    int error = begin_file(self);
    if (error < 0)
        return error;
    struct spool_file *file = &self->files[self->count - 1];
    packet->first = self->appended + 1;
    unsigned char *bytes = lay_out(packet, size);
    if (bytes == NULL)
        return fail(self, -ENOMEM, "no memory");
    for (size_t at = 0; error == 0 && at < size;) {
        const ssize_t put = pwrite(self->fd, bytes + at, size - at, (off_t)(file->size + at));
        if (put < 0 && errno != EINTR)
            error = fail(self, -errno, "%s: %s", self->dir, strerror(errno));
        at += put > 0 ? (size_t)put : 0;
    }
    free(bytes);
    if (error < 0) {
        (void)!ftruncate(self->fd, (off_t)file->size);
        return error;
    }
    file->size += size;
    self->bytes += size;
    self->appended += packet->count;
    return 0;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool are_ends(const struct packet *packet)
{
    for (uint32_t i = 1; i < packet->count; i++)
        if (packet->ends[i] < packet->ends[i - 1])
            return false;
    return packet->ends[packet->count - 1] == packet->size;
}

/*
 * The packet at `at` of the file, checked, or (packets == false) passed over. 1; 0: there is none that is whole; or
 * -ENOMEM, -errno.
 */
static int read_packet(int fd, uint64_t at, struct head *ret_head, struct packet **ret_packet)
{
    struct head head;
    ssize_t got = wp_pread_full(fd, &head, sizeof head, (off_t)at);
    if (got != (ssize_t)sizeof head || memcmp(head.magic, magic, sizeof magic) != 0 || head.count == 0 ||
        head.size > UINT32_MAX || head.count > UINT32_MAX / 8 || head.first > INT64_MAX)
        return got < 0 ? (int)got : 0;
    *ret_head = head;
    if (ret_packet == NULL)
        return 1;
    const size_t size = packet_bytes(head.count, head.size);
    struct stat meta;
    if (fstat(fd, &meta) < 0 || (uint64_t)meta.st_size < at + size)
        return 0;
    unsigned char *bytes = malloc(size);
    struct packet *packet = calloc(1, sizeof *packet);
    int error = bytes == NULL || packet == NULL ? -ENOMEM : 0;
    if (error == 0 && (got = wp_pread_full(fd, bytes, size, (off_t)at)) != (ssize_t)size)
        error = got < 0 ? (int)got : -EBADMSG;
    if (error == 0) {
        memset(bytes + offsetof(struct head, digest), 0, sizeof head.digest);
        const struct record_digest digest = wp_record_digest(bytes, size);
        error = memcmp(&digest, &head.digest, sizeof digest) != 0 ? -EBADMSG : 0;
    }
    if (error == 0) {
        const size_t ends = head.count * sizeof *packet->ends;
        *packet = (struct packet){ .first = head.first,
                                   .count = head.count,
                                   .size = head.size,
                                   .ends = malloc(ends),
                                   .data = malloc(head.size > 0 ? head.size : 1) };
        error = packet->ends == NULL || packet->data == NULL ? -ENOMEM : 0;
        if (error == 0) {
            memcpy(packet->ends, bytes + sizeof head, ends);
            memcpy(packet->data, bytes + sizeof head + ends, head.size);
            error = are_ends(packet) ? 0 : -EBADMSG;
        }
    }
    free(bytes);
    if (error < 0) {
        wp_packet_free(packet);
        return error == -EBADMSG ? 0 : error;
    }
    *ret_packet = packet;
    return 1;
}

/* The file that has the record behind the last one that was given out. */
static const struct spool_file *file_to_read(const struct spool *self)
{
    const struct spool_file *found = NULL;
    for (size_t i = 0; i < self->count && self->files[i].first <= self->read + 1; i++)
        found = &self->files[i];
    return found;
}

/* The next packet that nobody has been given, into `out`. */
static int read_next(struct spool *self)
{
    const struct spool_file *file = file_to_read(self);
    if (file == NULL)
        return fail(self, -EBADMSG, "%s: there is no record %lu: move the directory away to begin anew", self->dir,
                    (unsigned long)self->read + 1);
    if (self->read_file != file->first) {
        self->read_file = file->first;
        self->read_at = 0;
    }
    const int fd = open_file(self, file->first, O_RDONLY);
    if (fd < 0)
        return fail(self, fd, "%s: %s", self->dir, strerror(-fd));
    struct head head = { 0 };
    int more = 1;
    while (more == 1 && self->out == NULL) {
        more = read_packet(fd, self->read_at, &head, NULL);
        const bool is_next = more == 1 && head.first + head.count - 1 > self->read;
        if (is_next)
            more = read_packet(fd, self->read_at, &head, &self->out);
        if (more == 1)
            self->read_at += packet_bytes(head.count, head.size);
    }
    (void)close(fd);
    if (more == 1) {
        self->read = head.first + head.count - 1;
        return 0;
    }
    return fail(self, more < 0 ? more : -EBADMSG, "%s/%020lu.spool: byte %lu: %s", self->dir,
                (unsigned long)self->read_file, (unsigned long)self->read_at,
                more < 0 ? strerror(-more) : "damaged: move the file away to go on without what is in it");
}

/* --- what is done with ----------------------------------------------------------------------------------------------
 */

static int write_number(struct spool *self, int fd, const char number_magic[8], uint64_t number)
{
    struct done done = { .acked = number };
    memcpy(done.magic, number_magic, sizeof done.magic);
    done.digest = wp_record_digest(&done, offsetof(struct done, digest));
    return pwrite(fd, &done, sizeof done, 0) != (ssize_t)sizeof done
               ? fail(self, errno != 0 ? -errno : -EIO, "%s: %s", self->dir, strerror(errno))
               : 0;
}

/* Of one of the files all is acknowledged: where the next one begins. */
static bool is_done_with(const struct spool *self, size_t file)
{
    return file < self->count &&
           (file + 1 < self->count ? self->files[file + 1].first : self->appended + 1) <= self->acked + 1;
}

static int forget(struct spool *self)
{
    int error = write_number(self, self->done_fd, done_magic, self->ack);
    size_t gone = 0;
    if (error == 0)
        self->acked = self->ack;
    if (error == 0 && self->syncs && is_done_with(self, 0) &&
        fdatasync(self->done_fd) < 0) /* numbers don't begin anew */
        error = fail(self, -errno, "%s/done: %s", self->dir, strerror(errno));
    while (error == 0 && is_done_with(self, gone)) {
        error = remove_file(self, self->files[gone].first);
        if (error == 0)
            self->bytes -= self->files[gone++].size;
    }
    if (gone == self->count) {
        close_it(self->fd);
        self->fd = -1;
    }
    if (gone > 0)
        memmove(self->files, self->files + gone, (self->count - gone) * sizeof *self->files);
    self->count -= gone;
    return error;
}

static int sync_all(struct spool *self)
{
    if (self->fd >= 0 && fdatasync(self->fd) < 0)
        return fail(self, -errno, "%s: %s", self->dir, strerror(errno));
    if (self->is_new && fsync(self->dir_fd) < 0 && errno != EINVAL)
        return fail(self, -errno, "%s: %s", self->dir, strerror(errno));
    self->is_new = false;
    self->synced = self->appended;
    return 0;
}

static int remove_begun(struct spool *self)
{
    self->is_begun = false;
    return unlinkat(self->dir_fd, "begun", 0) < 0 && errno != ENOENT
               ? fail(self, -errno, "%s/begun: %s", self->dir, strerror(errno))
               : 0;
}

int64_t wp_spool_work(void *arg, weir_job *job)
{
    struct spool *self = arg;
    (void)job;
    int error = self->ack > self->acked ? forget(self) : 0;
    if (error == 0 && self->in != NULL)
        error = append(self);
    if (error == 0 && self->wants_out && self->read < self->appended)
        error = read_next(self);
    if (error == 0 && self->wants_sync)
        error = sync_all(self);
    if (error == 0 && self->wants_commit)
        error = remove_begun(self);
    return error;
}

/* --- opening
 * ---------------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint64_t x = ((const struct spool_file *)a)->first, y = ((const struct spool_file *)b)->first;
    return x < y ? -1 : x > y;
}

static int list_files(struct spool *self)
{
    DIR *dir = fdopendir(fcntl(self->dir_fd, F_DUPFD_CLOEXEC, 0));
    int error = dir == NULL ? fail(self, -errno, "%s: %s", self->dir, strerror(errno)) : 0;
    for (const struct dirent *entry; error == 0 && (entry = readdir(dir)) != NULL;) {
        struct stat meta;
        char name[40];
        const uint64_t first = strtoull(entry->d_name, NULL, 10);
        name_of(first, name);
        if (first > 0 && strcmp(name, entry->d_name) == 0 && fstatat(self->dir_fd, name, &meta, 0) == 0)
            error = add_file(self, first, (uint64_t)meta.st_size);
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (self->count > 0)
        qsort(self->files, self->count, sizeof *self->files, compare);
    return error;
}

/* What of the last file is whole, and not behind this record; the rest is cut off. */
static int mend_last(struct spool *self, uint64_t last)
{
    struct spool_file *file = &self->files[self->count - 1];
    struct packet *packet = NULL;
    struct head head;
    uint64_t at = 0;
    int more = 0;
    self->fd = open_file(self, file->first, O_RDWR);
    if (self->fd < 0)
        return fail(self, self->fd, "%s: %s", self->dir, strerror(-self->fd));
    self->appended = file->first - 1;
    while (self->appended < last && (more = read_packet(self->fd, at, &head, &packet)) == 1 &&
           packet->first == self->appended + 1) {
        at += packet_bytes(head.count, head.size);
        self->appended += head.count;
        wp_packet_free(packet);
        packet = NULL;
    }
    wp_packet_free(packet);
    if (more < 0 || (at < file->size && ftruncate(self->fd, (off_t)at) < 0))
        return fail(self, more < 0 ? more : -errno, "%s: %s", self->dir, strerror(more < 0 ? -more : errno));
    self->bytes -= file->size - at;
    file->size = at;
    return 0;
}

/* A number of a record, if what is there is whole. */
static bool read_number(int fd, const char number_magic[8], uint64_t *ret_number)
{
    struct done done;
    if (wp_pread_full(fd, &done, sizeof done, 0) != (ssize_t)sizeof done ||
        memcmp(done.magic, number_magic, sizeof done.magic) != 0 || done.acked > INT64_MAX)
        return false;
    const struct record_digest digest = wp_record_digest(&done, offsetof(struct done, digest));
    if (memcmp(&digest, &done.digest, sizeof digest) != 0)
        return false;
    *ret_number = done.acked;
    return true;
}

static int lock(struct spool *self)
{
    const struct timespec pause = { .tv_nsec = 10000000 };
    self->lock_fd = openat(self->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->lock_fd < 0)
        return fail(self, -errno, "%s/lock: %s", self->dir, strerror(errno));
    for (unsigned tries = 0; flock(self->lock_fd, LOCK_EX | LOCK_NB) < 0; tries++) {
        if (errno != EWOULDBLOCK || tries == LOCK_TRIES) /* one that was killed may have it for a moment longer */
            return fail(self, errno == EWOULDBLOCK ? -EBUSY : -errno, "%s: another process has this spool", self->dir);
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

static int open_all(struct spool *self, const char *dir)
{
    self->dir = strdup(dir);
    if (self->dir == NULL)
        return fail(self, -ENOMEM, "no memory");
    int error = mkdir(dir, 0700) == 0 ? wp_sync_dir_of(dir) : errno != EEXIST ? -errno : 0;
    if (error < 0)
        return fail(self, error, "%s: %s", dir, strerror(-error));
    self->dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (self->dir_fd < 0)
        return fail(self, -errno, "%s: %s", dir, strerror(errno));
    error = lock(self);
    if (error == 0 && (self->done_fd = openat(self->dir_fd, "done", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        error = fail(self, -errno, "%s/done: %s", dir, strerror(errno));
    if (error == 0)
        error = list_files(self);
    if (error < 0)
        return error;
    (void)read_number(self->done_fd, done_magic, &self->acked);
    self->is_begun = faccessat(self->dir_fd, "begun", F_OK, 0) == 0;
    self->appended = self->acked;
    if (self->count > 0)
        error = mend_last(self, UINT64_MAX);
    if (self->count > 0 && self->acked + 1 < self->files[0].first)
        self->acked = self->files[0].first - 1;
    if (self->appended < self->acked)
        self->appended = self->acked;
    self->ack = self->read = self->acked;
    self->is_new = true;
    return error == 0 ? forget(self) : error;
}

int wp_spool_cut(struct spool *self, uint64_t number)
{
    if (number > self->appended || number < self->acked)
        return fail(self, -EBADMSG, "%s: the journal counts on record %lu, and here are %lu to %lu", self->dir,
                    (unsigned long)number, (unsigned long)self->acked + 1, (unsigned long)self->appended);
    if (number == self->appended)
        return 0;
    close_it(self->fd);
    self->fd = -1;
    self->is_new = true;
    while (self->count > 0 && self->files[self->count - 1].first > number) {
        const struct spool_file *file = &self->files[self->count - 1];
        const int error = remove_file(self, file->first);
        if (error < 0)
            return error;
        self->bytes -= file->size;
        self->count--;
    }
    self->appended = number;
    const int error = self->count > 0 ? mend_last(self, number) : 0;
    return error == 0 && self->appended != number
               ? fail(self, -EBADMSG, "%s: record %lu is damaged, or isn't the end of what was written at once",
                      self->dir, (unsigned long)number)
               : error;
}

int wp_spool_begin(struct spool *self)
{
    uint64_t begun = 0;
    const int fd = openat(self->dir_fd, "begun", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(self, -errno, "%s/begun: %s", self->dir, strerror(errno));
    int error = 0;
    if (read_number(fd, begun_magic, &begun) && begun < self->appended)
        error = wp_spool_cut(self, begun > self->acked ? begun : self->acked);
    if (error == 0)
        error = write_number(self, fd, begun_magic, self->appended);
    if (error == 0 && (fdatasync(fd) < 0 || fsync(self->dir_fd) < 0))
        error = fail(self, -errno, "%s/begun: %s", self->dir, strerror(errno));
    (void)close(fd);
    self->is_begun = error == 0;
    return error;
}

int wp_spool_open(const char *dir, uint64_t bytes_max, struct spool **ret_spool, char fault[SPOOL_FAULT_MAX])
{
    struct spool *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)snprintf(fault, SPOOL_FAULT_MAX, "no memory");
        return -ENOMEM;
    }
    *self = (struct spool){ .refs = 1, .dir_fd = -1, .lock_fd = -1, .done_fd = -1, .fd = -1, .bytes_max = bytes_max };
    const int error = open_all(self, dir);
    if (error < 0) {
        (void)snprintf(fault, SPOOL_FAULT_MAX, "%s", self->fault);
        wp_spool_unref(self);
        return error;
    }
    *ret_spool = self;
    return 0;
}
