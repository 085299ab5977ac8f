/*
 * file_identity.h - which file this is, whatever it is called, and what it begins with.
 */
#ifndef WI_FILE_IDENTITY_H
#define WI_FILE_IDENTITY_H

#include <sys/stat.h>
#include <weir/base.h>

struct statx;

/*
 * An inode's number is given away again as soon as its file is gone. Its handle has a generation, too; where the file
 * system has no handles, the time of birth says which one it is.
 */
struct file_identity {
    uint64_t dev; /* not the same after a restart of the machine */
    uint64_t ino;
    int64_t birth_ns; /* 0: unknown */
    uint64_t handle;  /* its hash; 0: none */
};

/*
 * As statx(2): 0 or a negative errno. Of the descriptor itself, if `path` is "" and flags have AT_EMPTY_PATH; of a link
 * itself, if they have AT_SYMLINK_NOFOLLOW.
 */
WEIR_MUST_USE int wi_file_identify(int dir_fd, const char *path, int flags, struct file_identity *ret_identity,
                                   struct statx *ret_statx);
bool wi_file_is_same(const struct file_identity *a, const struct file_identity *b);
/* The same without the device: for one that was written down. */
bool wi_file_was_same(const struct file_identity *a, const struct file_identity *b);
uint64_t wi_file_identity_hash(const struct file_identity *identity);

static inline int64_t wi_statx_ns(const struct statx_timestamp *time)
{
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

#endif
