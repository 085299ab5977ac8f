/* item.h - copies a value whose size is only known at run time: a word or two as a rule. */
#ifndef WI_ITEM_H
#define WI_ITEM_H

#include <stddef.h>
#include <string.h>

/* `from` may be NULL when there is nothing to copy. */
static inline void item_copy(void *to, const void *from, size_t size)
{
    if (size == 8) /* a pointer: two instructions instead of a call */
        memcpy(to, from, 8);
    else if (size == 16)
        memcpy(to, from, 16);
    else if (size != 0)
        memcpy(to, from, size);
}

#endif
