/*
 * process_child.h - the insides of a child: process.c starts and ends it, process_wait.c waits for it.
 */
#ifndef WI_PROCESS_CHILD_H
#define WI_PROCESS_CHILD_H

#include <weir/process.h>

struct weir_child {
    pid_t pid;
    int pidfd;
    int status; /* once it was reaped */
    bool reaped;
    bool kill_on_drop;
    weir_stream *end[3]; /* of its pipes */
    weir_child *next;    /* among the orphans */
};

/* A status, or -EAGAIN, or another negative errno. Reaps it if it has ended. */
int64_t wi_child_reap(weir_child *child);
/* Reaps those that were let go while they ran and have ended since. */
void wi_child_reap_orphans(void);

#endif
