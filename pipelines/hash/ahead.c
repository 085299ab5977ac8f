/*
 * ahead.c - directories that must come from the disk are read ahead of the lanes.
 *
 * A lane that reads a directory itself waits for the disk, and with it its core
 * and all that the ring has brought meanwhile. As long as files come in that
 * nobody had cached, a few threads that may block do it for them, until there
 * are files enough to claim; they start again when those run low.
 */
#include "hash/ahead.h"

#include <weir/runtime.h>

#define WALKERS_MAX 2
#define FILES_LOW 512
#define FILES_ENOUGH 2048

static int64_t walk(void *arg, weir_job *cancel)
{
    struct job *job = arg;
    uint64_t lap_ns = wp_lap_now();
    while (!weir_job_cancelled(cancel) && wp_tree_walk(&job->tree, FILES_ENOUGH))
        wp_lap_step(&lap_ns, &job->counters->walk_ns, "files");
    return 0;
}

static void put_job(void *arg)
{
    wp_job_unref(arg);
}

WEIR_ASYNC(walk_ahead, weir_unit, struct job *job; weir_offload_future run;)
{
    WEIR_BEGIN
    wp_job_ref(self->job);
    AWAIT(self->run, weir_offload(WEIR_LANE_IO, walk, self->job, put_job));
    WEIR_FINALLY(void)
    __atomic_fetch_sub(&self->job->walkers, 1, __ATOMIC_RELAXED);
    wp_job_unref(self->job);
    WEIR_END
}

void wp_walk_ahead(struct job *job)
{
    if (wp_tree_unclaimed(&job->tree) >= FILES_LOW)
        return;
    if (__atomic_fetch_add(&job->walkers, 1, __ATOMIC_RELAXED) >= WALKERS_MAX) {
        (void)__atomic_fetch_sub(&job->walkers, 1, __ATOMIC_RELAXED);
        return;
    }
    wp_job_ref(job);
    weir_detach(weir_spawn(WEIR_CALL(walk_ahead, .job = job)));
}
