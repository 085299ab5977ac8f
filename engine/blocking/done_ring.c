/* done_ring.c - results on their way back, and their delivery. */
#include "done_ring.h"

#include <stdlib.h>

#include "job.h"

int done_ring_init(struct done_ring *ring, uint32_t count)
{
    uint32_t capacity = DONE_BATCH;
    while (capacity < count)
        capacity *= 2;
    *ring = (struct done_ring){ .mask = capacity - 1 };
    ring->entries = malloc(capacity * sizeof *ring->entries);
    return ring->entries == NULL ? -ENOMEM : 0;
}

void done_ring_fini(struct done_ring *ring)
{
    free(ring->entries);
}

unsigned done_ring_reap(struct done_ring *ring)
{
    if (!done_ring_has(ring) || !wi_lock_try(&ring->reap_lock))
        return 0;
    struct done_entry batch[DONE_BATCH];
    const uint32_t head = wi_load(&ring->head, RELAXED);
    uint32_t count = wi_load(&ring->tail, ACQUIRE) - head;
    if (count > DONE_BATCH)
        count = DONE_BATCH;
    for (uint32_t i = 0; i < count; i++)
        batch[i] = ring->entries[(head + i) & ring->mask];
    wi_store(&ring->head, head + count, RELEASE);
    wi_unlock(&ring->reap_lock);

    for (uint32_t i = 0; i < count; i++)
        wi_job_finish(batch[i].job, batch[i].output);
    return count;
}
