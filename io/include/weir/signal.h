/*
 * signal.h - signals as futures.
 *
 *     error = weir_signal_open(SIGTERM, &signal);
 *     self->stop = weir_signal_next(self->signal);
 *     self->work = ...;
 *     AWAIT(self->which, weir_select(self->stop, self->work));
 *
 * Every listener of a signal hears of it, in whatever runtime it waits. The first
 * weir_signal_open() of a signal sets a handler, which stays for the life of the
 * process: from then on the signal's default (to end the process, say) no longer
 * happens, listeners or not. A process that weir/process.h starts gets it back.
 */
#ifndef WEIR_SIGNAL_H
#define WEIR_SIGNAL_H

#include <signal.h>
#include <weir/stream.h>

typedef struct weir_signal weir_signal;

/*
 * weir_signal_open() - hear of `signo` from now on.
 *
 * Returns 0 or a negative errno: -EINVAL for what can't be caught or would come
 * again at once (SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL); -EMFILE.
 * Any thread, with a runtime or without.
 */
WEIR_MUST_USE int weir_signal_open(int signo, weir_signal **ret_signal);
/* Takes NULL. No weir_signal_next() may be pending. */
void weir_signal_close(weir_signal *signal);

/*
 * weir_signal_next() - wait for the signal.
 *
 * Resolves to how often it came since the open or the last one (the kernel makes
 * one of several that come close together), at least 1; or to a negative errno as
 * in stream.h.
 *
 * Cancel safe: yes; what came meanwhile comes with the next call.
 */
typedef struct weir_signal_future {
    weir_future future;
    int64_t output;
    weir_signal *signal;
    weir_io_wait wait;
} weir_signal_future;
WEIR_MUST_USE weir_signal_future weir_signal_next(weir_signal *signal);

#endif
