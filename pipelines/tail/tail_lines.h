/*
 * tail_lines.h - the lines of files that grow, in batches: what the node `tail` does between two awaits.
 */
#ifndef WP_TAIL_LINES_H
#define WP_TAIL_LINES_H

#include <weir/blocking.h>
#include <weir/tail.h>

#include "run/batch.h"
#include "run/run.h"

/* Counted, since a job outlives a node that was dropped. */
struct tailing {
    uint32_t refs;
    struct run_node *node;
    weir_tail *tail;
    size_t max;
    const char *file_field, *offset_field; /* or NULL */
    bool stops;                            /* what is there is read, and nothing more is heard */
    struct batch *batch;
    weir_chunk *chunk;
    weir_tail_file *file; /* that was read last, */
    size_t at, end;       /* which bytes of the chunk are still to be cut, */
    uint64_t offset;      /* and where they lie in it */
    uint64_t long_bytes;  /* of a line that is read on its own */
    const char *shown;    /* the file's name, in the arena of the batch */
    const weir_tail_file *shown_of;
    uint64_t lines; /* that were cut */
};

void wp_tailing_unref(void *tailing); /* takes NULL */

/* What it can't go on without: something to hear, a chunk, a batch sent; or a job. */
enum tail_want { WANT_INPUT, WANT_LOOK, WANT_CHUNK, WANT_READ, WANT_LONG, WANT_SEND };

/* As far as it comes without waiting: what it waits for, or a negative errno that has been told. */
int wp_tailing_work(struct tailing *self);
/* For WANT_LOOK, WANT_READ and WANT_LONG: resolves to 0 or a negative errno that has been told. */
weir_offload_future wp_tailing_job(struct tailing *self, int want);

static inline bool wp_tailing_has_rows(const struct tailing *self)
{
    return self->batch != NULL && self->batch->count > 0;
}

#endif
