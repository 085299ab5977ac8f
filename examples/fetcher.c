/*
 * fetcher.c - many requests, a few at once, none of them for longer than its time.
 *
 * The bound is a JoinSet's, the limit a timeout's; what the timeout drops gives
 * back all it holds (here: its connection, in FINALLY).
 */
#include <stdio.h>
#include <weir/join_set.h>
#include <weir/runtime.h>
#include <weir/time.h>

#define AT_ONCE 3
#define LIMIT_MS 100

static int connections;

/* A server that answers number n after (n * 70) % 160 ms. */
WEIR_ASYNC(fetch, int, int n; bool connected; weir_sleep answer;)
{
    WEIR_BEGIN
    self->connected = true;
    connections++;
    AWAIT(self->answer, weir_sleep_for(WEIR_MS(self->n * 70 % 160)));
    RETURN(self->n * 1000);
    WEIR_FINALLY
    connections -= self->connected; /* it may have been dropped before it was polled at all */
    WEIR_END
}

/* The task: a fetch with its limit. */
WEIR_ASYNC(fetch_in_time, weir_unit, int n; struct fetch call; weir_timeout_future timed;)
{
    WEIR_BEGIN
    self->call = WEIR_CALL(fetch, .n = self->n);
    AWAIT(self->timed, weir_timeout(WEIR_MS(LIMIT_MS), &self->call));
    if (self->timed.output < 0)
        printf("%d took longer than %d ms\n", self->n, LIMIT_MS);
    else
        printf("%d gave %d\n", self->n, self->call.output);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(program, weir_unit, int n; weir_join_set *set; weir_join_next_future next;)
{
    WEIR_BEGIN
    if (weir_join_set_create(AT_ONCE, &self->set) < 0)
        RETURN();
    do {
        while (self->n < 7 && weir_join_set_len(self->set) < AT_ONCE)
            (void)weir_join_set_spawn(self->set, WEIR_CALL(fetch_in_time, .n = ++self->n));
        AWAIT(self->next, weir_join_next(self->set, NULL));
    } while (self->next.output != 0);
    printf("%d connections are left\n", connections);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

int main(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    const int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
3 gave 3000
1 gave 1000
2 took longer than 100 ms
5 gave 5000
7 gave 7000
4 took longer than 100 ms
6 gave 6000
0 connections are left
*/
