/* rest.c - a thread without work: it looks a little longer, lies down, watches the keeper, leaves. */
#include <sched.h>

#include "base/futex.h"
#include "pool_thread.h"
#include "time/clock.h"

/*
 * The standby's nap, and so how long a short job waits at most behind one that
 * turned out not to be short. While nothing but short ones come naps get longer:
 * each costs a timer and two switches.
 */
#define NAP_NS 100000
#define NAP_MAX_NS 800000
/*
 * Who has run so many jobs in a row looks for more for a little while before it
 * lies down: such a stream has short gaps. The looks are spaced, since each
 * takes the line with the queue's end away from the pushers. There is no point
 * after a single job, nor on the pusher's own core: that is better left to the
 * task that was woken, or to the pusher.
 */
#define SPIN_STREAK 32
#define SPIN_LOOKS 16
#define SPIN_RELAX 32

static const struct clock real_clock;

/* [take], let go of meanwhile. True: there is work. */
static bool spin(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    wi_crew_set_searching(self, true);
    (void)wi_crew_update_call(lane);
    wi_unlock(&lane->take_lock);
    bool found = false;
    for (int look = 0; look < SPIN_LOOKS && !found; look++) {
        for (int i = 0; i < SPIN_RELAX; i++)
            wi_relax();
        found = wi_load(&lane->tail, RELAXED) != wi_load(&lane->head, RELAXED);
    }
    wi_lock(&lane->take_lock);
    return wi_lane_has_more(lane);
}

/* [take] A new nap of the standby. */
static void watch(struct lane *lane, int64_t nap_ns)
{
    lane->crew.nap_ns = nap_ns < NAP_MAX_NS ? nap_ns : NAP_MAX_NS;
    lane->crew.watch_head = wi_load(&lane->head, RELAXED);
    lane->crew.watch_tail = wi_load(&lane->tail, ACQUIRE);
}

/* [take] The standby's nap is over. True: it got up, for there is work that lasts. */
static bool nap_ended(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    const bool moved = wi_load(&lane->head, RELAXED) != crew->watch_head;
    const bool left_over = (int32_t)(crew->watch_tail - wi_load(&lane->head, RELAXED)) > 0;
    const bool empty = wi_lane_len(lane) == 0;
    if (empty || !left_over) {
        if (moved || !empty) {
            watch(lane, empty ? 2 * crew->nap_ns : NAP_NS);
            return false;
        }
        /* Nothing happened. Should the keeper run a long job, the next push must call somebody. */
        crew->standby = NULL;
        if (crew->keeper != NULL)
            wi_crew_set_searching(crew->keeper, false);
        if (!wi_crew_update_call(lane))
            return false;
    }
    wi_crew_get_up(self);
    (void)wi_crew_update_call(lane);
    return true;
}

/* [take] On the list of those who rest. False: somebody pushed meanwhile, and relies on us; we are up again. */
static bool lie_down(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    self->streak = 0;
    wi_store(&self->called, 0u, RELAXED);
    list_push_front(&crew->rest_list, &self->link);
    crew->resting++;
    wi_crew_set_searching(self, false);
    if (crew->standby == NULL && crew->resting < wi_load(&crew->threads, RELAXED) && wi_crew_jobs_are_short(crew)) {
        crew->standby = self;
        watch(lane, NAP_NS);
    }
    if (!wi_crew_update_call(lane))
        return true;
    wi_crew_get_up(self);
    (void)wi_crew_update_call(lane);
    return false;
}

/* [take], let go of meanwhile. True: look for work, searching. False: leave. */
static bool rest(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    const int64_t idle_ns = lane->pool->options.idle_ns;
    if (!lie_down(self))
        return true;
    int64_t since_ns = wi_clock_now(&real_clock);
    for (;;) {
        const int64_t wait_ns = crew->standby == self ? crew->nap_ns : idle_ns;
        wi_unlock(&lane->take_lock);
        wi_futex_wait(&self->called, 0, wait_ns);
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
            (void)wi_crew_update_call(lane);
            return false;
        }
    }
}

bool wi_pool_thread_wait(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    if (self->streak >= SPIN_STREAK && sched_getcpu() != lane->crew.caller_cpu && spin(self))
        return true;
    /* Not before the spin: who is dismissed while it spins must not lie down afterwards. */
    return !lane->stopping && rest(self);
}

bool wi_pool_thread_leave(struct pool_thread *self)
{
    struct lane *lane = self->lane;
    struct crew *crew = &lane->crew;
    wi_unlock(&lane->take_lock);
    wi_lock(&lane->submit_lock);
    wi_lock(&lane->take_lock);
    /*
     * The last one may not leave a job behind. While a thread is being created
     * nobody leaves: if that fails, the push that wanted it depends on us.
     */
    const bool stays = wi_lane_has_more(lane) || (!lane->stopping && (lane->waiting > 0 || crew->starting > 0));
    if (!stays) {
        wi_crew_set_searching(self, false);
        wi_store(&crew->threads, wi_load(&crew->threads, RELAXED) - 1, RELAXED);
        (void)wi_crew_update_call(lane);
        wi_unlock(&lane->take_lock);
    }
    wi_unlock(&lane->submit_lock);
    return !stays;
}
