/* pool.c - the pool's beginning, its end, and what it tells of itself. */
#include "pool.h"

#include <stdlib.h>

#include "base/futex.h"
#include "base/worker_env.h"
#include "pool_shared.h"
#include "time/clock.h"

int wi_pool_create(const struct pool_options *options, struct blocking_pool **ret_pool)
{
    if (options->cpu_max == 0 || options->io_max == 0 || options->queue_max == 0 || options->queue_max > POOL_QUEUE_MAX)
        return -EINVAL;
    struct blocking_pool *pool = aligned_alloc(_Alignof(struct blocking_pool), sizeof *pool);
    if (pool == NULL)
        return -ENOMEM;
    *pool = (struct blocking_pool){ .options = *options, .refs = 1 };
    int error = wi_lane_init(&pool->lanes[WEIR_LANE_CPU], pool, WEIR_LANE_CPU, options->cpu_max, options->queue_max);
    if (error == 0) {
        error = wi_lane_init(&pool->lanes[WEIR_LANE_IO], pool, WEIR_LANE_IO, options->io_max, options->queue_max);
        if (error < 0)
            wi_lane_fini(&pool->lanes[WEIR_LANE_CPU]);
    }
    if (error < 0) {
        free(pool);
        return error;
    }
    *ret_pool = pool;
    return 0;
}

void wi_pool_unref(struct blocking_pool *pool)
{
    if (wi_fetch_sub(&pool->refs, 1u, ACQ_REL) != 1)
        return;
    for (int i = 0; i < WEIR_LANES; i++)
        wi_lane_fini(&pool->lanes[i]);
    free(pool);
}

void wi_pool_destroy(struct blocking_pool *pool)
{
    wi_pool_unref(pool);
}

/* --- shutdown -------------------------------------------------------------------- */

void wi_pool_turn(struct blocking_pool *pool)
{
    (void)wi_fetch_add(&pool->turns, 1u, RELEASE);
    wi_futex_wake(&pool->turns, 1);
}

/*
 * Is every thread that is left in a job? One that isn't is on its way out, and
 * may be about to use the runtime: to wake a task, to call on_done or a hook.
 * What comes out of a job later than this finds no task to wake.
 */
static bool only_jobs_left(struct blocking_pool *pool, uint32_t live)
{
    uint32_t in_jobs = 0;
    for (int i = 0; i < WEIR_LANES; i++) {
        struct lane *lane = &pool->lanes[i];
        wi_lock(&lane->take_lock);
        in_jobs += wi_load(&lane->crew.running, RELAXED) - lane->crew.delivering;
        wi_unlock(&lane->take_lock);
    }
    return in_jobs == live;
}

/* Those that end from now on need nobody who joins them. */
static void abandon_threads(struct blocking_pool *pool)
{
    wi_lock(&pool->end_lock);
    pool->abandoned = true;
    wi_unlock(&pool->end_lock);
}

static int wait_for_threads(struct blocking_pool *pool, int64_t timeout_ns)
{
    struct clock clock;
    wi_clock_init(&clock, false);
    const int64_t deadline_ns = timeout_ns < 0 ? INT64_MAX : wi_clock_add(wi_clock_now(&clock), timeout_ns);
    int error = 0;
    for (;;) {
        const uint32_t turns = wi_load(&pool->turns, ACQUIRE);
        const uint32_t live = wi_load(&pool->live, ACQUIRE);
        if (live == 0)
            break;
        int64_t left_ns = deadline_ns == INT64_MAX ? -1 : deadline_ns - wi_clock_now(&clock);
        if (deadline_ns != INT64_MAX && left_ns <= 0) {
            if (only_jobs_left(pool, live)) {
                abandon_threads(pool);
                error = -ETIMEDOUT;
                break;
            }
            left_ns = -1; /* the next turn comes soon */
        }
        wi_futex_wait(&pool->turns, turns, left_ns);
    }
    if (pool->has_ended)
        (void)pthread_join(pool->ended, NULL);
    return error;
}

