/* permit.c - owned permits, taken together and apart. */
#include <weir/semaphore.h>

int weir_permit_merge(weir_permit *into, weir_permit *from)
{
    if (from->semaphore == NULL)
        return 0;
    if (into->semaphore == NULL) {
        *into = *from;
        *from = (weir_permit){ 0 };
        return 0;
    }
    if (into->semaphore != from->semaphore || into == from)
        return -EINVAL;
    if (into->count > UINT32_MAX - from->count)
        return -EOVERFLOW;
    into->count += from->count;
    from->count = 0;
    weir_permit_forget(from); /* a reference less, and nothing to give back */
    return 0;
}

int weir_permit_split(weir_permit *permit, uint32_t count, weir_permit *ret_permit)
{
    if (permit->semaphore == NULL || count > permit->count)
        return -EINVAL;
    permit->count -= count;
    *ret_permit = (weir_permit){ .semaphore = weir_semaphore_ref(permit->semaphore), .count = count };
    return 0;
}
