/*
 * outlives.c - what must outlive its caller is spawned.
 *
 * A future that is awaited is part of its caller and is dropped with it. A task
 * is not: detached, it runs on when the one who started it was cancelled.
 */
#include <stdio.h>
#include <weir/notify.h>
#include <weir/runtime.h>
#include <weir/time.h>

static weir_notify saved;

/* Two steps; both must happen, or the record is of no use. */
WEIR_ASYNC(save, weir_unit, const char *how; weir_sleep step;)
{
    WEIR_BEGIN
    printf("  %s: first half\n", self->how);
    AWAIT(self->step, weir_sleep_for(WEIR_MS(20)));
    printf("  %s: second half\n", self->how);
    weir_notify_one(&saved);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(handler, weir_unit, bool spawned; struct save save; weir_never forever;)
{
    WEIR_BEGIN
    if (self->spawned) {
        weir_detach(weir_spawn(WEIR_CALL(save, .how = "spawned")));
    } else {
        AWAIT(self->save, WEIR_CALL(save, .how = "awaited"));
    }
    AWAIT(self->forever, weir_never_ready());
    WEIR_FINALLY
    printf("  the handler is gone\n");
    WEIR_END
}

WEIR_ASYNC(program, weir_unit, struct handler call; weir_timeout_future timed; weir_notify_wait_future wait;)
{
    WEIR_BEGIN
    printf("the client leaves after 10 ms, the work is awaited\n");
    self->call = WEIR_CALL(handler, .spawned = false);
    AWAIT(self->timed, weir_timeout(WEIR_MS(10), &self->call));

    printf("the client leaves after 10 ms, the work is spawned\n");
    self->wait = weir_notify_wait(&saved);
    self->call = WEIR_CALL(handler, .spawned = true);
    AWAIT(self->timed, weir_timeout(WEIR_MS(10), &self->call));
    AWAIT_SLOT(self->wait);
    WEIR_FINALLY
    WEIR_END
}

int main(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true; /* time passes when there is nothing to do: the program takes no time at all */
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    weir_notify_init(&saved);
    const int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
the client leaves after 10 ms, the work is awaited
  awaited: first half
  the handler is gone
the client leaves after 10 ms, the work is spawned
  spawned: first half
  the handler is gone
  spawned: second half
*/
