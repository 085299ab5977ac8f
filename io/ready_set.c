/*
 * ready_set.c - one epoll for the sockets of a runtime: who looks at it, and the store of sources.
 *
 * One of the rings has a poll on the epoll's descriptor: it ends with the first event, whoever reaps that ring looks
 * (`due`), and the next worker to hand over or to sleep begins another one. So an event wakes one worker, whichever was
 * the last to sleep, and one that is at work finds what has happened between two turns.
 *
 * Sources are never freed before their set: an event that was on its way when its socket was removed finds one that
 * is unused, or another's, for which it means no more than that it is tried.
 */
#include "ready_set.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <weir/task.h>

#include "ring.h"

#define BLOCK_SOURCES 64u

struct source_block {
    struct source_block *next;
    struct ready_source source[BLOCK_SOURCES];
};

struct ready_set {
    struct ready_set *next; /* under sets_lock, with the next three */
    const weir_runtime *runtime;
    unsigned expected;      /* drivers that are still to join */
    unsigned drivers;       /* those that are there */
    _Atomic uint32_t holds; /* the drivers together, and each source that is used */
    _Atomic uint32_t used;  /* sources */
    _Atomic bool armed;     /* a ring has a poll on `fd` */
    _Atomic bool due;       /* it has ended: somebody is to look */
    pthread_mutex_t lock;   /* of what follows */
    int fd;                 /* -1: not there yet */
    bool over;
    struct source_block *blocks;
    struct ready_source *free;
};

static pthread_mutex_t sets_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ready_set *sets; /* those that have drivers */

/* --- drivers ------------------------------------------------------------------------- */

static struct ready_set *find_set(const weir_runtime *runtime)
{
    for (struct ready_set *set = sets; set != NULL; set = set->next)
        if (set->runtime == runtime && set->expected > 0)
            return set;
    return NULL;
}

static struct ready_set *create_set(const weir_runtime *runtime, unsigned workers)
{
    struct ready_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return NULL;
    set->runtime = runtime;
    set->expected = workers;
    atomic_init(&set->holds, 1);
    (void)pthread_mutex_init(&set->lock, NULL);
    set->fd = -1;
    set->next = sets;
    sets = set;
    return set;
}

int wi_ready_set_join(unsigned workers, struct ready_set **ret_set)
{
    const weir_runtime *runtime = weir_runtime_current();
    (void)pthread_mutex_lock(&sets_lock);
    struct ready_set *set = find_set(runtime);
    if (set == NULL)
        set = create_set(runtime, workers);
    if (set != NULL) {
        set->expected--;
        set->drivers++;
    }
    (void)pthread_mutex_unlock(&sets_lock);
    *ret_set = set;
    return set == NULL ? -ENOMEM : 0;
}

