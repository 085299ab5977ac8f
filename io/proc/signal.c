/*
 * signal.c - a handler that counts, and an eventfd a listener that it writes to.
 *
 * The handler may run anywhere, at any time, also while a listener is being opened
 * or closed, so it takes no lock: it walks a list that only grows. A listener that
 * is closed keeps its place and its eventfd, for the next one of that signal to
 * take over; so no number that the handler has read can become somebody else's
 * file before it writes to it. There are as many eventfds as there were listeners
 * at once.
 */
#include <weir/signal.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "stream/ready.h"

struct weir_signal {
    struct weir_signal *next; /* of the same signal; set before it is published */
    int signo;
    int fd;
    _Atomic bool open;
    uint32_t seen; /* of `raised` */
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(weir_signal *) listeners[NSIG];
static _Atomic uint32_t raised[NSIG];

_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "a signal handler can't wait for a lock");

static void on_signal(int signo)
{
    const int saved = errno;
    atomic_fetch_add_explicit(&raised[signo], 1, memory_order_release);
    for (weir_signal *at = atomic_load_explicit(&listeners[signo], memory_order_acquire); at != NULL; at = at->next)
        if (atomic_load_explicit(&at->open, memory_order_acquire))
            (void)eventfd_write(at->fd, 1);
    errno = saved;
}

static bool can_be_heard(int signo)
{
    return signo > 0 && signo < NSIG && signo != SIGKILL && signo != SIGSTOP && signo != SIGSEGV && signo != SIGBUS &&
           signo != SIGFPE && signo != SIGILL;
}

static int set_handler(int signo)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    (void)sigfillset(&action.sa_mask);
    return sigaction(signo, &action, NULL) < 0 ? -errno : 0;
}

/* One that was closed. */
static weir_signal *find_closed(int signo)
{
    weir_signal *at = atomic_load_explicit(&listeners[signo], memory_order_relaxed);
    while (at != NULL && atomic_load_explicit(&at->open, memory_order_relaxed))
        at = at->next;
    return at;
}

static int add(int signo, weir_signal **ret_signal)
{
    weir_signal *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->signo = signo;
    self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->next = atomic_load_explicit(&listeners[signo], memory_order_relaxed);
    int error = self->fd < 0 ? -errno : 0;
    if (error == 0 && self->next == NULL)
        error = set_handler(signo);
    if (error != 0) {
        if (self->fd >= 0)
            close(self->fd);
        free(self);
        return error;
    }
    atomic_store_explicit(&listeners[signo], self, memory_order_release);
    *ret_signal = self;
    return 0;
}

int weir_signal_open(int signo, weir_signal **ret_signal)
{
    if (!can_be_heard(signo))
        return -EINVAL;
    pthread_mutex_lock(&registry_lock);
    weir_signal *self = find_closed(signo);
    const int error = self == NULL ? add(signo, &self) : 0;
    if (error == 0) {
        self->seen = atomic_load_explicit(&raised[signo], memory_order_acquire);
        atomic_store_explicit(&self->open, true, memory_order_release);
        *ret_signal = self;
    }
    pthread_mutex_unlock(&registry_lock);
    return error;
}

void weir_signal_close(weir_signal *self)
{
    if (self == NULL)
        return;
    pthread_mutex_lock(&registry_lock);
    atomic_store_explicit(&self->open, false, memory_order_release);
    pthread_mutex_unlock(&registry_lock);
}

/* --- waiting ----------------------------------------------------------------------------- */

/* First the eventfd, then the count: what comes in between is found now, and what comes after wakes us. */
static int64_t try_next(void *arg)
{
    weir_signal *self = arg;
    eventfd_t value;
    (void)eventfd_read(self->fd, &value);
    const uint32_t now = atomic_load_explicit(&raised[self->signo], memory_order_acquire);
    const uint32_t count = now - self->seen;
    self->seen = now;
    return count == 0 ? -EAGAIN : (int64_t)count;
}

static weir_signal_future *from_head(weir_future *future)
{
    return weir_container_of(future, weir_signal_future, future);
}

static weir_poll next_poll(weir_future *future, weir_cx *cx)
{
    weir_signal_future *self = from_head(future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    const weir_poll poll_ =
        wi_ready_loop(&self->wait, self->signal->fd, POLLIN, cx, false, try_next, self->signal, &self->output);
    if (poll_ == WEIR_PENDING)
        weir_budget_give_back(cx);
    return poll_;
}

static void next_drop(weir_future *future)
{
    wi_ready_drop(&from_head(future)->wait);
}

static const weir_future_type next_type = WEIR_FUTURE_TYPE(weir_signal_future, "signal_next", next_poll, next_drop);

weir_signal_future weir_signal_next(weir_signal *signal)
{
    return (weir_signal_future){ .future = WEIR_FUTURE_INIT(&next_type), .signal = signal };
}
