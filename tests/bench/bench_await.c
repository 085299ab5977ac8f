/*
 * bench_await.c - what an await costs: one that has nothing to wait for, and one round through a worker.
 *
 * Prints lines in the form of weir_pb: name, ns an operation, operations, min, max, cpu; tabs between. PB_REPS
 * repetitions.
 *
 *   await_ready     AWAIT of a call that is ready at its first poll: frame made, polled, left
 *   await_leaf      AWAIT of a leaf that is ready at its first poll
 *   wake_requeue    a task that wakes itself and is pending: wake, requeue, poll; one worker
 */
#include <weir/runtime.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OPS = 20000000, REPS = 5, REPS_MAX = 99 };

static double now_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* --- an async function that returns at once ---------------------------------------------- */

WEIR_ASYNC(nothing, uint64_t, uint64_t x;)
{
    WEIR_BEGIN
    RETURN(self->x + 1);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(await_ready, uint64_t, uint64_t i; struct nothing call;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < OPS;) {
        AWAIT(self->call, WEIR_CALL(nothing, .x = self->i));
        self->i = self->call.output;
    }
    RETURN(self->i);
    WEIR_FINALLY
    WEIR_END
}

/* --- a leaf, as those of sync are --------------------------------------------------------- */

typedef struct leaf {
    weir_future future;
    uint64_t output;
    uint64_t x;
} leaf;

static weir_poll leaf_poll(weir_future *future, weir_cx *cx)
{
    leaf *self = (leaf *)(void *)future;
    (void)cx;
    self->output = self->x + 1;
    return WEIR_READY;
}

static const weir_future_type leaf_type = WEIR_FUTURE_TYPE(leaf, "leaf", leaf_poll, NULL);

static inline leaf leaf_of(uint64_t x)
{
    leaf self = { .future = WEIR_FUTURE_INIT(&leaf_type), .x = x };
    return self;
}

WEIR_ASYNC(await_leaf, uint64_t, uint64_t i; leaf call;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < OPS;) {
        AWAIT(self->call, leaf_of(self->i));
        self->i = self->call.output;
    }
    RETURN(self->i);
    WEIR_FINALLY
    WEIR_END
}

/* --- one round: pending, woken, queued, polled -------------------------------------------- */

typedef struct self_wake {
    weir_future future;
    weir_unit output;
    bool woken;
} self_wake;

static weir_poll self_wake_poll(weir_future *future, weir_cx *cx)
{
    self_wake *self = (self_wake *)(void *)future;
    if (self->woken)
        return WEIR_READY;
    self->woken = true;
    weir_wake(cx->waker);
    return WEIR_PENDING;
}

static const weir_future_type self_wake_type = WEIR_FUTURE_TYPE(self_wake, "self_wake", self_wake_poll, NULL);

static inline self_wake self_wake_once(void)
{
    self_wake self = { .future = WEIR_FUTURE_INIT(&self_wake_type) };
    return self;
}

WEIR_ASYNC(wake_requeue, uint64_t, uint64_t i; self_wake turn;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < OPS; self->i++) {
        AWAIT(self->turn, self_wake_once());
    }
    RETURN(self->i);
    WEIR_FINALLY
    WEIR_END
}

/* --- measuring ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static uint64_t run_once(weir_runtime *runtime, int which)
{
    uint64_t done = 0;
    int error;
    if (which == 0)
        error = weir_block_on(runtime, WEIR_CALL(await_ready), &done);
    else if (which == 1)
        error = weir_block_on(runtime, WEIR_CALL(await_leaf), &done);
    else
        error = weir_block_on(runtime, WEIR_CALL(wake_requeue), &done);
    if (error < 0)
        abort();
    return done;
}

static void measure(weir_runtime *runtime, const char *name, int which, int reps)
{
    double wall[REPS_MAX], cpu[REPS_MAX];
    for (int i = -1; i < reps; i++) { /* the first is to warm up */
        const double wall_began = now_ns(CLOCK_MONOTONIC), cpu_began = now_ns(CLOCK_PROCESS_CPUTIME_ID);
        if (run_once(runtime, which) != OPS)
            abort();
        if (i >= 0) {
            wall[i] = (now_ns(CLOCK_MONOTONIC) - wall_began) / OPS;
            cpu[i] = (now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_began) / OPS;
        }
    }
    qsort(wall, (size_t)reps, sizeof wall[0], compare);
    qsort(cpu, (size_t)reps, sizeof cpu[0], compare);
    printf("%s\t%.2f\t%d\t%.2f\t%.2f\t%.2f\n", name, wall[reps / 2], OPS, wall[0], wall[reps - 1], cpu[reps / 2]);
}

int main(void)
{
    const char *text = getenv("PB_REPS");
    int reps = text != NULL ? atoi(text) : REPS;
    if (reps < 1 || reps > REPS_MAX)
        reps = REPS;
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 1;
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    measure(runtime, "await_ready", 0, reps);
    measure(runtime, "await_leaf", 1, reps);
    measure(runtime, "wake_requeue", 2, reps);
    weir_runtime_destroy(runtime);
    return 0;
}
