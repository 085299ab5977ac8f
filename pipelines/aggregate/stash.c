/* stash.c - blocks that grow up to 64 KiB, so that a few groups need little and many need few blocks. */
#include "aggregate/stash.h"

#include <stdlib.h>

#define BLOCK_FIRST ((size_t)2 << 10)
#define BLOCK_MAX ((size_t)64 << 10)

struct stash_block {
    struct stash_block *next;
    _Alignas(8) char memory[];
};

static bool add_block(struct stash *stash, size_t size)
{
    size_t room = stash->bytes < BLOCK_FIRST ? BLOCK_FIRST : stash->bytes < BLOCK_MAX ? stash->bytes : BLOCK_MAX;
    if (room < size)
        room = size;
    struct stash_block *block = malloc(sizeof *block + room);
    if (block == NULL)
        return false;
    block->next = stash->blocks;
    stash->blocks = block;
    stash->at = block->memory;
    stash->left = room;
    stash->bytes += sizeof *block + room;
    return true;
}

void *wp_stash_alloc(struct stash *stash, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + 7) & ~(size_t)7;
    if (size > stash->left && !add_block(stash, size))
        return NULL;
    void *memory = stash->at;
    stash->at += size;
    stash->left -= size;
    return memory;
}

void wp_stash_join(struct stash *stash, struct stash *more)
{
    struct stash_block **last = &more->blocks;
    while (*last != NULL)
        last = &(*last)->next;
    *last = stash->blocks;
    stash->blocks = more->blocks;
    stash->bytes += more->bytes;
    *more = (struct stash){ 0 };
}

void wp_stash_fini(struct stash *stash)
{
    while (stash->blocks != NULL) {
        struct stash_block *block = stash->blocks;
        stash->blocks = block->next;
        free(block);
    }
    *stash = (struct stash){ 0 };
}
