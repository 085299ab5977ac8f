/*
 * every_ring.h - one test on every ring there is: the fake one in order, the fake one by twenty seeds, the pool's,
 * the kernel's.
 *
 *     static void run_it(struct io_rig *rig) { CHECK_EQ(RUN_FUTURE(rig, op, weir_open(...)), -ENOENT); }
 *     static void test_a_promise(void) { on_every_ring(run_it); }
 */
#ifndef EVERY_RING_H
#define EVERY_RING_H

#include "io_rig.h"
#include "lane_rig.h"

/* Runs a future to its end in a slot of the test's; its output. */
#define RUN_FUTURE(rig, slot, ...)            \
    __extension__({                           \
        (slot) = (__VA_ARGS__);               \
        io_rig_run((rig), WEIR_HEAD(slot));   \
        WEIR_HEAD(slot)->line = WEIR_AT_DONE; \
        (slot).output;                        \
    })

/* One poll of it in its slot. */
#define POLL_SLOT(rig, slot) mock_task_poll(&(rig)->task, WEIR_HEAD(slot))

typedef void (*ring_test)(struct io_rig *rig);

static inline void on_fake_ring(ring_test test, struct ring_fake_options options)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, options);
    test(&rig);
    io_rig_fini(&rig);
    CHECK_EQ(rig.counts.destroyed, 1);
}

static inline void on_every_ring(ring_test test)
{
    on_fake_ring(test, (struct ring_fake_options){ 0 });
    for (uint64_t seed = 1; seed <= 20; seed++)
        on_fake_ring(test, (struct ring_fake_options){ .seed = seed, .delay_max = 5 });
    struct io_rig rig;
    struct lane_rig lane;
    lane_rig_init(&lane, 2, 64);
    io_rig_init_pool(&rig, &lane);
    test(&rig);
    io_rig_fini(&rig);
    lane_rig_fini(&lane);
    if (io_rig_init_uring(&rig)) {
        test(&rig);
        io_rig_fini(&rig);
    }
}

#endif
