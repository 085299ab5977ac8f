/* pb_pipe.c - a source, stages and a sink with bounded channels of 64 between: in a row of four, or eight side by side.
 */
#include "pb.h"

#include <string.h>
#include <weir/mpsc.h>

#define STAGES 4
#define ROOM 64

struct pipe {
    weir_mpsc_sender *in;
    weir_mpsc_receiver *out;
};

static struct pipe make_pipe(size_t item_size, size_t capacity)
{
    struct pipe pipe;
    pb_check(weir_mpsc_create(item_size, capacity, NULL, &pipe.in, &pipe.out) == 0);
    return pipe;
}

/* Passes pointers on. */
WEIR_ASYNC(stage, weir_unit, weir_mpsc_receiver *in; weir_mpsc_sender *out; void *item; weir_mpsc_recv_future recv;
           weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT_RECV(self->recv, self->in, &self->item);
        if (self->recv.output < 0)
            break;
        AWAIT_SEND(self->send, self->out, &self->item);
        if (self->send.output < 0)
            break;
    }
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->in);
    weir_mpsc_sender_unref(self->out);
    WEIR_END
}

/* Four stages, spawned: the two ends of the row. */
static struct pipe make_row(void)
{
    struct pipe row = make_pipe(sizeof(void *), ROOM);
    for (int i = 0; i < STAGES; i++) {
        const struct pipe next = make_pipe(sizeof(void *), ROOM);
        weir_detach(weir_spawn(WEIR_CALL(stage, .in = row.out, .out = next.in)));
        row.out = next.out;
    }
    return row;
}

/* --- pipe4_ptr ------------------------------------------------------------------------------ */

WEIR_ASYNC(count_items, uint64_t, weir_mpsc_receiver *in; uint64_t count; void *item; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    for (;; self->count++) {
        AWAIT_RECV(self->recv, self->in, &self->item);
        if (self->recv.output < 0)
            break;
        pb_check(self->item == (void *)(self->count * 64 + 4096));
    }
    RETURN(self->count);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->in);
    WEIR_END
}

WEIR_ASYNC(send_pointers, weir_unit, uint64_t count; uint64_t i; uint64_t arrived; void *item; weir_mpsc_sender *out;
           weir_join_handle sink; weir_mpsc_send_future send; weir_join_future join;)
{
    struct pipe row;
    WEIR_BEGIN
    row = make_row();
    self->out = row.in;
    self->sink = weir_spawn(WEIR_CALL(count_items, .in = row.out));
    for (self->i = 0; self->i < self->count; self->i++) {
        self->item = (void *)(self->i * 64 + 4096);
        AWAIT_SEND(self->send, self->out, &self->item);
        pb_check(self->send.output == 0);
    }
    weir_mpsc_sender_unref(self->out);
    self->out = NULL;
    AWAIT(self->join, weir_join(self->sink, &self->arrived));
    pb_check(self->join.output == 0 && self->arrived == self->count);
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->out);
    WEIR_END
}

static void pipe4_ptr(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(send_pointers, .count = ops));
}

/* --- pipe4_64k: 128 buffers go round; the source fills them and the sink sums them ------------ */

#define BUFFER_BYTES 65536
#define BUFFERS 128

static uint64_t sum_of(const uint64_t *buffer)
{
    uint64_t sum[4] = { 0 }; /* as the other compilers unroll it by themselves */
    for (size_t i = 0; i < BUFFER_BYTES / sizeof(uint64_t); i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += buffer[i + j];
    return sum[0] + sum[1] + sum[2] + sum[3];
}

WEIR_ASYNC(sum_buffers, uint64_t, weir_mpsc_receiver *in; weir_mpsc_sender *empties; uint64_t count; uint64_t sum;
           uint64_t *buffer; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    for (;; self->count++) {
        AWAIT_RECV(self->recv, self->in, &self->buffer);
        if (self->recv.output < 0)
            break;
        self->sum += sum_of(self->buffer);
        if (weir_mpsc_try_send(self->empties, &self->buffer) != 0)
            free(self->buffer); /* the source has gone */
    }
    __asm__ volatile("" : : "r"(self->sum));
    RETURN(self->count);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->in);
    weir_mpsc_sender_unref(self->empties);
    WEIR_END
}

static void free_buffer(void *item)
{
    free(*(void **)item);
}

static struct pipe make_buffers(void)
{
    struct pipe empties;
    pb_check(weir_mpsc_create(sizeof(void *), 2 * BUFFERS, free_buffer, &empties.in, &empties.out) == 0);
    for (int i = 0; i < BUFFERS; i++) {
        void *buffer = calloc(1, BUFFER_BYTES);
        pb_check(buffer != NULL && weir_mpsc_try_send(empties.in, &buffer) == 0);
    }
    return empties;
}

