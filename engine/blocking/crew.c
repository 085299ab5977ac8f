/* crew.c - who searches, who is called, and how many there are. */
#include "crew.h"

#include <sched.h>

#include "base/futex.h"
#include "pool_thread.h"

/*
 * A job that takes longer is worth a thread of its own: waking one takes some
 * 10 us until it runs, and 6 us of the waker's own time.
 */
#define LASTING_NS 20000

void wi_crew_init(struct crew *crew, uint32_t threads_max)
{
    /* Nothing is known of the jobs: they may last. */
    *crew = (struct crew){ .threads_max = threads_max, .mean_ns = 4 * LASTING_NS };
    list_init(&crew->rest_list);
}

/* --- accounts ---------------------------------------------------------------------- */

bool wi_crew_update_call(struct lane *lane)
{
    struct crew *crew = &lane->crew;
    const bool can_have = crew->resting > 0 || wi_load(&crew->threads, RELAXED) + crew->starting < crew->threads_max;
    const uint32_t call = crew->searching == 0 && can_have;
    if (call == wi_load(&crew->call, RELAXED))
        return false;
    wi_store(&crew->call, call, SEQ_CST);
    return call != 0 && wi_lane_has_more(lane);
}

void wi_crew_set_searching(struct pool_thread *self, bool searching)
{
    struct crew *crew = &self->lane->crew;
    crew->searching += searching;
    crew->searching -= self->searching;
    self->searching = searching;
    if (!searching && crew->keeper == self)
        crew->keeper = NULL;
}

void wi_crew_get_up(struct pool_thread *thread)
{
    struct crew *crew = &thread->lane->crew;
    list_remove(&thread->link);
    crew->resting--;
    wi_crew_set_searching(thread, true);
    if (crew->standby == thread) {
        /* Nobody watches the keeper any more, so it doesn't count as searching any more. */
        crew->standby = NULL;
        if (crew->keeper != NULL)
            wi_crew_set_searching(crew->keeper, false);
    }
}

bool wi_crew_jobs_are_short(const struct crew *crew)
{
    return crew->mean_ns < LASTING_NS;
}

bool wi_crew_begin(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    self->is_running = true;
    wi_store(&crew->running, wi_load(&crew->running, RELAXED) + 1, RELAXED);
    if (lane->stopping)
        wi_pool_turn(lane->pool);

    const bool others_search = crew->searching > self->searching;
    if (crew->standby != NULL && wi_crew_jobs_are_short(crew) && !others_search) {
        wi_crew_set_searching(self, true);
        crew->keeper = self;
    } else {
        wi_crew_set_searching(self, false);
    }
    return wi_crew_update_call(lane);
}

void wi_crew_end(struct pool_thread *self, int64_t took_ns)
{
    struct crew *crew = &self->lane->crew;
    crew->delivering -= self->is_delivering;
    self->is_delivering = false;
    self->is_running = false;
    wi_store(&crew->running, wi_load(&crew->running, RELAXED) - 1, RELAXED);
    /* The keeper searches in earnest now. */
    if (crew->keeper == self)
        crew->keeper = NULL;
    if (took_ns < 0)
        return;
    /* One long job makes the lane one of long jobs at once, but doesn't keep it so for ever. */
    if (took_ns > 16 * LASTING_NS)
        took_ns = 16 * LASTING_NS;
    crew->mean_ns += (took_ns - crew->mean_ns) / 8;
}

/* --- starting and calling ------------------------------------------------------------ */

/* [take] Counted from here on, so that no other push wants one as well. */
static void start_begin(struct lane *lane)
{
    lane->crew.starting++;
    lane->crew.searching++;
    (void)wi_crew_update_call(lane);
}

/* True: there is no new thread, and one that rests should be called in its place. */
static bool start_end(struct lane *lane, int error)
{
    struct crew *crew = &lane->crew;
    wi_lock(&lane->take_lock);
    crew->starting--;
    if (error == 0)
        wi_store(&crew->threads, wi_load(&crew->threads, RELAXED) + 1, RELAXED);
    else
        crew->searching--;
    const bool calls = wi_crew_update_call(lane) && crew->resting > 0;
    wi_unlock(&lane->take_lock);
    return calls;
}

int wi_crew_first(struct lane *lane)
{
    if (weir_likely(wi_load(&lane->crew.threads, RELAXED) > 0))
        return 0;
    wi_lock(&lane->take_lock);
    start_begin(lane);
    wi_unlock(&lane->take_lock);
    const int error = wi_pool_thread_start(lane);
    (void)start_end(lane, error); /* the queue is empty, and nobody rests */
    return error;
}

/* [take] The one who rests and lay down last; it must be woken with wi_futex_wake(). */
static struct pool_thread *call_up(struct lane *lane)
{
    struct list_node *first = list_front(&lane->crew.rest_list);
    if (first == NULL)
        __builtin_unreachable(); /* gcc with ASan would have it that nobody rests */
    struct pool_thread *thread = weir_container_of(first, struct pool_thread, link);
    wi_crew_get_up(thread);
    wi_store(&thread->called, 1u, RELEASE);
    (void)wi_crew_update_call(lane);
    return thread;
}

void wi_crew_call(struct lane *lane)
{
    struct crew *crew = &lane->crew;
    bool again;
    do {
        struct pool_thread *thread = NULL;
        bool starts = false;
        const int cpu = sched_getcpu();
        wi_lock(&lane->take_lock);
        crew->caller_cpu = cpu;
        if (wi_load(&crew->call, RELAXED) != 0 && wi_lane_len(lane) > 0) {
            if (crew->resting > 0) {
                thread = call_up(lane);
            } else {
                start_begin(lane);
                starts = true;
            }
        }
        wi_unlock(&lane->take_lock);
        /* The thread may be up and gone by now: then this wakes nobody, or somebody who looks and sleeps on. */
        if (thread != NULL)
            wi_futex_wake(&thread->called, 1);
        again = starts && start_end(lane, wi_pool_thread_start(lane));
    } while (again);
}

void wi_crew_dismiss(struct lane *lane)
{
    wi_lock(&lane->take_lock);
    while (lane->crew.resting > 0)
        wi_futex_wake(&call_up(lane)->called, 1);
    wi_unlock(&lane->take_lock);
}
