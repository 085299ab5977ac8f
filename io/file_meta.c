/* file_meta.c - what stat(2) says of a file, in the terms of walk.h. */
#include "walk_node.h"

#include <sys/sysmacros.h>

static int64_t time_ns(const struct statx_timestamp *time)
{
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

int weir_file_meta_at(int dir_fd, const char *name, int flags, weir_file_meta *ret_meta)
{
    struct statx meta;
    if (statx(dir_fd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &meta) < 0)
        return -errno;
    *ret_meta = (weir_file_meta){
        .dev = makedev(meta.stx_dev_major, meta.stx_dev_minor),
        .ino = meta.stx_ino,
        .size = meta.stx_size,
        .mtime_ns = time_ns(&meta.stx_mtime),
        .ctime_ns = time_ns(&meta.stx_ctime),
        .btime_ns = (meta.stx_mask & STATX_BTIME) != 0 ? time_ns(&meta.stx_btime) : 0,
        .mode = meta.stx_mode,
        .uid = meta.stx_uid,
        .gid = meta.stx_gid,
        .nlink = meta.stx_nlink,
    };
    return 0;
}

void wi_meta_from_stat(const struct stat *stat, weir_file_meta *ret_meta)
{
    *ret_meta = (weir_file_meta){
        .dev = stat->st_dev,
        .ino = stat->st_ino,
        .size = (uint64_t)stat->st_size,
        .mtime_ns = stat->st_mtim.tv_sec * INT64_C(1000000000) + stat->st_mtim.tv_nsec,
        .ctime_ns = stat->st_ctim.tv_sec * INT64_C(1000000000) + stat->st_ctim.tv_nsec,
        .mode = stat->st_mode,
        .uid = stat->st_uid,
        .gid = stat->st_gid,
        .nlink = (uint32_t)stat->st_nlink,
    };
}
