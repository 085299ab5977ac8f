/* expand_limit.c - how much a decoder may make of its input. */
#include "expand_limit.h"

#include <inttypes.h>

int expand_limit_add(struct expand_limit *self, weir_flow *flow, uint64_t in, uint64_t out)
{
    self->in += in;
    self->out += out;
    if (self->max > 0 && self->out > (uint64_t)self->max)
        return weir_flow_fail(flow, -EFBIG, "the output is larger than max=%" PRId64 " allows", self->max);
    if (self->max_ratio > 0 && self->out > EXPAND_RATIO_FREE &&
        (self->out - EXPAND_RATIO_FREE) / (uint64_t)self->max_ratio > self->in)
        return weir_flow_fail(flow, -EFBIG, "the output is more than %" PRId64 " times the input (max_ratio)",
                              self->max_ratio);
    return 0;
}
