/* whole.c - a whole file, read by plain system calls on a thread that may block. */
#include "hash/whole.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Smaller ones are read in a few requests anyway, and the cache may well want to keep them. */
#define DIRECT_MIN_BYTES (512 * 1024)
/* Of a hole, between two looks at whether to go on: milliseconds with the slowest algorithms. */
#define HOLE_PIECE_BYTES (4u << 20)

int wp_entry_open(const struct node *node, uint32_t entry)
{
    if (node->list == NULL) {
        /* O_NONBLOCK: a FIFO that took the file's place must not hold us; fstat finds it out. */
        const int flags = weir_entry_open_flags(&node->dir->entries[entry]) | O_NONBLOCK;
        int fd;
        do
            fd = openat(node->dir->fd, wp_node_name(node, entry), flags);
        while (fd < 0 && errno == EINTR);
        return fd < 0 ? -errno : fd;
    }
    const char *name = node->list->names[entry];
    if (node->list->streams && strcmp(name, "-") == 0)
        return dup(STDIN_FILENO);
    return weir_open_long(name, O_RDONLY | O_NOCTTY | (node->list->regular ? O_NOFOLLOW | O_NONBLOCK : 0));
}

bool wp_stat_changed(const struct stat *before, const struct stat *after)
{
    return before->st_size != after->st_size || before->st_mtim.tv_sec != after->st_mtim.tv_sec ||
           before->st_mtim.tv_nsec != after->st_mtim.tv_nsec || before->st_ctim.tv_sec != after->st_ctim.tv_sec ||
           before->st_ctim.tv_nsec != after->st_ctim.tv_nsec;
}

/* Where the file at fd has no data from `offset` on: the end of the hole. `offset` itself where it has, or can't say.
 */
static off_t hole_end(int fd, off_t offset, off_t size)
{
    const off_t data = lseek(fd, offset, SEEK_DATA);
    if (data >= 0)
        return data;
    return errno == ENXIO && offset < size ? size : offset;
}

bool wp_is_sparse(const struct stat *meta)
{
    return S_ISREG(meta->st_mode) && meta->st_blocks * 512 < meta->st_size;
}

bool wp_is_cached_at(int fd, off_t offset)
{
    char byte;
    const struct iovec one = { &byte, 1 };
    return preadv2(fd, &one, 1, offset, RWF_NOWAIT) == 1 || errno == EOPNOTSUPP;
}

bool wp_set_direct(int fd, bool on)
{
    const int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

/* A file on its way through the hasher. */
struct whole {
    struct kit *kit;
    int fd;
    struct stat before;
    bool regular, sparse;
    bool sure;    /* the size is that of the content, so the read that would find nothing more needn't be made */
    bool direct;  /* read past the page cache */
    bool at_once; /* one read gave all of it: it can't have changed in between */
    uint64_t size;
};

/* One read at where it is. Past the cache, what doesn't fill a block is the end, or a file system that can't. */
static ssize_t read_some(struct whole *self)
{
    struct kit *kit = self->kit;
    const off_t at = (off_t)self->size;
    if (!self->regular)
        return read(self->fd, kit->buffer, KIT_BUFFER_BYTES);
    if (!self->direct)
        return pread(self->fd, kit->buffer, KIT_BUFFER_BYTES, at);
    const ssize_t got = pread(self->fd, kit->buffer, KIT_DIRECT_BYTES, at);
    if (got == KIT_DIRECT_BYTES)
        return got;
    self->direct = false;
    (void)wp_set_direct(self->fd, false);
    return got < 0 && errno == EINVAL ? pread(self->fd, kit->buffer, KIT_BUFFER_BYTES, at) : got;
}

/* A hole may be of terabytes: in pieces, so that a job with one can be stopped. */
static int hash_hole(struct whole *self, const weir_job *cancel)
{
    const uint64_t end = (uint64_t)hole_end(self->fd, (off_t)self->size, self->before.st_size);
    while (self->size < end) {
        if (weir_job_cancelled(cancel))
            return -ECANCELED;
        const uint64_t piece = end - self->size < HOLE_PIECE_BYTES ? end - self->size : HOLE_PIECE_BYTES;
        weir_hasher_update_zeros(&self->kit->hasher, piece);
        self->size += piece;
    }
    return 0;
}

static int read_all(struct whole *self, const weir_job *cancel)
{
    struct kit *kit = self->kit;
    weir_hasher *hasher = &kit->hasher;
    const off_t expected = self->before.st_size;
    self->size = 0;
    weir_hasher_reset(hasher);
    for (;;) {
        if (cancel != NULL && weir_job_cancelled(cancel))
            return -ECANCELED;
        if (self->sparse && hash_hole(self, cancel) < 0)
            return -ECANCELED;
        const ssize_t got = read_some(self);
        wp_kit_lap(kit, &kit->read_ns, "read");
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        weir_hasher_update(hasher, kit->buffer, (size_t)got);
        wp_kit_lap(kit, &kit->hash_ns, "hash");
        self->size += (uint64_t)got;
        if (self->sure && self->size == (uint64_t)expected) {
            self->at_once = got == expected;
            return 0;
        }
    }
}

/* A file of some size that lies on the disk alone is read from there: a copy in the page cache costs more than it. */
static bool choose_direct(const struct whole *self)
{
    return self->kit->may_direct && self->regular && !self->sparse && self->before.st_size >= DIRECT_MIN_BYTES &&
           !wp_is_cached_at(self->fd, self->before.st_size / 2) && wp_set_direct(self->fd, true);
}

static int hash_fd(struct whole *self, const struct node *node, uint64_t size_max, const weir_job *cancel,
                   weir_digest *ret_digests)
{
    struct stat after;
    if (fstat(self->fd, &self->before) < 0)
        return -errno;
    self->regular = S_ISREG(self->before.st_mode);
    self->sparse = wp_is_sparse(&self->before);
    if (S_ISDIR(self->before.st_mode) && node->list != NULL)
        return -EISDIR;
    if (!self->regular && (node->list == NULL || node->list->regular))
        return -ESTALE; /* it was a regular file when its directory was read */
    if (self->regular && (uint64_t)self->before.st_size >= size_max)
        return -EFBIG;
    self->sure =
        self->regular && (node->list == NULL ? node->dir->short_read_is_eof
                                             : wp_kit_short_read_is_eof(self->kit, self->fd, self->before.st_dev));
    self->direct = self->kit->was_direct = choose_direct(self);
    for (int attempt = 0; attempt < 2; attempt++) {
        const int error = read_all(self, cancel);
        if (error < 0)
            return error;
        if (self->at_once)
            return weir_hasher_final(&self->kit->hasher, ret_digests);
        if (fstat(self->fd, &after) < 0)
            return -errno;
        if (!S_ISREG(after.st_mode) || !wp_stat_changed(&self->before, &after))
            return weir_hasher_final(&self->kit->hasher, ret_digests);
        self->before = after;
    }
    return -ESTALE;
}

int wp_hash_whole(struct kit *kit, const struct node *node, uint32_t entry, uint64_t size_max, const weir_job *cancel,
                  uint64_t *ret_size, weir_digest *ret_digests)
{
    struct whole whole = { .kit = kit };
    kit->was_direct = false;
    int error = wp_kit_use(kit, node->algos);
    if (error < 0)
        return error;
    whole.fd = wp_entry_open(node, entry);
    if (whole.fd < 0)
        return whole.fd;
    error = hash_fd(&whole, node, size_max, cancel, ret_digests);
    *ret_size = whole.size;
    (void)close(whole.fd);
    return error;
}
