/* test_watchdog.c - a poll that doesn't come back is named, with the place it is at. */
#include <weir/mutex.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>
#include <weir/watchdog.h>

#include <pthread.h>
#include <unistd.h>

#include "check.h"

static uint32_t released; /* the stuck task goes on */
static uint32_t told;
static weir_stuck last;
static unsigned yield_line;

static void on_stuck(void *arg, const weir_stuck *stuck)
{
    CHECK(arg == &released);
    last = *stuck;
    __atomic_add_fetch(&told, 1, __ATOMIC_RELEASE);
}

/* Spins until it was told of; sleeping there would be as bad. */
__attribute__((noinline)) static void spin_until_released(void)
{
    while (__atomic_load_n(&released, __ATOMIC_ACQUIRE) == 0)
        ;
}

WEIR_ASYNC(bad_inner, int, weir_yield yield;)
{
    WEIR_BEGIN
    yield_line = __LINE__ + 1;
    AWAIT(self->yield, weir_yield_now());
    spin_until_released();
    RETURN(3);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(bad_outer, int, struct bad_inner inner;)
{
    WEIR_BEGIN
    AWAIT(self->inner, WEIR_CALL(bad_inner));
    RETURN(self->inner.output);
    WEIR_FINALLY
    WEIR_END
}

static weir_runtime *make(unsigned workers, bool hook)
{
    weir_runtime_options options = workers > 0 ? weir_runtime_defaults() : weir_runtime_current_thread();
    options.workers = workers;
    options.watchdog_ns = WEIR_MS(5);
    options.on_stuck = hook ? on_stuck : NULL;
    options.hook_arg = &released;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    released = told = 0;
    return runtime;
}

/* Lets it go once it was told of. */
static void *release_when_told(void *arg)
{
    (void)arg;
    while (__atomic_load_n(&told, __ATOMIC_ACQUIRE) == 0)
        (void)sched_yield();
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* On every flavour, with no other worker to see it, too. */
static void test_a_stuck_poll_is_named_with_its_await_site_and_its_stack(void)
{
    for (unsigned workers = 0; workers <= 2; workers++) {
        pthread_t releaser;
        weir_runtime *runtime = make(workers, true);
        CHECK_EQ(pthread_create(&releaser, NULL, release_when_told, NULL), 0);
        int output = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(bad_outer), &output), 0);
        CHECK_EQ(output, 3);
        CHECK_EQ(pthread_join(releaser, NULL), 0);
        weir_runtime_destroy(runtime);
        CHECK(last.seen);
        CHECK(last.held_ns >= WEIR_MS(5));
        CHECK(last.worker < (workers > 0 ? workers : 1));
        CHECK_STR(last.task.name, "bad_outer");
        CHECK_EQ(last.task.frame_count, 2);
        CHECK_STR(last.task.frames[1].type->name, "bad_inner");
        CHECK_EQ(last.task.frames[1].line, yield_line);
        CHECK(last.stack_depth > 3 || last.stack_depth == 0);
    }
}

/* It may be told of again in the next poll, not in this one. */
static void test_a_stuck_poll_is_told_of_once(void)
{
    weir_runtime *runtime = make(1, true);
    weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(bad_outer));
    while (__atomic_load_n(&told, __ATOMIC_ACQUIRE) == 0)
        (void)sched_yield();
    const int64_t until_ns = weir_now_ns() + WEIR_MS(40); /* some looks more */
    while (weir_now_ns() < until_ns)
        (void)sched_yield();
    CHECK_EQ(told, 1);
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
    weir_detach(handle);
    weir_runtime_destroy(runtime);
}

static void test_without_a_hook_it_goes_to_stderr(void)
{
    int ends[2];
    char text[8192] = "";
    size_t size = 0;
    CHECK_EQ(pipe(ends), 0);
    const int saved = dup(STDERR_FILENO);
    CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
    weir_runtime *runtime = make(2, false);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(bad_outer)));
    while (strstr(text, "test_watchdog.c, after the await in line") == NULL && size < sizeof text - 1) {
        const ssize_t more = read(ends[0], text + size, sizeof text - 1 - size);
        CHECK(more > 0);
        size += (size_t)more;
    }
    CHECK(dup2(saved, STDERR_FILENO) >= 0);
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
    weir_runtime_destroy(runtime);
    CHECK(strstr(text, "'bad_outer' has held worker ") != NULL);
    CHECK(strstr(text, "    bad_outer (test_watchdog.c:") != NULL);
    close(saved);
    close(ends[0]);
    close(ends[1]);
}

#ifdef WEIR_DEBUG
/* --- a future that was given the mutex and isn't polled ------------------------------ */

static uint32_t futurelocks;
static char futurelock_name[64];

static void on_futurelock(void *arg, const struct weir_dump_task *task)
{
    (void)arg;
    (void)snprintf(futurelock_name, sizeof futurelock_name, "%s", task->name);
    __atomic_add_fetch(&futurelocks, 1, __ATOMIC_RELEASE);
}

WEIR_ASYNC(hold_a_while, int, weir_mutex *mutex; weir_mutex_guard guard; weir_mutex_lock_future lock; weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->lock, weir_mutex_lock(self->mutex, &self->guard));
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(20)));
    WEIR_FINALLY
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

/* Wants the mutex, or a tick; after the tick it does something else, with the lock's future still in its slot. */
WEIR_ASYNC(forgets_its_lock, int, weir_mutex *mutex; weir_mutex_guard guard; weir_mutex_lock_future lock;
           weir_sleep nap; weir_select_future select;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(2)));
    self->lock = weir_mutex_lock(self->mutex, &self->guard);
    self->nap = weir_sleep_for(WEIR_MS(2));
    AWAIT(self->select, weir_select_ref(self->lock, self->nap));
    while (__atomic_load_n(&futurelocks, __ATOMIC_ACQUIRE) == 0)
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(5)));
    WEIR_FINALLY
    weir_drop(self->lock);
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

static void test_a_future_that_was_given_the_mutex_and_is_not_polled_is_told_of(void)
{
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 2;
    options.watchdog_ns = WEIR_MS(10);
    options.on_stuck = on_stuck;
    options.on_futurelock = on_futurelock;
    options.hook_arg = &released;
    weir_runtime *runtime;
    weir_mutex mutex;
    weir_mutex_init(&mutex);
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hold_a_while, .mutex = &mutex)));
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(forgets_its_lock, .mutex = &mutex), NULL), 0);
    weir_runtime_destroy(runtime);
    CHECK_STR(futurelock_name, "forgets_its_lock");
}
#endif

int main(void)
{
    RUN(test_a_stuck_poll_is_named_with_its_await_site_and_its_stack);
    RUN(test_a_stuck_poll_is_told_of_once);
    RUN(test_without_a_hook_it_goes_to_stderr);
#ifdef WEIR_DEBUG
    RUN(test_a_future_that_was_given_the_mutex_and_is_not_polled_is_told_of);
#else
    printf("skipped: futurelocks are looked for in debug builds only\n");
#endif
    return check_done();
}
