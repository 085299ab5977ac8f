/* pb_set.c - a JoinSet of a thousand tasks; and a hundred thousand of them aborted at once. */
#include "pb.h"

#include <weir/join_set.h>

/* --- joinset ------------------------------------------------------------------------- */

WEIR_ASYNC(member_of_set, weir_unit, )
{
    WEIR_BEGIN
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(sets, weir_unit, uint64_t count; weir_join_set *set; size_t joined; weir_join_next_future next;)
{
    WEIR_BEGIN
    while (self->count-- > 0) {
        pb_check(weir_join_set_create(PB_BATCH, &self->set) == 0);
        for (size_t i = 0; i < PB_BATCH; i++)
            pb_check(weir_join_set_spawn(self->set, WEIR_CALL(member_of_set)) == 0);
        for (self->joined = 0;; self->joined++) {
            AWAIT(self->next, weir_join_next(self->set, NULL));
            if (self->next.output == 0)
                break;
            pb_check(self->next.status == 0);
        }
        pb_check(self->joined == PB_BATCH);
        weir_join_set_destroy(self->set);
    }
    WEIR_FINALLY
    WEIR_END
}

static void joinset(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(sets, .count = ops / PB_BATCH));
}

/* --- abort_all: only the abort and the joins are timed --------------------------------- */

WEIR_ASYNC(park_for_ever, weir_unit, uint64_t *parked; weir_never never;)
{
    WEIR_BEGIN(void)
    __atomic_fetch_add(self->parked, 1, __ATOMIC_RELAXED);
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(abort_many, weir_unit, struct pb_run *run; uint64_t count; uint64_t parked; uint64_t joined;
           weir_join_set *set; weir_yield nap; weir_join_next_future next; uint64_t cpu_began; uint64_t began;)
{
    WEIR_BEGIN
    pb_check(weir_join_set_create(self->count, &self->set) == 0);
    for (uint64_t i = 0; i < self->count; i++)
        pb_check(weir_join_set_spawn(self->set, WEIR_CALL(park_for_ever, .parked = &self->parked)) == 0);
    while (__atomic_load_n(&self->parked, __ATOMIC_RELAXED) < self->count)
        AWAIT(self->nap, weir_yield_now());

    self->cpu_began = pb_cpu_ns();
    self->began = pb_now_ns();
    weir_join_set_abort_all(self->set);
    for (;; self->joined++) {
        AWAIT(self->next, weir_join_next(self->set, NULL));
        if (self->next.output == 0)
            break;
        pb_check(self->next.status == -ECANCELED);
    }
    self->run->wall_ns = pb_now_ns() - self->began;
    self->run->cpu_ns = pb_cpu_ns() - self->cpu_began;
    pb_check(self->joined == self->count);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static void abort_all(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(abort_many, .run = run, .count = ops));
}

const struct pb_workload pb_set_workloads[] = {
    { "joinset", 1000000, 1, false, joinset },
    { "abort_all", 100000, 1, false, abort_all },
    { 0 },
};
