/*
 * handler.c - a request handler as a service has it: a bound on how many run, a limit on how long, and a trace.
 *
 * The permit moves into the task and goes back in its FINALLY, however that ends;
 * the timeout drops what takes too long, with all it holds. Afterwards the trace
 * knows every poll by the task's name: open handler.trace.json in ui.perfetto.dev.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir/join_set.h>
#include <weir/runtime.h>
#include <weir/semaphore.h>
#include <weir/time.h>
#include <weir/trace.h>

#define REQUESTS 6
#define AT_ONCE 2

/* Request n waits n * 20 ms for its answer. */
WEIR_ASYNC(handle_request, int, weir_semaphore *limit; int n; int *taken_max; weir_permit permit;
           weir_semaphore_acquire_future acquire; weir_sleep answer; weir_timeout_future timed;)
{
    WEIR_BEGIN
    AWAIT(self->acquire, weir_semaphore_acquire_owned(self->limit, 1, &self->permit));
    if (AT_ONCE - (int)weir_semaphore_available(self->limit) > *self->taken_max)
        *self->taken_max = AT_ONCE - (int)weir_semaphore_available(self->limit);
    self->answer = weir_sleep_for(WEIR_MS(self->n * 20));
    AWAIT(self->timed, weir_timeout(WEIR_MS(90), &self->answer));
    RETURN(self->timed.output == 0 ? 200 : 504);
    WEIR_FINALLY
    weir_permit_release(&self->permit);
    WEIR_END
}

WEIR_ASYNC(program, weir_unit, weir_semaphore *limit; weir_join_set *set; int status, answered, taken_max;
           weir_join_next_future next;)
{
    WEIR_BEGIN
    if (weir_semaphore_create(AT_ONCE, &self->limit) < 0 || weir_join_set_create(REQUESTS, &self->set) < 0)
        RETURN();
    for (int n = 1; n <= REQUESTS; n++)
        (void)weir_join_set_spawn(
            self->set, WEIR_CALL(handle_request, .limit = self->limit, .n = n, .taken_max = &self->taken_max));
    do {
        AWAIT(self->next, weir_join_next(self->set, &self->status));
        self->answered += self->next.output != 0 && self->status == 200;
    } while (self->next.output != 0);
    printf("%d answered, %d took too long\n", self->answered, REQUESTS - self->answered);
    printf("at once: %d at the most; permits back: %d\n", self->taken_max, (int)weir_semaphore_available(self->limit));
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    weir_semaphore_unref(self->limit);
    WEIR_END
}

int main(int argc, char **argv)
{
    static char text[1 << 20];
    FILE *trace = argc > 1 ? fopen(argv[1], "w+") : tmpfile();
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    weir_runtime *runtime;
    if (trace == NULL || weir_runtime_create(&options, &runtime) < 0 || weir_trace_start(runtime, 0) < 0)
        return 1;
    int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    if (error == 0)
        error = weir_trace_stop(runtime, fileno(trace), NULL);
    const bool is_there = pread(fileno(trace), text, sizeof text - 1, 0) > 0 && strstr(text, "handle_request") != NULL;
    printf("in the trace: %s\n", is_there ? "handle_request" : "nothing");
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
4 answered, 2 took too long
at once: 2 at the most; permits back: 2
in the trace: handle_request
*/
