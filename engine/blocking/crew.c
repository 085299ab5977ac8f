/* crew.c - a pool thread's life: look for work, run it, rest, leave. */
#include "crew.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "pool_shared.h"
#include "task/panic.h"
#include "time/clock.h"

/*
 * A job that takes longer is worth a thread of its own: waking one takes some
 * 10 us until it runs, and 6 us of the waker's own time.
 */
#define LASTING_NS 20000
/* The standby's nap, and so how long a short job waits at most behind one that turned out not to be short. */
#define NAP_NS 100000
/* Every so many jobs in a row, and the first of them, one is timed for mean_ns. */
#define TIMED_EVERY 8
/*
 * Who has run so many jobs in a row looks for more for a little while before it
 * lies down: such a stream has short gaps. The looks are spaced, since each
 * takes the line with the queue's end away from the pushers. After a single
 * job there is no point: the core is better left to the task that was woken.
 */
#define SPIN_STREAK 32
#define SPIN_LOOKS 16
#define SPIN_RELAX 32

struct pool_thread {
    struct lane *lane;
    struct list_node link; /* in rest_list */
    uint32_t called;       /* futex: off rest_list and searching, get up */
    bool searching;        /* [take] one of crew.searching */
    bool in_job;           /* for whoever lands after a panic */
    bool is_running;       /* [take] one of crew.running */
    bool is_delivering;    /* [take] one of crew.delivering */
    bool has_run;          /* `entry` has been run, and `output` is to be delivered */
    bool timed;
    uint32_t streak; /* jobs since it last lay down */
    int64_t began_ns;
    struct queue_entry entry;
    int64_t output;
};

static const struct clock real_clock;

void wi_crew_init(struct crew *crew, uint32_t threads_max)
{
    /* Nothing is known of the jobs: they may last. */
    *crew = (struct crew){ .threads_max = threads_max, .mean_ns = 4 * LASTING_NS };
    list_init(&crew->rest_list);
}

static bool queue_has_more(const struct lane *lane)
{
    return wi_load(&lane->tail, SEQ_CST) != lane->head;
}

/* --- who searches, who is to be called ------------------------------------------------ */

/*
 * [take] After every change of searching, resting, threads or starting. True:
 * `call` was set just now, and there is work that no push has called for.
 */
static bool update_call(struct lane *lane)
{
    struct crew *crew = &lane->crew;
    const bool can_have = crew->resting > 0 || crew->threads + crew->starting < crew->threads_max;
    const uint32_t call = crew->searching == 0 && can_have;
    if (call == crew->call)
        return false;
    wi_store(&crew->call, call, SEQ_CST);
    return call != 0 && queue_has_more(lane);
}

/* [take] */
static void set_searching(struct pool_thread *self, bool searching)
{
    struct crew *crew = &self->lane->crew;
    crew->searching += searching;
    crew->searching -= self->searching;
    self->searching = searching;
    if (!searching && crew->keeper == self)
        crew->keeper = NULL;
}

/* [take] Off the list of those who rest, and searching. */
static void get_up(struct pool_thread *thread)
{
    struct crew *crew = &thread->lane->crew;
    list_remove(&thread->link);
    crew->resting--;
    set_searching(thread, true);
    if (crew->standby == thread) {
        /* Nobody watches the keeper any more, so it doesn't count as searching any more. */
        crew->standby = NULL;
        if (crew->keeper != NULL)
            set_searching(crew->keeper, false);
    }
}

/* [take] A job begins. True: another thread should be called. */
static bool begin(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    self->is_running = true;
    wi_store(&crew->running, crew->running + 1, RELAXED);
    if (lane->stopping)
        wi_pool_turn(lane->pool);

    const bool others_search = crew->searching > self->searching;
    if (crew->standby != NULL && crew->mean_ns < LASTING_NS && !others_search) {
        set_searching(self, true);
        crew->keeper = self;
    } else {
        set_searching(self, false);
    }
    return update_call(lane);
}

/* --- running ------------------------------------------------------------------------- */

static void run(struct pool_thread *self)
{
    const struct queue_entry *entry = &self->entry;
    self->timed = self->streak++ % TIMED_EVERY == 0;
    if (self->timed)
        self->began_ns = wi_clock_now(&real_clock);
    self->in_job = true;
    if (entry->job != NULL) {
        self->output = entry->fn(entry->arg, entry->job);
    } else {
        weir_lane_job *post = entry->arg;
        post->run(post);
    }
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
        fprintf(stderr, "weir: a blocking job panicked at %s:%d: %s\n", landing->file, landing->line, landing->message);
    wi_panic_landing = own;
}

