/* pb_turn.c - tasks that take turns: by yielding, over oneshots, over channels of one. */
#include "pb.h"

#include <weir/mpsc.h>
#include <weir/oneshot.h>

/* --- yield_many ------------------------------------------------------------------------ */

WEIR_ASYNC(yield_often, weir_unit, uint64_t times; weir_yield nap;)
{
    WEIR_BEGIN
    while (self->times-- > 0)
        AWAIT(self->nap, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(yielders, weir_unit, uint64_t times; size_t i; weir_join_future join; weir_join_handle handles[PB_BATCH];)
{
    WEIR_BEGIN
    for (size_t i = 0; i < PB_BATCH; i++)
        self->handles[i] = weir_spawn(WEIR_CALL(yield_often, .times = self->times));
    for (self->i = 0; self->i < PB_BATCH; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        pb_check(self->join.output == 0);
    }
    WEIR_FINALLY
    WEIR_END
}

static void yield_many(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(yielders, .times = ops / PB_BATCH));
}

/* --- ping_pong: a thousand pairs, a oneshot there and one back --------------------------- */

WEIR_ASYNC(pong, weir_unit, weir_oneshot_receiver *ping; weir_oneshot_sender *pong; weir_oneshot_recv_future recv;)
{
    WEIR_BEGIN
    AWAIT(self->recv, weir_oneshot_recv(self->ping, NULL));
    pb_check(self->recv.output == 0);
    pb_check(weir_oneshot_send(self->pong, NULL) == 0);
    self->pong = NULL;
    WEIR_FINALLY
    weir_oneshot_receiver_drop(self->ping);
    weir_oneshot_sender_drop(self->pong);
    WEIR_END
}

WEIR_ASYNC(ping, weir_unit, weir_oneshot_receiver *pong; weir_oneshot_recv_future recv;)
{
    weir_oneshot_sender *ping, *pong;
    weir_oneshot_receiver *receiver;
    WEIR_BEGIN
    pb_check(weir_oneshot_create(0, NULL, &ping, &receiver) == 0);
    pb_check(weir_oneshot_create(0, NULL, &pong, &self->pong) == 0);
    weir_detach(weir_spawn(WEIR_CALL(pong, .ping = receiver, .pong = pong)));
    pb_check(weir_oneshot_send(ping, NULL) == 0);
    AWAIT(self->recv, weir_oneshot_recv(self->pong, NULL));
    pb_check(self->recv.output == 0);
    WEIR_FINALLY
    weir_oneshot_receiver_drop(self->pong);
    WEIR_END
}

WEIR_ASYNC(pairs, weir_unit, uint64_t batches; size_t i; weir_join_future join; weir_join_handle handles[PB_BATCH];)
{
    WEIR_BEGIN
    while (self->batches-- > 0) {
        for (size_t i = 0; i < PB_BATCH; i++)
            self->handles[i] = weir_spawn(WEIR_CALL(ping));
        for (self->i = 0; self->i < PB_BATCH; self->i++) {
            AWAIT(self->join, weir_join(self->handles[self->i], NULL));
            pb_check(self->join.output == 0);
        }
    }
    WEIR_FINALLY
    WEIR_END
}

static void ping_pong(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(pairs, .batches = ops / PB_BATCH));
}

/* --- ping_pong_mpsc1 --------------------------------------------------------------------- */

WEIR_ASYNC(bounce, weir_unit, weir_mpsc_receiver *in; weir_mpsc_sender *out; uint64_t value;
           weir_mpsc_recv_future recv; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->recv, weir_mpsc_recv(self->in, &self->value));
        if (self->recv.output < 0)
            break;
        self->value++;
        AWAIT(self->send, weir_mpsc_send(self->out, &self->value));
        if (self->send.output < 0)
            break;
    }
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->in);
    weir_mpsc_sender_unref(self->out);
    WEIR_END
}

WEIR_ASYNC(serve, weir_unit, uint64_t count; uint64_t i; uint64_t value; weir_mpsc_sender *out; weir_mpsc_receiver *in;
           weir_mpsc_recv_future recv; weir_mpsc_send_future send;)
{
    weir_mpsc_sender *back;
    weir_mpsc_receiver *there;
    WEIR_BEGIN
    pb_check(weir_mpsc_create(sizeof(uint64_t), 1, NULL, &self->out, &there) == 0);
    pb_check(weir_mpsc_create(sizeof(uint64_t), 1, NULL, &back, &self->in) == 0);
    weir_detach(weir_spawn(WEIR_CALL(bounce, .in = there, .out = back)));
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self->send, weir_mpsc_send(self->out, &self->i));
        pb_check(self->send.output == 0);
        AWAIT(self->recv, weir_mpsc_recv(self->in, &self->value));
        pb_check(self->recv.output == 0 && self->value == self->i + 1);
    }
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->out);
    weir_mpsc_receiver_drop(self->in);
    WEIR_END
}

static void ping_pong_mpsc1(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(serve, .count = ops));
}

const struct pb_workload pb_turn_workloads[] = {
    { "yield_many", 1000000, 1, false, yield_many },
    { "ping_pong", 200000, 1, false, ping_pong },
    { "ping_pong_mpsc1", 1000000, 1, false, ping_pong_mpsc1 },
    { 0 },
};
