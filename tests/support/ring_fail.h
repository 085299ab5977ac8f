/*
 * ring_fail.h - a real ring whose operations go wrong: the nth one ends with an error of its kind, or comes short.
 *
 *     struct ring_fail fail = { .make = make_ring, .nth = 3, .error = -EIO };
 *     weir_driver_factory drivers = ring_fail_drivers(&fail);
 *
 * It takes the place of the ring's table of calls, so the ring is the one it was.
 */
#ifndef RING_FAIL_H
#define RING_FAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../io/ring.h"

#define RING_FAIL_SHORT 1 /* instead of an error: a read or write moves half of what it could */

struct ring_fail {
    int (*make)(struct ring **ret_ring);
    uint32_t nth;                        /* counted from 1 over all rings made with this; 0: none fails */
    int error;                           /* a negative errno, or RING_FAIL_SHORT */
    uint32_t kinds;                      /* bits 1 << enum op_kind of what counts; 0: all but OP_CLOSE */
    _Atomic uint32_t seen;               /* such operations so far */
    bool (*is_due)(const struct op *op); /* not NULL: says of each whether it fails, in place of nth and kinds */
};

/* That ring, from now on. 0 or -ENOMEM. */
int ring_fail_wrap(struct ring *ring, struct ring_fail *fail);

weir_driver_factory ring_fail_drivers(struct ring_fail *fail);

#endif
