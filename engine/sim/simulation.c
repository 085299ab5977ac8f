/*
 * simulation.c - who goes on.
 *
 * A worker's coroutine runs the loop that its thread would run, and gives way at
 * each turn (wi_sim_pause()) and where it would sleep (wi_sim_wait()). So a switch
 * happens between polls only, with no lock held, and one lock or another being
 * contended is nothing that can happen here.
 *
 * When all sleep, first those with a driver look at their io a few times, since
 * a ring with delays has something for them after some looks; then time passes.
 */
#include "simulation.h"

#include <stdlib.h>
#include <time.h>

#include "blocking/pool.h"
#include "coroutine.h"
#include "sched/park.h"
#include "sched/worker.h"
#include "sync/branches.h"
#include "task/task_state.h"

#define TURN_MAX 8
#define NEVER INT64_MAX
/* Looks at the rings without any poll that follows from them, before time passes. */
#define QUIET_LOOKS_A_WORKER 24
/* A step of time while somebody has something to do. */
#define DRIFT_MAX_NS 3000000

enum sim_state { SIM_READY, SIM_ASLEEP, SIM_ENDED };

struct sim_worker {
    struct coroutine co;
    struct worker *worker;
    struct sim_place place; /* of the thread, while another goes on */
    enum sim_state state;
    uint32_t notified; /* unparked; by another thread only if the pool is used */
    int64_t wake_at_ns;
};

struct sim {
    struct weir_runtime *runtime;
    weir_sim_options options;
    uint64_t random;
    struct coroutine outside;
    struct sim_place outside_place;
    weir_sim_report report;
    unsigned quiet_looks; /* since the last poll of a task */
    uint64_t polls_seen;
    uint32_t count;
    struct sim_worker workers[];
};

/* --- chance -------------------------------------------------------------------------- */

static uint64_t roll(struct sim *sim, uint64_t below)
{
    /* xorshift64*, Vigna 2014 */
    sim->random ^= sim->random >> 12;
    sim->random ^= sim->random << 25;
    sim->random ^= sim->random >> 27;
    return (sim->random * 2685821657736338717u >> 33) % below;
}

static bool chance(struct sim *sim, unsigned percent)
{
    return percent > 0 && roll(sim, 100) < percent;
}

/* --- whose thread this is --------------------------------------------------------------- */

static struct sim_place here(void)
{
    return (struct sim_place){
        .worker = wi_worker_current,
        .runtime = wi_runtime_here,
        .clock = wi_clock_current,
        .task = wi_task_current,
        .landing = wi_panic_landing,
    };
}

void wi_sim_become_again(const struct sim_place *place)
{
    wi_worker_current = place->worker;
    wi_runtime_here = place->runtime;
    wi_clock_current = place->clock;
    wi_task_current = place->task;
    wi_panic_landing = place->landing;
}

struct sim_place wi_sim_become(struct worker *worker)
{
    const struct sim_place before = here();
    wi_worker_current = worker;
    wi_runtime_here = worker->env.runtime;
    wi_clock_current = &worker->env.runtime->clock;
    return before;
}

/* --- switches ---------------------------------------------------------------------------- */

static struct sim_worker *of(struct worker *worker)
{
    return &worker->env.runtime->sim->workers[worker->index];
}

/* From outside into a worker, until it gives way. */
static void go_on(struct sim *sim, struct sim_worker *self)
{
    sim->report.steps++;
    sim->outside_place = here();
    wi_sim_become_again(&self->place);
    coroutine_switch(&sim->outside, &self->co);
    wi_sim_become_again(&sim->outside_place);
}

/* From a worker to outside, until it is its turn again. */
static void give_way(struct sim *sim, struct sim_worker *self)
{
    self->place = here();
    coroutine_switch(&self->co, &sim->outside);
}

void wi_sim_pause(struct worker *worker)
{
    struct sim *sim = worker->env.runtime->sim;
    if (roll(sim, 2) == 0)
        give_way(sim, of(worker));
}