int wi_pool_shutdown(struct blocking_pool *pool, int64_t timeout_ns)
{
    struct list cancelled;
    list_init(&cancelled);
    for (int i = 0; i < WEIR_LANES; i++) {
        wi_lane_stop(&pool->lanes[i], &cancelled);
        wi_crew_dismiss(&pool->lanes[i]);
    }
    /* Nothing is added to these any more. */
    while (wi_pool_has_done(pool))
        (void)wi_pool_reap(pool);
    struct list_node *node;
    while ((node = list_pop_front(&cancelled)) != NULL)
        wi_job_cancel(weir_container_of(node, weir_job, waiter));
    return wait_for_threads(pool, timeout_ns);
}

/* --- in and out ------------------------------------------------------------------ */

int wi_pool_post(struct blocking_pool *pool, weir_lane lane, weir_lane_job *job)
{
    return wi_lane_post(&pool->lanes[lane], job);
}

int weir_lane_post(weir_runtime *runtime, weir_lane lane, weir_lane_job *job)
{
    return wi_pool_post(wi_runtime_blocking(runtime), lane, job);
}

unsigned wi_pool_reap(struct blocking_pool *pool)
{
    unsigned count = 0;
    for (int i = 0; i < WEIR_LANES; i++)
        count += done_ring_reap(&pool->lanes[i].done);
    return count;
}

bool wi_pool_has_done(const struct blocking_pool *pool)
{
    return done_ring_has(&pool->lanes[WEIR_LANE_CPU].done) || done_ring_has(&pool->lanes[WEIR_LANE_IO].done);
}

/* --- counters -------------------------------------------------------------------- */

void wi_pool_lane_counters(struct blocking_pool *pool, weir_lane index, struct pool_counters *ret_counters)
{
    struct lane *lane = &pool->lanes[index];
    wi_lock(&lane->take_lock);
    const struct crew *crew = &lane->crew;
    *ret_counters = (struct pool_counters){
        .threads = wi_load(&crew->threads, RELAXED) + crew->starting,
        .idle = wi_load(&crew->threads, RELAXED) + crew->starting - wi_load(&crew->running, RELAXED),
        .queued = wi_lane_len(lane),
        .waiting = lane->waiting,
    };
    wi_unlock(&lane->take_lock);
}

void wi_pool_counters(struct blocking_pool *pool, struct pool_counters *ret_counters)
{
    struct pool_counters cpu, io;
    wi_pool_lane_counters(pool, WEIR_LANE_CPU, &cpu);
    wi_pool_lane_counters(pool, WEIR_LANE_IO, &io);
    *ret_counters = (struct pool_counters){
        .threads = cpu.threads + io.threads,
        .idle = cpu.idle + io.idle,
        .queued = cpu.queued + io.queued,
        .waiting = cpu.waiting + io.waiting,
    };
}

bool wi_pool_busy(struct blocking_pool *pool)
{
    for (int i = 0; i < WEIR_LANES; i++) {
        struct lane *lane = &pool->lanes[i];
        wi_lock(&lane->take_lock);
        const bool busy = wi_load(&lane->crew.running, RELAXED) > 0 || lane->waiting > 0 || wi_lane_len(lane) > 0;
        wi_unlock(&lane->take_lock);
        if (busy || done_ring_has(&lane->done))
            return true;
    }
    return false;
}

unsigned weir_lane_idle(struct weir_worker *worker, weir_lane index)
{
    if (worker == NULL || worker->blocking == NULL)
        return 0;
    /* A hint, so no lock: these are of slightly different moments. */
    const struct lane *lane = &worker->blocking->lanes[index];
    const uint32_t queued =
        wi_load(&lane->tail, RELAXED) - wi_load(&lane->head, RELAXED) - wi_load(&lane->holes, RELAXED);
    const uint32_t taken = wi_load(&lane->crew.running, RELAXED) + ((int32_t)queued > 0 ? queued : 0);
    return taken < lane->crew.threads_max ? lane->crew.threads_max - taken : 0;
}
