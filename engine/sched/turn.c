/* turn.c - what a worker does between tasks: io, timers, those that yielded. */
#include "blocking/pool.h"
#include "sim/simulation.h"
#include "worker.h"

/* Takes what has finished off a driver, then wakes, batch by batch. */
void wi_reap(weir_driver *driver)
{
    bool more;
    do {
        weir_wakes wakes;
        wakes.count = 0;
        more = driver->type->reap(driver, &wakes);
        for (unsigned i = 0; i < wakes.count; i++) {
            weir_wake(wakes.waker[i]);
            weir_waker_release(wakes.waker[i]);
        }
    } while (more);
}

/* A part of those that yielded goes behind the others in the queue, where they can be stolen, too. */
bool wi_requeue_yielded(struct worker *worker)
{
    if (worker->yielded == NULL)
        return false;
    uint32_t room = runq_room(&worker->runq);
    while (room-- > 0 && worker->yielded != NULL) {
        struct inject_node *node = worker->yielded;
        worker->yielded = node->next;
        worker->yielded_count--;
        if (!runq_push(&worker->runq, weir_container_of(node, struct weir_task, link))) {
            node->next = worker->yielded;
            worker->yielded = node;
            worker->yielded_count++;
            break;
        }
    }
    if (worker->yielded == NULL)
        worker->yielded_last = NULL;
    return true;
}

void wi_turn(struct worker *worker)
{
    weir_driver *driver = worker->env.driver;
    wi_store(&worker->env.now_ns, wi_clock_coarse(&worker->env.runtime->clock), RELAXED);
    if (weir_unlikely(worker->env.runtime->sim != NULL))
        wi_sim_pause(worker);
    driver->type->submit(driver);
    wi_reap(driver);
    (void)wi_pool_reap(worker->env.blocking);
    (void)wi_timers_fire(&worker->timers);
    (void)wi_requeue_yielded(worker);
    if (worker->env.runtime->worker_count > 1)
        wi_watch_busy(worker);
}
