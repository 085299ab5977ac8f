/* options.c - what a runtime is built with: defaults, the environment, what makes no sense. */
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "park.h"
#include "worker.h"

#define WORKERS_MAX 1024
/* Refused by wi_options_check(): what WEIR_WORKERS was when it was no number. */
#define WORKERS_BAD UINT32_MAX

#ifdef WEIR_DEBUG
#define WATCHDOG_NS 100000000
#else
#define WATCHDOG_NS 0
#endif

static unsigned core_count(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)cores;
}

static unsigned worker_count(void)
{
    const char *text = getenv("WEIR_WORKERS");
    if (text == NULL)
        return core_count();
    char *end;
    const unsigned long count = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || count < 1 || count > WORKERS_MAX)
        return WORKERS_BAD;
    return (unsigned)count;
}

weir_runtime_options weir_runtime_current_thread(void)
{
    return (weir_runtime_options){
        .blocking_cpu_max = core_count(),
        .blocking_io_max = 32,
        .blocking_queue_max = 1024,
        .blocking_idle_ns = 10000000000,
        .event_interval = 61,
        .lifo_slot = true,
        .watchdog_ns = WATCHDOG_NS,
    };
}

weir_runtime_options weir_runtime_defaults(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.workers = worker_count();
    return options;
}

int wi_options_check(weir_runtime_options *options, char name[THREAD_NAME_MAX])
{
    if (options->workers > WORKERS_MAX || (options->paused_clock && options->workers > 0))
        return -EINVAL;
    if (options->simulate != NULL && options->workers == 0)
        return -EINVAL;
    if (options->event_interval == 0 || options->blocking_queue_max == 0)
        return -EINVAL;
    if (options->unhandled_panic != WEIR_PANIC_IGNORE && options->unhandled_panic != WEIR_PANIC_SHUTDOWN)
        return -EINVAL;
    if (options->blocking_cpu_max == 0)
        options->blocking_cpu_max = core_count();
    if (options->blocking_io_max == 0)
        options->blocking_io_max = 1;
    if (options->seed == 0 && getrandom(&options->seed, sizeof options->seed, 0) != sizeof options->seed)
        options->seed = (uint64_t)(uintptr_t)options | 1;
    if (options->drivers == NULL)
        options->drivers = &wi_park_drivers;
    wi_thread_name_copy(name, options->thread_name);
    options->thread_name = name;
    return 0;
}