void wi_sim_wait(struct worker *worker, int64_t timeout_ns)
{
    struct weir_runtime *runtime = worker->env.runtime;
    struct sim *sim = runtime->sim;
    struct sim_worker *self = of(worker);
    worker->env.driver->type->submit(worker->env.driver);
    sim->report.sleeps++;
    if (wi_load(&self->notified, ACQUIRE) == 0 && timeout_ns != 0) {
        self->wake_at_ns = timeout_ns < 0 ? NEVER : wi_clock_add(wi_clock_now(&runtime->clock), timeout_ns);
        self->state = SIM_ASLEEP;
        give_way(sim, self);
    }
    wi_store(&self->notified, 0u, RELAXED);
}

void wi_sim_unpark(struct worker *worker)
{
    wi_store(&of(worker)->notified, 1u, RELEASE);
}

static void run_worker(void *arg)
{
    struct sim_worker *self = arg;
    static const uint32_t never = 0;
    wi_worker_loop(self->worker, &never);
    self->state = SIM_ENDED;
    give_way(self->worker->env.runtime->sim, self);
}

/* --- perturbations ------------------------------------------------------------------------- */

struct pick {
    struct sim *sim;
    struct weir_task *task;
    uint64_t seen;
};

static bool pin_none(void *cell)
{
    (void)cell;
    return false;
}

static void pick_cell(void *cell, void *arg)
{
    struct pick *pick = arg;
    struct weir_task *task = cell;
    if (!state_is_complete(&task->state) && roll(pick->sim, ++pick->seen) == 0)
        pick->task = task;
}

/* A poll may come without a reason: every future must live with that. */
static void wake_somebody(struct sim *sim)
{
    static const struct slab_visitor visitor = { .pin = pin_none, .visit = pick_cell };
    struct pick pick = { .sim = sim };
    (void)wi_slab_scan(&sim->runtime->home->slab, &visitor, &pick);
    if (pick.task == NULL)
        return;
    sim->report.spurious++;
    weir_wake(&pick.task->waker);
}

static void perturb(struct sim *sim)
{
    /* Not while nobody has anything to do: what came of it would pass for progress. */
    if (sim->quiet_looks == 0 && chance(sim, sim->options.spurious_percent))
        wake_somebody(sim);
    if (chance(sim, sim->options.drift_percent)) {
        sim->report.drifts++;
        wi_clock_advance(&sim->runtime->clock, (int64_t)roll(sim, DRIFT_MAX_NS));
    }
}

/* --- who goes on --------------------------------------------------------------------------- */

static bool is_ready(const struct sim *sim, const struct sim_worker *self)
{
    if (self->state != SIM_ASLEEP)
        return self->state == SIM_READY;
    return wi_load(&self->notified, ACQUIRE) != 0 || self->wake_at_ns <= wi_clock_now(&sim->runtime->clock);
}

/* One of those that can go on, or NULL. */
static struct sim_worker *choose(struct sim *sim)
{
    struct sim_worker *chosen = NULL;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < sim->count; i++)
        if (is_ready(sim, &sim->workers[i]) && roll(sim, ++seen) == 0)
            chosen = &sim->workers[i];
    return chosen;
}

static uint64_t polls(const struct sim *sim)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < sim->count; i++)
        sum += sim->workers[i].worker->metrics.polls;
    return sum;
}

/* Nobody has anything to do: one of them looks at its ring. False: they all did, often enough. */
static bool look_at_rings(struct sim *sim)
{
    const uint64_t now = polls(sim);
    if (now != sim->polls_seen)
        sim->quiet_looks = 0;
    sim->polls_seen = now;
    if (sim->runtime->options.drivers == &wi_park_drivers || sim->quiet_looks >= QUIET_LOOKS_A_WORKER * sim->count)
        return false;
    sim->quiet_looks++;
    sim->report.reaps_waiting++;
    struct sim_worker *self = &sim->workers[sim->quiet_looks % sim->count];
    wi_store(&self->notified, 1u, RELAXED);
    return true;
}

