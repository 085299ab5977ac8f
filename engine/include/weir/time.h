/*
 * time.h - sleeping, timeouts, intervals.
 *
 * All times are nanoseconds of the runtime's monotonic clock (under
 * weir_runtime_options.paused_clock, of its virtual one). A timer never fires
 * early; it fires when the first millisecond boundary at or after its deadline
 * has passed. A negative duration or deadline is one that has passed; one that
 * is too far to be counted never comes.
 *
 * A duration counts from the poll that found something to wait for, since a
 * future does nothing before. What must count from another moment takes a
 * deadline: weir_now_ns() + ...
 *
 * Nothing here makes a system call, and a timer that is dropped again in the
 * poll that began it costs no atomic operation.
 */
#ifndef WEIR_TIME_H
#define WEIR_TIME_H

#include <weir/combine.h>

#define WEIR_US(n) ((int64_t)(n)*1000)
#define WEIR_MS(n) ((int64_t)(n)*1000000)
#define WEIR_SEC(n) ((int64_t)(n)*1000000000)

/* The time by the clock of this thread's runtime; outside of one, CLOCK_MONOTONIC. Never goes back. */
int64_t weir_now_ns(void);

/*
 * weir_time_pause(), weir_time_resume() - make the clock of this runtime stand still, and go on.
 *
 * For tests, in a task of a current-thread runtime. A clock that stands still
 * (as one of a runtime made with paused_clock does from the beginning) jumps to
 * the next timer whenever no task can do anything else: so a sleep takes no
 * time, and always the same of it. Going on, it does so from where it stands.
 *
 * 0, -EALREADY (it does so already), or -EINVAL: not in a task of a
 * current-thread runtime.
 */
WEIR_MUST_USE int weir_time_pause(void);
WEIR_MUST_USE int weir_time_resume(void);

/*
 * weir_time_advance() - move a clock that stands still, and let run what is due then.
 *
 * Resolves to 0 when the others have had a turn, or to -EINVAL: the clock
 * doesn't stand still. Timers fire as if that time had passed at once.
 *
 * Cancel safe: yes. The clock moves with the first poll.
 */
typedef struct weir_time_advance_future {
    weir_future future;
    int output;
    int64_t step_ns;
} weir_time_advance_future;
WEIR_MUST_USE weir_time_advance_future weir_time_advance(int64_t step_ns);

/* A deadline in the wheel of a worker, as a part of a future. The fields are the engine's (time/timers.h). */
typedef struct weir_timer {
    void *link[2];
    uint64_t place;
    uintptr_t home;
    weir_waker *waker;
    int64_t when_ns; /* a time; negative: so much after its first poll */
} weir_timer;

static inline weir_timer weir_timer_at(int64_t deadline_ns)
{
    weir_timer self = { .when_ns = deadline_ns < 0 ? 0 : deadline_ns };
    return self;
}

/* Counts from its first poll on. */
static inline weir_timer weir_timer_after(int64_t duration_ns)
{
    const int64_t longest_ns = INT64_MAX - 1; /* beyond lies what the engine marks timers with */
    const int64_t bounded_ns = duration_ns < longest_ns ? duration_ns : longest_ns;
    weir_timer self = { .when_ns = duration_ns <= 0 ? 0 : -bounded_ns };
    return self;
}

/*
 * weir_sleep_for(), weir_sleep_until() - wait for a time to pass, or to come.
 *
 * Cancel safe: yes. Dropping one that was never polled touches nothing.
 */
typedef struct weir_sleep {
    weir_future future;
    weir_unit output;
    weir_timer timer;
} weir_sleep;
extern const weir_future_type weir_sleep_type;

WEIR_MUST_USE static inline weir_sleep weir_sleep_for(int64_t duration_ns)
{
    weir_sleep self = { .future = WEIR_FUTURE_INIT(&weir_sleep_type), .timer = weir_timer_after(duration_ns) };
    return self;
}

WEIR_MUST_USE static inline weir_sleep weir_sleep_until(int64_t deadline_ns)
{
    weir_sleep self = { .future = WEIR_FUTURE_INIT(&weir_sleep_type), .timer = weir_timer_at(deadline_ns) };
    return self;
}

/*
 * weir_sleep_reset(), weir_sleep_reset_for() - give a sleep another deadline,
 * whatever state it is in; one that was over can be awaited again.
 *
 * One that is being waited for keeps waiting, and no new poll is needed. To
 * move it to later (a heartbeat) costs one atomic operation and, for
 * reset_for(), a reading of the clock. By the sleep's own task only.
 */
