/* piece_take.h - weir_cut.find() for stages that take pieces of any bytes. */
#ifndef PIECE_TAKE_H
#define PIECE_TAKE_H

#include <weir/stage.h>

/* Takes up to the end of a piece of `size` bytes, of which `*taken` were seen before. */
static inline int piece_take(weir_flow *flow, uint64_t *taken, uint64_t size)
{
    const uint64_t left = size - *taken, there = flow->in_size - flow->in_pos;
    const uint64_t count = there < left ? there : left;
    flow->in_pos += (size_t)count;
    *taken += count;
    if (*taken < size)
        return WEIR_WANT_INPUT;
    *taken = 0;
    return WEIR_WANT_NOTHING;
}

#endif
