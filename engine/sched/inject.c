/* inject.c - lists under locks, and one word that says which of them hold anything. */
#include "inject.h"

#include <stdlib.h>

#include "base/lock.h"

struct shard {
    _Alignas(64) struct lock lock;
    bool closed;
    uint32_t length; /* written under the lock, read without */
    struct inject_node *first, *last;
};

struct inject {
    _Alignas(64) uint32_t filled; /* bit i: shard i is not empty. Changed under that shard's lock */
    uint32_t turn;                /* where the next pop starts */
    struct shard shards[INJECT_SHARDS];
};

_Thread_local uint32_t wi_inject_home __attribute__((tls_model("initial-exec")));
static uint32_t homes_given;

struct inject *inject_create(void)
{
    struct inject *inject = aligned_alloc(_Alignof(struct inject), sizeof *inject);
    if (inject != NULL)
        *inject = (struct inject){ 0 };
    return inject;
}

void inject_destroy(struct inject *inject)
{
    free(inject);
}

static uint32_t home_shard(void)
{
    if (wi_inject_home == 0)
        wi_inject_home = 1 + wi_fetch_add(&homes_given, 1, RELAXED) % INJECT_SHARDS;
    return (wi_inject_home - 1) % INJECT_SHARDS;
}

inject_pushed inject_push_batch(struct inject *inject, struct inject_node *first, struct inject_node *last,
                                uint32_t count)
{
    const uint32_t index = home_shard();
    struct shard *shard = &inject->shards[index];
    last->next = NULL;
    wi_lock(&shard->lock);
    inject_pushed pushed = INJECT_CLOSED;
    if (!wi_load(&shard->closed, RELAXED)) {
        if (shard->first == NULL)
            shard->first = first;
        else
            shard->last->next = first;
        shard->last = last;
        const uint32_t length = wi_load(&shard->length, RELAXED);
        wi_store(&shard->length, length + count, RELAXED);
        if (length == 0)
            (void)wi_fetch_or(&inject->filled, 1u << index, SEQ_CST);
        pushed = length == 0 ? INJECT_FIRST : INJECT_BEHIND;
    }
    wi_unlock(&shard->lock);
    return pushed;
}

inject_pushed inject_push(struct inject *inject, struct inject_node *node)
{
    return inject_push_batch(inject, node, node, 1);
}

/* Moves up to `max` nodes to *link. Returns the end of the chain, which isn't terminated. */
static struct inject_node **take(struct inject *inject, uint32_t index, struct inject_node **link, uint32_t *max)
{
    struct shard *shard = &inject->shards[index];
    wi_lock(&shard->lock);
    const uint32_t length = wi_load(&shard->length, RELAXED);
    const uint32_t count = length < *max ? length : *max;
    if (count > 0) {
        *link = shard->first;
        if (count == length) {
            link = &shard->last->next;
            shard->first = NULL;
            (void)wi_fetch_and(&inject->filled, ~(1u << index), RELAXED);
        } else {
            for (uint32_t i = 0; i < count; i++)
                link = &(*link)->next;
            shard->first = *link;
        }
        wi_store(&shard->length, length - count, RELAXED);
    }
    wi_unlock(&shard->lock);
    *max -= count;
    return link;
}

struct inject_node *inject_pop_batch(struct inject *inject, uint32_t worker, uint32_t max)
{
    struct inject_node *first = NULL, **link = &first;
    const uint32_t filled = wi_load(&inject->filled, SEQ_CST);
    if (filled == 0)
        return NULL;
    /* Two poppers may get the same turn: it needs to be different often, not always. */
    const uint32_t turn = wi_load(&inject->turn, RELAXED);
    wi_store(&inject->turn, turn + 1, RELAXED);
    for (uint32_t i = 0; i < INJECT_SHARDS && max > 0; i++) {
        const uint32_t index = (turn + worker + i) % INJECT_SHARDS;
        if ((filled & 1u << index) != 0)
            link = take(inject, index, link, &max);
    }
    *link = NULL;
    return first;
}

uint32_t inject_len(const struct inject *inject)
{
    /* Seq_cst: behind the caller's announcement that it will sleep, see runq_len(). */
    const uint32_t filled = wi_load(&inject->filled, SEQ_CST);
    uint32_t length = 0;
    for (uint32_t i = 0; i < INJECT_SHARDS; i++)
        if ((filled & 1u << i) != 0)
            length += wi_load(&inject->shards[i].length, RELAXED);
    return length;
}

void inject_close(struct inject *inject)
{
    for (uint32_t i = 0; i < INJECT_SHARDS; i++) {
        wi_lock(&inject->shards[i].lock);
        wi_store(&inject->shards[i].closed, true, RELAXED);
        wi_unlock(&inject->shards[i].lock);
    }
}
