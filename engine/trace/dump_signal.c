/*
 * dump_signal.c - a dump when a signal comes.
 *
 * The handler adds 1 to a futex, which is all it may do; a thread that sleeps on
 * it dumps every runtime that asked. The thread ends with the last of them.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/futex.h"
#include "sched/worker.h"
#include "trace/dump_signal.h"

#define RUNTIMES_MAX 64

static struct {
    pthread_mutex_t lock;
    struct weir_runtime *runtimes[RUNTIMES_MAX];
    unsigned count;
    int signal_number;
    struct sigaction before;
    uint32_t requests_before; /* it: a signal may come before the thread first looks */
    pthread_t thread;
} watched = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint32_t requests;
static uint32_t generation; /* of the thread: one that is of an earlier one ends */

static void on_signal(int signal_number)
{
    (void)signal_number;
    const int saved = errno;
    (void)wi_fetch_add(&requests, 1u, RELEASE);
    wi_futex_wake(&requests, 1);
    errno = saved;
}

static void *dump_thread(void *arg)
{
    const uint32_t mine = (uint32_t)(uintptr_t)arg;
    (void)pthread_mutex_lock(&watched.lock);
    uint32_t seen = watched.requests_before;
    (void)pthread_mutex_unlock(&watched.lock);
    while (wi_load(&generation, ACQUIRE) == mine) {
        const uint32_t now = wi_load(&requests, ACQUIRE);
        if (now == seen) {
            wi_futex_wait(&requests, now, -1);
            continue;
        }
        seen = now;
        (void)pthread_mutex_lock(&watched.lock);
        for (unsigned i = 0; i < watched.count; i++)
            (void)weir_dump(watched.runtimes[i], STDERR_FILENO, 0);
        (void)pthread_mutex_unlock(&watched.lock);
    }
    return NULL;
}

/* The first runtime: handler and thread. [lock] */
static int begin(int signal_number)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    (void)sigemptyset(&action.sa_mask);
    watched.requests_before = wi_load(&requests, ACQUIRE);
    if (sigaction(signal_number, &action, &watched.before) < 0)
        return -EINVAL;
    const int error = pthread_create(&watched.thread, NULL, dump_thread, (void *)(uintptr_t)generation);
    if (error != 0) {
        (void)sigaction(signal_number, &watched.before, NULL);
        return -error;
    }
    watched.signal_number = signal_number;
    return 0;
}

int weir_dump_on_signal(weir_runtime *runtime, int signal_number)
{
    int error = 0;
    (void)pthread_mutex_lock(&watched.lock);
    if (watched.count > 0 && signal_number != watched.signal_number)
        error = -EINVAL;
    else if (watched.count == RUNTIMES_MAX)
        error = -ENOMEM;
    else if (watched.count == 0)
        error = begin(signal_number);
    if (error == 0)
        watched.runtimes[watched.count++] = runtime;
    (void)pthread_mutex_unlock(&watched.lock);
    return error;
}

static bool remove_locked(const struct weir_runtime *runtime)
{
    for (unsigned i = 0; i < watched.count; i++)
        if (watched.runtimes[i] == runtime) {
            watched.runtimes[i--] = watched.runtimes[--watched.count];
            if (watched.count == 0)
                return true;
        }
    return false;
}

void wi_dump_signal_forget(const struct weir_runtime *runtime)
{
    (void)pthread_mutex_lock(&watched.lock);
    const bool last = remove_locked(runtime);
    const pthread_t thread = watched.thread;
    if (last) {
        (void)sigaction(watched.signal_number, &watched.before, NULL);
        wi_store(&generation, generation + 1, RELEASE);
    }
    (void)pthread_mutex_unlock(&watched.lock);
    if (!last)
        return;
    (void)wi_fetch_add(&requests, 1u, RELEASE);
    wi_futex_wake(&requests, 1);
    (void)pthread_join(thread, NULL);
}
