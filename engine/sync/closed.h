/* closed.h - wait until those at the other end of a channel are gone: the same for each channel. */
#ifndef WI_CLOSED_H
#define WI_CLOSED_H

#include "sync/waiters.h"

/*
 * Resolves when *word is `wanted`, which is written under `lock` before those in `queue` are told, all of them. One
 * that was told and finds another value waits again.
 */
weir_closed_future wi_closed(struct lock *lock, struct list *queue, const uint32_t *word, uint32_t wanted);

#endif
