/*
 * op_stack.h - operations that many hand to one: each pushes, the one takes all at once.
 *
 * A stack after R. K. Treiber (Systems Programming: Coping with Parallelism, 1986). Nobody pops a single one, so that
 * an operation that comes back in between does no harm.
 */
#ifndef WI_OP_STACK_H
#define WI_OP_STACK_H

#include <stdatomic.h>
#include <stddef.h>

#include "op.h"

/*
 * Pushes first..last, which are linked by `next`. Sequentially consistent: who pushes and then looks whether the one
 * that takes is asleep isn't missed by one that goes to sleep and then looks here.
 */
static inline void op_stack_push(_Atomic(struct op *) *head, struct op *first, struct op *last)
{
    struct op *old = atomic_load_explicit(head, memory_order_relaxed);
    do
        last->next = old;
    while (!atomic_compare_exchange_weak_explicit(head, &old, first, memory_order_seq_cst, memory_order_relaxed));
}

/* All of it, first come first. */
static inline struct op *op_stack_take(_Atomic(struct op *) *head)
{
    if (atomic_load_explicit(head, memory_order_relaxed) == NULL)
        return NULL;
    struct op *in_order = NULL;
    struct op *op = atomic_exchange_explicit(head, NULL, memory_order_acquire);
    while (op != NULL) {
        struct op *next = op->next;
        op->next = in_order;
        in_order = op;
        op = next;
    }
    return in_order;
}

#endif
