/*
 * keep_beating.c - work that computes for long goes to the bounded pool, and the worker stays free.
 *
 * One worker, a heartbeat on it, and a hundred million steps of arithmetic. On
 * the worker the arithmetic would stop the heart; offloaded, it doesn't. The
 * pool is bounded in threads and in queue: when it is full, the await waits.
 */
#include <stdio.h>
#include <weir/blocking.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>

/* Sum of the Collatz path lengths of 1..n: work that no compiler can shorten. */
static int64_t collatz(void *arg, weir_job *job)
{
    const uint64_t n = *(const uint64_t *)arg;
    int64_t steps = 0;
    for (uint64_t i = 1; i <= n && !weir_job_cancelled(job); i++)
        for (uint64_t x = i; x != 1; x = x % 2 == 0 ? x / 2 : 3 * x + 1)
            steps++;
    return steps;
}

WEIR_ASYNC(beat, weir_unit, int *beats; weir_sleep nap;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(5)));
        ++*self->beats;
    }
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(program, int, uint64_t n; int beats; weir_offload_future work; struct beat heart; weir_select_future which;)
{
    WEIR_BEGIN
    self->n = 500000;
    self->work = weir_offload(WEIR_LANE_CPU, collatz, &self->n, NULL);
    self->heart = WEIR_CALL(beat, .beats = &self->beats);
    AWAIT(self->which, weir_select(self->work, self->heart));
    printf("%ld steps\n", (long)self->work.output);
    printf("the heart beat meanwhile: %s\n", self->beats > 3 ? "yes" : "no");
    WEIR_FINALLY
    WEIR_END
}

int main(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    const int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
62134795 steps
the heart beat meanwhile: yes
*/
