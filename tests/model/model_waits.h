/*
 * model_waits.h - threads of the explorer that wait for the futures of engine/sync.
 *
 * A waker may be woken while its wait goes on and at no other time, and a frame
 * that is done or dropped may not be written to: both are checked, so a wake-up
 * or a result that comes too late is found and not only one that never comes
 * (which is a deadlock, and the explorer's to find).
 */
#ifndef MODEL_WAITS_H
#define MODEL_WAITS_H

#include <stdlib.h>

#include <weir/task.h>

#include "explorer.h"

/* What waits hold are frames of threads, one each; [thread][which]. */
#define WAITS_EACH 3
#define FRAME_MAX 128
#define SCRIBBLE 0xa5

static struct wait {
    weir_waker waker; /* first */
    uint32_t woken;
    bool going_on;
    bool was_used;
    _Alignas(16) unsigned char frame[FRAME_MAX];
} waits[MODEL_THREADS_MAX + 1][WAITS_EACH];

/* The engine asks for these; no model runs inside of a task. */
uint64_t weir_task_id_current(void)
{
    return 0;
}
void weir_panic_at(const char *file, int line, const char *format, ...)
{
    model_fail(file, line, "%s", format);
}

static void wait_wake(weir_waker *waker)
{
    struct wait *wait = weir_container_of(waker, struct wait, waker);
    MODEL_CHECK(wait->going_on);
    wi_store(&wait->woken, 1u, RELEASE);
    wi_futex_wake(&wait->woken, 1);
    MODEL_CHECK(wait->going_on); /* no poll is ready before the wake-up is over */
}

static void wait_keep(weir_waker *waker)
{
    MODEL_CHECK(waker == NULL); /* nobody may hold a waker here */
}

static const weir_waker_type wait_waker_type = { wait_wake, wait_keep, wait_keep };

static void waits_reset(void)
{
    memset(waits, 0, sizeof waits);
}

static inline void waits_check(void)
{
    for (int i = 0; i <= MODEL_THREADS_MAX; i++)
        for (int k = 0; k < WAITS_EACH; k++)
            for (size_t at = 0; waits[i][k].was_used && at < FRAME_MAX; at++)
                MODEL_CHECK_EQ(waits[i][k].frame[at], SCRIBBLE);
}

/* wait_start(which, constructor(...)): a wait of this thread (or of setup). */
#define wait_start(which, ...) \
    wait_start_frame((which), &(__typeof__(__VA_ARGS__)[1]){ __VA_ARGS__ }, sizeof(__typeof__(__VA_ARGS__)))

static inline struct wait *wait_start_frame(int which, const void *frame, size_t size)
{
    const int self = model_self();
    struct wait *wait = &waits[self < 0 ? MODEL_THREADS_MAX : self][which];
    MODEL_CHECK(size <= FRAME_MAX);
    memset(wait->frame, SCRIBBLE, sizeof wait->frame);
    memcpy(wait->frame, frame, size);
    wait->waker.type = &wait_waker_type;
    wait->was_used = true;
    wait->woken = 0; /* shared with nobody yet */
    return wait;
}

#define wait_output(wait, type) (((type *)(void *)(wait)->frame)->output)

static inline void wait_end(struct wait *wait)
{
    wait->going_on = false;
    model_ends(wait->frame, sizeof wait->frame);
    memset(wait->frame, SCRIBBLE, sizeof wait->frame);
}

static inline bool wait_poll(struct wait *wait)
{
    weir_cx cx = { .waker = &wait->waker, .budget = WEIR_BUDGET_UNCONSTRAINED };
    wait->going_on = true;
    if (weir_future_poll((weir_future *)(void *)wait->frame, &cx) == WEIR_PENDING)
        return false;
    wait->going_on = false;
    return true;
}

/*
 * Sleeps until it is ready; the output is there until wait_end(). Polls once more before it sleeps, as a task does
 * that was woken for another reason: a result may be seen before its wake-up.
 */
static inline void wait_finish(struct wait *wait)
{
    if (wait_poll(wait))
        return;
    while (!wait_poll(wait))
        while (wi_xchg(&wait->woken, 0u, ACQUIRE) == 0)
            wi_futex_wait(&wait->woken, 0, -1);
}

static inline void wait_drop(struct wait *wait)
{
    weir_future_drop((weir_future *)(void *)wait->frame);
    wait_end(wait);
}

#endif
