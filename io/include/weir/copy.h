/*
 * copy.h - all of one stream into another, or of two into each other.
 */
#ifndef WEIR_COPY_H
#define WEIR_COPY_H

#include <weir/stream.h>

/* One direction. The fields are copy.c's. */
typedef struct weir_copy_way {
    weir_stream *from;
    weir_stream *to;
    weir_io_wait wait;
    uint8_t *buffer;
    size_t begin;
    size_t end;
    int64_t total;
    bool at_end;
    bool done;
    bool shuts_down;
} weir_copy_way;

/*
 * weir_copy() - read `from` to its end and write all of it to `to`, which stays open.
 *
 * Resolves to the bytes copied, or a negative errno.
 *
 * Cancel safe: no: what was read and not written yet is gone. select refuses it.
 */
typedef struct weir_copy_future {
    weir_lossy_future future;
    int64_t output;
    weir_copy_way way;
} weir_copy_future;
WEIR_MUST_USE weir_copy_future weir_copy(weir_stream *from, weir_stream *to);

/*
 * weir_copy_both() - copy `a` to `b` and `b` to `a`, each until it ends; the end
 * of one is passed on by shutting the other's writing side down. A direction that
 * is stuck doesn't hold up the other one.
 *
 * Resolves to 0 when both have ended, or to the first error, and then the other
 * direction is given up. way[0].total and way[1].total are the bytes of a to b and
 * of b to a, in any case.
 *
 * Cancel safe: no, as weir_copy().
 */
typedef struct weir_copy_both_future {
    weir_lossy_future future;
    int64_t output;
    weir_copy_way way[2];
    bool first; /* who is polled first */
} weir_copy_both_future;
WEIR_MUST_USE weir_copy_both_future weir_copy_both(weir_stream *a, weir_stream *b);

#endif
