/*
 * handler.c - a request handler as a service has it: a bound on how many run, a limit on how long, and a trace.
 *
 * The permit moves into the task and goes back in its FINALLY, however that ends;
 * the timeout drops what takes too long, with all it holds. Afterwards the trace
 * knows every poll by the task's name: open handler.trace.json in ui.perfetto.dev.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <weir/join_set.h>
#include <weir/runtime.h>
#include <weir/semaphore.h>
#include <weir/time.h>
#include <weir/trace.h>

#define REQUESTS 6
#define AT_ONCE 2

static int running, running_max;

/* The query of request n takes n * 20 ms. */
WEIR_ASYNC(query, weir_unit, int n; weir_sleep answer;)
{
    WEIR_BEGIN
    AWAIT(self->answer, weir_sleep_for(WEIR_MS(self->n * 20)));
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(handle_request, int, weir_semaphore *limit; int n; weir_permit permit; bool counted;
           weir_semaphore_acquire_future acquire; struct query query; weir_timeout_future timed;)
{
    WEIR_BEGIN
    AWAIT(self->acquire, weir_semaphore_acquire_owned(self->limit, 1, &self->permit));
    self->counted = true;
    if (++running > running_max)
        running_max = running;
    self->query = WEIR_CALL(query, .n = self->n);
    AWAIT(self->timed, weir_timeout(WEIR_MS(90), &self->query));
    RETURN(self->timed.output == 0 ? 200 : 504);
    WEIR_FINALLY
    running -= self->counted;
    weir_permit_release(&self->permit);
    WEIR_END
}

WEIR_ASYNC(program, weir_unit, weir_semaphore *limit; weir_join_set *set; int status, answered, late;
           weir_join_next_future next;)
{
    WEIR_BEGIN
    if (weir_semaphore_create(AT_ONCE, &self->limit) < 0 || weir_join_set_create(REQUESTS, &self->set) < 0)
        RETURN();
    for (int n = 1; n <= REQUESTS; n++)
        (void)weir_join_set_spawn(self->set, WEIR_CALL(handle_request, .limit = self->limit, .n = n));
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, &self->status));
        if (self->next.output == 0)
            break;
        self->answered += self->status == 200;
        self->late += self->status == 504;
    }
    printf("%d answered, %d took too long\n", self->answered, self->late);
    printf("at once: %d at the most; permits back: %d\n", running_max, (int)weir_semaphore_available(self->limit));
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    weir_semaphore_unref(self->limit);
    WEIR_END
}

/* Whether the trace speaks of `name`. */
static bool mentions(int fd, const char *name)
{
    static char text[1 << 20];
    const ssize_t size = pread(fd, text, sizeof text - 1, 0);
    return size > 0 && strstr(text, name) != NULL;
}

int main(int argc, char **argv)
{
    const int trace = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
                               : memfd_create("handler.trace.json", MFD_CLOEXEC);
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    weir_runtime *runtime;
    if (trace < 0 || weir_runtime_create(&options, &runtime) < 0 || weir_trace_start(runtime, 0) < 0)
        return 1;
    int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    if (error == 0)
        error = weir_trace_stop(runtime, trace, NULL);
    printf("in the trace: %s\n", mentions(trace, "handle_request") ? "handle_request" : "nothing");
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
4 answered, 2 took too long
at once: 2 at the most; permits back: 2
in the trace: handle_request
*/
