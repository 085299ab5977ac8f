/*
 * model_job.c - a job's end, the change of its waker and its drop meet exactly once, in any order.
 *
 * ENGINE: blocking/job.c
 */
#include "blocking/lane.h"
#include "explorer.h"

/* A waker of a test: woken only while it is held, and a futex for the owner to sleep on. */
struct spy {
    weir_waker waker; /* first */
    uint32_t woken;
    uint32_t holds;
};

static struct spy first, second;
static struct lane lane;
static weir_job job;
static uint32_t released; /* the argument, by whom ever */

static void spy_wake(weir_waker *waker)
{
    struct spy *spy = weir_container_of(waker, struct spy, waker);
    MODEL_CHECK(wi_load(&spy->holds, ACQUIRE) > 0);
    wi_store(&spy->woken, 1u, RELEASE);
    wi_futex_wake(&spy->woken, 1);
}

static void spy_hold(weir_waker *waker)
{
    (void)wi_fetch_add(&weir_container_of(waker, struct spy, waker)->holds, 1u, ACQ_REL);
}

static void spy_release(weir_waker *waker)
{
    MODEL_CHECK(wi_fetch_sub(&weir_container_of(waker, struct spy, waker)->holds, 1u, ACQ_REL) > 0);
}

static const weir_waker_type spy_type = { spy_wake, spy_hold, spy_release };

static void release(void *arg)
{
    MODEL_CHECK(arg == &released);
    MODEL_CHECK_EQ(wi_fetch_add(&released, 1u, ACQ_REL), 0);
}

static void setup(void)
{
    first = second = (struct spy){ .waker = { &spy_type } };
    memset(&lane, 0, sizeof lane);
    released = 0;
    job = (weir_job){ .state = JOB_WAKER,
                      .waker = weir_waker_hold(&first.waker),
                      .arg = &released,
                      .release = release,
                      .lane = &lane,
                      .kept = true };
    model_name(&job, sizeof job, "job");
    model_name(&first, sizeof first, "first");
    model_name(&second, sizeof second, "second");
}

/* Nobody holds anything any more, and the job's memory went back once. */
static void check(void)
{
    MODEL_CHECK_EQ(first.holds, 0);
    MODEL_CHECK_EQ(second.holds, 0);
    MODEL_CHECK_EQ(released, 1);
    MODEL_CHECK(lane.jobs.returned == &job && job.next == NULL);
}

static void finish(void)
{
    wi_job_finish(&job, 7);
}

static void cancel(void)
{
    wi_job_cancel(&job);
}

/* As the future's poll does. */
static bool poll_with(struct spy *spy)
{
    (void)wi_xchg(&spy->woken, 0u, ACQ_REL);
    if (!job_is_done(&job) && wi_job_set_waker(&job, &spy->waker))
        return false;
    model_outcome((unsigned)(job.output == 7));
    MODEL_CHECK(job.output == 7 || job.output == -ECANCELED);
    wi_job_free(&job);
    return true;
}

static void await_with(struct spy *spy)
{
    while (!poll_with(spy))
        while (wi_load(&spy->woken, ACQUIRE) == 0)
            wi_futex_wait(&spy->woken, 0, -1);
}

static void await_same(void)
{
    await_with(&first);
}

static void await_other(void)
{
    await_with(&second);
}

static void await_after_two_changes(void)
{
    if (!poll_with(&second) && !poll_with(&first))
        await_with(&second);
}

static void change_and_abandon(void)
{
    if (!poll_with(&second))
        wi_job_abandon(&job);
}

static void abandon(void)
{
    wi_job_abandon(&job);
}

static void test_an_owner_that_waits_gets_the_result(void)
{
    MODEL_PASSES(.setup = setup, .threads = { await_same, finish }, .check = check, .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup, .threads = { await_same, cancel }, .check = check, .preemptions = MODEL_UNBOUNDED);
}

/* The finisher reads the waker before it takes it: what it read must not have been changed meanwhile. */
static void test_a_waker_that_changes_is_not_lost(void)
{
    MODEL_PASSES(.setup = setup, .threads = { await_other, finish }, .check = check, .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup, .threads = { await_after_two_changes, finish }, .check = check,
                 .preemptions = MODEL_UNBOUNDED);
}

static void test_whoever_comes_second_frees_the_job(void)
{
    MODEL_PASSES(.setup = setup, .threads = { abandon, finish }, .check = check, .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup, .threads = { change_and_abandon, finish }, .check = check,
                 .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup, .threads = { change_and_abandon, cancel }, .check = check,
                 .preemptions = MODEL_UNBOUNDED);
}

int main(void)
{
    RUN(test_an_owner_that_waits_gets_the_result);
    RUN(test_a_waker_that_changes_is_not_lost);
    RUN(test_whoever_comes_second_frees_the_job);
    return check_done();
}
