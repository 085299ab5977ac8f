/* read_block.c - a block of a file into a chunk. */
#include "nodes/read_block.h"

#include <weir/select.h>
#include <weir/time.h>

#include "run/memory_file.h"
#include "run/stop.h"

WEIR_ASYNC_DEFINE(wp_read_block)
{
    WEIR_BEGIN
    if (self->file->is_memory)
        RETURN(wp_stop_is_asked(self->node)
                   ? -ECANCELED
                   : wp_memory_file_read(self->file->output.fd, self->chunk->data, self->block, self->offset));
    for (;;) {
        self->stopped = wp_stop_wait(self->node);
        self->read = weir_read_at(self->file->output.fd, self->chunk->data, self->block, self->offset,
                                  wp_held_file_hold(self->file, self->chunk));
        self->limit = wp_patience_limit(self->node);
        AWAIT(self->which, weir_select_biased(self->stopped, self->read, self->limit));
        if (self->which.output == 2)
            RETURN(-ETIMEDOUT); /* and no other try: the kernel still has this one */
        self->output = self->which.output == 1 ? self->read.output : -ECANCELED;
        if (!wp_patience_again(&self->patience, self->node, self->output))
            break;
        AWAIT(self->nap, wp_patience_nap(&self->patience));
    }
    WEIR_FINALLY
    WEIR_END
}
