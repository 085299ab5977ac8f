/* pb_timer.c - timers that are cancelled, that fire, and that a select loop makes anew or resets. */
#include "pb.h"

#include <string.h>
#include <weir/mpsc.h>
#include <weir/select.h>
#include <weir/time.h>

/* --- timer_cancel: registered by a first poll, then dropped ------------------------------- */

struct cancels {
    weir_future future;
    weir_unit output;
    uint64_t count;
};

static weir_poll cancels_poll(weir_future *future, weir_cx *cx)
{
    const struct cancels *self = weir_container_of(future, struct cancels, future);
    for (uint64_t i = 0; i < self->count; i++) {
        weir_sleep nap = weir_sleep_for(pb_timer_ns(i));
        pb_check(weir_future_poll(WEIR_HEAD(nap), cx) == WEIR_PENDING);
        weir_drop(nap);
    }
    return WEIR_READY;
}

static const weir_future_type cancels_type = WEIR_FUTURE_TYPE(struct cancels, "cancels", cancels_poll, NULL);

static void timer_cancel(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, ((struct cancels){ .future = WEIR_FUTURE_INIT(&cancels_type), .count = ops }));
}

/* --- timer_cancel_live: all of them wait at once; the yield sees to it that they do -------- */

WEIR_ASYNC(live_cancels, weir_unit, uint64_t count; weir_sleep **naps; weir_yield nap;)
{
    WEIR_BEGIN
    self->naps = malloc(self->count * sizeof(weir_sleep *));
    pb_check(self->naps != NULL);
    for (uint64_t i = 0; i < self->count; i++) {
        self->naps[i] = malloc(sizeof(weir_sleep));
        pb_check(self->naps[i] != NULL);
        *self->naps[i] = weir_sleep_for(pb_timer_ns(i));
        pb_check(weir_future_poll(WEIR_HEAD(*self->naps[i]), cx) == WEIR_PENDING);
    }
    AWAIT(self->nap, weir_yield_now());
    for (uint64_t i = 0; i < self->count; i++) {
        weir_drop(*self->naps[i]);
        free(self->naps[i]);
    }
    WEIR_FINALLY
    free(self->naps);
    WEIR_END
}

static void timer_cancel_live(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(live_cancels, .count = ops));
}

/* --- timer_fire_cpu: each task sleeps to a point of its own in one same second ------------- */

WEIR_ASYNC(sleepers, weir_unit, uint64_t count; uint64_t i; int64_t base_ns; weir_join_handle *handles;
           weir_join_future join;)
{
    WEIR_BEGIN
    self->base_ns = weir_now_ns() + WEIR_SEC(1);
    self->handles = malloc(self->count * sizeof *self->handles);
    pb_check(self->handles != NULL);
    for (uint64_t i = 0; i < self->count; i++)
        self->handles[i] = weir_spawn(weir_sleep_until(self->base_ns + (int64_t)(i * 1000000000u / self->count)));
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        pb_check(self->join.output == 0);
    }
    pb_check(weir_now_ns() >= self->base_ns + 999000000);
    WEIR_FINALLY
    free(self->handles);
    WEIR_END
}

static void timer_fire_cpu(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(sleepers, .count = ops));
}

/* --- select_hb ------------------------------------------------------------------------------ */

#define HEARTBEAT WEIR_SEC(30)

WEIR_ASYNC(beat, weir_unit, weir_mpsc_sender *out; uint64_t count; uint64_t i; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self->send, weir_mpsc_send(self->out, &self->i));
        pb_check(self->send.output == 0);
    }
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->out);
    WEIR_END
}

static weir_mpsc_receiver *start_beat(uint64_t count)
{
    weir_mpsc_sender *sender;
    weir_mpsc_receiver *receiver;
    pb_check(weir_mpsc_create(sizeof(uint64_t), 128, NULL, &sender, &receiver) == 0);
    weir_detach(weir_spawn(WEIR_CALL(beat, .out = sender, .count = count)));
    return receiver;
}

WEIR_ASYNC(listen_anew, weir_unit, uint64_t count; uint64_t heard; uint64_t item; weir_mpsc_receiver *in;
           weir_mpsc_recv_future recv; weir_sleep nap; weir_select_future which;)
{
    WEIR_BEGIN
    self->in = start_beat(self->count);
    for (;; self->heard++) {
        self->recv = weir_mpsc_recv(self->in, &self->item);
        self->nap = weir_sleep_for(HEARTBEAT);
        AWAIT(self->which, weir_select(self->recv, self->nap));
        pb_check(self->which.output == 0);
        if (self->recv.output < 0)
            break;
    }
    pb_check(self->heard == self->count);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->in);
    WEIR_END
}

static void select_hb(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(listen_anew, .count = ops));
}

/* The same, but one sleep lives through all turns and is moved on. */
WEIR_ASYNC(listen_reset, weir_unit, uint64_t count; uint64_t heard; uint64_t item; weir_mpsc_receiver *in;
           weir_mpsc_recv_future recv; weir_sleep nap; weir_select_future which;)
{
    WEIR_BEGIN
    self->in = start_beat(self->count);
    self->nap = weir_sleep_for(HEARTBEAT);
    for (;; self->heard++) {
        self->recv = weir_mpsc_recv(self->in, &self->item);
        AWAIT(self->which, weir_select_ref(self->recv, self->nap));
        pb_check(self->which.output == 0);
        if (self->recv.output < 0)
            break;
        weir_sleep_reset_for(&self->nap, HEARTBEAT);
    }
    pb_check(self->heard == self->count);
    WEIR_FINALLY
    weir_drop(self->recv);
    weir_drop(self->nap);
    weir_mpsc_receiver_drop(self->in);
    WEIR_END
}

static void select_hb_reset(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(listen_reset, .count = ops));
}

const struct pb_workload pb_timer_workloads[] = {
    { "timer_cancel", 1000000, 1, false, timer_cancel },
    { "timer_cancel_live", 1000000, 1, false, timer_cancel_live },
    { "timer_fire_cpu", 1000000, 1, true, timer_fire_cpu },
    { "select_hb", 5000000, 1, false, select_hb },
    { "select_hb_reset", 5000000, 1, false, select_hb_reset },
    { 0 },
};
