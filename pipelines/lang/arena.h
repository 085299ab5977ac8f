/*
 * arena.h - memory that is taken piece by piece and given back at once: for trees.
 *
 * Zero it to begin. When there is no memory wp_arena_alloc() returns NULL and
 * `failed` stays set, so that who built a tree of many pieces may look once, at
 * the end, as long as it never uses a piece it didn't get.
 */
#ifndef WP_ARENA_H
#define WP_ARENA_H

#include <weir/base.h>

struct arena {
    struct arena_block *blocks;
    char *at;
    size_t left;
    bool failed;
    struct arena_end *ends;
};

/* Zeroed, aligned for anything. */
void *wp_arena_alloc(struct arena *arena, size_t size);
/* A copy with a NUL behind it. */
char *wp_arena_copy(struct arena *arena, const char *data, size_t size);
/* At wp_arena_fini() `end` is called with `thing`, the last one first. No memory: it is called at once, and false. */
bool wp_arena_at_end(struct arena *arena, void (*end)(void *thing), void *thing);
void wp_arena_fini(struct arena *arena);

#define wp_arena_new(arena, type) ((type *)wp_arena_alloc((arena), sizeof(type)))

#endif
