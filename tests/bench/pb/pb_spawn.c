/* pb_spawn.c - what a task costs: spawned by a task, by a thread outside, and one by the other. */
#include "pb.h"

#include <weir/oneshot.h>

WEIR_ASYNC(nothing, weir_unit, )
{
    WEIR_BEGIN
    WEIR_FINALLY
    WEIR_END
}

/* --- spawn_join ---------------------------------------------------------------------- */

WEIR_ASYNC(spawn_batches, weir_unit, uint64_t batches; size_t i; weir_join_future join;
           weir_join_handle handles[PB_BATCH];)
{
    WEIR_BEGIN
    while (self->batches-- > 0) {
        for (size_t i = 0; i < PB_BATCH; i++)
            self->handles[i] = weir_spawn(WEIR_CALL(nothing));
        for (self->i = 0; self->i < PB_BATCH; self->i++) {
            AWAIT_JOIN(self->join, self->handles[self->i], NULL);
            pb_check(self->join.output == 0);
        }
    }
    WEIR_FINALLY
    WEIR_END
}

static void spawn_join(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(spawn_batches, .batches = ops / PB_BATCH));
}

/* --- spawn_remote: the thread outside spawns, and waits until all are joined ---------- */

WEIR_ASYNC(join_batch, weir_unit, weir_join_handle *handles; size_t i; weir_join_future join;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < PB_BATCH; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        pb_check(self->join.output == 0);
    }
    WEIR_FINALLY
    WEIR_END
}

static void spawn_remote(struct pb_run *run, uint64_t ops)
{
    static weir_join_handle handles[PB_BATCH];
    for (uint64_t batch = 0; batch < ops / PB_BATCH; batch++) {
        for (size_t i = 0; i < PB_BATCH; i++)
            handles[i] = weir_spawn_on(run->runtime, WEIR_CALL(nothing));
        PB_RUN(run, WEIR_CALL(join_batch, .handles = handles));
    }
}

/* --- chained_spawn ------------------------------------------------------------------- */

static void chain_on(weir_oneshot_sender *sender, unsigned depth);

WEIR_ASYNC(link_in_chain, weir_unit, weir_oneshot_sender *sender; unsigned depth;)
{
    WEIR_BEGIN
    chain_on(self->sender, self->depth);
    self->sender = NULL;
    WEIR_FINALLY
    weir_oneshot_sender_drop(self->sender);
    WEIR_END
}

static void chain_on(weir_oneshot_sender *sender, unsigned depth)
{
    if (depth == 0)
        pb_check(weir_oneshot_send(sender, NULL) == 0);
    else
        pb_check(weir_spawn_detached(WEIR_CALL(link_in_chain, .sender = sender, .depth = depth - 1)) == 0);
}

WEIR_ASYNC(chains, weir_unit, uint64_t count; weir_oneshot_receiver *receiver; weir_oneshot_recv_future recv;)
{
    weir_oneshot_sender *sender;
    WEIR_BEGIN
    while (self->count-- > 0) {
        pb_check(weir_oneshot_create(0, NULL, &sender, &self->receiver) == 0);
        chain_on(sender, PB_BATCH);
        AWAIT(self->recv, weir_oneshot_recv(self->receiver, NULL));
        pb_check(self->recv.output == 0);
        weir_oneshot_receiver_drop(self->receiver);
    }
    WEIR_FINALLY
    WEIR_END
}

static void chained_spawn(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(chains, .count = ops / PB_BATCH));
}

const struct pb_workload pb_spawn_workloads[] = {
    { "spawn_join", 1000000, 1, false, spawn_join },
    { "spawn_remote", 1000000, 1, false, spawn_remote },
    { "chained_spawn", 1000000, 1, false, chained_spawn },
    { 0 },
};
