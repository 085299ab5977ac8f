/*
 * heartbeat.c - a loop over messages that says so when none has come for a while.
 *
 * select takes the branch that is ready first. The receive loses nothing when it
 * is dropped, so it may be made anew each turn; the sleep stays in its slot and
 * is reset, which costs one atomic operation and no timer of its own.
 */
#include <stdio.h>
#include <weir/mpsc.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>

WEIR_ASYNC(producer, weir_unit, weir_mpsc_sender *to; int i; weir_sleep pause; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (self->i = 1; self->i <= 5; self->i++) {
        AWAIT(self->pause, weir_sleep_for(self->i == 4 ? WEIR_SEC(70) : WEIR_SEC(10)));
        AWAIT(self->send, weir_mpsc_send(self->to, &self->i));
    }
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->to);
    WEIR_END
}

WEIR_ASYNC(consumer, int, weir_mpsc_receiver *from; int message; int64_t began; weir_mpsc_recv_future recv;
           weir_sleep quiet; weir_select_future which;)
{
    WEIR_BEGIN
    self->began = weir_now_ns();
    self->quiet = weir_sleep_for(WEIR_SEC(30));
    for (;;) {
        self->recv = weir_mpsc_recv(self->from, &self->message);
        AWAIT(self->which, weir_select_ref(self->recv, self->quiet));
        if (self->which.output == 1)
            printf("%3ds  still here\n", (int)((weir_now_ns() - self->began) / WEIR_SEC(1)));
        else if (self->recv.output == 0)
            printf("%3ds  message %d\n", (int)((weir_now_ns() - self->began) / WEIR_SEC(1)), self->message);
        else
            break; /* every sender is gone */
        weir_drop(self->recv);
        weir_sleep_reset_for(&self->quiet, WEIR_SEC(30));
    }
    WEIR_FINALLY
    weir_drop(self->recv);
    weir_drop(self->quiet);
    weir_mpsc_receiver_drop(self->from);
    WEIR_END
}

int main(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    weir_runtime *runtime;
    weir_mpsc_sender *to;
    weir_mpsc_receiver *from;
    if (weir_runtime_create(&options, &runtime) < 0 || weir_mpsc_create(sizeof(int), 16, NULL, &to, &from) < 0)
        return 1;
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(producer, .to = to)));
    const int error = weir_block_on(runtime, WEIR_CALL(consumer, .from = from), NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
 10s  message 1
 20s  message 2
 30s  message 3
 60s  still here
 90s  still here
100s  message 4
110s  message 5
*/