void weir_sleep_reset(weir_sleep *sleep, int64_t deadline_ns);
void weir_sleep_reset_for(weir_sleep *sleep, int64_t duration_ns);

/*
 * weir_timeout(), weir_timeout_at() - await the future in *slot for a limited time.
 *
 *     self->call = WEIR_CALL(fetch, .url = url);
 *     AWAIT(self->timed, weir_timeout(WEIR_SEC(5), &self->call));
 *     if (self->timed.output == 0) -> self->call.output
 *
 * Resolves to 0 when that future was ready, also if the time was up by then;
 * or to -ETIMEDOUT, and then it was dropped. The field is a
 * weir_timeout_future; weir_local_timeout_future if *slot is not Send.
 *
 * Ownership:   owns what is in the slot: drops it when it is itself dropped.
 * Cancel safe: as *slot is. One that loses data when it is dropped is refused
 *              at compile time; weir_timeout_lossy() takes it, and loses that
 *              data when the time is up (weir_lossy_timeout_future,
 *              weir_local_lossy_timeout_future).
 */
#define weir_timeout(duration_ns, slot_ptr) \
    WEIR_TIMEOUT_CHECKED_(weir_timeout_frame_for((duration_ns), WEIR_HEAD(*(slot_ptr))), slot_ptr)
#define weir_timeout_at(deadline_ns, slot_ptr) \
    WEIR_TIMEOUT_CHECKED_(weir_timeout_frame_at((deadline_ns), WEIR_HEAD(*(slot_ptr))), slot_ptr)
#define weir_timeout_lossy(duration_ns, slot_ptr) \
    WEIR_TIMEOUT_(weir_timeout_frame_for((duration_ns), WEIR_HEAD(*(slot_ptr))), slot_ptr)
#define weir_timeout_at_lossy(deadline_ns, slot_ptr) \
    WEIR_TIMEOUT_(weir_timeout_frame_at((deadline_ns), WEIR_HEAD(*(slot_ptr))), slot_ptr)

WEIR_COMBINATOR_TYPES_(timeout, int output; weir_future * inner; weir_timer timer;);

#define WEIR_TIMEOUT_CHECKED_(frame_, slot_ptr)                                                       \
    __extension__({                                                                                   \
        _Static_assert(!WEIR_IS_LOSSY(*(slot_ptr)),                                                   \
                       "a timeout would lose data of this future: use weir_timeout_lossy if it may"); \
        WEIR_TIMEOUT_(frame_, slot_ptr);                                                              \
    })
#define WEIR_TIMEOUT_(frame_, slot_ptr) \
    WEIR_COMBINATOR_(timeout, WEIR_IS_SEND(*(slot_ptr)), WEIR_IS_LOSSY(*(slot_ptr)), frame_)

WEIR_MUST_USE weir_timeout_future weir_timeout_frame_for(int64_t duration_ns, weir_future *inner);
WEIR_MUST_USE weir_timeout_future weir_timeout_frame_at(int64_t deadline_ns, weir_future *inner);

/*
 * An interval: ticks a period apart. What comes after a tick that was missed,
 * which is one that is seen more than 5 ms late:
 *
 *   WEIR_MISSED_BURST  the missed ones at once, until the schedule is caught up
 *   WEIR_MISSED_DELAY  a new schedule: the next tick a period from now
 *   WEIR_MISSED_SKIP   the missed ones are left out; the schedule stays
 */
typedef enum weir_missed { WEIR_MISSED_BURST, WEIR_MISSED_DELAY, WEIR_MISSED_SKIP } weir_missed;

typedef struct weir_interval {
    int64_t period_ns;
    int64_t next_ns; /* negative: at once */
    weir_missed missed;
} weir_interval;

/* The first tick comes at once. The period is at least 1 ns. */
weir_interval weir_interval_every(int64_t period_ns, weir_missed missed);
/* The first tick comes at `start_ns`. */
weir_interval weir_interval_at(int64_t start_ns, int64_t period_ns, weir_missed missed);
/* The next tick comes a period from now. No tick may be pending. */
void weir_interval_reset(weir_interval *interval);

/*
 * weir_interval_tick() - wait for the next tick.
 *
 * Resolves to the time it was due.
 *
 * Ownership:   *interval must stay where it is until this is ready or dropped,
 *              and has one tick pending at most.
 * Cancel safe: yes, a tick that was dropped comes with the next call.
 */
typedef struct weir_tick {
    weir_future future;
    int64_t output;
    weir_interval *interval;
    weir_timer timer;
} weir_tick;
WEIR_MUST_USE weir_tick weir_interval_tick(weir_interval *interval);

#endif
