/* direct.c - one large file past the page cache, on the ring of the worker that polls. */
#include "hash/direct.h"

#include <unistd.h>

/* Nothing in it is kept in the cache, and nothing is copied; the kernel reads straight into the chunks. */
static bool set_direct(int fd, bool on)
{
    const int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

static bool take_chunks(struct hash_direct *self)
{
    for (unsigned i = 0; i < DIRECT_DEPTH; i++)
        if ((self->chunks[i] = weir_chunk_try_get(DIRECT_BLOCK_BYTES)) == NULL)
            return false;
    return true;
}

/* The file stays open until the kernel has let go of it. */
static weir_io_hold hold_large(struct large *large)
{
    return (weir_io_hold){ wp_large_unref, wp_large_ref(large) };
}

/* Its first poll hands the read over: from then on it runs beside the others. */
static void start_read(struct hash_direct *self, weir_cx *cx, unsigned slot, uint64_t block)
{
    self->reads[slot] =
        weir_read_chunk_at(self->large->fd, self->chunks[slot], block * DIRECT_BLOCK_BYTES, hold_large(self->large));
    self->ready[slot] = weir_future_poll(WEIR_HEAD(self->reads[slot]), cx) == WEIR_READY;
    if (self->ready[slot])
        WEIR_HEAD(self->reads[slot])->line = WEIR_AT_DONE;
}

WEIR_ASYNC_DEFINE(hash_direct)
{
    WEIR_BEGIN
    if (!take_chunks(self) || !set_direct(self->large->fd, true))
        RETURN(-EOPNOTSUPP);
    for (unsigned i = 0; i < DIRECT_DEPTH; i++)
        start_read(self, cx, i, i);
    for (self->block = 0; !self->large->ended; self->block++) {
        self->slot = self->block % DIRECT_DEPTH;
        if (!self->ready[self->slot])
            AWAIT_SLOT(self->reads[self->slot]);
        if (self->block == 0 && self->reads[0].output == -EINVAL) {
            (void)set_direct(self->large->fd, false);
            RETURN(-EOPNOTSUPP);
        }
        wp_large_add(self->large, self->chunks[self->slot]->data, self->reads[self->slot].output, DIRECT_BLOCK_BYTES);
        start_read(self, cx, self->slot, self->block + DIRECT_DEPTH);
    }
    RETURN(0);
    WEIR_FINALLY
    for (unsigned i = 0; i < DIRECT_DEPTH; i++) {
        weir_drop(self->reads[i]);
        weir_chunk_put(self->chunks[i]);
    }
    WEIR_END
}
