/*
 * bench_dump.c - a dump of many sleeping tasks: bench_dump [tasks]. How long it takes, what a task costs in memory, and
 * what a task that ticks beside it notices.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <weir/dump.h>
#include <weir/runtime.h>
#include <weir/time.h>

static int64_t late_ns;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static long resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

WEIR_ASYNC(sleeper, int, weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_SEC(3600)));
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(spawn_all, int, int count; weir_yield yield;)
{
    WEIR_BEGIN
    for (int i = 0; i < self->count; i++)
        weir_detach(weir_spawn(WEIR_CALL(sleeper)));
    AWAIT(self->yield, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(tick, int, int64_t due_ns; weir_sleep nap;)
{
    WEIR_BEGIN
    for (;;) {
        self->due_ns = weir_now_ns() + WEIR_MS(1);
        AWAIT(self->nap, weir_sleep_until(self->due_ns));
        if (weir_now_ns() - self->due_ns > __atomic_load_n(&late_ns, __ATOMIC_RELAXED))
            __atomic_store_n(&late_ns, weir_now_ns() - self->due_ns, __ATOMIC_RELAXED);
    }
    WEIR_FINALLY
    WEIR_END
}

static void await_idle(weir_runtime *runtime, uint64_t tasks)
{
    weir_runtime_metrics metrics;
    const struct timespec moment = { .tv_nsec = 100000000 };
    do {
        nanosleep(&moment, NULL);
        weir_runtime_metrics_get(runtime, &metrics);
    } while (metrics.tasks_alive < tasks || metrics.injection_depth > 0);
}

static void dump(weir_runtime *runtime, const char *what, unsigned flags)
{
    const int fd = open("/dev/null", O_WRONLY);
    __atomic_store_n(&late_ns, 0, __ATOMIC_RELAXED);
    const int64_t began = now();
    const int error = weir_dump(runtime, fd, flags);
    printf("%s: %.3f s, error %d; a tick beside it was late by %.3f ms at most\n", what, (double)(now() - began) / 1e9,
           error, (double)__atomic_load_n(&late_ns, __ATOMIC_RELAXED) / 1e6);
    close(fd);
}

int main(int argc, char **argv)
{
    const int tasks = argc > 1 ? atoi(argv[1]) : 1000000;
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 2;
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(tick)));
    const long before = resident_bytes();
    if (weir_block_on(runtime, WEIR_CALL(spawn_all, .count = tasks), NULL) != 0)
        return 1;
    await_idle(runtime, (uint64_t)tasks);
    printf("%d tasks, %ld bytes of memory each\n", tasks, (resident_bytes() - before) / tasks);
    dump(runtime, "dump, alike ones as one entry", 0);
    dump(runtime, "dump, an entry a task", WEIR_DUMP_EVERY);
    weir_runtime_destroy(runtime);
    return 0;
}