/*
 * [take], which may be let go of on the way: the job that was run has ended.
 * True: its result lies in the done ring.
 */
static bool deliver(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
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
            crew->delivering++;
            wi_unlock(&lane->take_lock);
            wi_job_finish(self->entry.job, self->output);
            wi_lock(&lane->take_lock);
        }
    }
    self->has_run = false;
    crew->delivering -= self->is_delivering;
    self->is_delivering = false;
    /* Only now: what is neither queued nor running was delivered, see wi_pool_busy(). */
    self->is_running = false;
    wi_store(&crew->running, crew->running - 1, RELAXED);
    if (crew->keeper == self)
        crew->keeper = NULL;
    if (self->timed) {
        /* One long job makes the lane one of long jobs at once, and doesn't keep it so for ever. */
        const int64_t took_ns = wi_clock_now(&real_clock) - self->began_ns;
        crew->mean_ns += ((took_ns < 16 * LASTING_NS ? took_ns : 16 * LASTING_NS) - crew->mean_ns) / 8;
    }
    return published;
}

/* --- resting ------------------------------------------------------------------------- */

/* [take], let go of meanwhile. True: there is work. */
static bool spin(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    set_searching(self, true);
    (void)update_call(lane);
    wi_unlock(&lane->take_lock);
    bool found = false;
    for (int look = 0; look < SPIN_LOOKS && !found; look++) {
        for (int i = 0; i < SPIN_RELAX; i++)
            wi_relax();
        found = wi_load(&lane->tail, RELAXED) != wi_load(&lane->head, RELAXED);
    }
    wi_lock(&lane->take_lock);
    return queue_has_more(lane);
}

/* [take] A new nap of the standby. */
static void watch(struct lane *lane)
{
    lane->crew.watch_head = lane->head;
    lane->crew.watch_tail = wi_load(&lane->tail, ACQUIRE);
}

/* [take] The standby's nap is over. True: it got up, for there is work that lasts. */
static bool nap_ended(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    const bool moved = lane->head != crew->watch_head;
    const bool left_over = (int32_t)(crew->watch_tail - lane->head) > 0;
    const bool empty = wi_lane_len(lane) == 0;
    if (left_over && !empty) {
        get_up(self);
        (void)update_call(lane);
        return true;
    }
    if (moved || !empty) {
        watch(lane);
        return false;
    }
    /* Nothing happened. Should the keeper run a long job, the next push must call somebody. */
    crew->standby = NULL;
    if (crew->keeper != NULL)
        set_searching(crew->keeper, false);
    if (!update_call(lane))
        return false;
    get_up(self);
    (void)update_call(lane);
    return true;
}

/* [take], let go of meanwhile. True: look for work, searching. False: leave. */
static bool rest(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    const int64_t idle_ns = lane->pool->options.idle_ns;
    self->streak = 0;
    wi_store(&self->called, 0u, RELAXED);
    list_push_front(&crew->rest_list, &self->link);
    crew->resting++;
    set_searching(self, false);
    if (crew->standby == NULL && crew->running > 0 && crew->mean_ns < LASTING_NS) {
        crew->standby = self;
        watch(lane);
    }
    if (update_call(lane)) {
        get_up(self);
        (void)update_call(lane);
        return true;
    }
    int64_t since_ns = wi_clock_now(&real_clock);
    for (;;) {
        const bool naps = crew->standby == self;
        wi_unlock(&lane->take_lock);
        wi_futex_wait(&self->called, 0, naps ? NAP_NS : idle_ns);
        wi_lock(&lane->take_lock);
        if (wi_load(&self->called, ACQUIRE) != 0)
            return true;
        const int64_t now_ns = wi_clock_now(&real_clock);
        if (crew->standby == self) {
            if (nap_ended(self))
                return true;
            since_ns = now_ns;
        } else if (idle_ns >= 0 && now_ns - since_ns >= idle_ns) {
            list_remove(&self->link);
            crew->resting--;
            (void)update_call(lane);
            return false;
        }
    }
}

