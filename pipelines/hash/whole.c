/* whole.c - a whole file, read by plain system calls on a thread that may block. */
#include "hash/whole.h"

#include <string.h>
#include <unistd.h>

int wp_entry_open(const struct node *node, uint32_t entry)
{
    if (node->list == NULL) {
        /* O_NONBLOCK: a FIFO that took the file's place must not hold us; fstat finds it out. */
        const int flags = weir_entry_open_flags(&node->dir->entries[entry]) | O_NONBLOCK;
        const int fd = openat(node->dir->fd, wp_node_name(node, entry), flags);
        return fd < 0 ? -errno : fd;
    }
    const char *name = node->list->names[entry];
    if (node->list->streams && strcmp(name, "-") == 0)
        return dup(STDIN_FILENO);
    return weir_open_long(name, O_RDONLY | O_NOCTTY);
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

static bool is_sparse(const struct stat *meta)
{
    return S_ISREG(meta->st_mode) && meta->st_blocks * 512 < meta->st_size;
}

/* `sure`: the size is that of the content, so the read that would find nothing more needn't be made. */
static int read_all(struct kit *kit, int fd, const struct stat *meta, bool sure, const weir_job *cancel,
                    uint64_t *ret_size)
{
    const bool regular = S_ISREG(meta->st_mode);
    const bool sparse = is_sparse(meta);
    uint64_t size = 0;
    weir_hasher_reset(&kit->hasher);
    for (;;) {
        if (weir_job_cancelled(cancel))
            return -ECANCELED;
        if (sparse) {
            const off_t end = hole_end(fd, (off_t)size, meta->st_size);
            weir_hasher_update_zeros(&kit->hasher, (uint64_t)end - size);
            size = (uint64_t)end;
        }
        const ssize_t got =
            regular ? pread(fd, kit->buffer, KIT_BUFFER_BYTES, (off_t)size) : read(fd, kit->buffer, KIT_BUFFER_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        weir_hasher_update(&kit->hasher, kit->buffer, (size_t)got);
        size += (uint64_t)got;
        if (sure && size == (uint64_t)meta->st_size)
            break;
    }
    *ret_size = size;
    return 0;
}

static int hash_fd(struct kit *kit, const struct node *node, int fd, uint64_t size_max, const weir_job *cancel,
                   uint64_t *ret_size, weir_digest *ret_digests)
{
    struct stat before, after;
    if (fstat(fd, &before) < 0)
        return -errno;
    if (S_ISDIR(before.st_mode) && node->list != NULL)
        return -EISDIR;
    if (!S_ISREG(before.st_mode) && node->list == NULL)
        return -ESTALE; /* it was a regular file when its directory was read */
    if (S_ISREG(before.st_mode) && (uint64_t)before.st_size >= size_max && !is_sparse(&before))
        return -EFBIG;
    const bool sure = S_ISREG(before.st_mode) && node->list == NULL && node->dir->short_read_is_eof;
    for (int attempt = 0; attempt < 2; attempt++) {
        const int error = read_all(kit, fd, &before, sure, cancel, ret_size);
        if (error < 0)
            return error;
        if (fstat(fd, &after) < 0)
            return -errno;
        if (!S_ISREG(after.st_mode) || !wp_stat_changed(&before, &after))
            return weir_hasher_final(&kit->hasher, ret_digests);
        before = after;
    }
    return -ESTALE;
}

int wp_hash_whole(struct kit *kit, const struct node *node, uint32_t entry, uint64_t size_max, const weir_job *cancel,
                  uint64_t *ret_size, weir_digest *ret_digests)
{
    int error = wp_kit_use(kit, node->algos);
    if (error < 0)
        return error;
    const int fd = wp_entry_open(node, entry);
    if (fd < 0)
        return fd;
    error = hash_fd(kit, node, fd, size_max, cancel, ret_size, ret_digests);
    (void)close(fd);
    return error;
}
