/* emit.h - goes along behind the lanes, in order, and writes. */
#ifndef WP_EMIT_H
#define WP_EMIT_H

#include <weir/io.h>
#include <weir/notify.h>

#include "hash/hashing.h"
#include "run/run.h"

/*
 * Emits every file of the job's tree, to the output or into an edge. Resolves to 0,
 * or a negative errno of the output; of an edge -EPIPE: nobody wants more. Cancel safe; what is written of a file
 * output goes with it.
 */
WEIR_ASYNC_DECLARE(hash_emit, int, struct job *job; weir_notify_wait_future wait; weir_write write; size_t written;
                   weir_chunk_get_future get; struct wp_edge_send send; bool more; bool end;
                   uint64_t lap_ns; int error;);

#endif
