/*
 * graceful_stop.c - on SIGTERM: take nothing new, let what runs come to an end, but not for ever.
 *
 * A token tells everybody to stop, a tracker knows when everybody has, a timeout
 * is the end of patience. The program sends the signal to itself.
 */
#include <signal.h>
#include <stdio.h>
#include <weir/cancel.h>
#include <weir/io.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/signal.h>
#include <weir/time.h>
#include <weir/tracker.h>

/* A request: it would take its time, but heeds the token; a stubborn one doesn't. */
WEIR_ASYNC(request, weir_unit, weir_cancel_token *stop; bool stubborn; weir_sleep work; weir_cancelled_future stopped;
           weir_select_future which;)
{
    WEIR_BEGIN
    self->work = weir_sleep_for(WEIR_SEC(3600));
    self->stopped = weir_cancelled(self->stop);
    AWAIT(self->which, weir_select(self->work, WEIR_IF(!self->stubborn, self->stopped)));
    printf("a request was stopped in good order\n");
    WEIR_FINALLY
    weir_cancel_unref(self->stop);
    WEIR_END
}

WEIR_ASYNC(server, weir_unit, weir_signal *term; weir_cancel_token *stop; weir_tracker *requests;
           weir_signal_future signal; weir_tracker_wait_future all; weir_timeout_future limit; weir_sleep nap;)
{
    WEIR_BEGIN
    for (int i = 0; i < 3; i++)
        weir_detach(weir_tracker_spawn(self->requests,
                                       WEIR_CALL(request, .stop = weir_cancel_ref(self->stop), .stubborn = i == 2)));
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(10)));
    (void)raise(SIGTERM);
    AWAIT(self->signal, weir_signal_next(self->term));

    printf("SIGTERM: %d under way\n", (int)weir_tracker_len(self->requests));
    (void)weir_tracker_close(self->requests);
    weir_cancel(self->stop);
    self->all = weir_tracker_wait(self->requests);
    AWAIT(self->limit, weir_timeout(WEIR_MS(50), &self->all));
    printf("%d left after 50 ms: dropped with the runtime\n", (int)weir_tracker_len(self->requests));
    WEIR_FINALLY
    weir_signal_close(self->term);
    weir_cancel_unref(self->stop);
    weir_tracker_unref(self->requests);
    WEIR_END
}

int main(void)
{
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_current_thread();
    options.drivers = &drivers;
    weir_runtime *runtime;
    struct server server = WEIR_CALL(server);
    if (weir_runtime_create(&options, &runtime) < 0 || weir_signal_open(SIGTERM, &server.term) < 0 ||
        weir_cancel_create(&server.stop) < 0 || weir_tracker_create(&server.requests) < 0)
        return 1;
    const int error = weir_block_on(runtime, server, NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
SIGTERM: 3 under way
a request was stopped in good order
a request was stopped in good order
1 left after 50 ms: dropped with the runtime
*/
