/* write_chunk.c - a chunk goes to a file, as often as it takes. */
#include "run/write_chunk.h"

#include "run/hole.h"

WEIR_ASYNC_DEFINE(wp_write_chunk)
{
    WEIR_BEGIN
    while (self->done < self->chunk->size) {
        self->size = self->chunk->size - self->done;
        if (self->file->is_sparse) {
            self->done += wp_hole_skip(&self->file->output, self->chunk->data + self->done, self->size);
            self->size =
                wp_hole_before(&self->file->output, self->chunk->data + self->done, self->chunk->size - self->done);
        }
        if (self->size == 0) { /* it ends in a hole */
            self->output = wp_hole_close(&self->file->output);
            if (self->output < 0)
                RETURN(self->output);
            continue;
        }
        if (wp_cached_write_is_due(&self->file->cache)) {
            self->written = wp_cached_write(&self->file->cache, self->file->output.fd, self->chunk->data + self->done,
                                            self->size, self->file->output.offset);
        } else {
            self->write = weir_write_at(self->file->output.fd, self->chunk->data + self->done, self->size,
                                        self->file->output.offset, wp_held_file_hold(self->file, self->chunk));
            self->limit = wp_patience_limit(self->node);
            AWAIT(self->which, weir_select_biased(self->write, self->limit));
            if (self->which.output == 1)
                RETURN(-ETIMEDOUT); /* and no other try: the kernel still has this one */
            self->written = self->write.output;
        }
        if (self->written > 0) {
            self->done += (size_t)self->written;
            self->patience.tries = 0;
            if (self->file->output.offset != UINT64_MAX)
                self->file->output.offset += (uint64_t)self->written;
            continue;
        }
        self->output = self->written < 0 ? (int)self->written : -EIO; /* none of it could go on for ever */
        if (!wp_patience_again(&self->patience, self->node, self->output))
            RETURN(self->output);
        AWAIT(self->nap, wp_patience_nap(&self->patience));
    }
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}
