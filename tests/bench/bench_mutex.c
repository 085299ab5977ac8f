/*
 * bench_mutex.c - how unfair a mutex is: 64 tasks take it in a loop for a second, each holds it for 300 ns.
 *
 * Prints how many turns the tasks had (least, median, most), how long one waited at most, and of a thousand waits the
 * longest but one. `yields`: it is held over a yield. yardstick/fair.go and yardstick/fair.rs do the same.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/mutex.h>
#include <weir/runtime.h>

#include "check.h"

#define TASKS 64
#define HOLD_NS 300
#define WAITS_MAX (1 << 22)

static weir_mutex mutex;
static int64_t until_ns;
static uint64_t turns[TASKS];
static uint32_t waits[WAITS_MAX]; /* under the mutex */
static size_t wait_count;

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

WEIR_ASYNC(competes, int, int index; bool yields; int64_t began_ns; int64_t got_ns; weir_mutex_lock_future lock;
           weir_mutex_guard guard; weir_yield nap;)
{
    WEIR_BEGIN
    for (;;) {
        self->began_ns = now_ns();
        if (self->began_ns > until_ns)
            break;
        AWAIT_LOCK(self->lock, &mutex, &self->guard);
        self->got_ns = now_ns();
        if (wait_count < WAITS_MAX)
            waits[wait_count++] = (uint32_t)(self->got_ns - self->began_ns);
        turns[self->index]++;
        while (now_ns() - self->got_ns < HOLD_NS)
            ;
        if (self->yields)
            AWAIT(self->nap, weir_yield_now());
        weir_mutex_unlock(&self->guard);
    }
    WEIR_FINALLY
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

WEIR_ASYNC(all_compete, int, bool yields; weir_join_handle handles[TASKS]; int i; weir_join_future join;)
{
    WEIR_BEGIN
    for (int i = 0; i < TASKS; i++)
        self->handles[i] = weir_spawn(WEIR_CALL(competes, .index = i, .yields = self->yields));
    for (self->i = 0; self->i < TASKS; self->i++)
        AWAIT_JOIN(self->join, self->handles[self->i], NULL);
    WEIR_FINALLY
    WEIR_END
}

static int by_turns(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static int by_wait(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void measure(unsigned workers, bool yields)
{
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = workers;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    weir_mutex_init(&mutex);
    memset(turns, 0, sizeof turns);
    wait_count = 0;
    until_ns = now_ns() + 1000000000;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(all_compete, .yields = yields), NULL), 0);
    weir_runtime_destroy(runtime);
    qsort(turns, TASKS, sizeof turns[0], by_turns);
    qsort(waits, wait_count, sizeof waits[0], by_wait);
    printf("weir %uw%s: turns %llu %llu %llu; waits us p99.9 %.0f, max %.0f\n", workers, yields ? " yields" : "",
           (unsigned long long)turns[0], (unsigned long long)turns[TASKS / 2], (unsigned long long)turns[TASKS - 1],
           waits[wait_count - 1 - wait_count / 1000] / 1e3, waits[wait_count - 1] / 1e3);
}

int main(void)
{
    for (unsigned workers = 1; workers <= 2; workers++)
        for (int yields = 0; yields < 2; yields++)
            measure(workers, yields);
    return 0;
}
