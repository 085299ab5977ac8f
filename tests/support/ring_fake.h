/*
 * ring_fake.h - a ring without a kernel behind it: order, delays, results and errors as a test or its seed wants them.
 *
 * Operations are done by plain system calls at the moment they "finish", or not
 * at all. Its own calls are counted.
 */
#ifndef RING_FAKE_H
#define RING_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../io/ring.h"

struct ring_fake_options {
    uint64_t seed;       /* 0: first come first, at the next reap */
    unsigned delay_max;  /* with a seed: an op stays away for up to this many reaps */
    unsigned bytes_max;  /* reads and writes move no more than this at once; 0: no limit */
    unsigned fail_every; /* every nth op fails with fail_error instead of being done; 0: none */
    int fail_error;
    bool manual; /* ops finish by ring_fake_finish(), cancels and destroy only */
};

struct ring_fake_counts {
    unsigned pushes, flushes, cancels, wakes, destroyed;
};

/* `counts` may be NULL; it must outlive the ring. 0 or -ENOMEM. */
int ring_fake_create(const struct ring_fake_options *options, struct ring_fake_counts *counts, struct ring **ret_ring);

/* Manual: the `index`th op in flight, oldest first; NULL past the last. */
struct op *ring_fake_op(struct ring *ring, unsigned index);
/* Manual: it finishes, with `result`, at the next reap. */
void ring_fake_finish(struct ring *ring, struct op *op, int64_t result);
/* Manual: it is done, by plain system calls, at the next reap. */
void ring_fake_run(struct ring *ring, struct op *op);

#endif