WEIR_ASYNC(send_buffers, weir_unit, uint64_t count; uint64_t i; uint64_t arrived; void *buffer; weir_mpsc_sender *out;
           weir_mpsc_receiver *empties; weir_join_handle sink; weir_mpsc_recv_future recv; weir_mpsc_send_future send;
           weir_join_future join;)
{
    struct pipe row, empties;
    WEIR_BEGIN
    row = make_row();
    empties = make_buffers();
    self->out = row.in;
    self->empties = empties.out;
    self->sink = weir_spawn(WEIR_CALL(sum_buffers, .in = row.out, .empties = empties.in));
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT_RECV(self->recv, self->empties, &self->buffer);
        pb_check(self->recv.output == 0);
        memset(self->buffer, (int)(self->i & 255), BUFFER_BYTES);
        AWAIT_SEND(self->send, self->out, &self->buffer);
        pb_check(self->send.output == 0);
    }
    weir_mpsc_sender_unref(self->out);
    self->out = NULL;
    AWAIT(self->join, weir_join(self->sink, &self->arrived));
    pb_check(self->join.output == 0 && self->arrived == self->count);
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->out);
    weir_mpsc_receiver_drop(self->empties);
    WEIR_END
}

static void pipe4_64k(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(send_buffers, .count = ops));
}

/* --- fan8: dealt to eight workers in turn; gathered as they come, or in order ------------------- */

#define FAN 8

WEIR_ASYNC(fan_worker, weir_unit, weir_mpsc_receiver *in; weir_mpsc_sender *out; uint64_t item;
           weir_mpsc_recv_future recv; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT_RECV(self->recv, self->in, &self->item);
        if (self->recv.output < 0)
            break;
        self->item ^= 0x55;
        AWAIT_SEND(self->send, self->out, &self->item);
        if (self->send.output < 0)
            break;
    }
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->in);
    weir_mpsc_sender_unref(self->out);
    WEIR_END
}

WEIR_ASYNC(gather, uint64_t, weir_mpsc_receiver *in[FAN]; size_t ins; uint64_t count; uint64_t item;
           weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    for (;; self->count++) {
        AWAIT_RECV(self->recv, self->in[self->count % self->ins], &self->item);
        if (self->recv.output < 0)
            break;
        pb_check(self->ins == 1 || (self->item ^ 0x55) == self->count);
    }
    RETURN(self->count);
    WEIR_FINALLY
    for (size_t i = 0; i < self->ins; i++)
        weir_mpsc_receiver_drop(self->in[i]);
    WEIR_END
}

/* Spawns the workers and the one that gathers, whose handle it returns; *out are the ways in. */
static weir_join_handle make_fan(bool ordered, weir_mpsc_sender **out)
{
    struct gather sink = WEIR_CALL(gather, .ins = ordered ? FAN : 1);
    struct pipe gathered = { 0 };
    if (!ordered)
        gathered = make_pipe(sizeof(uint64_t), ROOM);
    sink.in[0] = gathered.out;
    for (size_t i = 0; i < FAN; i++) {
        const struct pipe in = make_pipe(sizeof(uint64_t), ROOM);
        struct pipe way_out = gathered;
        if (ordered) {
            way_out = make_pipe(sizeof(uint64_t), ROOM);
            sink.in[i] = way_out.out;
        } else {
            way_out.in = weir_mpsc_sender_ref(gathered.in);
        }
        out[i] = in.in;
        weir_detach(weir_spawn(WEIR_CALL(fan_worker, .in = in.out, .out = way_out.in)));
    }
    weir_mpsc_sender_unref(gathered.in);
    return weir_spawn(sink);
}

WEIR_ASYNC(deal, weir_unit, uint64_t count; bool ordered; uint64_t i; uint64_t arrived; weir_mpsc_sender *out[FAN];
           weir_join_handle sink; weir_mpsc_send_future send; weir_join_future join;)
{
    WEIR_BEGIN
    self->sink = make_fan(self->ordered, self->out);
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT_SEND(self->send, self->out[self->i % FAN], &self->i);
        pb_check(self->send.output == 0);
    }
    for (size_t i = 0; i < FAN; i++) {
        weir_mpsc_sender_unref(self->out[i]);
        self->out[i] = NULL;
    }
    AWAIT(self->join, weir_join(self->sink, &self->arrived));
    pb_check(self->join.output == 0 && self->arrived == self->count);
    WEIR_FINALLY
    for (size_t i = 0; i < FAN; i++)
        weir_mpsc_sender_unref(self->out[i]);
    WEIR_END
}

static void fan8_unordered(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(deal, .count = ops));
}

static void fan8_ordered(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(deal, .count = ops, .ordered = true));
}

const struct pb_workload pb_pipe_workloads[] = {
    { "pipe4_ptr", 2000000, STAGES + 1, false, pipe4_ptr },
    { "pipe4_64k", 100000, STAGES + 1, false, pipe4_64k },
    { "fan8_unordered", 2000000, 1, false, fan8_unordered },
    { "fan8_ordered", 2000000, 1, false, fan8_ordered },
    { 0 },
};
