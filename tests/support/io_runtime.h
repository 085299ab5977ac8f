/*
 * io_runtime.h - a real runtime with io, of one backend or the other.
 *
 *     static void run_it(weir_runtime *runtime) { CHECK_EQ(block_on_int(runtime, WEIR_CALL(...)), 0); }
 *     static void test_a_promise(void) { on_every_runtime(run_it); }
 */
#ifndef IO_RUNTIME_H
#define IO_RUNTIME_H

#include <weir/io.h>
#include <weir/runtime.h>

#include "check.h"

struct io_runtime {
    weir_io_options io;
    weir_driver_factory drivers;
    weir_runtime *runtime;
};

/* False, with the reason printed: this kernel refuses io_uring. workers 0: current-thread. */
static inline bool io_runtime_init(struct io_runtime *self, weir_io_mode mode, unsigned workers)
{
    self->io = weir_io_defaults();
    self->io.mode = mode;
    self->drivers = weir_io_drivers(&self->io);
    weir_runtime_options options = workers == 0 ? weir_runtime_current_thread() : weir_runtime_defaults();
    options.workers = workers;
    options.drivers = &self->drivers;
    const int error = weir_runtime_create(&options, &self->runtime);
    if (error != 0 && mode == WEIR_IO_URING) {
        printf("skipped: no io_uring here: %s\n", strerror(-error));
        return false;
    }
    CHECK_EQ(error, 0);
    return true;
}

static inline void io_runtime_fini(struct io_runtime *self)
{
    weir_runtime_destroy(self->runtime);
}

/* Current-thread and with two workers, on io_uring and on epoll. */
static inline void on_every_runtime(void (*test)(weir_runtime *runtime))
{
    static const weir_io_mode modes[] = { WEIR_IO_EPOLL, WEIR_IO_URING };
    for (unsigned i = 0; i < 4; i++) {
        struct io_runtime self;
        if (!io_runtime_init(&self, modes[i % 2], i < 2 ? 0 : 2))
            continue;
        test(self.runtime);
        io_runtime_fini(&self);
    }
}

/* Runs a future whose output is an int64_t, and gives that. */
#define BLOCK_ON(runtime, ...)                                               \
    __extension__({                                                          \
        int64_t output_ = INT64_MIN;                                         \
        block_on_checked(weir_block_on((runtime), (__VA_ARGS__), &output_)); \
        output_;                                                             \
    })
static inline void block_on_checked(int error)
{
    CHECK_EQ(error, 0);
}

#endif
