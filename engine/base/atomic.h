/*
 * atomic.h - the only way the engine touches a word that threads share.
 *
 * wi_load(&x, ACQUIRE), wi_store(&x, v, RELEASE), wi_cas(&x, &expected, v, ACQ_REL), ...
 *
 * A build with WI_MODEL sends every access to the interleaving explorer
 * (tests/model/), which decides there which thread goes next: what isn't
 * touched through this header is not checked.
 */
#ifndef WI_ATOMIC_H
#define WI_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#ifndef WI_MODEL

#define wi_load(ptr, order) __atomic_load_n((ptr), __ATOMIC_##order)
#define wi_store(ptr, value, order) __atomic_store_n((ptr), (value), __ATOMIC_##order)
#define wi_xchg(ptr, value, order) __atomic_exchange_n((ptr), (value), __ATOMIC_##order)
#define wi_fetch_add(ptr, value, order) __atomic_fetch_add((ptr), (value), __ATOMIC_##order)
#define wi_fetch_sub(ptr, value, order) __atomic_fetch_sub((ptr), (value), __ATOMIC_##order)
#define wi_fetch_or(ptr, value, order) __atomic_fetch_or((ptr), (value), __ATOMIC_##order)
#define wi_fetch_and(ptr, value, order) __atomic_fetch_and((ptr), (value), __ATOMIC_##order)
/* Strong. On failure *expected is what was there. */
#define wi_cas(ptr, expected, desired, order) \
    __atomic_compare_exchange_n((ptr), (expected), (desired), false, __ATOMIC_##order, __ATOMIC_ACQUIRE)
#define wi_fence(order) __atomic_thread_fence(__ATOMIC_##order)

#if defined(__x86_64__) || defined(__i386__)
#define wi_relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define wi_relax() __asm__ volatile("yield")
#else
#define wi_relax() ((void)0)
#endif

#else

/* Each hook is told whether the access may sit in a store buffer (see tests/model/explorer.h). */
uint64_t wi_model_load(const void *ptr, unsigned size);
void wi_model_store(void *ptr, unsigned size, uint64_t value, bool seq_cst);
uint64_t wi_model_rmw(void *ptr, unsigned size, char op, uint64_t value);
bool wi_model_cas(void *ptr, unsigned size, void *expected, uint64_t desired);
void wi_model_fence(bool seq_cst);
void wi_model_relax(void);

#define WI_MODEL_SEQ_RELAXED 0
#define WI_MODEL_SEQ_ACQUIRE 0
#define WI_MODEL_SEQ_RELEASE 0
#define WI_MODEL_SEQ_ACQ_REL 0
#define WI_MODEL_SEQ_SEQ_CST 1

#define wi_load(ptr, order) ((__typeof__(*(ptr)))wi_model_load((ptr), sizeof *(ptr)))
#define wi_store(ptr, value, order) wi_model_store((ptr), sizeof *(ptr), (uint64_t)(value), WI_MODEL_SEQ_##order)
#define wi_xchg(ptr, value, order) ((__typeof__(*(ptr)))wi_model_rmw((ptr), sizeof *(ptr), 'x', (uint64_t)(value)))
#define wi_fetch_add(ptr, value, order) ((__typeof__(*(ptr)))wi_model_rmw((ptr), sizeof *(ptr), '+', (uint64_t)(value)))
#define wi_fetch_sub(ptr, value, order) ((__typeof__(*(ptr)))wi_model_rmw((ptr), sizeof *(ptr), '-', (uint64_t)(value)))
#define wi_fetch_or(ptr, value, order) ((__typeof__(*(ptr)))wi_model_rmw((ptr), sizeof *(ptr), '|', (uint64_t)(value)))
#define wi_fetch_and(ptr, value, order) ((__typeof__(*(ptr)))wi_model_rmw((ptr), sizeof *(ptr), '&', (uint64_t)(value)))
#define wi_cas(ptr, expected, desired, order) wi_model_cas((ptr), sizeof *(ptr), (expected), (uint64_t)(desired))
#define wi_fence(order) wi_model_fence(WI_MODEL_SEQ_##order)
#define wi_relax() wi_model_relax()

#endif
#endif
