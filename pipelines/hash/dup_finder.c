/* dup_finder.c - the life of what the phases of a search for duplicates share. */
#include "hash/dup_finder.h"

#include <stdlib.h>

int wp_dup_finder_create(uint32_t digest_size, struct dup_finder **ret_finder)
{
    struct dup_finder *finder = calloc(1, sizeof *finder);
    if (finder == NULL)
        return -ENOMEM;
    finder->refs = 1;
    wp_sieve_init(&finder->sieve);
    finder->files.digest_size = finder->heads.digest_size = digest_size;
    *ret_finder = finder;
    return 0;
}

struct dup_finder *wp_dup_finder_ref(struct dup_finder *finder)
{
    (void)__atomic_fetch_add(&finder->refs, 1, __ATOMIC_RELAXED);
    return finder;
}

void wp_dup_finder_unref(struct dup_finder *finder)
{
    if (finder == NULL || __atomic_fetch_sub(&finder->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    wp_sieve_fini(&finder->sieve);
    wp_dup_files_fini(&finder->files);
    wp_dup_files_fini(&finder->heads);
    free(finder->indices);
    free(finder);
}
