/*
 * expand_limit.h - how much a decoder may make of its input: what a bomb runs into.
 *
 * The options are `max`, in bytes, and `max_ratio`, in bytes of output a byte of
 * input. The first MiB is free of the ratio: small inputs may be nothing but zeros.
 */
#ifndef EXPAND_LIMIT_H
#define EXPAND_LIMIT_H

#include <weir/stage.h>

#define EXPAND_RATIO_FREE ((uint64_t)1 << 20)

struct expand_limit {
    int64_t max, max_ratio; /* options; 0: none */
    uint64_t in, out;       /* so far */
};

/* Rows of a decoder's table, for the `struct expand_limit` at `offset` of its state. */
#define EXPAND_LIMIT_OPTS(offset_)                                                                                 \
    { "max",         "bytes of output at most; 0 is no bound",                                                     \
      WEIR_OPT_SIZE, (offset_) + offsetof(struct expand_limit, max),                                               \
      .min = 0,      .max = INT64_MAX },                                                                           \
    {                                                                                                              \
        "max_ratio", "bytes of output a byte of input at most, beyond the first MiB; 0 is no bound", WEIR_OPT_INT, \
            (offset_) + offsetof(struct expand_limit, max_ratio), .min = 0, .max = 1 << 30                         \
    }

/* The decoder took `in` bytes and made `out` more. 0, or what weir_flow_fail() said. */
int expand_limit_add(struct expand_limit *self, weir_flow *flow, uint64_t in, uint64_t out);

static inline void expand_limit_reset(struct expand_limit *self)
{
    self->in = self->out = 0;
}

#endif
