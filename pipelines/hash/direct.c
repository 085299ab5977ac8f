/* direct.c - one large file past the page cache, on the ring of the worker that polls. */
#include "hash/direct.h"

#include "hash/whole.h"

/* One chunk for all blocks: that large it lies in huge pages, and the device gets few pieces to fill. */
static bool take_blocks(struct kit *kit)
{
    if (kit->blocks == NULL)
        kit->blocks = weir_chunk_try_get((size_t)DIRECT_DEPTH * DIRECT_BLOCK_BYTES);
    return kit->blocks != NULL;
}

static uint8_t *block_of(const struct large *large, unsigned slot)
{
    return large->kit->blocks->data + (size_t)slot * DIRECT_BLOCK_BYTES;
}

/* The file and the blocks stay until the kernel has let go of them. */
static weir_io_hold hold_large(struct large *large)
{
    return (weir_io_hold){ wp_large_unref, wp_large_ref(large) };
}

/* Its first poll hands the read over: from then on it runs beside the others. */
static void start_read(struct hash_direct *self, weir_cx *cx, unsigned slot, uint64_t block)
{
    self->reads[slot] = weir_read_at(self->large->fd, block_of(self->large, slot), DIRECT_BLOCK_BYTES,
                                     block * DIRECT_BLOCK_BYTES, hold_large(self->large));
    self->ready[slot] = weir_future_poll(WEIR_HEAD(self->reads[slot]), cx) == WEIR_READY;
    if (self->ready[slot])
        WEIR_HEAD(self->reads[slot])->line = WEIR_AT_DONE;
}

WEIR_ASYNC_DEFINE(hash_direct)
{
    WEIR_BEGIN
    if (!take_blocks(self->large->kit) || !wp_set_direct(self->large->fd, true))
        RETURN(-EOPNOTSUPP);
    for (unsigned i = 0; i < DIRECT_DEPTH; i++)
        start_read(self, cx, i, i);
    for (self->block = 0; !self->large->ended; self->block++) {
        self->slot = self->block % DIRECT_DEPTH;
        self->lap_ns = wp_lap_now();
        if (!self->ready[self->slot])
            AWAIT_SLOT(self->reads[self->slot]);
        wp_lap_wait(&self->lap_ns, &self->large->job->counters->read_ns, "read", self, WEIR_TRACE_FOR_IO);
        if (self->block == 0 && self->reads[0].output == -EINVAL) {
            (void)wp_set_direct(self->large->fd, false);
            RETURN(-EOPNOTSUPP);
        }
        wp_large_add(self->large, block_of(self->large, self->slot), self->reads[self->slot].output,
                     DIRECT_BLOCK_BYTES);
        start_read(self, cx, self->slot, self->block + DIRECT_DEPTH);
    }
    RETURN(0);
    WEIR_FINALLY
    for (unsigned i = 0; i < DIRECT_DEPTH; i++)
        weir_drop(self->reads[i]);
    WEIR_END
}
