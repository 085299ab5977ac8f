/* explorer_trace.c - remembers the steps of a run, to print those of one that failed. */
#include "explorer_inner.h"

#include <errno.h>
#include <signal.h>

#define STEPS_KEPT 100000
#define STEPS_PRINTED 400
#define NAMES_MAX 64

static struct {
    uintptr_t address;
    uint64_t before, after;
    const char *note;
    uint8_t kind;
    int8_t thread;
} steps[STEPS_KEPT];
static size_t step_count;

static struct {
    uintptr_t address;
    size_t size;
    const char *name;
} names[NAMES_MAX];
static size_t name_count;

void trace_reset(void)
{
    step_count = 0;
    name_count = 0;
}

void trace(int thread, enum trace_kind kind, uintptr_t address, uint64_t before, uint64_t after)
{
    if (step_count == STEPS_KEPT)
        return;
    steps[step_count].address = address;
    steps[step_count].before = before;
    steps[step_count].after = after;
    steps[step_count].kind = (uint8_t)kind;
    steps[step_count++].thread = (int8_t)thread;
}

void model_note(const char *text, int64_t value)
{
    if (step_count < STEPS_KEPT)
        steps[step_count].note = text;
    trace(explorer.current, TRACE_NOTE, 0, (uint64_t)value, 0);
}

void model_name(const void *object, size_t size, const char *name)
{
    if (name_count == NAMES_MAX)
        return;
    names[name_count].address = (uintptr_t)object;
    names[name_count].size = size;
    names[name_count++].name = name;
}

/* The last name given wins: name a whole first, then its parts. */
static const char *name_of(uintptr_t address)
{
    static char text[128];
    for (size_t i = name_count; i-- > 0;) {
        if (address < names[i].address || address >= names[i].address + names[i].size)
            continue;
        const size_t offset = address - names[i].address;
        if (offset == 0)
            return names[i].name;
        snprintf(text, sizeof text, "%s+%zu", names[i].name, offset);
        return text;
    }
    snprintf(text, sizeof text, "%#" PRIxPTR, address);
    return text;
}

static void print_step(size_t i)
{
    const uint64_t before = steps[i].before, after = steps[i].after;
    const char *name = name_of(steps[i].address);
    printf("%5zu  %*sT%d  ", i + 1, 4 * steps[i].thread, "", steps[i].thread);
    switch ((enum trace_kind)steps[i].kind) {
    case TRACE_LOAD:
        printf("load %s: %#" PRIx64 "\n", name, before);
        break;
    case TRACE_FORWARD:
        printf("load %s: %#" PRIx64 ", its own store\n", name, before);
        break;
    case TRACE_STORE:
        printf("store %s = %#" PRIx64 ", into its buffer\n", name, after);
        break;
    case TRACE_STORE_SEQ_CST:
        printf("store %s = %#" PRIx64 "\n", name, after);
        break;
    case TRACE_FLUSH:
        printf("... %s = %#" PRIx64 " reaches memory\n", name, after);
        break;
    case TRACE_RMW:
        printf("rmw %s: %#" PRIx64 " -> %#" PRIx64 "\n", name, before, after);
        break;
    case TRACE_CAS:
        printf("cas %s: %#" PRIx64 " -> %#" PRIx64 "\n", name, before, after);
        break;
    case TRACE_CAS_FAILED:
        printf("cas %s: fails, it is %#" PRIx64 "\n", name, before);
        break;
    case TRACE_FENCE:
        printf("fence\n");
        break;
    case TRACE_RELAX:
        printf("relax\n");
        break;
    case TRACE_SLEEP:
        printf("sleeps on %s == %#" PRIx64 "\n", name, before);
        break;
    case TRACE_NO_SLEEP:
        printf("doesn't sleep: %s is %#" PRIx64 ", not %#" PRIx64 "\n", name, before, after);
        break;
    case TRACE_WAKE:
        printf("wakes up to %" PRIu64 " on %s\n", after, name);
        break;
    case TRACE_WOKEN_BY_NOBODY:
        printf("wakes up for no reason\n");
        break;
    case TRACE_TIMEOUT:
        printf("times out\n");
        break;
    case TRACE_NOTE:
        printf("# %s %" PRId64 "\n", steps[i].note, (int64_t)before);
        break;
    case TRACE_END:
        printf("ends\n");
        break;
    }
}

/* A livelock has no end: the begin and the last rounds say it all. */
static void print_steps(void)
{
    for (size_t i = 0; i < step_count; i++)
        if (i < STEPS_PRINTED / 2 || i + STEPS_PRINTED / 2 >= step_count)
            print_step(i);
        else if (i == STEPS_PRINTED / 2)
            printf("       ...\n");
}

void explorer_report(const char *what)
{
    fflush(stderr);
    printf("%s: %s\n", explorer.model->name, what);
    if (explorer.result.verdict != MODEL_TOO_MANY)
        print_steps();
    explorer_write_schedule();
    printf("  after %" PRIu64 " interleavings, with at most %u preemptions\n", explorer.result.interleavings,
           explorer.result.preemptions);
    printf("  to run it again: TEST_FILTER=%s MODEL_REPLAY=%s %s\n", explorer.model->name, explorer.result.schedule,
           program_invocation_short_name);
    fflush(stdout);
}

static void crashed(int signal_number)
{
    signal(signal_number, SIG_DFL);
    if (explorer.running)
        explorer_report(strsignal(signal_number));
    raise(signal_number);
}

/* In every build; NULL without a sanitizer. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void sanitizer_dies(void)
{
    if (explorer.running)
        explorer_report("a sanitizer found the fault above");
}

/* A crash of the code under test is a failure like another: with its schedule. */
void explorer_catch_crashes(void)
{
    static char stack[1 << 16];
    static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
    const stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
    (void)sigaltstack(&alternative, NULL);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(sanitizer_dies);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
            const struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_ONSTACK };
            (void)sigaction(signals[i], &action, NULL);
        }
    }
}

void explorer_summary(double seconds)
{
    const struct model_result *result = &explorer.result;
    if (result->exhaustive)
        printf("   %s: all interleavings: %" PRIu64, explorer.model->name, result->interleavings);
    else
        printf("   %s: %" PRIu64 " interleavings, up to %u preemptions", explorer.model->name, result->interleavings,
               result->preemptions);
    printf(" (%" PRIu64 " cut short, %.2f s)\n", result->pruned, seconds);
}