static void release_set(struct ready_set *set)
{
    if (atomic_fetch_sub_explicit(&set->holds, 1, memory_order_acq_rel) != 1)
        return;
    struct source_block *next;
    for (struct source_block *block = set->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    if (set->fd >= 0)
        (void)close(set->fd);
    (void)pthread_mutex_destroy(&set->lock);
    free(set);
}

static void end_sources(struct ready_set *set)
{
    (void)pthread_mutex_lock(&set->lock);
    set->over = true;
    for (struct source_block *block = set->blocks; block != NULL; block = block->next)
        for (unsigned i = 0; i < BLOCK_SOURCES; i++)
            wi_source_end(&block->source[i]);
    (void)pthread_mutex_unlock(&set->lock);
}

void wi_ready_set_leave(struct ready_set *set)
{
    (void)pthread_mutex_lock(&sets_lock);
    const bool is_last = --set->drivers == 0;
    if (is_last) {
        struct ready_set **place = &sets;
        while (*place != set)
            place = &(*place)->next;
        *place = set->next;
    }
    (void)pthread_mutex_unlock(&sets_lock);
    if (!is_last)
        return;
    end_sources(set);
    release_set(set);
}

/* --- sources ------------------------------------------------------------------------- */

static bool grow(struct ready_set *set)
{
    struct source_block *block = calloc(1, sizeof *block);
    if (block == NULL)
        return false;
    block->next = set->blocks;
    set->blocks = block;
    for (unsigned i = BLOCK_SOURCES; i-- > 0;) {
        block->source[i].next = set->free;
        set->free = &block->source[i];
    }
    return true;
}

static void put_back(struct ready_set *set, struct ready_source *source)
{
    (void)pthread_mutex_lock(&set->lock);
    source->next = set->free;
    set->free = source;
    (void)pthread_mutex_unlock(&set->lock);
}

static struct ready_source *take_source(struct ready_set *set, enum ready_way way, uint32_t known)
{
    struct ready_source *source = NULL;
    (void)pthread_mutex_lock(&set->lock);
    if (set->fd < 0 && !set->over)
        set->fd = epoll_create1(EPOLL_CLOEXEC);
    if (set->fd >= 0 && !set->over && (set->free != NULL || grow(set))) {
        source = set->free;
        set->free = source->next;
        wi_source_init(source, set, way, known);
    }
    (void)pthread_mutex_unlock(&set->lock);
    return source;
}

static bool passes_descriptors(int fd)
{
    int domain = AF_UNIX;
    socklen_t size = sizeof domain;
    (void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    return domain == AF_UNIX;
}

struct ready_source *wi_ready_set_add(struct ready_set *set, int fd, enum ready_way way)
{
    struct ready_source *source = take_source(set, way, passes_descriptors(fd) ? SOURCE_STOPS_SHORT : 0);
    if (source == NULL)
        return NULL;
    struct epoll_event event = { .events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = source };
    if (epoll_ctl(set->fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        put_back(set, source);
        return NULL;
    }
    (void)atomic_fetch_add_explicit(&set->holds, 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&set->used, 1, memory_order_release);
    return source;
}

void wi_ready_set_remove(struct ready_source *source, int fd)
{
    struct ready_set *set = source->set;
    (void)epoll_ctl(set->fd, EPOLL_CTL_DEL, fd, NULL);
    (void)atomic_fetch_sub_explicit(&set->used, 1, memory_order_relaxed);
    put_back(set, source);
    release_set(set);
}

void wi_ready_set_count(struct ready_set *set, weir_driver_counts *counts)
{
    (void)pthread_mutex_lock(&set->lock);
    for (struct source_block *block = set->blocks; block != NULL; block = block->next)
        for (unsigned i = 0; i < BLOCK_SOURCES; i++)
            wi_source_count(&block->source[i], counts);
    (void)pthread_mutex_unlock(&set->lock);
}

/* --- looking ------------------------------------------------------------------------- */

static void on_event(struct op *op, weir_wakes *wakes)
{
    (void)wakes;
    struct ready_set *set = op->user;
    (void)atomic_fetch_add_explicit(&op->ring->looked, 1, memory_order_relaxed);
    atomic_store(&set->due, true);
    atomic_store(&set->armed, false);
    wi_op_put(op);
}

void wi_ready_set_arm(struct ready_set *set, struct ring *ring)
{
    if (atomic_load_explicit(&set->used, memory_order_acquire) == 0 || atomic_load(&set->armed) ||
        atomic_exchange(&set->armed, true))
        return;
    struct op *op = wi_op_take(ring, OP_POLL);
    if (op == NULL) { /* the next one tries again */
        atomic_store(&set->armed, false);
        return;
    }
    op->fd = set->fd;
    op->mask = POLLIN;
    op->user = set;
    op->complete = on_event;
    (void)atomic_fetch_add_explicit(&ring->looks, 1, memory_order_relaxed);
    wi_op_start(op);
}

bool wi_ready_set_reap(struct ready_set *set, weir_wakes *wakes)
{
    if (!atomic_load_explicit(&set->due, memory_order_relaxed))
        return false;
    const unsigned room = (WEIR_WAKES_MAX - wakes->count) / 2; /* one reads, one writes */
    if (room == 0)
        return true;
    if (!atomic_exchange(&set->due, false))
        return false;
    struct epoll_event events[WEIR_WAKES_MAX / 2];
    const int count = epoll_wait(set->fd, events, (int)room, 0);
    for (int i = 0; i < count; i++)
        wi_source_happened(events[i].data.ptr, events[i].events, wakes);
    const bool more = count == (int)room || (count < 0 && errno == EINTR);
    if (more)
        atomic_store(&set->due, true);
    return more;
}
