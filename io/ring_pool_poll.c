/*
 * ring_pool_poll.c - descriptors that are waited for, each for one operation.
 *
 * epoll gets a duplicate of the descriptor: several operations may wait for the
 * same one, and as with io_uring closing it doesn't leave them without an end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ring_pool.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441 /* the same on every architecture */
#endif

#define EVENTS_MAX 64

_Static_assert((int)POLLIN == (int)EPOLLIN && (int)POLLOUT == (int)EPOLLOUT && (int)POLLERR == (int)EPOLLERR &&
                   (int)POLLHUP == (int)EPOLLHUP && (int)POLLRDHUP == (int)EPOLLRDHUP,
               "the same bits");

static int duplicate(int fd)
{
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

/* It can't be waited for: a file, a directory (-EPERM), or there is no room. For a poll those are always ready. */
static void go_on_without(struct ring_pool *self, struct op *op, int error)
{
    if (op->kind != OP_POLL)
        wi_rpool_to_lane(self, op);
    else if (error == -EPERM)
        wi_rpool_end(self, op, op->mask & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM));
    else
        wi_rpool_end(self, op, error);
}

void wi_rpool_arm(struct ring_pool *self, struct op *op, uint32_t events)
{
    struct pool_job *job = wi_rpool_job(self, op);
    const int fd = job == NULL ? -ENOMEM : duplicate(op->fd);
    if (fd < 0) {
        go_on_without(self, op, fd);
        return;
    }
    job->op = op;
    job->poll_fd = fd;
    atomic_fetch_add_explicit(&self->polls, 1, memory_order_relaxed);
    /* Release: who takes the event finds the rest. */
    atomic_store_explicit(&job->armed, 1, memory_order_release);
    struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = job };
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return;
    const int error = -errno;
    atomic_store_explicit(&job->armed, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&self->polls, 1, memory_order_relaxed);
    close(fd);
    go_on_without(self, op, error);
}

/* True: the op is the caller's, and epoll knows nothing of it any more. */
static bool take(struct ring_pool *self, struct pool_job *job)
{
    if (atomic_exchange_explicit(&job->armed, 0, memory_order_acq_rel) == 0)
        return false;
    /* By hand: the file is still open elsewhere, so closing this descriptor alone would leave it there. */
    (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, job->poll_fd, NULL);
    close(job->poll_fd);
    atomic_fetch_sub_explicit(&self->polls, 1, memory_order_relaxed);
    return true;
}

bool wi_rpool_disarm(struct ring_pool *self, struct op *op)
{
    const uint32_t block = op->index / RPOOL_BLOCK;
    return block < self->job_blocks && self->jobs[block] != NULL &&
           take(self, &self->jobs[block][op->index % RPOOL_BLOCK]);
}

/*
 * An event that lies in our array is of the operation that armed it, or of none:
 * should the owner cancel that one meanwhile, its job isn't used again before it
 * was reaped, and who reaps (one at a time) is either this thread or waits for it.
 * The owner's own look outside of a reap can't meet a cancel, which is the owner's, too.
 */
static void go_on(struct ring_pool *self, struct pool_job *job, uint32_t events)
{
    if (!take(self, job))
        return;
    struct op *op = job->op;
    if (op->kind == OP_POLL) {
        wi_rpool_end_now(self, op, events);
    } else {
        op->phase = RPOOL_READY;
        wi_rpool_hand_over(self, op);
    }
}

static int epoll_sleep(int epoll_fd, struct epoll_event *events, int64_t timeout_ns)
{
    static bool in_ms; /* Linux before 5.11 */
    const struct timespec timeout = { .tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000 };
    if (timeout_ns > 0 && !__atomic_load_n(&in_ms, __ATOMIC_RELAXED)) {
        const long n = syscall(SYS_epoll_pwait2, epoll_fd, events, EVENTS_MAX, &timeout, NULL, 0);
        if (n >= 0 || errno == EINTR)
            return (int)n;
        __atomic_store_n(&in_ms, true, __ATOMIC_RELAXED);
    }
    /* Rounded up, or the last fraction of a millisecond would be spent asking. */
    const int64_t ms = timeout_ns < 0 ? -1 : timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
    return epoll_wait(epoll_fd, events, EVENTS_MAX, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

void wi_rpool_look(struct ring_pool *self, int64_t timeout_ns)
{
    struct epoll_event events[EVENTS_MAX];
    const int count = epoll_sleep(self->epoll_fd, events, timeout_ns);
    if (timeout_ns != 0) /* nobody has to wake us for what we find ourselves */
        atomic_store_explicit(&self->sleep, RPOOL_AWAKE, memory_order_seq_cst);
    bool was_for_owner = false;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL)
            was_for_owner = true;
        else
            go_on(self, events[i].data.ptr, events[i].events);
    }
    /*
     * wake_fd tells of each write once, and whoever else looks takes that from the owner. So it is said
     * again, unless the owner has got up meanwhile: before it lies down again it looks by itself.
     */
    if (was_for_owner && !wi_ring_is_owner(&self->ring) &&
        atomic_load_explicit(&self->sleep, memory_order_seq_cst) != RPOOL_AWAKE)
        (void)eventfd_write(self->wake_fd, 1);
}
