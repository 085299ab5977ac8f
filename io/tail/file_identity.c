/* file_identity.c - name_to_handle_at(2), and statx(2) beside it. */
#include "tail/file_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "tail/tail_table.h"

/* MAX_HANDLE_SZ of <fcntl.h>; its struct ends in an array. */
union handle {
    struct file_handle head;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

/* 0: this file system has none. */
static uint64_t handle_of(int dir_fd, const char *path, int flags)
{
    union handle handle = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
    int mount_id;
    /* Links are followed only with a flag here. */
    const int at = (flags & AT_EMPTY_PATH) | ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : AT_SYMLINK_FOLLOW);
    if (name_to_handle_at(dir_fd, path, &handle.head, &mount_id, at) < 0)
        return 0;
    const uint64_t hash =
        wi_tail_hash(handle.head.f_handle, handle.head.handle_bytes, (uint64_t)(unsigned)handle.head.handle_type);
    return hash != 0 ? hash : 1;
}

int wi_file_identify(int dir_fd, const char *path, int flags, struct file_identity *ret_identity,
                     struct statx *ret_statx)
{
    const unsigned mask = STATX_TYPE | STATX_MODE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_NLINK | STATX_BTIME;
    if (statx(dir_fd, path, flags, mask, ret_statx) < 0)
        return -errno;
    *ret_identity = (struct file_identity){
        .dev = makedev(ret_statx->stx_dev_major, ret_statx->stx_dev_minor),
        .ino = ret_statx->stx_ino,
        .birth_ns = (ret_statx->stx_mask & STATX_BTIME) != 0 ? wi_statx_ns(&ret_statx->stx_btime) : 0,
        .handle = S_ISREG(ret_statx->stx_mode) ? handle_of(dir_fd, path, flags) : 0,
    };
    return 0;
}

bool wi_file_was_same(const struct file_identity *a, const struct file_identity *b)
{
    if (a->handle != 0 && b->handle != 0)
        return a->handle == b->handle;
    return a->ino == b->ino && a->birth_ns == b->birth_ns;
}

bool wi_file_is_same(const struct file_identity *a, const struct file_identity *b)
{
    return a->dev == b->dev && wi_file_was_same(a, b);
}

uint64_t wi_file_identity_hash(const struct file_identity *identity)
{
    /* Of what is compared in every case only. */
    return wi_tail_hash(&identity->ino, sizeof identity->ino, 0);
}
