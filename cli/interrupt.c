/* interrupt.c - a thread that does nothing but wait for signals. */
#include "interrupt.h"

#include <signal.h>
#include <unistd.h>

/* Ours, to end the thread. */
#define SIGNAL_END SIGUSR2

static sigset_t signals_of(bool hangup)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGNAL_END);
    if (hangup)
        (void)sigaddset(&signals, SIGHUP);
    return signals;
}

static void *wait_for_signals(void *arg)
{
    struct interrupt *interrupt = arg;
    const sigset_t signals = signals_of(interrupt->hangup != NULL);
    for (;;) {
        int signal;
        if (sigwait(&signals, &signal) != 0)
            continue;
        if (signal == SIGNAL_END)
            return NULL;
        if (signal == SIGHUP && (interrupt_signal(interrupt) != 0 || !interrupt->hangup(interrupt->hangup_arg)))
            continue;
        if (interrupt_signal(interrupt) != 0)
            _exit(128 + signal);
        __atomic_store_n(&interrupt->signal, signal, __ATOMIC_RELEASE);
        weir_cancel(interrupt->token);
    }
}

int interrupt_init(struct interrupt *interrupt)
{
    const sigset_t signals = signals_of(interrupt->hangup != NULL);
    interrupt->signal = 0;
    const int error = weir_cancel_create(&interrupt->token);
    if (error < 0)
        return error;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    return -pthread_create(&interrupt->thread, NULL, wait_for_signals, interrupt);
}

int interrupt_signal(const struct interrupt *interrupt)
{
    return __atomic_load_n(&interrupt->signal, __ATOMIC_ACQUIRE);
}

int interrupt_fini(struct interrupt *interrupt)
{
    (void)pthread_kill(interrupt->thread, SIGNAL_END);
    (void)pthread_join(interrupt->thread, NULL);
    weir_cancel_unref(interrupt->token);
    return interrupt->signal;
}

void interrupt_unblock(void)
{
    const sigset_t signals = signals_of(true);
    (void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

void interrupt_end_by_sigpipe(void)
{
    (void)signal(SIGPIPE, SIG_DFL);
    (void)raise(SIGPIPE);
}
