/* options.c - what a runtime is built with: defaults, the environment, what makes no sense. */
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "park.h"
#include "worker.h"

#define WORKERS_MAX 1024
/* Refused by wi_options_check(): what WEIR_WORKERS or WEIR_WATCHDOG was when it was no number. */
#define WORKERS_BAD UINT32_MAX
#define WATCHDOG_BAD (-1)

#ifdef WEIR_DEBUG
#define WATCHDOG_MS 100
#else
#define WATCHDOG_MS 0
#endif
#define WATCHDOG_MS_MAX 86400000u

static unsigned core_count(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)cores;
}

/* A number of the environment: `otherwise` if it isn't set, `bad` if it isn't one from least to most. */
static int64_t number_of(const char *name, unsigned least, unsigned most, int64_t otherwise, int64_t bad)
{
    const char *text = getenv(name);
    if (text == NULL)
        return otherwise;
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    return text[0] < '0' || text[0] > '9' || *end != '\0' || number < least || number > most ? bad : (int64_t)number;
}

static int64_t watchdog_ns(void)
{
    const int64_t ms = number_of("WEIR_WATCHDOG", 0, WATCHDOG_MS_MAX, WATCHDOG_MS, WATCHDOG_BAD);
    return ms == WATCHDOG_BAD ? WATCHDOG_BAD : ms * 1000000;
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
        .watchdog_ns = watchdog_ns(),
    };
}

weir_runtime_options weir_runtime_defaults(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.workers = (unsigned)number_of("WEIR_WORKERS", 1, WORKERS_MAX, core_count(), WORKERS_BAD);
    return options;
}

int wi_options_check(weir_runtime_options *options, char name[THREAD_NAME_MAX])
{
    if (options->workers > WORKERS_MAX || (options->paused_clock && options->workers > 0))
        return -EINVAL;
    if (options->simulate != NULL && options->workers == 0)
        return -EINVAL;
    if (options->event_interval == 0 || options->blocking_queue_max == 0 || options->watchdog_ns < 0)
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
