/* timers.c - see timers.h for who may touch what. */
#include "timers.h"

#ifdef WEIR_DEBUG
#include <stdlib.h>
#endif

/* How many timers are woken or filed before the lock is let go for a moment. */
#define BATCH 32
/* How far the wheel may fall behind while nothing expires: one turn of its first level. */
#define BEHIND_MAX WHEEL_SLOTS

_Static_assert(sizeof(struct wheel_entry) == offsetof(weir_timer, home), "a timer begins with its entry in the wheel");
_Static_assert(offsetof(struct wheel_entry, node) == offsetof(weir_timer, link), "and that with its links");

static struct wheel_entry *entry_of(weir_timer *timer)
{
    return (struct wheel_entry *)(void *)timer;
}

static weir_timer *timer_of(struct wheel_entry *entry)
{
    return (weir_timer *)(void *)entry;
}

static struct timers *home_of(const weir_timer *timer)
{
    return (struct timers *)(timer->home & ~TIMER_FRESH);
}

static bool has_fired(int64_t when_ns)
{
    return when_ns <= TIMER_FIRING;
}

/* Rounded up: never early. */
static uint64_t tick_of(int64_t deadline_ns)
{
    return ((uint64_t)deadline_ns + TIMER_TICK_NS - 1) / TIMER_TICK_NS;
}

static uint64_t tick_at(int64_t now_ns)
{
    return (uint64_t)now_ns / TIMER_TICK_NS;
}

void wi_timers_init(struct timers *timers, const struct clock *clock)
{
    const int64_t now_ns = wi_clock_now(clock);
    *timers = (struct timers){ .clock = clock, .seen_ns = now_ns, .next_tick = WHEEL_NEVER };
    timers->elapsed_tick = tick_at(now_ns);
    wi_wheel_init(&timers->wheel, timers->elapsed_tick);
    list_init(&timers->fresh);
}

void wi_timers_fini(struct timers *timers)
{
    (void)timers;
#ifdef WEIR_DEBUG
    if (timers->wheel.count != 0 || !list_empty(&timers->fresh))
        abort(); /* a future outlives the runtime that polled it */
#endif
}

int64_t wi_timers_now(struct timers *timers)
{
    const int64_t now_ns = wi_clock_now(timers->clock);
    wi_store(&timers->seen_ns, now_ns, RELAXED);
    return now_ns;
}

int64_t wi_timers_next_ns(struct timers *timers)
{
    const uint64_t next_tick = wi_load(&timers->next_tick, ACQUIRE);
    if (next_tick == WHEEL_NEVER)
        return -1;
    const int64_t now_ns = wi_timers_now(timers);
    if (next_tick <= tick_at(now_ns))
        return 0;
    return next_tick > INT64_MAX / TIMER_TICK_NS ? INT64_MAX - now_ns : (int64_t)next_tick * TIMER_TICK_NS - now_ns;
}

/* --- with the lock held ---------------------------------------------------------- */

/* After anything but an insertion. */
static void update_next(struct timers *timers)
{
    wi_store(&timers->next_tick, wi_wheel_next(&timers->wheel), RELEASE);
    wi_store(&timers->elapsed_tick, timers->wheel.elapsed, RELAXED);
}

/* True: it is now the first. */
static bool insert(struct timers *timers, weir_timer *timer, int64_t deadline_ns)
{
    const uint64_t tick = tick_of(deadline_ns);
    wi_wheel_sync(&timers->wheel, tick_at(wi_timers_seen(timers)));
    wi_wheel_insert(&timers->wheel, entry_of(timer), tick);
    if (tick >= wi_load(&timers->next_tick, RELAXED))
        return false;
    wi_store(&timers->next_tick, tick, RELEASE);
    return true;
}

static void remove_linked(struct timers *timers, weir_timer *timer)
{
    const uint64_t tick = entry_of(timer)->tick;
    wi_wheel_remove(&timers->wheel, entry_of(timer));
    /* The first of many may be known by its slot only, and then goes unnoticed: one useless look at the wheel. */
    if (timers->wheel.count == 0 || tick <= wi_load(&timers->next_tick, RELAXED))
        update_next(timers);
}

/* True: woken. False: its deadline had been moved to later. */
static bool fire(struct timers *timers, weir_timer *timer, uint64_t now_tick)
{
    int64_t when_ns = wi_load(&timer->when_ns, RELAXED);
    do {
        const uint64_t tick = tick_of(when_ns);
        if (tick > now_tick) {
            wi_wheel_insert(&timers->wheel, entry_of(timer), tick);
            return false;
        }
    } while (!wi_cas(&timer->when_ns, &when_ns, TIMER_FIRING, ACQ_REL));
    weir_wake(timer->waker);
    wi_store(&timer->when_ns, TIMER_FIRED, RELEASE);
    return true;
}

/* --- the worker -------------------------------------------------------------------- */

/* Some threads wait for the lock to drop a timer: let them in now and then. True: call again. */
static bool fire_batch(struct timers *timers, uint64_t now_tick, unsigned *fired)
{
    bool more = true;
    wi_lock(&timers->lock);
    for (unsigned i = 0; i < BATCH; i++) {
        struct wheel_entry *entry = wi_wheel_pop(&timers->wheel, now_tick);
        if (entry == NULL) {
            more = false;
            break;
        }
        *fired += fire(timers, timer_of(entry), now_tick);
    }
    update_next(timers);
    wi_unlock(&timers->lock);
    return more;
}

