/*
 * fail_call.h - a system call of ours that fails: the nth of its name, once, or with -EINTR.
 *
 *     WRAPS: openat fstat fstatat pread preadv2 read lseek statx getdents64 syscall
 *
 * in a line of a test's head makes every such call of ours (not of libraries, not of io_uring's kernel threads) come
 * here. `syscall` counts where it is openat2, which libraries have no function for.
 */
#ifndef FAIL_CALL_H
#define FAIL_CALL_H

#include <stdint.h>

enum fail_call {
    FAIL_OPENAT,
    FAIL_OPENAT2,
    FAIL_FSTAT,
    FAIL_FSTATAT,
    FAIL_PREAD,
    FAIL_PREADV2,
    FAIL_READ,
    FAIL_LSEEK,
    FAIL_STATX,
    FAIL_GETDENTS,
    FAIL_CALLS
};
extern const char *const fail_call_names[FAIL_CALLS];

/* From now on the nth such call, counted from 1 (0: none), fails with `error`, a positive errno. */
void fail_call_arm(enum fail_call call, uint32_t nth, int error);
/* All succeed again. Returns how many there were since, the failed one included. */
uint32_t fail_call_disarm(void);

#endif
