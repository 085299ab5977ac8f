/* simulation.h - a runtime's workers as coroutines of one thread. See weir/sim.h. */
#ifndef WI_SIMULATION_H
#define WI_SIMULATION_H

#include <weir/sim.h>

struct sim;
struct worker;

/* Sets runtime->sim, and those of its options that the seed decides. The workers are there, their drivers too. */
int wi_sim_create(struct weir_runtime *runtime);
/* Takes NULL. */
void wi_sim_destroy(struct sim *sim);

/* In a worker: between two polls, another one may go on. */
void wi_sim_pause(struct worker *worker);
/* In place of the driver's wait(), and of its unpark(). */
void wi_sim_wait(struct worker *worker, int64_t timeout_ns);
void wi_sim_unpark(struct worker *worker);

/* From outside: runs the workers until *until isn't 0. -EDEADLK: nothing can happen any more. */
int wi_sim_run(struct weir_runtime *runtime, const uint32_t *until);
/* The runtime is stopping: until all workers have left their loops. */
void wi_sim_finish(struct weir_runtime *runtime);

/* Makes this thread a worker's; and what it was before. */
struct sim_place {
    struct worker *worker;
    struct weir_runtime *runtime;
    struct clock *clock;
    struct weir_task *task;
    struct panic_landing *landing;
};
struct sim_place wi_sim_become(struct worker *worker);
void wi_sim_become_again(const struct sim_place *place);

#endif
