/* pb_channel.c - one or four producers and a consumer over a bounded channel of u64. */
#include "pb.h"

#include <weir/mpsc.h>

WEIR_ASYNC(produce, weir_unit, weir_mpsc_sender *out; uint64_t count; uint64_t i; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT_SEND(self->send, self->out, &self->i);
        pb_check(self->send.output == 0);
    }
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->out);
    WEIR_END
}

static void check_sum(unsigned producers, uint64_t each, uint64_t received, uint64_t sum)
{
    pb_check(received == each * producers);
    pb_check(sum == producers * (each * (each - 1) / 2));
}

WEIR_ASYNC(consume, weir_unit, unsigned producers; size_t capacity; uint64_t count; uint64_t item; uint64_t sum;
           uint64_t received; weir_mpsc_receiver *in; weir_mpsc_recv_future recv;)
{
    weir_mpsc_sender *sender;
    WEIR_BEGIN
    pb_check(weir_mpsc_create(sizeof(uint64_t), self->capacity, NULL, &sender, &self->in) == 0);
    for (unsigned i = 0; i < self->producers; i++)
        weir_detach(weir_spawn(
            WEIR_CALL(produce, .out = weir_mpsc_sender_ref(sender), .count = self->count / self->producers)));
    weir_mpsc_sender_unref(sender);
    for (;; self->received++) {
        AWAIT_RECV(self->recv, self->in, &self->item);
        if (self->recv.output < 0)
            break;
        self->sum += self->item;
    }
    check_sum(self->producers, self->count / self->producers, self->received, self->sum);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->in);
    WEIR_END
}

static void mpsc_1p1c_c128(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(consume, .producers = 1, .capacity = 128, .count = ops));
}

static void mpsc_4p1c_c128(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(consume, .producers = 4, .capacity = 128, .count = ops));
}

static void mpsc_4p1c_c1(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(consume, .producers = 4, .capacity = 1, .count = ops));
}

const struct pb_workload pb_channel_workloads[] = {
    { "mpsc_1p1c_c128", 10000000, 1, false, mpsc_1p1c_c128 },
    { "mpsc_4p1c_c128", 4000000, 1, false, mpsc_4p1c_c128 },
    { "mpsc_4p1c_c1", 1000000, 1, false, mpsc_4p1c_c1 },
    { 0 },
};
