/*
 * model_pool.c - no job is stranded: not when threads lie down, keep at it, nap, start or leave as it is pushed.
 *
 * The queue, the accounts of the crew and the way a thread waits are the
 * engine's; what a thread does around them is done here, since threads of the
 * explorer are not created but told to begin.
 *
 * The bounds are what a few seconds allow. Two for all of them takes minutes.
 *
 * ENGINE: blocking/lane.c blocking/crew.c blocking/rest.c blocking/job.c blocking/done_ring.c base/lock.c
 */
#include "blocking/pool_thread.h"
#include "explorer.h"
#include "time/clock.h"

#define POOL_THREADS 3
#define POSTS_MAX 3
#define NONE UINT32_MAX

static struct blocking_pool pool;
static struct lane *const lane = &pool.lanes[0];
static struct queue_entry ring[8];
static struct pool_thread threads[POOL_THREADS];
/* Of each thread: it may begin, or it will never have to. */
static uint32_t begin_words[POOL_THREADS];
#define BEGIN 1u
#define NEVER 2u
static unsigned begun_count;
static bool start_fails;

static weir_lane_job posts[POSTS_MAX];
static uint32_t begun[POSTS_MAX], ran[POSTS_MAX]; /* how often */
static uint32_t pushed_count, ran_count, left_count;
static uint32_t waits_for[POSTS_MAX]; /* the post that must have run before this one ends, or NONE */
static int64_t now_ns;

/* --- what the engine asks for ---------------------------------------------------------- */

/* Every look at the clock is a second later: a timeout that has passed has passed. */
int64_t wi_clock_now(const struct clock *clock)
{
    (void)clock;
    return now_ns += 1000000000;
}

void wi_pool_turn(struct blocking_pool *of)
{
    (void)of;
}

int wi_pool_thread_start(struct lane *of)
{
    if (start_fails)
        return -EAGAIN;
    MODEL_CHECK(begun_count < POOL_THREADS);
    struct pool_thread *thread = &threads[begun_count];
    *thread = (struct pool_thread){ .lane = of, .searching = true };
    wi_store(&begin_words[begun_count], BEGIN, RELEASE);
    wi_futex_wake(&begin_words[begun_count], 1);
    begun_count++;
    return 0;
}

/* --- threads ----------------------------------------------------------------------------- */

static void count(uint32_t *word)
{
    (void)wi_fetch_add(word, 1u, ACQ_REL);
    wi_futex_wake(word, MODEL_THREADS_MAX);
}

static void wait_for(uint32_t *word, uint32_t wanted)
{
    uint32_t now;
    while ((now = wi_load(word, ACQUIRE)) < wanted)
        wi_futex_wait(word, now, -1);
}

static void run_post(unsigned index)
{
    count(&begun[index]);
    if (waits_for[index] != NONE)
        wait_for(&ran[waits_for[index]], 1);
    MODEL_CHECK_EQ(wi_load(&ran[index], RELAXED), 0);
    count(&ran[index]);
    count(&ran_count);
}

/* [take] Who runs a job and counts as searching is the keeper, and there is one who watches it. */
static void check_crew(void)
{
    const struct crew *crew = &lane->crew;
    uint32_t searching = crew->starting;
    for (unsigned i = 0; i < POOL_THREADS; i++) {
        searching += threads[i].searching;
        MODEL_CHECK_EQ(threads[i].searching && threads[i].is_running, crew->keeper == &threads[i]);
    }
    MODEL_CHECK(crew->keeper == NULL || crew->standby != NULL);
    MODEL_CHECK(crew->searching == searching || crew->starting > 0);
    MODEL_CHECK(wi_load(&crew->running, RELAXED) <= crew->threads_max);
}

/* As pool_thread.c does, without results. */
static bool next(struct pool_thread *self)
{
    wi_lock(&lane->take_lock);
    if (self->is_running)
        wi_crew_end(self, -1);
    while (!wi_lane_take(lane, &self->entry))
        if (!wi_pool_thread_wait(self) && wi_pool_thread_leave(self))
            return false;
    const bool calls = wi_crew_begin(self);
    check_crew();
    wi_unlock(&lane->take_lock);
    if (calls)
        wi_crew_call(lane);
    return true;
}

static void be_thread(unsigned index)
{
    wait_for(&begin_words[index], BEGIN);
    if (wi_load(&begin_words[index], ACQUIRE) == NEVER)
        return;
    while (next(&threads[index]))
        run_post((unsigned)((weir_lane_job *)threads[index].entry.arg - posts));
    MODEL_CHECK(wi_load(&lane->crew.threads, RELAXED) <= lane->crew.threads_max);
    count(&left_count);
}

