/*
 * explorer.c - depth-first search through the decisions of a run.
 *
 * A run is the list of the decisions taken in it; the next run repeats all but
 * the last one that has an alternative left, takes that, and goes on with
 * first choices, which leave the running thread alone. The bound of preemptions
 * is raised from 0, so the schedule of a failure has as few as can be. A state
 * that was reached before (explorer_memory.c says what that is) with as many
 * preemptions left has been gone through: such a run goes to its end without
 * further decisions, since the code under test wants to free what it holds.
 */
#include "explorer_inner.h"

#include <stdarg.h>
#include <time.h>

#define DECISIONS_MAX 100000
/* In a run: without an end to them, a search without a bound of preemptions would have none. */
#define SURPRISES_MAX 2

struct explorer explorer;

static struct decision {
    uint16_t count, chosen;
    uint64_t state; /* before it */
} decisions[DECISIONS_MAX];
static size_t decision_count; /* of the run that is repeated, then of this one */
static size_t decided;        /* in this run */

static struct {
    void *variable;
    size_t size;
} locals[LOCALS_MAX];
static unsigned local_count;
static unsigned char setup_locals[LOCALS_MAX][LOCAL_SIZE_MAX];

/* --- failures --- */

void explorer_fail(model_verdict verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(explorer.reason, sizeof explorer.reason, format, args);
    va_end(args);
    explorer.result.verdict = verdict;
    if (explorer.current == SETUP)
        longjmp(explorer.landing, 1);
    for (int i = 0; i < explorer.thread_count; i++)
        explorer.threads[i].started = false; /* they stand in the middle of something */
    coroutine_switch(&explorer.threads[explorer.current].co, &explorer.main);
    abort();
}

void model_fail(const char *file, int line, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    explorer_fail(MODEL_CHECK_FAILED, "%s:%d: %s", file, line, text);
}

/* --- decisions --- */

unsigned explorer_decide(unsigned count)
{
    if (count <= 1 || explorer.coasting)
        return 0;
    const uint64_t state = memory_state_hash();
    if (decided < decision_count) {
        const struct decision *decision = &decisions[decided++];
        const bool replayed = decision->count == 0; /* from MODEL_REPLAY, which says only what to choose */
        if (decision->chosen >= count || (!replayed && (decision->count != count || decision->state != state)))
            explorer_fail(MODEL_NOT_DETERMINISTIC, "decision %zu is among %u, and not what it was", decided, count);
        return decision->chosen;
    }
    if (decided == DECISIONS_MAX)
        explorer_fail(MODEL_LIVELOCK, "no end after %d decisions", DECISIONS_MAX);
    decisions[decided++] = (struct decision){ (uint16_t)count, 0, state };
    decision_count = decided;
    return 0;
}

void explorer_write_schedule(void)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char *out = explorer.result.schedule;
    const size_t size = sizeof explorer.result.schedule;
    size_t length = (size_t)snprintf(out, size, "%u:", explorer.result.preemptions);
    const size_t start = length;
    for (size_t i = 0; i < decided && start + i < size - 1; i++) {
        out[start + i] = digits[decisions[i].chosen % 36];
        if (decisions[i].chosen != 0)
            length = start + i + 1; /* zeros at the end go without saying */
    }
    out[length] = '\0';
}

/* Makes the list that of a schedule; returns its bound. */
static unsigned read_schedule(const char *text)
{
    char *digit;
    const unsigned preemptions = (unsigned)strtoul(text, &digit, 10);
    decision_count = 0;
    if (*digit != ':')
        return preemptions;
    for (digit++; *digit != '\0' && decision_count < DECISIONS_MAX; digit++) {
        const int chosen = *digit >= 'a' ? *digit - 'a' + 10 : *digit - '0';
        decisions[decision_count++] = (struct decision){ 0, (uint16_t)chosen, 0 };
    }
    return preemptions;
}

/* Makes the list that of the next run. False: there is none. */
static bool next_run(void)
{
    while (decision_count > 0) {
        struct decision *last = &decisions[decision_count - 1];
        if (++last->chosen < last->count)
            return true;
        decision_count--;
    }
    return false;
}

/* --- who goes next --- */

enum option_kind { OPTION_RUN, OPTION_FLUSH, OPTION_WAKE };

struct option {
    enum option_kind kind;
    int thread;
    unsigned cost;
};

struct options {
    struct option list[3 * MODEL_THREADS_MAX];
    unsigned count;
};

static bool can_run(const struct thread *thread)
{
    switch (thread->status) {
    case THREAD_READY:
        return true;
    case THREAD_RELAXING:
        return memory_reads_changed(thread);
    case THREAD_LOCKING:
        return memory_lock_can_be_had(thread);
    default:
        return false;
    }
}

static void offer(struct options *options, enum option_kind kind, int thread, unsigned cost)
{
    if (cost > explorer.left) {
        explorer.bound_hit = true;
        return;
    }
    options->list[options->count++] = (struct option){ kind, thread, cost };
}

