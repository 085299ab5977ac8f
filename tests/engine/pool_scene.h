/* pool_scene.h - for the tests of the blocking pool: a pool, a task and scripted jobs; jobs that are posted. */
#ifndef POOL_SCENE_H
#define POOL_SCENE_H

#include <sched.h>

#include "pool_rig.h"

enum { SCRIPTS_MAX = 64 };

/* A pool, a task, and as many scripted jobs as a test wants. */
struct scene {
    struct blocking_pool *pool;
    struct wait_task task;
    uint32_t gate, sequence;
    struct script scripts[SCRIPTS_MAX];
    weir_offload_future offloads[SCRIPTS_MAX];
};

static inline void scene_init(struct scene *scene, struct blocking_pool *pool)
{
    memset(scene, 0, sizeof *scene);
    scene->pool = pool;
    wait_task_init(&scene->task, pool);
    for (int i = 0; i < SCRIPTS_MAX; i++)
        scene->scripts[i] = (struct script){ .result = i, .sequence = &scene->sequence };
}

static inline void scene_start(struct scene *scene, int index)
{
    scene->offloads[index] = script_offload(&scene->scripts[index]);
    CHECK(wait_task_poll(&scene->task, WEIR_HEAD(scene->offloads[index])) == WEIR_PENDING);
}

/* Starts one that waits at the gate. */
static inline void scene_block(struct scene *scene, int index)
{
    scene->scripts[index].gate = &scene->gate;
    scene_start(scene, index);
}

static inline int64_t scene_finish(struct scene *scene, int index)
{
    wait_task_run(&scene->task, WEIR_HEAD(scene->offloads[index]));
    return scene->offloads[index].output;
}

static inline void scene_fini(struct scene *scene)
{
    wait_task_fini(&scene->task);
    rig_destroy(scene->pool);
}
/* A thread a job up to the bound: jobs that wait for each other must all be running to go on. */
static inline void meet(struct scene *scene, int first, int count)
{
    uint32_t *met = &scene->gate;
    for (int i = first; i < first + count; i++) {
        scene->scripts[i].gate = met;
        scene_start(scene, i);
    }
    for (int i = first; i < first + count; i++)
        tally_wait(&scene->scripts[i].begun, 1);
    gate_open(met);
    for (int i = first; i < first + count; i++)
        CHECK_EQ(scene_finish(scene, i), i);
}

struct post {
    weir_lane_job job;
    uint32_t *gate, *ran;
    bool panics;
};

static inline void post_run(weir_lane_job *job)
{
    struct post *post = weir_container_of(job, struct post, job);
    if (post->gate != NULL)
        gate_pass(post->gate);
    uint32_t *ran = post->ran;
    const bool panics = post->panics;
    free(post);
    tally_add(ran);
    if (panics)
        weir_panic("a post");
}

static inline int post(struct blocking_pool *pool, uint32_t *gate, uint32_t *ran, bool panics)
{
    struct post *post = malloc(sizeof *post);
    *post = (struct post){ { .run = post_run }, gate, ran, panics };
    const int error = wi_pool_post(pool, WEIR_LANE_IO, &post->job);
    if (error < 0)
        free(post);
    return error;
}

struct census {
    uint32_t inside, most, ran;
};

static inline int64_t be_counted(void *arg, weir_job *job)
{
    struct census *census = arg;
    (void)job;
    const uint32_t inside = wi_fetch_add(&census->inside, 1u, ACQ_REL) + 1;
    uint32_t most = wi_load(&census->most, RELAXED);
    while (inside > most && !wi_cas(&census->most, &most, inside, ACQ_REL)) {
    }
    (void)sched_yield();
    (void)wi_fetch_sub(&census->inside, 1u, ACQ_REL);
    (void)wi_fetch_add(&census->ran, 1u, ACQ_REL);
    return 0;
}

#endif
