/* prefetch.h - asks for a cache line before it is needed. */
#ifndef WI_PREFETCH_H
#define WI_PREFETCH_H

static inline void wi_prefetch_read(const void *ptr)
{
    __builtin_prefetch(ptr, 0);
}

/* For a line that another core has and this one is about to write. */
static inline void wi_prefetch_write(const void *ptr)
{
#if defined(__x86_64__)
    /* gcc makes a fetch for reading of its builtin unless it may assume this instruction; where there is none it does
     * nothing. */
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)ptr));
#else
    __builtin_prefetch(ptr, 1);
#endif
}

#endif
