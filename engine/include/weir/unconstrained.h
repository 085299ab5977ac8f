/*
 * unconstrained.h - a future that isn't made to yield.
 *
 * For the few whose latency counts more than their neighbours': one that is
 * always ready keeps its worker as long as it likes.
 */
#ifndef WEIR_UNCONSTRAINED_H
#define WEIR_UNCONSTRAINED_H

#include <weir/combine.h>

/*
 * weir_unconstrained() - await the future in *slot without a cooperative budget.
 *
 * Resolves when that future is ready. The field is a weir_unconstrained_future,
 * with _local_, _lossy_ or _local_lossy_ after weir as *slot is.
 *
 * Ownership:   owns what is in the slot: drops it when it is itself dropped.
 * Cancel safe: as *slot is.
 */
#define weir_unconstrained(slot_ptr)                                                       \
    WEIR_COMBINATOR_(unconstrained, WEIR_IS_SEND(*(slot_ptr)), WEIR_IS_LOSSY(*(slot_ptr)), \
                     weir_unconstrained_frame(WEIR_HEAD(*(slot_ptr))))

WEIR_COMBINATOR_TYPES_(unconstrained, weir_unit output; weir_future * inner;);
WEIR_MUST_USE weir_unconstrained_future weir_unconstrained_frame(weir_future *inner);

#endif
