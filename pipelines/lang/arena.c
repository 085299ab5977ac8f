/* arena.c - blocks of some KiB, cut from the front. */
#include "lang/arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4000u

struct arena_block {
    struct arena_block *next;
    _Alignas(16) char memory[];
};

void *wp_arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size = (size + 15) & ~(size_t)15;
    if (size > arena->left) {
        const size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        struct arena_block *block = calloc(1, sizeof *block + room);
        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        arena->at = block->memory;
        arena->left = room;
    }
    void *memory = arena->at;
    arena->at += size;
    arena->left -= size;
    return memory;
}

char *wp_arena_copy(struct arena *arena, const char *data, size_t size)
{
    char *copy = wp_arena_alloc(arena, size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    return copy;
}

struct arena_end {
    struct arena_end *next;
    void (*end)(void *thing);
    void *thing;
};

bool wp_arena_at_end(struct arena *arena, void (*end)(void *thing), void *thing)
{
    struct arena_end *entry = wp_arena_new(arena, struct arena_end);
    if (entry == NULL) {
        end(thing);
        return false;
    }
    *entry = (struct arena_end){ .next = arena->ends, .end = end, .thing = thing };
    arena->ends = entry;
    return true;
}

void wp_arena_fini(struct arena *arena)
{
    for (struct arena_end *entry = arena->ends; entry != NULL; entry = entry->next)
        entry->end(entry->thing);
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    *arena = (struct arena){ 0 };
}
