/* slab.c - cells of few sizes, cut from chunks; magazine.h keeps the free ones. */
#include "slab.h"

#include <stdlib.h>

#include <weir/base.h>

#include "base/prefetch.h"

#define CHUNK_BYTES (64u * 1024)
#define SLAB_LINE 64u

struct slab_chunk {
    struct slab_chunk *next;
    size_t cell_size;
    size_t cells;
    size_t given;                      /* cells that have been in use, or in a magazine; under the lock */
    _Alignas(SLAB_LINE) char memory[]; /* so that the cells of small tasks lie in one cache line */
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
    if (slab->on_end != NULL)
        slab->on_end(slab);
    while (slab->chunks != NULL) {
        struct slab_chunk *chunk = slab->chunks;
        slab->chunks = chunk->next;
        unpoison(chunk->memory, chunk->cells * chunk->cell_size);
        free(chunk);
    }
    for (size_t class = 0; class < SLAB_CLASSES; class ++)
        wi_magazine_flush(&slab->depot, class, &slab->outside.classes[class]);
    wi_magazine_free_all(&slab->depot);
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

static struct slab_cell *cell_at(struct slab_chunk *chunk, size_t i)
{
    return (struct slab_cell *)(void *)(chunk->memory + i * chunk->cell_size);
}

void wi_slab_close(struct slab *slab)
{
    wi_lock(&slab->lock);
    for (struct slab_chunk *chunk = slab->chunks; chunk != NULL; chunk = chunk->next)
        for (size_t i = 0; i < chunk->cells; i++)
            slab->users += cell_at(chunk, i)->live != NULL;
    for (const struct slab_large *large = slab->large; large != NULL; large = large->next)
        slab->users++;
    slab->closed = true;
    unlock_and_leave(slab, 0);
}

void wi_slab_hold(struct slab *slab)
{
    wi_lock(&slab->lock);
    slab->users++;
    wi_unlock(&slab->lock);
}

void wi_slab_release(struct slab *slab)
{
    wi_lock(&slab->lock);
    slab->users--;
    unlock_and_leave(slab, 0);
}

static struct slab_chunk *create_chunk_locked(struct slab *slab, size_t class)
{
    const size_t size = class_size(class);
    struct slab_chunk *chunk = aligned_alloc(SLAB_LINE, sizeof *chunk + CHUNK_BYTES);
    if (chunk == NULL)
        return NULL;
    *chunk = (struct slab_chunk){ .next = slab->chunks, .cell_size = size, .cells = CHUNK_BYTES / size };
    slab->chunks = slab->cut[class] = chunk;
    for (size_t i = 0; i < chunk->cells; i++) {
        struct slab_cell *cell = cell_at(chunk, i);
        cell->live = NULL;
        cell->kept = slab->kept_first;
        poison(cell, size);
    }
    return chunk;
}

static void *cut_cell_locked(struct slab *slab, size_t class)
{
    struct slab_chunk *chunk = slab->cut[class];
    if ((chunk == NULL || chunk->given == chunk->cells) && (chunk = create_chunk_locked(slab, class)) == NULL)
        return NULL;
    return cell_at(chunk, chunk->given++);
}

static void *refill_locked(struct slab *slab, size_t class, struct magazine_pair *pair)
{
    if (wi_magazine_reload(&slab->depot, class, pair) && pair->loaded->count == 0) {
        void *cell;
        while (pair->loaded->count < MAGAZINE_CELLS && (cell = cut_cell_locked(slab, class)) != NULL)
            pair->loaded->cells[pair->loaded->count++] = cell;
        for (unsigned i = 0, j = pair->loaded->count; i + 1 < j; i++) { /* the first of them comes out first */
            cell = pair->loaded->cells[i];
            pair->loaded->cells[i] = pair->loaded->cells[--j];
            pair->loaded->cells[j] = cell;
        }
    }
    void *cell = magazine_pop(pair);
    return cell != NULL ? cell : cut_cell_locked(slab, class);
}

static void *alloc_large(struct slab *slab, size_t size)
{
    struct slab_large *large = malloc(sizeof *large + size);
    if (large == NULL)
        return NULL;
    ((struct slab_cell *)(void *)large->cell)->kept = slab->kept_first;
    wi_lock(&slab->lock);
    large->next = slab->large;
    large->link = &slab->large;
    if (large->next != NULL)
        large->next->link = &large->next;
    slab->large = large;
    wi_unlock(&slab->lock);
    return large->cell;
}

static void prefetch_cell(const char *cell, size_t size)
{
    for (size_t at = 0; at < size; at += 64)
        wi_prefetch_write(cell + at);
}

static void *alloc_outside(struct slab *slab, size_t class)
{
    struct magazine_pair *pair = &slab->outside.classes[class];
    wi_lock(&slab->lock);
    void *cell = magazine_pop(pair);
    if (cell == NULL)
        cell = refill_locked(slab, class, pair);
    else if (pair->loaded->count > 1)
        /* Another core has freed it, as a rule: its lines are on their way when their turn comes. */
        prefetch_cell(pair->loaded->cells[pair->loaded->count - 2], class_size(class));
    wi_unlock(&slab->lock);
    return cell;
}

static void *alloc_refill(struct slab *slab, struct magazine_pair *pair, size_t class)
{
    magazine_swap(pair);
    void *cell = magazine_pop(pair);
    if (cell == NULL) {
        wi_lock(&slab->lock);
        cell = refill_locked(slab, class, pair);
        wi_unlock(&slab->lock);
    }
    return cell;
}

void *wi_slab_alloc(struct slab *slab, struct slab_cache *cache, size_t size)
{
    if (weir_unlikely(size > SLAB_CELL_MAX))
        return alloc_large(slab, size);
    const size_t class = class_of(size);
    void *cell = NULL;
    if (cache == NULL)
        cell = alloc_outside(slab, class);
    else if (weir_unlikely((cell = magazine_pop(&cache->classes[class])) == NULL))
        cell = alloc_refill(slab, &cache->classes[class], class);
    if (cell != NULL)
        unpoison(cell, class_size(class));
    return cell;
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

/*
 * Of a thread without a cache. All of it under the lock, which wi_slab_each() looks under. Where there is no memory
 * for a magazine the cell stays unused until the slab goes.
 */
static void free_outside(struct slab *slab, struct slab_cell *cell, size_t class)
{
    struct magazine_pair *pair = &slab->outside.classes[class];
    wi_lock(&slab->lock);
    cell->live = NULL;
    poison(cell, class_size(class));
    if (!slab->closed && !magazine_push(pair, cell) && wi_magazine_unload(&slab->depot, class, pair))
        (void)magazine_push(pair, cell);
    unlock_and_leave(slab, 1);
}

static void free_unload(struct slab *slab, struct magazine_pair *pair, size_t class, struct slab_cell *cell)
{
    magazine_swap(pair);
    if (magazine_push(pair, cell))
        return;
    wi_lock(&slab->lock);
    const bool room = wi_magazine_unload(&slab->depot, class, pair);
    wi_unlock(&slab->lock);
    if (room)
        (void)magazine_push(pair, cell);
}

void wi_slab_free(struct slab *slab, struct slab_cache *cache, void *memory, size_t size)
{
    if (weir_unlikely(size > SLAB_CELL_MAX)) {
        free_large(slab, memory);
        return;
    }
    const size_t class = class_of(size);
    struct slab_cell *cell = memory;
    if (cache == NULL) {
        free_outside(slab, cell, class);
        return;
    }
    cell->live = NULL;
    poison(cell, class_size(class));
    if (weir_unlikely(!magazine_push(&cache->classes[class], cell)))
        free_unload(slab, &cache->classes[class], class, cell);
}

void wi_slab_cache_flush(struct slab *slab, struct slab_cache *cache)
{
    wi_lock(&slab->lock);
    for (size_t class = 0; class < SLAB_CLASSES; class ++)
        wi_magazine_flush(&slab->depot, class, &cache->classes[class]);
    wi_unlock(&slab->lock);
}

/* The first of them that can be pinned. */
static struct slab_large *pin_large_locked(struct slab_large *large, const struct slab_visitor *visitor)
{
    while (large != NULL && !visitor->pin(large->cell))
        large = large->next;
    return large;
}

/* In with the lock held, and out; let go of for the visit, which may not come back (weir_panic()). */
static void visit_locked(struct slab *slab, void *cell, const struct slab_visitor *visitor, void *arg)
{
    wi_unlock(&slab->lock);
    visitor->visit(cell, arg);
    wi_lock(&slab->lock);
}

static void unpin_locked(struct slab *slab, void *cell, const struct slab_visitor *visitor)
{
    wi_unlock(&slab->lock);
    visitor->unpin(cell);
    wi_lock(&slab->lock);
}

void wi_slab_each(struct slab *slab, const struct slab_visitor *visitor, void *arg)
{
    wi_lock(&slab->lock);
    for (struct slab_chunk *chunk = slab->chunks; chunk != NULL; chunk = chunk->next)
        for (size_t i = 0; i < chunk->cells; i++) {
            struct slab_cell *cell = cell_at(chunk, i);
            if (cell->live == NULL || !visitor->pin(cell))
                continue;
            visit_locked(slab, cell, visitor, arg);
            unpin_locked(slab, cell, visitor);
        }
    struct slab_large *large = pin_large_locked(slab->large, visitor);
    while (large != NULL) {
        visit_locked(slab, large->cell, visitor, arg);
        struct slab_large *next = pin_large_locked(large->next, visitor);
        unpin_locked(slab, large->cell, visitor);
        large = next;
    }
    wi_unlock(&slab->lock);
}

/* Pins those of the large cells that can be: `*ret_count` of them, in an array to be freed. NULL: none, or no memory.
 */
static void **pin_all_large_locked(struct slab *slab, const struct slab_visitor *visitor, size_t *ret_count)
{
    size_t count = 0;
    for (const struct slab_large *large = slab->large; large != NULL; large = large->next)
        count++;
    void **pinned = count > 0 ? malloc(count * sizeof *pinned) : NULL;
    *ret_count = 0;
    for (struct slab_large *large = slab->large; pinned != NULL && large != NULL; large = large->next)
        if (visitor->pin(large->cell))
            pinned[(*ret_count)++] = large->cell;
    return pinned;
}

int wi_slab_scan(struct slab *slab, const struct slab_visitor *visitor, void *arg)
{
    size_t count;
    wi_lock(&slab->lock);
    struct slab_chunk *const chunks = slab->chunks; /* of a chunk nothing changes, and none goes before the close */
    const bool any_large = slab->large != NULL;
    void **pinned = pin_all_large_locked(slab, visitor, &count);
    wi_unlock(&slab->lock);
    for (struct slab_chunk *chunk = chunks; chunk != NULL; chunk = chunk->next)
        for (size_t i = 0; i < chunk->cells; i++)
            visitor->visit(cell_at(chunk, i), arg);
    for (size_t i = 0; i < count; i++) {
        visitor->visit(pinned[i], arg);
        visitor->unpin(pinned[i]);
    }
    const int error = any_large && pinned == NULL ? -ENOMEM : 0;
    free(pinned);
    return error;
}
