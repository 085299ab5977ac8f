/* pb_memory.c - what a parked task takes of memory: a million for ever, or asleep for an hour. */
#include "pb.h"

#include <inttypes.h>
#include <unistd.h>
#include <weir/time.h>

static double resident_bytes(void)
{
    long pages = 0, ignored;
    FILE *file = fopen("/proc/self/statm", "r");
    pb_check(file != NULL && fscanf(file, "%ld %ld", &ignored, &pages) == 2);
    (void)fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

WEIR_ASYNC(wait_for_ever, weir_unit, union {
    uint64_t *parked;
    weir_never never;
};)
{
    WEIR_BEGIN(void)
    __atomic_fetch_add(self->parked, 1, __ATOMIC_RELAXED);
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(wait_an_hour, weir_unit, union {
    uint64_t *parked;
    weir_sleep nap;
};)
{
    WEIR_BEGIN(void)
    __atomic_fetch_add(self->parked, 1, __ATOMIC_RELAXED);
    AWAIT(self->nap, weir_sleep_for(WEIR_SEC(3600)));
    WEIR_FINALLY
    WEIR_END
}

static void report(const char *name, double each, uint64_t count)
{
    printf("%s\t%.2f\t%" PRIu64 "\t%.2f\t%.2f\t0\n", name, each, count, each, each);
}

WEIR_ASYNC(spawn_idle, weir_unit, const char *name; bool sleeps; uint64_t count; uint64_t parked; double before;
           weir_yield nap;)
{
    WEIR_BEGIN
    self->before = resident_bytes();
    for (uint64_t i = 0; i < self->count; i++)
        weir_detach(self->sleeps ? weir_spawn(WEIR_CALL(wait_an_hour, .parked = &self->parked))
                                 : weir_spawn(WEIR_CALL(wait_for_ever, .parked = &self->parked)));
    while (__atomic_load_n(&self->parked, __ATOMIC_RELAXED) < self->count)
        AWAIT(self->nap, weir_yield_now());
    report(self->name, (resident_bytes() - self->before) / (double)self->count, self->count);
    WEIR_FINALLY
    WEIR_END
}

static void mem_idle_never(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(spawn_idle, .name = "mem_idle_never", .count = ops));
}

static void mem_idle_sleep(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(spawn_idle, .name = "mem_idle_sleep", .sleeps = true, .count = ops));
}

const struct pb_workload pb_memory_workloads[] = {
    { "mem_idle_never", 1000000, 0, false, mem_idle_never },
    { "mem_idle_sleep", 1000000, 0, false, mem_idle_sleep },
    { 0 },
};