/*
 * When no thread can run: stores reach memory, or timeouts pass; failing that the spinning threads go round once
 * more, all of them, as one that counts its rounds may be among them.
 */
static void offer_to_idle(struct options *options)
{
    for (int i = 0; i < explorer.thread_count; i++)
        if (explorer.threads[i].store_count > 0)
            offer(options, OPTION_FLUSH, i, 0);
    for (int i = 0; i < explorer.thread_count; i++)
        if (explorer.threads[i].status == THREAD_ASLEEP && explorer.threads[i].timed)
            offer(options, OPTION_WAKE, i, 0);
    if (options->count > 0)
        return;
    for (int i = 0; i < explorer.thread_count; i++)
        if (explorer.threads[i].status == THREAD_RELAXING) {
            explorer.threads[i].status = THREAD_READY;
            offer(options, OPTION_RUN, i, 0);
        }
}

static struct options find_options(void)
{
    struct options options = { .count = 0 };
    const int current = explorer.current;
    const bool goes_on = current != SETUP && can_run(&explorer.threads[current]);
    if (goes_on)
        offer(&options, OPTION_RUN, current, 0);
    for (int i = 0; i < explorer.thread_count; i++)
        if (i != current && can_run(&explorer.threads[i]))
            offer(&options, OPTION_RUN, i, goes_on ? 1 : 0);
    if (options.count == 0) {
        offer_to_idle(&options);
        return options;
    }
    if (explorer.surprises == SURPRISES_MAX)
        return options;
    for (int i = 0; i < explorer.thread_count; i++)
        if (explorer.threads[i].status == THREAD_ASLEEP || explorer.threads[i].status == THREAD_RELAXING)
            if (!can_run(&explorer.threads[i]))
                offer(&options, OPTION_WAKE, i, 1);
    return options;
}

static unsigned count_status(enum thread_status status)
{
    unsigned count = 0;
    for (int i = 0; i < explorer.thread_count; i++)
        count += explorer.threads[i].status == status;
    return count;
}

static void prune(void)
{
    if (decided < decision_count || explorer.coasting || explorer.model->no_pruning)
        return;
    uint64_t state = memory_mix(memory_state_hash(), explorer.surprises);
    if (explorer.current != SETUP && can_run(&explorer.threads[explorer.current]))
        state = memory_mix(state, 10 + (uint64_t)explorer.current);
    if (visited_before(state, explorer.left)) {
        explorer.coasting = true;
        explorer.result.pruned++;
    }
}

/* A timeout, a wake-up for no reason, or a spinning thread that has counted to its end. */
static void wake_early(int index)
{
    const struct thread *thread = &explorer.threads[index];
    if (thread->status == THREAD_ASLEEP)
        trace(index, thread->timed ? TRACE_TIMEOUT : TRACE_WOKEN_BY_NOBODY, 0, 0, 0);
    memory_woken(index, 8);
}

/* The thread to run now; SETUP when all have ended. */
static int choose(void)
{
    for (;;) {
        const struct options options = find_options();
        if (options.count == 0) {
            if (count_status(THREAD_ENDED) == (unsigned)explorer.thread_count)
                return SETUP;
            explorer_fail(MODEL_DEADLOCK, "deadlock: %u of %d threads sleep, and nobody is left to wake them",
                          count_status(THREAD_ASLEEP) + count_status(THREAD_LOCKING), explorer.thread_count);
        }
        if (options.count > 1)
            prune();
        const struct option option = options.list[explorer_decide(options.count)];
        explorer.left -= option.cost;
        struct thread *thread = &explorer.threads[option.thread];
        switch (option.kind) {
        case OPTION_RUN:
            thread->status = THREAD_READY;
            return option.thread;
        case OPTION_WAKE:
            explorer.surprises += option.cost;
            wake_early(option.thread);
            return option.thread;
        case OPTION_FLUSH:
            memory_flush_one(option.thread);
        }
    }
}

/* --- threads --- */

static void swap_locals(int from, int to)
{
    for (unsigned i = 0; i < local_count; i++) {
        memcpy(from == SETUP ? setup_locals[i] : explorer.threads[from].locals[i], locals[i].variable, locals[i].size);
        memcpy(locals[i].variable, to == SETUP ? setup_locals[i] : explorer.threads[to].locals[i], locals[i].size);
    }
}

static void run_thread(void *arg);

static void switch_to(int next)
{
    const int before = explorer.current;
    if (next == before)
        return;
    swap_locals(before, next);
    explorer.current = next;
    struct coroutine *const from = before == SETUP ? &explorer.main : &explorer.threads[before].co;
    if (next == SETUP) {
        coroutine_switch(from, &explorer.main);
        return;
    }
    struct thread *thread = &explorer.threads[next];
    if (!thread->started) {
        if (coroutine_start(&thread->co, run_thread, thread) < 0)
            explorer_fail(MODEL_TOO_MANY, "no memory for a stack");
        thread->started = true;
    }
    coroutine_switch(from, &thread->co);
}

