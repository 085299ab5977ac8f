/* test_sim.c - a runtime in simulation: it is one thread, it repeats, and it says when nothing can happen any more. */
#include <weir/mutex.h>
#include <weir/runtime.h>
#include <weir/sim.h>
#include <weir/time.h>

#include <pthread.h>

#include "check.h"

static weir_runtime *make(weir_sim_options sim, unsigned workers)
{
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = workers;
    options.simulate = &sim;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    return runtime;
}

static char order[64];
static unsigned order_length;
static pthread_t simulating;

WEIR_ASYNC(walker, int, char name; int turns; weir_yield yield;)
{
    WEIR_BEGIN
    for (self->turns = 0; self->turns < 6; self->turns++) {
        CHECK(pthread_equal(pthread_self(), simulating));
        order[order_length++] = self->name;
        AWAIT(self->yield, weir_yield_now());
    }
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(walk_all, int, weir_join_handle handles[3]; weir_join_future join; int i;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 3; self->i++)
        self->handles[self->i] = weir_spawn(WEIR_CALL(walker, .name = (char)('a' + self->i)));
    for (self->i = 0; self->i < 3; self->i++)
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
    WEIR_FINALLY
    WEIR_END
}

static void run_order(uint64_t seed, char ret_order[64])
{
    order_length = 0;
    memset(order, 0, sizeof order);
    simulating = pthread_self();
    weir_runtime *runtime = make((weir_sim_options){ .seed = seed }, 3);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(walk_all), NULL), 0);
    weir_runtime_destroy(runtime);
    memcpy(ret_order, order, sizeof order);
}

static void test_a_seed_gives_one_order_and_another_seed_another(void)
{
    unsigned different = 0;
    char first[64], again[64], other[64];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_order(seed, first);
        run_order(seed, again);
        CHECK_STR(again, first);
        run_order(seed + 1, other);
        different += strcmp(first, other) != 0;
    }
    CHECK(different > 10);
}

WEIR_ASYNC(sleep_a_day, int, weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_SEC(86400)));
    WEIR_FINALLY
    WEIR_END
}

static void test_a_day_passes_at_once(void)
{
    weir_runtime *runtime = make((weir_sim_options){ .seed = 3 }, 2);
    weir_sim_report report;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(sleep_a_day), NULL), 0);
    CHECK_EQ(weir_sim_report_get(runtime, &report), 0);
    CHECK(report.virtual_ns >= WEIR_SEC(86400) && report.clock_jumps > 0);
    weir_runtime_destroy(runtime);
}

static unsigned finallys;

WEIR_ASYNC(lock_twice, int, weir_mutex *mutex; weir_mutex_guard first, second; weir_mutex_lock_future lock;)
{
    WEIR_BEGIN
    AWAIT(self->lock, weir_mutex_lock(self->mutex, &self->first));
    AWAIT(self->lock, weir_mutex_lock(self->mutex, &self->second));
    WEIR_FINALLY
    weir_mutex_unlock(&self->first);
    finallys++;
    WEIR_END
}

/* A real runtime would wait for ever. The task is still there, and goes with the runtime. */
static void test_block_on_says_when_nothing_can_happen_any_more(void)
{
    weir_mutex mutex;
    weir_mutex_init(&mutex);
    finallys = 0;
    weir_runtime *runtime = make((weir_sim_options){ .seed = 5, .spurious_percent = 20, .drift_percent = 20 }, 3);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(lock_twice, .mutex = &mutex), NULL), -EDEADLK);
    CHECK_EQ(finallys, 0);
    weir_runtime_destroy(runtime);
    CHECK_EQ(finallys, 1);
}

static void test_only_runtimes_with_workers_are_simulated(void)
{
    const weir_sim_options sim = { .seed = 1 };
    weir_runtime_options options = weir_runtime_current_thread();
    options.simulate = &sim;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), -EINVAL);
    options.simulate = NULL;
    weir_sim_report report;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    CHECK_EQ(weir_sim_report_get(runtime, &report), -EINVAL);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_a_seed_gives_one_order_and_another_seed_another);
    RUN(test_a_day_passes_at_once);
    RUN(test_block_on_says_when_nothing_can_happen_any_more);
    RUN(test_only_runtimes_with_workers_are_simulated);
    return check_done();
}