/* [take] in; out, if it returns true, with no lock. True: this thread is one of the lane no more. */
static bool leave(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    wi_unlock(&lane->take_lock);
    wi_lock(&lane->submit_lock);
    wi_lock(&lane->take_lock);
    /*
     * The last one may not leave a job behind. While a thread is being created
     * nobody leaves: the push that wanted it may turn out to depend on us.
     */
    const bool stays = queue_has_more(lane) || (!lane->stopping && (lane->waiting > 0 || crew->starting > 0));
    if (!stays) {
        set_searching(self, false);
        wi_store(&crew->threads, crew->threads - 1, RELAXED);
        (void)update_call(lane);
        wi_unlock(&lane->take_lock);
    }
    wi_unlock(&lane->submit_lock);
    return !stays;
}

/* --- the loop -------------------------------------------------------------------------- */

/* [take], let go of meanwhile. False: leave. */
static bool wait_for_work(struct pool_thread *self)
{
    if (self->streak >= SPIN_STREAK && spin(self))
        return true;
    /* Not before the spin: who is dismissed while it spins must not lie down afterwards. */
    return !self->lane->stopping && rest(self);
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
        } else if (!wait_for_work(self) && leave(self)) {
            return false;
        }
    }
    const bool calls = begin(self);
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
    const struct pool_options *const options = &self->lane->pool->options;
    (void)pthread_setname_np(pthread_self(), self->lane->index == WEIR_LANE_CPU ? "weir-cpu" : "weir-io");
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

/* --- starting and calling ---------------------------------------------------------------- */

/* A thread that is counted in searching and starting already. 0 or a negative errno. */
static int start_thread(struct lane *lane)
{
    struct blocking_pool *pool = lane->pool;
    struct pool_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return -ENOMEM;
    thread->lane = lane;
    thread->searching = true;
    (void)wi_fetch_add(&pool->refs, 1u, RELAXED);
    (void)wi_fetch_add(&pool->live, 1u, RELAXED);

    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    if (error == 0) {
        if (pool->options.stack_size > 0)
            error = pthread_attr_setstacksize(&attr, pool->options.stack_size);
        pthread_t handle;
        if (error == 0)
            error = pthread_create(&handle, &attr, thread_main, thread);
        (void)pthread_attr_destroy(&attr);
    }
    if (error != 0) {
        free(thread);
        (void)wi_fetch_sub(&pool->live, 1u, ACQ_REL);
        wi_pool_turn(pool);
        wi_pool_unref(pool);
    }
    return -error;
}

/* [take] Counted from here on, so that no other push wants one as well. */
static void start_begin(struct lane *lane)
{
    lane->crew.starting++;
    lane->crew.searching++;
    (void)update_call(lane);
}

static void start_end(struct lane *lane, int error)
{
    struct crew *crew = &lane->crew;
    wi_lock(&lane->take_lock);
    crew->starting--;
    if (error == 0)
        wi_store(&crew->threads, crew->threads + 1, RELAXED);
    else
        crew->searching--;
    /* If that failed there are other threads, and they look at the queue after each job. */
    (void)update_call(lane);
    wi_unlock(&lane->take_lock);
}

int wi_crew_first(struct lane *lane)
{
    if (weir_likely(wi_load(&lane->crew.threads, RELAXED) > 0))
        return 0;
    wi_lock(&lane->take_lock);
    start_begin(lane);
    wi_unlock(&lane->take_lock);
    const int error = start_thread(lane);
    start_end(lane, error);
    return error;
}

void wi_crew_call(struct lane *lane)
{
    struct crew *crew = &lane->crew;
    struct pool_thread *thread = NULL;
    bool starts = false;
    wi_lock(&lane->take_lock);
    if (crew->call != 0 && wi_lane_len(lane) > 0) {
        if (crew->resting > 0) {
            thread = weir_container_of(list_front(&crew->rest_list), struct pool_thread, link);
            get_up(thread);
            wi_store(&thread->called, 1u, RELEASE);
            (void)update_call(lane);
        } else {
            start_begin(lane);
            starts = true;
        }
    }
    wi_unlock(&lane->take_lock);
    /* The thread may be up and gone by now: then this wakes nobody, or somebody who looks and sleeps on. */
    if (thread != NULL)
        wi_futex_wake(&thread->called, 1);
    if (starts)
        start_end(lane, start_thread(lane));
}

void wi_crew_dismiss(struct lane *lane)
{
    struct crew *crew = &lane->crew;
    wi_lock(&lane->take_lock);
    while (crew->resting > 0) {
        struct pool_thread *thread = weir_container_of(list_front(&crew->rest_list), struct pool_thread, link);
        get_up(thread);
        wi_store(&thread->called, 1u, RELEASE);
        wi_futex_wake(&thread->called, 1);
    }
    (void)update_call(lane);
    wi_unlock(&lane->take_lock);
}