static void thread_0(void)
{
    be_thread(0);
}

static void thread_1(void)
{
    be_thread(1);
}

static void thread_2(void)
{
    be_thread(2);
}

static void push(unsigned index)
{
    if (wi_lane_post(lane, &posts[index]) == 0)
        (void)wi_fetch_add(&pushed_count, 1u, ACQ_REL);
    else
        MODEL_CHECK(start_fails);
}

/* Waits until all have run (which is what would not happen), then ends the lane as a shutdown does. */
static void finish(void)
{
    wait_for(&ran_count, wi_load(&pushed_count, ACQUIRE));
    struct list cancelled;
    list_init(&cancelled);
    wi_lane_stop(lane, &cancelled);
    MODEL_CHECK(list_empty(&cancelled));
    wi_crew_dismiss(lane);
    for (unsigned i = begun_count; i < POOL_THREADS; i++) {
        wi_store(&begin_words[i], NEVER, RELEASE);
        wi_futex_wake(&begin_words[i], 1);
    }
}

static void push_one(void)
{
    push(0);
    finish();
}

static void push_two(void)
{
    push(0);
    push(1);
    finish();
}

static void push_three(void)
{
    push(0);
    push(1);
    push(2);
    finish();
}

static void push_one_after_the_other_began(void)
{
    push(0);
    wait_for(&begun[0], 1);
    push(1);
    finish();
}

/*
 * The first lets one of two threads rest as the standby and the other become the
 * keeper with the second; the third comes after the standby had a nap or more.
 */
static void push_three_one_by_one(void)
{
    push(2);
    wait_for(&ran[2], 1);
    push(0);
    wait_for(&begun[0], 1);
    uint32_t nobody_wakes_us = 0;
    wi_futex_wait(&nobody_wakes_us, 0, 1);
    push(1);
    finish();
}

static void push_two_and_wait_for_the_third(void)
{
    push(0);
    wait_for(&begun[0], 1);
    push(1);
    wait_for(&pushed_count, 3);
    finish();
}

static void push_the_third(void)
{
    push(2);
    wi_futex_wake(&pushed_count, MODEL_THREADS_MAX);
}

static void check(void)
{
    const struct crew *crew = &lane->crew;
    MODEL_CHECK_EQ(left_count, begun_count);
    MODEL_CHECK_EQ(crew->threads, 0);
    MODEL_CHECK_EQ(crew->starting, 0);
    MODEL_CHECK_EQ(crew->running, 0);
    MODEL_CHECK_EQ(crew->resting, 0);
    MODEL_CHECK_EQ(crew->searching, 0);
    MODEL_CHECK(crew->keeper == NULL && crew->standby == NULL);
    MODEL_CHECK(list_empty(&crew->rest_list));
    MODEL_CHECK_EQ(wi_lane_len(lane), 0);
}

/* `alive` threads have just been started and look for work. */
static void setup(uint32_t threads_max, unsigned alive, int64_t mean_ns, int64_t idle_ns)
{
    memset(&pool, 0, sizeof pool);
    memset(ring, 0, sizeof ring);
    memset(threads, 0, sizeof threads);
    memset(begin_words, 0, sizeof begin_words);
    memset(ran, 0, sizeof ran);
    memset(begun, 0, sizeof begun);
    memset(waits_for, 0xff, sizeof waits_for);
    pushed_count = ran_count = left_count = 0;
    begun_count = 0;
    start_fails = false;
    now_ns = 0;
    pool.options.idle_ns = idle_ns;
    lane->pool = &pool;
    lane->queue_max = lane->room = 4;
    lane->mask = 7;
    lane->ring = ring;
    /* Shortly before they wrap. */
    lane->head = lane->tail = lane->tail_seen = UINT32_MAX - 1;
    list_init(&lane->waiters);
    wi_crew_init(&lane->crew, threads_max);
    lane->crew.mean_ns = mean_ns;
    lane->crew.threads = lane->crew.searching = alive;
    for (; begun_count < alive; begun_count++) {
        threads[begun_count] = (struct pool_thread){ .lane = lane, .searching = true };
        begin_words[begun_count] = BEGIN;
    }
    model_name(&lane->crew.call, sizeof lane->crew.call, "call");
    model_name(&lane->tail, sizeof lane->tail, "tail");
    model_name(&lane->submit_lock, sizeof lane->submit_lock, "submit_lock");
    model_name(&lane->take_lock, sizeof lane->take_lock, "take_lock");
    model_name(&ran_count, sizeof ran_count, "ran_count");
}