/* One call a run: the coroutine is used again for the next. */
static void run_thread(void *arg)
{
    const int index = (int)((struct thread *)arg - explorer.threads);
    for (;;) {
        explorer.just_chosen = true;
        explorer.model->threads[index]();
        trace(index, TRACE_END, 0, 0, 0);
        explorer.threads[index].status = THREAD_ENDED;
        explorer.threads[index].history = memory_mix(explorer.threads[index].history, 9);
        switch_to(choose());
    }
}

void explorer_point(void)
{
    if (!explorer.just_chosen)
        switch_to(choose());
    explorer.just_chosen = false;
}

void explorer_block(void)
{
    switch_to(choose());
    explorer.just_chosen = true;
}

int model_self(void)
{
    return explorer.current;
}

void model_outcome(unsigned bit)
{
    explorer.result.outcomes |= (uint64_t)1 << bit;
}

void model_thread_local(void *variable, size_t size)
{
    if (local_count == LOCALS_MAX || size > LOCAL_SIZE_MAX)
        explorer_fail(MODEL_CHECK_FAILED, "too many or too large thread-local variables");
    locals[local_count].variable = variable;
    locals[local_count++].size = size;
}

/* --- runs --- */

static void run_once(unsigned preemptions)
{
    const struct model *model = explorer.model;
    explorer.run++;
    explorer.result.interleavings++;
    explorer.steps = 0;
    explorer.left = preemptions;
    explorer.surprises = 0;
    explorer.coasting = false;
    explorer.current = SETUP;
    decided = 0;
    local_count = 0;
    trace_reset();
    memory_free_all();
    if (setjmp(explorer.landing) != 0)
        return;
    model->setup();
    memory_reset();
    for (int i = 0; i < explorer.thread_count; i++) {
        explorer.threads[i].status = THREAD_READY;
        for (unsigned j = 0; j < local_count; j++)
            memcpy(explorer.threads[i].locals[j], locals[j].variable, locals[j].size);
    }
    switch_to(choose());
    explorer.current = SETUP;
    if (explorer.result.verdict != MODEL_OK)
        return;
    for (int i = 0; i < explorer.thread_count; i++)
        memory_flush_all(i);
    if (decided < decision_count)
        explorer_fail(MODEL_NOT_DETERMINISTIC, "only %zu of %zu decisions were asked for", decided, decision_count);
    if (model->check != NULL)
        model->check();
}

/* All runs within one bound. False: one failed. */
static bool explore_bound(unsigned preemptions)
{
    const uint64_t runs_max = explorer.model->runs_max == 0 ? 5000000 : explorer.model->runs_max;
    explorer.result.preemptions = preemptions;
    explorer.result.interleavings = 0;
    explorer.result.pruned = 0;
    explorer.bound_hit = false;
    decision_count = 0;
    visited_clear();
    do {
        run_once(preemptions);
        if (explorer.result.verdict == MODEL_OK && explorer.result.interleavings >= runs_max) {
            explorer.result.verdict = MODEL_TOO_MANY;
            (void)snprintf(explorer.reason, sizeof explorer.reason,
                           "too many interleavings: a lower bound of preemptions, or a smaller test");
        }
        if (explorer.result.verdict != MODEL_OK)
            return false;
    } while (next_run());
    explorer.result.exhaustive = !explorer.bound_hit;
    return true;
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned bound_of(const struct model *model)
{
    const char *override = getenv("MODEL_PREEMPTIONS");
    if (override != NULL)
        return (unsigned)strtoul(override, NULL, 10);
    return model->preemptions == 0 ? MODEL_PREEMPTIONS_DEFAULT : model->preemptions;
}

static void replay(const char *schedule)
{
    explorer.result.preemptions = read_schedule(schedule);
    run_once(explorer.result.preemptions);
    explorer_report(explorer.result.verdict == MODEL_OK ? "passes" : explorer.reason);
}

struct model_result model_explore(const struct model *model)
{
    const double begin = seconds_now();
    const unsigned bound = bound_of(model);
    const char *schedule = model->quiet ? NULL : getenv("MODEL_REPLAY");
    explorer.model = model;
    explorer.result = (struct model_result){ .verdict = MODEL_OK };
    explorer.running = true;
    for (explorer.thread_count = 0; explorer.thread_count < MODEL_THREADS_MAX; explorer.thread_count++)
        if (model->threads[explorer.thread_count] == NULL)
            break;
    explorer_catch_crashes();
    if (schedule != NULL) {
        replay(schedule);
    } else {
        bool passed = true;
        for (unsigned preemptions = 0; passed && preemptions <= bound && !explorer.result.exhaustive; preemptions++)
            passed = explore_bound(preemptions);
        explorer_write_schedule();
        if (!passed && !model->quiet)
            explorer_report(explorer.reason);
        if (passed && !model->quiet)
            explorer_summary(seconds_now() - begin);
    }
    explorer.running = false;
    memory_free_all();
    for (int i = 0; i < explorer.thread_count; i++)
        coroutine_fini(&explorer.threads[i].co);
    memset(explorer.threads, 0, sizeof explorer.threads);
    return explorer.result;
}
