/* runq.c - the rarer ways into and out of a run queue. Who may write what is said in runq.h. */
#include "runq.h"

void runq_init(struct runq *runq, bool alone)
{
    runq->head = 0;
    runq->tail = 0;
    runq->alone = alone;
    runq->cap = alone ? RUNQ_CAP_ALONE : RUNQ_CAP;
}

/* A thief came between: once more, until it goes through or nothing is left. */
struct weir_task *runq_pop_contended(struct runq *runq, uint64_t head)
{
    const uint32_t tail = wi_load(&runq->tail, RELAXED);
    uint32_t real, steal;
    do {
        real = runq_real_of(head);
        if (real == tail)
            return NULL;
        steal = runq_steal_of(head) == real ? real + 1 : runq_steal_of(head);
    } while (!wi_cas(&runq->head, &head, runq_head(steal, real + 1), ACQ_REL));
    return wi_load(&runq->slots[real % RUNQ_CAP], RELAXED);
}

static unsigned take_newest(struct runq *runq, struct weir_task **ret_tasks)
{
    const uint32_t tail = wi_load(&runq->tail, RELAXED) - RUNQ_CAP / 2;
    for (uint32_t i = 0; i < RUNQ_CAP / 2; i++)
        ret_tasks[i] = wi_load(&runq->slots[(tail + i) & (runq->cap - 1)], RELAXED);
    wi_store(&runq->tail, tail, RELEASE);
    return RUNQ_CAP / 2;
}

unsigned runq_take_half(struct runq *runq, struct weir_task **ret_tasks)
{
    if (runq->alone)
        return take_newest(runq, ret_tasks);
    uint64_t head = wi_load(&runq->head, ACQUIRE);
    const uint32_t tail = wi_load(&runq->tail, RELAXED);
    const uint32_t oldest = tail - RUNQ_CAP;
    /*
     * Takes all, in one step that fails when a thief takes any. Then the older half is given back where it is:
     * modulo RUNQ_CAP its slots are those behind the tail.
     */
    if (head != runq_head(oldest, oldest) || !wi_cas(&runq->head, &head, runq_head(tail, tail), ACQ_REL))
        return 0;
    for (uint32_t i = 0; i < RUNQ_CAP / 2; i++)
        ret_tasks[i] = wi_load(&runq->slots[(oldest + RUNQ_CAP / 2 + i) % RUNQ_CAP], RELAXED);
    wi_store(&runq->tail, tail + RUNQ_CAP / 2, RELEASE);
    return RUNQ_CAP / 2;
}

/* The thief has copied: the slots are the owner's again. */
static void give_slots_back(struct runq *runq, uint64_t head)
{
    while (!wi_cas(&runq->head, &head, runq_head(runq_real_of(head), runq_real_of(head)), ACQ_REL))
        ;
}

struct weir_task *runq_steal(struct runq *from, struct runq *to, unsigned *ret_stolen)
{
    const uint32_t to_tail = wi_load(&to->tail, RELAXED);
    const uint32_t room = RUNQ_CAP - (to_tail - runq_steal_of(wi_load(&to->head, ACQUIRE)));
    uint64_t head = wi_load(&from->head, ACQUIRE);
    uint64_t claimed;
    uint32_t first, count;
    do {
        first = runq_real_of(head);
        if (runq_steal_of(head) != first)
            return NULL;
        count = wi_load(&from->tail, ACQUIRE) - first;
        if (count == 0)
            return NULL;
        count -= count / 2;
        if (count > RUNQ_CAP / 2)
            count = RUNQ_CAP / 2; /* this head is older than this tail: the compare-and-swap will fail */
        if (count > room + 1)
            count = room + 1;
        claimed = runq_head(first, first + count);
    } while (!wi_cas(&from->head, &head, claimed, ACQ_REL));

    struct weir_task *task = wi_load(&from->slots[first % RUNQ_CAP], RELAXED);
    for (uint32_t i = 1; i < count; i++) {
        struct weir_task *moved = wi_load(&from->slots[(first + i) % RUNQ_CAP], RELAXED);
        wi_store(&to->slots[(to_tail + i - 1) % RUNQ_CAP], moved, RELAXED);
    }
    give_slots_back(from, claimed);
    if (count > 1)
        wi_store(&to->tail, to_tail + count - 1, RELEASE);
    *ret_stolen = count;
    return task;
}
