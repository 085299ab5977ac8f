/*
 * stdatomic.h - the atomics of io/, which knows base/atomic.h not: for a model they go to the explorer, too.
 *
 * Only what io/op.c and io/ready_source.c ask for.
 */
#ifndef MODEL_STDATOMIC_H
#define MODEL_STDATOMIC_H

#include "base/atomic.h"

#define _Atomic(type) type

enum { memory_order_relaxed, memory_order_acquire, memory_order_release, memory_order_acq_rel, memory_order_seq_cst };

#define MODEL_VALUE_(ptr, value) ((__typeof__(*(ptr) + 0))(value))
#define MODEL_WORD_(ptr) ((void *)(uintptr_t)(ptr)), sizeof *(ptr)

#define atomic_load_explicit(ptr, order) ((void)(order), MODEL_VALUE_(ptr, wi_model_load(MODEL_WORD_(ptr))))
#define atomic_store_explicit(ptr, value, order) \
    wi_model_store(MODEL_WORD_(ptr), (uint64_t)(value), (order) == memory_order_seq_cst)
#define atomic_exchange_explicit(ptr, value, order) \
    ((void)(order), MODEL_VALUE_(ptr, wi_model_rmw(MODEL_WORD_(ptr), 'x', (uint64_t)(value))))
#define atomic_fetch_add_explicit(ptr, value, order) \
    ((void)(order), MODEL_VALUE_(ptr, wi_model_rmw(MODEL_WORD_(ptr), '+', (uint64_t)(value))))
#define atomic_fetch_and_explicit(ptr, value, order) \
    ((void)(order), MODEL_VALUE_(ptr, wi_model_rmw(MODEL_WORD_(ptr), '&', (uint64_t)(value))))
#define atomic_fetch_or_explicit(ptr, value, order) \
    ((void)(order), MODEL_VALUE_(ptr, wi_model_rmw(MODEL_WORD_(ptr), '|', (uint64_t)(value))))
#define atomic_compare_exchange_strong_explicit(ptr, expected, desired, order, failed_order) \
    ((void)(order), (void)(failed_order), wi_model_cas(MODEL_WORD_(ptr), (expected), (uint64_t)(desired)))
/* One that fails for no reason is tried again at once: nothing that a model would learn from. */
#define atomic_compare_exchange_weak_explicit atomic_compare_exchange_strong_explicit

#endif
