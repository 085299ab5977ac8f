/* driver.c - the engine's driver (weir/driver.h) over any ring, and the choice of the ring. */
#include <stdlib.h>
#include <weir/io.h>

#include "ready_set.h"
#include "ring.h"
#include "ring_pool.h"

struct driver {
    weir_driver driver;
    struct ring *ring;
};

static struct ring *ring_of(weir_driver *driver)
{
    return weir_container_of(driver, struct driver, driver)->ring;
}

/* For so many turns no more than a few operations on files were pushed: whoever comes next may do without the ring. */
#define QUIET_TURNS 16u
#define FEW_FILES 2u

static void driver_submit(weir_driver *driver)
{
    struct ring *ring = ring_of(driver);
    wi_ring_adopt(ring);
    ring->file_quiet = ring->file_pushed <= FEW_FILES ? ring->file_quiet + 1 : 0;
    ring->files_now = ring->can_now && ring->file_quiet >= QUIET_TURNS;
    ring->file_pushed = 0;
    ring->file_tasks = 0;
    if (ring->sockets != NULL)
        wi_ready_set_arm(ring->sockets, ring);
    ring->type->flush(ring);
}

static bool driver_reap(weir_driver *driver, weir_wakes *wakes)
{
    struct ring *ring = ring_of(driver);
    const bool more = wi_ring_reap(ring, wakes);
    return (ring->sockets != NULL && wi_ready_set_reap(ring->sockets, wakes)) || more;
}

static void driver_wait(weir_driver *driver, int64_t timeout_ns)
{
    struct ring *ring = ring_of(driver);
    wi_ring_adopt(ring);
    if (ring->sockets != NULL && timeout_ns != 0)
        wi_ready_set_arm(ring->sockets, ring);
    ring->type->wait(ring, timeout_ns);
}

static void driver_unpark(weir_driver *driver)
{
    struct ring *ring = ring_of(driver);
    ring->type->wake(ring);
}

static void driver_destroy(weir_driver *driver)
{
    struct ring *ring = ring_of(driver);
    wi_ring_adopt(ring);
    struct ready_set *sockets = ring->sockets;
    wi_ring_retire(ring);
    if (sockets != NULL)
        wi_ready_set_leave(sockets);
    free(weir_container_of(driver, struct driver, driver));
}

static void driver_help(weir_driver *driver)
{
    struct ring *ring = ring_of(driver);
    if (ring->type->help != NULL)
        ring->type->help(ring);
}

static uint64_t counted(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static void driver_counts(const weir_driver *driver, weir_driver_counts *ret_counts)
{
    struct ring *ring = ring_of((weir_driver *)(uintptr_t)driver);
    *ret_counts = (weir_driver_counts){
        .begun = counted(&ring->pushed) - counted(&ring->looks),
        .ended = counted(&ring->completed) - counted(&ring->looked),
        .ready = counted(&ring->ready),
    };
    if (ring->counts_sockets)
        wi_ready_set_count(ring->sockets, ret_counts);
}

static const weir_driver_type driver_type = {
    .name = "io",
    .submit = driver_submit,
    .reap = driver_reap,
    .wait = driver_wait,
    .unpark = driver_unpark,
    .help = driver_help,
    .counts = driver_counts,
    .destroy = driver_destroy,
};

int wi_driver_create(struct ring *ring, weir_driver **ret_driver)
{
    struct driver *self = malloc(sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    *self = (struct driver){ .driver.type = &driver_type, .ring = ring };
    *ret_driver = &self->driver;
    return 0;
}

struct ring *wi_ring_of(const weir_cx *cx)
{
    weir_driver *driver = cx->worker == NULL ? NULL : weir_cx_driver(cx);
    return driver == NULL || driver->type != &driver_type ? NULL : ring_of(driver);
}

/* --- which ring -------------------------------------------------------------------- */

#define USES_URING 1u
#define USES_EPOLL 2u

static int try_uring(const weir_io_options *options, struct ring **ret_ring)
{
#ifdef WEIR_URING
    return wi_ring_uring_create(options->entries, ret_ring);
#else
    (void)options;
    (void)ret_ring;
    return -EOPNOTSUPP;
#endif
}

static int post_to_current(void *arg, weir_lane_job *job)
{
    (void)arg;
    weir_runtime *runtime = weir_runtime_current();
    return runtime == NULL ? -ECANCELED : weir_lane_post(runtime, WEIR_LANE_IO, job);
}

/* A current-thread runtime has no current worker yet when its driver is made, but it has whenever the driver works. */
static int create_pool(struct ring **ret_ring)
{
    weir_runtime *runtime = weir_runtime_current();
    if (runtime != NULL)
        return wi_ring_pool_create(runtime, ret_ring);
    return wi_ring_pool_create_on(&(struct pool_lane){ .post = post_to_current }, ret_ring);
}

static int create_ring(weir_io_options *options, struct ring **ret_ring)
{
    if (options->mode != WEIR_IO_EPOLL) {
        const int error = try_uring(options, ret_ring);
        if (error == 0) {
            __atomic_fetch_or(&options->uses, USES_URING, __ATOMIC_RELAXED);
            return 0;
        }
        if (options->mode == WEIR_IO_URING)
            return error;
        __atomic_store_n(&options->uring_error, error, __ATOMIC_RELAXED);
    }
    const int error = create_pool(ret_ring);
    if (error == 0)
        __atomic_fetch_or(&options->uses, USES_EPOLL, __ATOMIC_RELAXED);
    return error;
}

static int create_driver(void *arg, unsigned index, unsigned workers, weir_driver **ret_driver)
{
    struct ring *ring;
    int error = create_ring(arg, &ring);
    if (error != 0)
        return error;
    struct ready_set *sockets;
    error = wi_ready_set_join(workers, &sockets);
    if (error == 0 && (error = wi_driver_create(ring, ret_driver)) != 0)
        wi_ready_set_leave(sockets);
    if (error != 0) {
        wi_ring_retire(ring);
        return error;
    }
    ring->sockets = sockets;
    ring->counts_sockets = index == 0;
    return 0;
}

weir_io_options weir_io_defaults(void)
{
    return (weir_io_options){ .mode = WEIR_IO_AUTO };
}

weir_driver_factory weir_io_drivers(weir_io_options *options)
{
    return (weir_driver_factory){ create_driver, options };
}

const char *weir_io_backend(const weir_io_options *options)
{
    static const char *const names[] = { NULL, "io_uring", "epoll", "io_uring and epoll" };
    return names[__atomic_load_n(&options->uses, __ATOMIC_RELAXED) & (USES_URING | USES_EPOLL)];
}

int weir_io_uring_error(const weir_io_options *options)
{
    return __atomic_load_n(&options->uring_error, __ATOMIC_RELAXED);
}
