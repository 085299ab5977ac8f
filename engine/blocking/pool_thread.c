/* pool_thread.c - a pool thread's life: take a job, run it, deliver what came out of it. */
#include "pool_thread.h"

#include <stdlib.h>

#include "base/thread_name.h"
#include "task/panic.h"
#include "time/clock.h"

/* Of the jobs in a row, the first and every so many after it are timed: reading the clock costs as much as a short job.
 */
#define TIMED_EVERY 8

static const struct clock real_clock;

_Thread_local struct pool_thread *wi_pool_thread_current;

static void call(struct pool_thread *self)
{
    const struct queue_entry *entry = &self->entry;
    if (entry->job != NULL) {
        self->output = entry->fn(entry->arg, entry->job);
    } else {
        weir_lane_job *post = entry->arg;
        post->run(post);
    }
}

static void call_seen(struct pool_thread *self)
{
    const weir_job *job = self->entry.job; /* there until it is delivered */
    const char *name = job == NULL ? "io" : job->name != NULL ? job->name : "job";
    const int64_t began_ns = wi_trace_now();
    call(self);
    wi_trace_share(&self->lane->pool->trace,
                   &(struct trace_event){ .at_ns = began_ns,
                                          .for_ns = wi_trace_now() - began_ns,
                                          .name = name,
                                          .kind = TRACE_JOB,
                                          .end = trace_track_of(self->lane->index, self->number) });
}

static void run(struct pool_thread *self)
{
    self->timed = self->streak++ % TIMED_EVERY == 0;
    if (self->timed)
        self->began_ns = wi_clock_now(&real_clock);
    self->in_job = true;
    if (trace_is_shared(&self->lane->pool->trace))
        call_seen(self);
    else
        call(self);
    self->in_job = false;
    self->has_run = true;
}

/* weir_panic() jumped out of what this thread ran: a job, or the release of its argument. */
static void recover(struct pool_thread *self, const struct panic_landing *landing)
{
    const struct pool_options *options = &self->lane->pool->options;
    if (self->in_job) {
        self->in_job = false;
        self->has_run = true;
        self->output = -ENOTRECOVERABLE;
    }
    /* A hook that panics would come back here for ever. */
    struct panic_landing *own = wi_panic_landing;
    wi_panic_landing = NULL;
    if (options->on_panic != NULL)
        options->on_panic(options->hook_arg, "offload", landing->file, landing->line, landing->message);
    else
        wi_panic_report(landing, "a blocking job");
    wi_panic_landing = own;
}

/*
 * [take], which may be let go of on the way: the job that was run has ended.
 * True: its result lies in the done ring.
 */
static bool deliver(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    if (!self->is_running)
        return false;
    bool published = false;
    if (self->has_run && self->entry.job != NULL) {
        published = lane->pool->options.on_done != NULL && !lane->stopping &&
                    done_ring_push(&lane->done, self->entry.job, self->output);
        if (!published) {
            /* The release of an argument may panic, and then we come here once more, but not with this job. */
            self->has_run = false;
            self->is_delivering = true;
            lane->crew.delivering++;
            wi_unlock(&lane->take_lock);
            wi_job_finish(self->entry.job, self->output);
            wi_lock(&lane->take_lock);
        }
    }
    self->has_run = false;
    /* Only now: what is neither queued nor running was delivered, see wi_pool_busy(). */
    wi_crew_end(self, self->timed ? wi_clock_now(&real_clock) - self->began_ns : -1);
    return published;
}

/* Delivers what was run and waits for the next entry. False: leave. */
static bool next(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    const struct pool_options *options = &lane->pool->options;
    wi_lock(&lane->take_lock);
    bool published = deliver(self);
    while (!wi_lane_take(lane, &self->entry)) {
        if (published) {
            wi_unlock(&lane->take_lock);
            options->on_done(options->on_done_arg);
            wi_lock(&lane->take_lock);
            published = false;
        } else if (!wi_pool_thread_wait(self) && wi_pool_thread_leave(self)) {
            return false;
        }
    }
    const bool calls = wi_crew_begin(self);
    const bool admits = wi_lane_should_admit(lane);
    wi_unlock(&lane->take_lock);
    if (published)
        options->on_done(options->on_done_arg);
    if (admits)
        wi_lane_admit(lane); /* calls, too */
    else if (calls)
        wi_crew_call(lane);
    return true;
}

/* The last thing a thread does. Each one joins the one that left before it; a shutdown joins the last. */
static void retire(struct pool_thread *self)
{
    struct blocking_pool *pool = self->lane->pool;
    free(self);
    wi_lock(&pool->end_lock);
    const bool joins = pool->has_ended && !pool->abandoned;
    const pthread_t before = pool->ended;
    if (pool->abandoned) {
        (void)pthread_detach(pthread_self());
    } else {
        pool->ended = pthread_self();
        pool->has_ended = true;
    }
    wi_unlock(&pool->end_lock);
    if (joins)
        (void)pthread_join(before, NULL);
    (void)wi_fetch_sub(&pool->live, 1u, ACQ_REL);
    wi_pool_turn(pool);
    wi_pool_unref(pool);
}

static void *thread_main(void *arg)
{
    struct pool_thread *const self = arg;
    wi_pool_thread_current = self;
    const struct pool_options *const options = &self->lane->pool->options;
    wi_thread_set_name(options->thread_name == NULL ? "weir" : options->thread_name,
                       self->lane->index == WEIR_LANE_CPU ? "cpu" : "io", self->number);
    if (options->on_thread_start != NULL)
        options->on_thread_start(options->hook_arg);

    struct panic_landing landing;
    wi_panic_landing = &landing;
    if (wi_panic_land(&landing) != 0)
        recover(self, &landing);
    while (next(self))
        run(self);
    wi_panic_landing = NULL;

    if (options->on_thread_stop != NULL)
        options->on_thread_stop(options->hook_arg);
    retire(self);
    return NULL;
}

static int create(struct pool_thread *thread, size_t stack_size)
{
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    if (error != 0)
        return -error;
    if (stack_size > 0)
        error = pthread_attr_setstacksize(&attr, stack_size);
    pthread_t handle;
    if (error == 0)
        error = pthread_create(&handle, &attr, thread_main, thread);
    (void)pthread_attr_destroy(&attr);
    return -error;
}

int wi_pool_thread_start(struct lane *lane)
{
    struct blocking_pool *pool = lane->pool;
    struct pool_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return -ENOMEM;
    thread->lane = lane;
    thread->number = wi_fetch_add(&pool->numbers[lane->index], 1u, RELAXED);
    thread->searching = true;
    (void)wi_fetch_add(&pool->refs, 1u, RELAXED);
    (void)wi_fetch_add(&pool->live, 1u, RELAXED);
    const int error = create(thread, pool->options.stack_size);
    if (error < 0) {
        free(thread);
        (void)wi_fetch_sub(&pool->live, 1u, ACQ_REL);
        wi_pool_turn(pool);
        wi_pool_unref(pool);
    }
    return error; /* NOLINT(clang-analyzer-unix.Malloc): 0, and the thread is its own */
}