unsigned wi_timers_fire(struct timers *timers)
{
    const uint64_t next_tick = wi_load(&timers->next_tick, RELAXED);
    if (next_tick == WHEEL_NEVER)
        return 0;
    const uint64_t now_tick = tick_at(wi_timers_now(timers));
    if (now_tick < next_tick && now_tick < wi_load(&timers->elapsed_tick, RELAXED) + BEHIND_MAX)
        return 0;
    unsigned fired = 0;
    while (fire_batch(timers, now_tick, &fired))
        ;
    return fired;
}

void wi_timers_settle_fresh(struct timers *timers)
{
    int64_t now_ns = -1;
    do {
        wi_lock(&timers->lock);
        for (unsigned i = 0; i < BATCH && !list_empty(&timers->fresh); i++) {
            weir_timer *timer = (weir_timer *)(void *)list_pop_front(&timers->fresh);
            int64_t deadline_ns = wi_load(&timer->when_ns, RELAXED);
            if (deadline_ns < 0) {
                now_ns = now_ns < 0 ? wi_timers_now(timers) : now_ns;
                deadline_ns = wi_clock_add(now_ns, -deadline_ns);
                wi_store(&timer->when_ns, deadline_ns, RELAXED);
            }
            timer->home = (uintptr_t)timers;
            (void)insert(timers, timer, deadline_ns);
        }
        wi_unlock(&timers->lock);
    } while (!list_empty(&timers->fresh));
}

/* --- one timer ----------------------------------------------------------------------- */

static bool is_fresh(const weir_timer *timer)
{
    return (timer->home & TIMER_FRESH) != 0;
}

static void push_fresh(struct timers *timers, weir_timer *timer)
{
#ifdef WEIR_DEBUG
    timers->fresh_thread = pthread_self();
#endif
    timer->home = (uintptr_t)timers | TIMER_FRESH;
    list_push_back(&timers->fresh, &entry_of(timer)->node);
}

static void remove_fresh(weir_timer *timer)
{
#ifdef WEIR_DEBUG
    if (!pthread_equal(home_of(timer)->fresh_thread, pthread_self()))
        abort(); /* dropped by another thread in the middle of the poll that began it */
#endif
    list_remove(&entry_of(timer)->node);
}

static bool begin(weir_timer *timer, const weir_cx *cx)
{
    struct timers *timers = cx->worker->timers;
    int64_t when_ns = wi_load(&timer->when_ns, RELAXED);
    if (when_ns >= 0 && when_ns <= wi_timers_seen(timers))
        return true;
    timer->waker = cx->waker;
    if (timers->settles) {
        push_fresh(timers, timer);
        return false;
    }

    const int64_t now_ns = wi_timers_now(timers);
    if (when_ns < 0)
        when_ns = wi_clock_add(now_ns, -when_ns);
    else if (when_ns <= now_ns)
        return true;
    wi_store(&timer->when_ns, when_ns, RELAXED);
    timer->home = (uintptr_t)timers;
    wi_lock(&timers->lock);
    (void)insert(timers, timer, when_ns);
    wi_unlock(&timers->lock);
    return false;
}

/* False: it has fired meanwhile. */
static bool change_waker(weir_timer *timer, weir_waker *waker)
{
    if (is_fresh(timer)) {
        timer->waker = waker;
        return true;
    }
    struct timers *timers = home_of(timer);
    wi_lock(&timers->lock);
    const bool waits = list_linked(&entry_of(timer)->node);
    if (waits)
        timer->waker = waker;
    wi_unlock(&timers->lock);
    return waits;
}

bool wi_timer_poll(weir_timer *timer, weir_cx *cx)
{
    if (timer->home == 0)
        return begin(timer, cx);
    const int64_t when_ns = wi_load(&timer->when_ns, ACQUIRE);
    if (when_ns == TIMER_FIRED)
        return true;
    if (when_ns == TIMER_FIRING || (when_ns >= 0 && when_ns <= wi_timers_seen(cx->worker->timers))) {
        wi_timer_cancel(timer);
        return true;
    }
    return timer->waker != cx->waker && !change_waker(timer, cx->waker);
}

void wi_timer_cancel(weir_timer *timer)
{
    if (timer->home == 0)
        return;
    if (is_fresh(timer)) {
        remove_fresh(timer);
    } else if (wi_load(&timer->when_ns, ACQUIRE) != TIMER_FIRED) {
        struct timers *timers = home_of(timer);
        wi_lock(&timers->lock); /* while it is firing, this waits until it has fired */
        if (list_linked(&entry_of(timer)->node))
            remove_linked(timers, timer);
        wi_unlock(&timers->lock);
    }
    timer->home = 0;
}

void wi_timer_reset(weir_timer *timer, weir_timer when)
{
    int64_t new_ns = when.when_ns;
    if (timer->home == 0 || is_fresh(timer)) {
        wi_store(&timer->when_ns, new_ns, RELAXED);
        return;
    }
    struct timers *timers = home_of(timer);
    if (new_ns < 0)
        new_ns = wi_clock_add(wi_clock_now(timers->clock), -new_ns);
    int64_t old_ns = wi_load(&timer->when_ns, ACQUIRE);
    if (!has_fired(old_ns) && new_ns >= old_ns && wi_cas(&timer->when_ns, &old_ns, new_ns, ACQ_REL))
        return;

    bool is_first = false;
    wi_lock(&timers->lock);
    if (list_linked(&entry_of(timer)->node)) {
        remove_linked(timers, timer);
        wi_store(&timer->when_ns, new_ns, RELAXED);
        is_first = insert(timers, timer, new_ns);
    } else { /* it has fired, so the task was woken and polls it again */
        wi_store(&timer->when_ns, new_ns, RELAXED);
        timer->home = 0;
    }
    wi_unlock(&timers->lock);
    if (is_first && timers->on_earlier != NULL)
        timers->on_earlier(timers->on_earlier_arg);
}