/* The pool's threads are real: what they do takes real time. */
static bool wait_for_pool(struct sim *sim)
{
    struct weir_runtime *runtime = sim->runtime;
    if (wi_pool_has_done(runtime->blocking)) {
        wi_notify_one(runtime);
        return true;
    }
    if (!wi_pool_busy(runtime->blocking))
        return false;
    const struct timespec moment = { .tv_nsec = 20000 };
    (void)nanosleep(&moment, NULL);
    return true;
}

static bool jump_clock(struct sim *sim)
{
    int64_t next_ns = NEVER;
    for (uint32_t i = 0; i < sim->count; i++)
        if (sim->workers[i].state == SIM_ASLEEP && sim->workers[i].wake_at_ns < next_ns)
            next_ns = sim->workers[i].wake_at_ns;
    if (next_ns == NEVER)
        return false;
    sim->report.clock_jumps++;
    sim->quiet_looks = 0;
    wi_clock_advance(&sim->runtime->clock, next_ns - wi_clock_now(&sim->runtime->clock));
    return true;
}

static bool step(struct sim *sim)
{
    perturb(sim);
    struct sim_worker *self = choose(sim);
    if (self == NULL)
        return wait_for_pool(sim) || look_at_rings(sim) || jump_clock(sim);
    self->state = SIM_READY;
    go_on(sim, self);
    return true;
}

int wi_sim_run(struct weir_runtime *runtime, const uint32_t *until)
{
    while (wi_load(until, ACQUIRE) == 0)
        if (!step(runtime->sim))
            return -EDEADLK;
    return 0;
}

void wi_sim_finish(struct weir_runtime *runtime)
{
    struct sim *sim = runtime->sim;
    for (uint32_t i = 0; i < sim->count; i++)
        while (sim->workers[i].state != SIM_ENDED)
            go_on(sim, &sim->workers[i]);
}

/* --- the beginning and the end ---------------------------------------------------------------- */

/* What the seed decides of a runtime's options. */
static void draw_options(struct sim *sim, weir_runtime_options *options)
{
    options->seed = roll(sim, UINT64_MAX) | 1;
    options->event_interval = 1 + (unsigned)roll(sim, sim->options.turn_max);
    options->global_interval = 1 + (unsigned)roll(sim, 64);
    options->lifo_slot = roll(sim, 4) != 0;
}

int wi_sim_create(struct weir_runtime *runtime)
{
    struct sim *sim = calloc(1, sizeof *sim + runtime->worker_count * sizeof sim->workers[0]);
    if (sim == NULL)
        return -ENOMEM;
    sim->runtime = runtime;
    sim->options = *runtime->options.simulate;
    sim->count = runtime->worker_count;
    if (sim->options.turn_max == 0)
        sim->options.turn_max = TURN_MAX;
    sim->random = sim->options.seed * 0x9e3779b97f4a7c15u ^ 0x2545f4914f6cdd1du;
    sim->random |= sim->random == 0;
    runtime->sim = sim;
    draw_options(sim, &runtime->options);
    wi_select_seed(runtime->options.seed);
    for (uint32_t i = 0; i < sim->count; i++) {
        struct sim_worker *self = &sim->workers[i];
        struct worker *worker = &runtime->workers[i];
        self->worker = worker;
        worker->rng = roll(sim, UINT64_MAX) | 1;
        self->place = (struct sim_place){ .worker = worker, .runtime = runtime, .clock = &runtime->clock };
        if (coroutine_start(&self->co, run_worker, self) < 0)
            return -ENOMEM;
    }
    return 0;
}

void wi_sim_destroy(struct sim *sim)
{
    if (sim == NULL)
        return;
    for (uint32_t i = 0; i < sim->count; i++)
        coroutine_fini(&sim->workers[i].co);
    free(sim);
}

int weir_sim_report_get(weir_runtime *runtime, weir_sim_report *ret_report)
{
    if (runtime->sim == NULL)
        return -EINVAL;
    *ret_report = runtime->sim->report;
    ret_report->virtual_ns = wi_clock_now(&runtime->clock) - CLOCK_VIRTUAL_START_NS;
    return 0;
}
