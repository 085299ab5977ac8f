/*
 * io_rig.h - one worker's loop by hand: a mock task, a driver, and the ring of the test's choice.
 *
 *     struct io_rig rig;
 *     if (!io_rig_init_uring(&rig)) return;           skips, with a reason, where the kernel refuses
 *     CHECK_EQ(io_rig_run(&rig, WEIR_HEAD(future)), 0);
 *     io_rig_fini(&rig);                              every waker was released, every op came back
 */
#ifndef IO_RIG_H
#define IO_RIG_H

#include <dirent.h>
#include <unistd.h>

#include "check.h"
#include "mock_task.h"
#include "ring_fake.h"

struct io_rig {
    struct weir_worker worker;
    struct mock_task task;
    struct ring *ring;
    struct ring_fake_counts counts; /* of a fake ring */
};

static inline void io_rig_init(struct io_rig *rig, struct ring *ring)
{
    mock_task_init(&rig->task);
    rig->ring = ring;
    ring->can_now = false; /* tests with a rig are about rings */
    rig->worker = (struct weir_worker){ 0 };
    CHECK_EQ(wi_driver_create(ring, &rig->worker.driver), 0);
    rig->task.worker = &rig->worker;
}

static inline void io_rig_init_fake(struct io_rig *rig, struct ring_fake_options options)
{
    struct ring *ring;
    rig->counts = (struct ring_fake_counts){ 0 };
    CHECK_EQ(ring_fake_create(&options, &rig->counts, &ring), 0);
    io_rig_init(rig, ring);
}

static inline bool io_rig_init_uring(struct io_rig *rig)
{
#ifdef WEIR_URING
    struct ring *ring;
    const int error = wi_ring_uring_create(0, &ring);
    if (error == 0) {
        io_rig_init(rig, ring);
        return true;
    }
    printf("skipped: no io_uring here: %s\n", strerror(-error));
#else
    (void)rig;
    printf("skipped: built without io_uring\n");
#endif
    return false;
}

/* Wakes what one round of reaping found. True when there was something. */
static inline bool io_rig_reap(struct io_rig *rig)
{
    bool any = false;
    bool more;
    do {
        weir_wakes wakes = { 0 };
        more = rig->worker.driver->type->reap(rig->worker.driver, &wakes);
        CHECK(wakes.count <= WEIR_WAKES_MAX);
        for (unsigned i = 0; i < wakes.count; i++) {
            weir_wake(wakes.waker[i]);
            weir_waker_release(wakes.waker[i]);
            any = true;
        }
    } while (more);
    return any;
}

/* A turn of the worker's loop, and a sleep if nothing came of it. */
static inline void io_rig_turn(struct io_rig *rig)
{
    weir_driver *driver = rig->worker.driver;
    driver->type->submit(driver);
    if (!io_rig_reap(rig))
        driver->type->wait(driver, 5000000);
}

/* Polls until it is ready; a task is only polled when it was woken. */
static inline void io_rig_run(struct io_rig *rig, weir_future *future)
{
    while (mock_task_poll(&rig->task, future) == WEIR_PENDING)
        while (!mock_task_is_woken(&rig->task) && !rig->task.yielded)
            io_rig_turn(rig);
}

/* Until the ring has nothing in flight. */
static inline void io_rig_settle(struct io_rig *rig)
{
    rig->worker.driver->type->submit(rig->worker.driver);
    io_rig_reap(rig);
    while (wi_ring_in_flight(rig->ring) > 0)
        io_rig_turn(rig);
}

static inline void io_rig_fini(struct io_rig *rig)
{
    rig->worker.driver->type->destroy(rig->worker.driver);
    rig->worker.driver = NULL;
    CHECK_EQ(mock_task_holds(&rig->task), 0);
}

static inline unsigned io_rig_open_fds(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* --- operations by hand: each ends with wi_op_finish() ------------------------------------------------------- */

static inline struct op *take_op(struct io_rig *rig, enum op_kind kind)
{
    struct op *op = wi_op_take(rig->ring, kind);
    CHECK(op != NULL);
    op->complete = wi_op_finish;
    return op;
}

static inline struct op *transfer_op(struct io_rig *rig, enum op_kind kind, int fd, void *buffer, uint32_t length,
                                     uint64_t offset)
{
    struct op *op = take_op(rig, kind);
    op->fd = fd;
    op->buffer = buffer;
    op->length = length;
    op->offset = offset;
    return op;
}

#endif
