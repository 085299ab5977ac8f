/*
 * interrupt.h - SIGINT and SIGTERM as a cancellation token: the first one asks,
 * the second ends the process at once.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <pthread.h>

#include <weir/cancel.h>

struct interrupt {
    weir_cancel_token *token;
    pthread_t thread;
    int signal; /* [atomic] the one that came, or 0 */
    /* NULL: SIGHUP does what it does. Else asked when it comes, on a thread of its own: true, and it is as SIGINT. */
    bool (*hangup)(void *arg);
    void *hangup_arg;
};

/* Before any other thread is started, so that all of them leave the signals to this one. SIGPIPE is ignored from here.
 * `hangup` and its argument are set already. */
int interrupt_init(struct interrupt *interrupt);
/* The signal that came, or 0. */
int interrupt_signal(const struct interrupt *interrupt);
int interrupt_fini(struct interrupt *interrupt);

/* All signals of init are let through again: before an exec. */
void interrupt_unblock(void);

/* Nobody reads our output any more: ends the process as others end then, by SIGPIPE and without a word. */
void interrupt_end_by_sigpipe(void);

#endif
