/*
 * test_sim_mixed.c - programs out of seeds, in the simulation: spawn, abort, select, timers, channels, io with faults,
 * against a model of what must hold. LABELS: stress
 *
 * SEED=n runs that one, twice; SEEDS=n runs that many (10,000; under sanitizers 1,000).
 */
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "sim_program.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SEEDS 10000
#else
#define SEEDS 1000
#endif
#define CODE_BYTES 512

static uint64_t running;
static struct sigaction crash_before;

/* A crash has a seed, too. Then what would have come without us: a sanitizer's report, or the end. */
static void on_crash(int signal_number, siginfo_t *info, void *context)
{
    char text[64];
    const int length = snprintf(text, sizeof text, "crashed: SEED=%" PRIu64 "\n", running);
    if (length > 0)
        (void)!write(STDERR_FILENO, text, (size_t)length);
    if ((crash_before.sa_flags & SA_SIGINFO) != 0)
        crash_before.sa_sigaction(signal_number, info, context);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void run_seed(uint64_t seed, struct sim_coverage *coverage)
{
    running = seed;
    uint8_t code[CODE_BYTES];
    uint64_t state = seed * 0x9e3779b97f4a7c15u | 1;
    for (unsigned i = 0; i < sizeof code; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        code[i] = (uint8_t)(state >> 24);
    }
    sim_program_run(code, sizeof code, seed, coverage);
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void print_coverage(const struct sim_coverage *coverage, uint64_t first)
{
    printf("   seeds %" PRIu64 " to %" PRIu64 ":", first, first + coverage->programs - 1);
    for (unsigned i = 0; i < SIM_EVENTS; i++)
        printf("%s %" PRIu64 " %s", i == 0 ? "" : ",", coverage->events[i], sim_event_names[i]);
    const weir_sim_report *report = &coverage->report;
    printf("\n   %" PRIu64 " steps, %" PRIu64 " sleeps, %" PRIu64 " clock jumps, %" PRIu64 " drifts, %" PRIu64
           " wakes for no reason, %" PRIu64 " looks at rings; %.0f s of virtual time\n",
           report->steps, report->sleeps, report->clock_jumps, report->drifts, report->spurious, report->reaps_waiting,
           (double)report->virtual_ns / 1e9);
}

/* A seed that does not repeat could not be replayed when it fails. */
static void test_a_seed_repeats(void)
{
    struct sim_coverage coverage = { 0 };
    const uint64_t first = from_env("SEED", 1);
    const uint64_t last = getenv("SEED") != NULL ? first : first + 49;
    for (uint64_t seed = first; seed <= last; seed++) {
        run_seed(seed, &coverage);
        const uint64_t hash = coverage.hash;
        run_seed(seed, &coverage);
        CHECK(coverage.hash == hash);
    }
    print_coverage(&coverage, first);
}

static void test_what_must_hold_holds_under_every_seed(void)
{
    if (getenv("SEED") != NULL)
        return;
    struct sim_coverage coverage = { 0 };
    const uint64_t seeds = from_env("SEEDS", SEEDS);
    for (uint64_t seed = 1; seed <= seeds; seed++)
        run_seed(seed, &coverage);
    print_coverage(&coverage, 1);
    CHECK_EQ(coverage.programs, seeds);
    for (unsigned i = 0; seeds >= SEEDS && i < SIM_EVENTS; i++) /* or it wouldn't be the workload that it says it is */
        CHECK(coverage.events[i] > 0);
}

int main(void)
{
    const struct sigaction action = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_NODEFER };
    CHECK_EQ(sigaction(SIGSEGV, &action, &crash_before), 0);
    RUN(test_a_seed_repeats);
    RUN(test_what_must_hold_holds_under_every_seed);
    return check_done();
}