#define SHORT_NS 0
#define LONG_NS 1000000000

/* A push that comes as a thread lies down finds it, or is found by it. */
static void one_thread(void)
{
    setup(1, 1, LONG_NS, -1);
}

static void test_a_push_and_a_thread_that_lies_down_meet(void)
{
    MODEL_PASSES(.setup = one_thread, .threads = { push_one, thread_0 }, .check = check, .preemptions = 4);
    MODEL_PASSES(.setup = one_thread, .threads = { push_two, thread_0 }, .check = check, .preemptions = 3);
}

/* A thread that stops searching as it begins a job sees to it that the next one is called. */
static void long_jobs_that_meet(void)
{
    setup(2, 0, LONG_NS, -1);
    waits_for[0] = 1;
}

static void test_long_jobs_get_a_thread_each(void)
{
    MODEL_PASSES(.setup = long_jobs_that_meet, .threads = { push_two, thread_0, thread_1 }, .check = check);
}

/* When a thread can't be created, those there are do it all: also what came while it was tried. */
static void one_thread_and_no_more(void)
{
    setup(2, 1, LONG_NS, -1);
    start_fails = true;
}

/* This one may have left by then: then the push is refused. */
static void one_impatient_thread_and_no_more(void)
{
    setup(2, 1, LONG_NS, 1);
    start_fails = true;
}

static void test_a_thread_that_cannot_be_had_strands_no_job(void)
{
    MODEL_PASSES(.setup = one_thread_and_no_more,
                 .threads = { push_two_and_wait_for_the_third, push_the_third, thread_0 }, .check = check);
    MODEL_PASSES(.setup = one_impatient_thread_and_no_more, .threads = { push_two, thread_0 }, .check = check,
                 .preemptions = 3);
}

/* A keeper that turns out to be in a long job is found out by the standby, whenever the next job is pushed. */
static void short_jobs_that_meet(void)
{
    setup(2, 2, SHORT_NS, -1);
    waits_for[0] = 1;
}

static void three_threads(void)
{
    setup(3, 3, SHORT_NS, -1);
}

static void short_jobs_that_meet_late(void)
{
    setup(2, 2, SHORT_NS, -1);
    waits_for[1] = 2;
}

static void test_a_keeper_that_is_held_up_strands_no_job(void)
{
    MODEL_PASSES(.setup = short_jobs_that_meet, .threads = { push_two, thread_0, thread_1 }, .check = check);
    MODEL_PASSES(.setup = short_jobs_that_meet, .threads = { push_three_one_by_one, thread_0, thread_1 },
                 .check = check, .preemptions = 1);
    MODEL_PASSES(.setup = short_jobs_that_meet_late, .threads = { push_three, thread_0, thread_1 }, .check = check,
                 .preemptions = 1);
    MODEL_PASSES(.setup = three_threads, .threads = { push_three, thread_0, thread_1, thread_2 }, .check = check,
                 .preemptions = 1);
}

/* A push that comes as the last thread leaves is seen by it, or starts another. */
static void impatient_thread(void)
{
    setup(1, 1, LONG_NS, 1);
}

static void impatient_threads(void)
{
    setup(2, 1, LONG_NS, 1);
    waits_for[0] = 1;
}

static void test_a_push_and_a_thread_that_leaves_meet(void)
{
    MODEL_PASSES(.setup = impatient_thread, .threads = { push_one, thread_0, thread_1 }, .check = check,
                 .preemptions = 3);
    MODEL_PASSES(.setup = impatient_thread, .threads = { push_two, thread_0, thread_1, thread_2 }, .check = check,
                 .preemptions = 1);
    MODEL_PASSES(.setup = impatient_threads,
                 .threads = { push_one_after_the_other_began, thread_0, thread_1, thread_2 }, .check = check,
                 .preemptions = 1);
}

int main(void)
{
    RUN(test_a_push_and_a_thread_that_lies_down_meet);
    RUN(test_long_jobs_get_a_thread_each);
    RUN(test_a_thread_that_cannot_be_had_strands_no_job);
    RUN(test_a_keeper_that_is_held_up_strands_no_job);
    RUN(test_a_push_and_a_thread_that_leaves_meet);
    return check_done();
}
