/*
 * fdclose.h - closing files by the dozen.
 *
 * A system call costs more than closing a small file does, so descriptors that
 * nobody uses any more are marked in a bitmap of the process, and 64 neighbours
 * go in one close_range(2). For files opened to be read, whose close(2) says
 * nothing and releases nothing that somebody waits for (no lock, no socket).
 */
#ifndef WI_FDCLOSE_H
#define WI_FDCLOSE_H

#include <stdbool.h>

/*
 * Closes `fd` now or somewhat later; it is no longer the caller's. Any thread.
 * No more than WI_FD_CLOSE_PENDING_MAX (and a few a thread) stay open because of it.
 */
void wi_fd_close_later(int fd);

#define WI_FD_CLOSE_PENDING_MAX 1024

/*
 * Closes what is pending and returns how many that was: at the end, before a
 * long sleep, and when an open failed with -EMFILE or -ENFILE. Any thread.
 */
unsigned wi_fd_close_flush(void);

/* Whether a flush would find anything: a look at one word. */
bool wi_fd_close_pending(void);

#endif
