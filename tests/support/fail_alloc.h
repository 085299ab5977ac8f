/*
 * fail_alloc.h - memory, or a thread, that can't be had: the nth time somebody asks, or from then on.
 *
 *     WRAPS: malloc calloc realloc aligned_alloc posix_memalign free mmap munmap pthread_create
 *     WRAPS: strdup strndup realpath asprintf
 *
 * in lines of a test's head makes every such call of ours (not of libraries) come
 * here. What was given and not given back is known, piece by piece.
 */
#ifndef FAIL_ALLOC_H
#define FAIL_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* From now on: the nth request fails, counted from 1 (0: none); with `lasting`, so do all that follow. */
void fail_alloc_arm(long nth, bool lasting);
/* All succeed again. Returns how many requests there were since, failed ones included. */
long fail_alloc_disarm(void);

/* Pieces of memory, and mappings, that are out. */
size_t fail_alloc_outstanding(void);
/* For debugging: the sizes of what was given out since the call before, and is still out. */
void fail_alloc_print(void);

#endif
