/* fuzz.h - what targets have in common. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): that it holds is what the target is for, in a release build, too. */
static inline void must(bool holds)
{
    if (!holds)
        abort();
}

/* Memory of exactly that size: a look past its end is seen. */
static inline char *fuzz_copy(const void *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

#endif
