/* futex.h - sleep on a 32-bit word (futex(2)), or on the explorer in a model build. */
#ifndef WI_FUTEX_H
#define WI_FUTEX_H

#include <stdint.h>

/* Sleeps while *word == expected, at most timeout_ns (negative: no limit). Wakes early for no reason at times. */
void wi_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns);
/* Wakes up to `count` sleepers. */
void wi_futex_wake(uint32_t *word, int count);

#endif
