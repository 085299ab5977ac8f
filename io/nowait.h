/*
 * nowait.h - reads that take what is in the page cache and never wait for a disk: preadv2(2) with RWF_NOWAIT.
 *
 * Linux's AIO (io_submit) takes the same flag and an array of reads. It saves
 * 50 ns a read, and a process that has used it waits 30 ms for RCU when it ends:
 * docs/decisions/epoll-backend.md.
 */
#ifndef WI_NOWAIT_H
#define WI_NOWAIT_H

#include <stdbool.h>
#include <stdint.h>

struct nowait {
    bool can_read; /* this kernel has it, and what it says is true */
};

void wi_nowait_init(struct nowait *nowait);

/*
 * Bytes, 0 at end of file, or a negative errno: -EAGAIN, it would have to wait;
 * -EOPNOTSUPP, this file can't say. Less than asked for means that the end of
 * the file is there, or that the next page isn't. `offset` -1: where it stands.
 */
int64_t wi_nowait_read(const struct nowait *nowait, int fd, void *buffer, uint32_t length, uint64_t offset);
/* The same for writing. */
int64_t wi_nowait_write(const struct nowait *nowait, int fd, const void *buffer, uint32_t length, uint64_t offset);

#endif
