/* slab.c - cells of few sizes, cut from chunks. */
#include "slab.h"

#include <stdlib.h>

#include <weir/base.h>

#define CHUNK_BYTES (64u * 1024)

struct slab_chunk {
    struct slab_chunk *next;
    size_t cell_size;
    size_t cells;
    char memory[];
};

struct slab_large {
    struct slab_large *next;
    struct slab_large **link; /* what points at us */
    _Alignas(16) char cell[];
};

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_POISON 1
#endif
#endif

/* A free cell may be touched in its two words only: a use after free is a report and not a riddle. */
#ifdef SLAB_POISON
#include <sanitizer/asan_interface.h>
static void poison(void *cell, size_t size)
{
    ASAN_POISON_MEMORY_REGION((char *)cell + sizeof(struct slab_cell), size - sizeof(struct slab_cell));
}
static void unpoison(void *cell, size_t size)
{
    ASAN_UNPOISON_MEMORY_REGION(cell, size);
}
#else
static void poison(void *cell, size_t size)
{
    (void)cell;
    (void)size;
}
static void unpoison(void *cell, size_t size)
{
    (void)cell;
    (void)size;
}
#endif

static size_t class_of(size_t size)
{
    return (size - 1) >> SLAB_CLASS_SHIFT;
}

static size_t class_size(size_t class)
{
    return (class + 1) << SLAB_CLASS_SHIFT;
}

struct slab *wi_slab_create(size_t size)
{
    return calloc(1, size);
}

static void destroy(struct slab *slab)
{
    while (slab->chunks != NULL) {
        struct slab_chunk *chunk = slab->chunks;
        slab->chunks = chunk->next;
        unpoison(chunk->memory, chunk->cells * chunk->cell_size);
        free(chunk);
    }
    free(slab);
}

/* Called with the lock held; gives it up. `home` cells have come back: once the runtime is gone the last one frees it
 * all. */
static void unlock_and_leave(struct slab *slab, size_t home)
{
    if (slab->closed)
        slab->users -= home;
    const bool last = slab->closed && slab->users == 0;
    wi_unlock(&slab->lock);
    if (last)
        destroy(slab);
}

static void count_live(void *cell, void *arg)
{
    (void)cell;
    (*(size_t *)arg)++;
}

void wi_slab_close(struct slab *slab)
{
    wi_lock(&slab->lock);
    wi_slab_each(slab, count_live, &slab->users);
    slab->closed = true;
    unlock_and_leave(slab, 0);
}

/* Cuts a new chunk of `class` into the depot. */
static bool refill_locked(struct slab *slab, size_t class)
{
    const size_t size = class_size(class);
    struct slab_chunk *chunk = malloc(sizeof *chunk + CHUNK_BYTES);
    if (chunk == NULL)
        return false;
    chunk->cell_size = size;
    chunk->cells = CHUNK_BYTES / size;
    chunk->next = slab->chunks;
    slab->chunks = chunk;
    for (size_t i = chunk->cells; i-- > 0;) {
        struct slab_cell *cell = (struct slab_cell *)(void *)(chunk->memory + i * size);
        cell->live = NULL;
        cell->next = slab->depot[class];
        slab->depot[class] = cell;
        poison(cell, size);
    }
    return true;
}

static void *alloc_large(struct slab *slab, size_t size)
{
    struct slab_large *large = malloc(sizeof *large + size);
    if (large == NULL)
        return NULL;
    wi_lock(&slab->lock);
    large->next = slab->large;
    large->link = &slab->large;
    if (large->next != NULL)
        large->next->link = &large->next;
    slab->large = large;
    wi_unlock(&slab->lock);
    return large->cell;
}

void *wi_slab_alloc(struct slab *slab, struct slab_cache *cache, size_t size)
{
    if (size > SLAB_CELL_MAX)
        return alloc_large(slab, size);
    const size_t class = class_of(size);
    struct slab_stack none = { 0 };
    struct slab_stack *stack = cache != NULL ? &cache->classes[class] : &none;
    if (weir_unlikely(stack->top == NULL)) {
        wi_lock(&slab->lock);
        const unsigned wanted = cache != NULL ? SLAB_BATCH : 1;
        while (stack->count < wanted && (slab->depot[class] != NULL || refill_locked(slab, class))) {
            struct slab_cell *cell = slab->depot[class];
            slab->depot[class] = cell->next;
            cell->next = stack->top;
            stack->top = cell;
            stack->count++;
        }
        wi_unlock(&slab->lock);
        if (stack->top == NULL)
            return NULL;
    }
    struct slab_cell *cell = stack->top;
    stack->top = cell->next;
    stack->count--;
    unpoison(cell, class_size(class));
    return cell;
}

/* Moves `count` cells of a stack to the depot. */
static void give_back(struct slab *slab, size_t class, struct slab_stack *stack, unsigned count)
{
    wi_lock(&slab->lock);
    for (unsigned i = 0; i < count; i++) {
        struct slab_cell *cell = stack->top;
        stack->top = cell->next;
        stack->count--;
        cell->next = slab->depot[class];
        slab->depot[class] = cell;
    }
    unlock_and_leave(slab, count);
}

static void free_large(struct slab *slab, void *memory)
{
    struct slab_large *large = weir_container_of(memory, struct slab_large, cell);
    wi_lock(&slab->lock);
    *large->link = large->next;
    if (large->next != NULL)
        large->next->link = large->link;
    unlock_and_leave(slab, 1);
    free(large);
}

void wi_slab_free(struct slab *slab, struct slab_cache *cache, void *memory, size_t size)
{
    if (size > SLAB_CELL_MAX) {
        free_large(slab, memory);
        return;
    }
    const size_t class = class_of(size);
    struct slab_cell *cell = memory;
    struct slab_stack none = { 0 };
    struct slab_stack *stack = cache != NULL ? &cache->classes[class] : &none;
    cell->live = NULL;
    cell->next = stack->top;
    stack->top = cell;
    stack->count++;
    poison(cell, class_size(class));
    if (cache == NULL)
        give_back(slab, class, stack, 1);
    else if (weir_unlikely(stack->count >= 4 * SLAB_BATCH))
        give_back(slab, class, stack, 2 * SLAB_BATCH);
}

void wi_slab_cache_flush(struct slab *slab, struct slab_cache *cache)
{
    for (size_t class = 0; class < SLAB_CLASSES; class ++)
        if (cache->classes[class].count > 0)
            /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cells still in the cache keep the slab */
            give_back(slab, class, &cache->classes[class], cache->classes[class].count);
}

void wi_slab_each(struct slab *slab, void (*fn)(void *cell, void *arg), void *arg)
{
    for (struct slab_chunk *chunk = slab->chunks; chunk != NULL; chunk = chunk->next)
        for (size_t i = 0; i < chunk->cells; i++) {
            struct slab_cell *cell = (struct slab_cell *)(void *)(chunk->memory + i * chunk->cell_size);
            if (cell->live != NULL)
                fn(cell, arg);
        }
    for (struct slab_large *large = slab->large, *next; large != NULL; large = next) {
        next = large->next; /* fn may free it */
        fn(large->cell, arg);
    }
}
