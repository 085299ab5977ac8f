/*
 * nowait.h - reads that take what is in the page cache and never wait for a disk, many in one system call.
 *
 * preadv2(2) with RWF_NOWAIT does it for one file. Linux's own AIO (io_submit(2),
 * not POSIX's) takes the same flag and an array of reads; it is there in most
 * containers that refuse io_uring. A buffered read is done before io_submit
 * returns, so nothing here is asynchronous: it is a way to enter the kernel once.
 */
#ifndef WI_NOWAIT_H
#define WI_NOWAIT_H

#include <stdbool.h>
#include <stdint.h>

#define NOWAIT_READS_MAX 64u

struct nowait {
    bool can_read;         /* this kernel has it, and what it says is true */
    bool no_batch;         /* it has no AIO, or refused it */
    unsigned long context; /* AIO's; 0: not asked for yet */
};

struct nowait_read {
    int fd; /* a regular file without O_DIRECT */
    uint32_t length;
    uint64_t offset;
    void *buffer;
    int64_t result;
};

void wi_nowait_init(struct nowait *nowait);
void wi_nowait_fini(struct nowait *nowait);

/*
 * Bytes, 0 at end of file, or a negative errno: -EAGAIN, it would have to wait;
 * -EOPNOTSUPP, this file can't say. Less than asked for means that the end of
 * the file is there, or that the next page isn't. `offset` -1: where it stands.
 */
int64_t wi_nowait_read(struct nowait *nowait, int fd, void *buffer, uint32_t length, uint64_t offset);
/* The same for writing. */
int64_t wi_nowait_write(struct nowait *nowait, int fd, const void *buffer, uint32_t length, uint64_t offset);

/* Sets the result of each of `count` (at most NOWAIT_READS_MAX) reads. */
void wi_nowait_read_all(struct nowait *nowait, struct nowait_read *reads, unsigned count);

#endif
