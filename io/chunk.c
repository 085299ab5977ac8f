/*
 * chunk.c - pools of buffers under one byte budget.
 *
 * Memory comes from the system in blocks, which stay mapped, cut into pieces of
 * one class; large ones in huge pages, where the budget has room for those. A
 * piece is in use, *warm* (free, its pages are there) or *cold* (free, its pages
 * were given back). What counts against the budget is in use or warm; when a class
 * needs room that others' warm pieces take, those go cold.
 *
 * One mutex guards all of it: a get and a put are a few loads and stores under
 * it, system calls happen outside.
 */
#include <weir/chunk.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as gcc says it */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define hide_from_use(data, size) __asan_poison_memory_region((data), (size))
#define open_to_use(data, size) __asan_unpoison_memory_region((data), (size))
#else
#define hide_from_use(data, size) ((void)0)
#define open_to_use(data, size) ((void)0)
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { LARGE = 2, CLASSES = 4, UNPOOLED = CLASSES };
#define BLOCK_BYTES WEIR_CHUNK_HUGE
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

enum { IDLE, WAITING, GRANTED };

static struct {
    pthread_mutex_t mutex;
    size_t budget;
    size_t used;       /* in use, and what was granted */
    size_t granted;    /* to futures that have yet to be polled: they will take warm pieces if there are */
    size_t warm_bytes; /* used - granted + warm_bytes is the memory we hold */
    size_t waiting;
    weir_chunk_get_future *first, *last; /* who waits, in order */
    weir_chunk *warm[CLASSES];
    weir_chunk *cold[CLASSES];
    bool has_large; /* a block of them was mapped */
} pool = { .mutex = PTHREAD_MUTEX_INITIALIZER, .budget = WEIR_CHUNK_BUDGET_DEFAULT };

static size_t class_bytes(uint32_t size_class)
{
    static const size_t bytes[CLASSES] = { WEIR_CHUNK_SMALL, WEIR_CHUNK_MEDIUM, WEIR_CHUNK_LARGE, WEIR_CHUNK_HUGE };
    /* Where pages are larger than the smallest class, a piece of it is a page: giving half of one back would be wrong.
     */
    const size_t page = (size_t)getpagesize();
    return bytes[size_class] < page ? page : bytes[size_class];
}

/* Rounds *size up to what a chunk for it will have. */
static uint32_t class_of(size_t *size)
{
    for (uint32_t c = 0; c < CLASSES; c++)
        if (*size <= class_bytes(c)) {
            *size = class_bytes(c);
            return c;
        }
    const size_t page = (size_t)getpagesize();
    *size = *size > SIZE_MAX - page ? SIZE_MAX & ~(page - 1) : (*size + page - 1) & ~(page - 1);
    return UNPOOLED;
}

static void push(weir_chunk **list, weir_chunk *chunk)
{
    chunk->next = *list;
    *list = chunk;
}

static weir_chunk *pop(weir_chunk **list)
{
    weir_chunk *chunk = *list;
    if (chunk != NULL)
        *list = chunk->next;
    return chunk;
}

/* --- the queue, under the mutex ------------------------------------------------- */

static bool has_room(size_t charge)
{
    return pool.used == 0 || (charge <= pool.budget && pool.used <= pool.budget - charge);
}

static void unlink_waiter(weir_chunk_get_future *waiter)
{
    *(waiter->prev != NULL ? &waiter->prev->next : &pool.first) = waiter->next;
    *(waiter->next != NULL ? &waiter->next->prev : &pool.last) = waiter->prev;
    waiter->next = waiter->prev = NULL;
    pool.waiting--;
}

static void link_waiter(weir_chunk_get_future *waiter)
{
    waiter->prev = pool.last;
    waiter->next = NULL;
    *(pool.last != NULL ? &pool.last->next : &pool.first) = waiter;
    pool.last = waiter;
    pool.waiting++;
}

/* Serves the queue from its head for as long as there is room. */
static void admit_waiters(void)
{
    while (pool.first != NULL && has_room(pool.first->charge)) {
        weir_chunk_get_future *waiter = pool.first;
        unlink_waiter(waiter);
        pool.used += waiter->charge;
        pool.granted += waiter->charge;
        waiter->state = GRANTED;
        /* Under the mutex: once it is free, the future may be dropped and the borrowed waker gone. */
        weir_wake(waiter->waker);
    }
}

/* Takes warm pieces off until the memory we hold is within the budget. They are the caller's to cool. */
static weir_chunk *evict_surplus(void)
{
    weir_chunk *evicted = NULL;
    const size_t held = pool.used - pool.granted;
    const size_t room = held < pool.budget ? pool.budget - held : 0;
    for (uint32_t c = CLASSES; c-- > 0 && pool.warm_bytes > room;)
        while (pool.warm_bytes > room && pool.warm[c] != NULL) {
            pool.warm_bytes -= class_bytes(c);
            push(&evicted, pop(&pool.warm[c]));
        }
    return evicted;
}

/*
 * Finds a piece for a request that `used` already counts. *ret_evicted: see
 * evict_surplus(). NULL: a new block is needed, or it isn't for the pools.
 */
static weir_chunk *take_piece(uint32_t size_class, weir_chunk **ret_evicted)
{
    weir_chunk *piece = NULL;
    if (size_class < CLASSES && pool.warm[size_class] != NULL) {
        piece = pop(&pool.warm[size_class]);
        pool.warm_bytes -= class_bytes(size_class);
    }
    *ret_evicted = evict_surplus();
    if (piece == NULL && size_class < CLASSES) {
        piece = pop(&pool.cold[size_class]);
        if (piece != NULL)
            piece->size = SIZE_MAX; /* says to finish_get() that the pages aren't there */
    }
    return piece;
}

/* --- memory, outside of the mutex -------------------------------------------------- */

/* For good: the kernel shall not make a huge page of them and their neighbours again, which nobody would count. */
static void give_back(uint8_t *start, const uint8_t *end)
{
    if (start == NULL)
        return;
    (void)madvise(start, (size_t)(end - start), MADV_NOHUGEPAGE);
    (void)madvise(start, (size_t)(end - start), MADV_DONTNEED);
}

/* Gives the pages of `evicted` back; neighbours in one call. Then they are cold. */
static void cool(weir_chunk *evicted)
{
    if (evicted == NULL)
        return;
    uint8_t *start = NULL, *end = NULL;
    for (weir_chunk *piece = evicted; piece != NULL; piece = piece->next) {
        if (piece->data == end) {
            end += piece->capacity;
        } else if (piece->data + piece->capacity == start) {
            start -= piece->capacity;
        } else {
            give_back(start, end);
            start = piece->data;
            end = start + piece->capacity;
        }
    }
    give_back(start, end);

    pthread_mutex_lock(&pool.mutex);
    while (evicted != NULL) {
        weir_chunk *piece = pop(&evicted);
        push(&pool.cold[piece->size_class], piece);
    }
    pthread_mutex_unlock(&pool.mutex);
}

/*
 * Memory that begins at a multiple of HUGE_PAGE_BYTES, where that can be had, so that huge pages fit. A device reads
 * into it in a few pieces; of single pages a request of a MiB takes 256, and a short queue has no room for a second.
 */
static uint8_t *map_aligned(size_t bytes)
{
    const size_t spare = bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : 0;
    size_t mapped_bytes;
    if (__builtin_add_overflow(bytes, spare, &mapped_bytes))
        return NULL;
    uint8_t *mapped = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    if (spare == 0)
        return mapped;
    const size_t before = -(uintptr_t)mapped & (HUGE_PAGE_BYTES - 1);
    if (before > 0)
        (void)munmap(mapped, before);
    if (before < spare)
        (void)munmap(mapped + before + bytes, spare - before);
    (void)madvise(mapped + before, bytes, MADV_HUGEPAGE);
    return mapped + before;
}

static uint8_t *map_small(size_t bytes)
{
    uint8_t *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED)
        return NULL;
    /* A huge page under one piece and its neighbours would be memory that nobody counts. */
    (void)madvise(data, bytes, MADV_NOHUGEPAGE);
    return data;
}

/*
 * Who has a second block of large pieces moves much data, and is faster with huge pages (docs/decisions/huge-pages.md).
 * What is in one beside the piece that is wanted is there with it, and has to have room in the budget:
 * so many bytes are counted as used until they are warm. 0: small pages, which come one by one.
 */
static size_t reserve_huge(uint32_t size_class)
{
    if (size_class != LARGE)
        return 0;
    const size_t rest = HUGE_PAGE_BYTES - class_bytes(size_class);
    pthread_mutex_lock(&pool.mutex);
    const bool has_space = pool.has_large && pool.used + pool.warm_bytes + rest <= pool.budget / 2;
    pool.has_large = true;
    pool.used += has_space ? rest : 0;
    pthread_mutex_unlock(&pool.mutex);
    return has_space ? rest : 0;
}

/* Touches it. Where there is no huge page to be had, now or at all, there shall be none later either. */
static bool is_huge(uint8_t *block)
{
    unsigned char is_there = 0;
    *(volatile uint8_t *)block = 0;
    if (mincore(block + HUGE_PAGE_BYTES / 2, 1, &is_there) < 0 || (is_there & 1) == 0)
        (void)madvise(block, HUGE_PAGE_BYTES, MADV_NOHUGEPAGE);
    return (is_there & 1) != 0;
}

/* Maps a block; one piece is returned, the others are warm, in a huge page, or cold. */
static weir_chunk *map_block(uint32_t size_class)
{
    const size_t bytes = class_bytes(size_class);
    const size_t rest = reserve_huge(size_class);
    const size_t block_bytes = rest > 0 ? HUGE_PAGE_BYTES : BLOCK_BYTES;
    const size_t count = block_bytes / bytes;
    weir_chunk *pieces = calloc(count, sizeof *pieces);
    uint8_t *data = pieces == NULL ? NULL : rest > 0 ? map_aligned(block_bytes) : map_small(block_bytes);
    const bool are_warm = data != NULL && rest > 0 && is_huge(data);
    if (data != NULL)
        hide_from_use(data, block_bytes);
    for (size_t i = 0; data != NULL && i < count; i++)
        pieces[i] = (weir_chunk){ .data = data + i * bytes, .capacity = bytes, .size_class = size_class };

    pthread_mutex_lock(&pool.mutex);
    for (size_t i = count - 1; data != NULL && i > 0; i--)
        push(are_warm ? &pool.warm[size_class] : &pool.cold[size_class], &pieces[i]);
    pool.used -= rest;
    pool.warm_bytes += are_warm ? rest : 0;
    admit_waiters();
    pthread_mutex_unlock(&pool.mutex);
    if (data == NULL) {
        free(pieces);
        return NULL;
    }
    pieces[0].size = SIZE_MAX;
    return &pieces[0];
}

static weir_chunk *map_unpooled(size_t bytes)
{
    weir_chunk *chunk = calloc(1, sizeof *chunk);
    if (chunk == NULL)
        return NULL;
    uint8_t *data = map_aligned(bytes);
    if (data == NULL) {
        free(chunk);
        return NULL;
    }
    *chunk = (weir_chunk){ .data = data, .capacity = bytes, .size = SIZE_MAX, .size_class = UNPOOLED };
    return chunk;
}

static void refund(size_t charge)
{
    pthread_mutex_lock(&pool.mutex);
    pool.used -= charge;
    admit_waiters();
    pthread_mutex_unlock(&pool.mutex);
}

/* The part of a get that may make system calls. `charge` was taken; on failure it is refunded. */
static weir_chunk *finish_get(weir_chunk *piece, weir_chunk *evicted, size_t charge, uint32_t size_class)
{
    cool(evicted);
    if (piece == NULL)
        piece = size_class == UNPOOLED ? map_unpooled(charge) : map_block(size_class);
    if (piece == NULL) {
        refund(charge);
        return NULL;
    }
    open_to_use(piece->data, piece->capacity);
    /* One call instead of a page fault a page. Where the kernel (< 5.14) hasn't got it, the faults come. */
    if (piece->size == SIZE_MAX)
        (void)madvise(piece->data, piece->capacity, MADV_POPULATE_WRITE);
    piece->size = 0;
    piece->next = NULL;
    __atomic_store_n(&piece->refs, 1, __ATOMIC_RELAXED);
    return piece;
}

/* --- the future ---------------------------------------------------------------------- */

static weir_poll chunk_get_poll(weir_future *future, weir_cx *cx)
{
    weir_chunk_get_future *self = (weir_chunk_get_future *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    future->line = 1;
    pthread_mutex_lock(&pool.mutex);
    if (self->state == IDLE) {
        self->charge = self->size;
        self->size_class = class_of(&self->charge);
        if (pool.first == NULL && has_room(self->charge)) {
            pool.used += self->charge;
            pool.granted += self->charge;
            self->state = GRANTED;
        } else {
            link_waiter(self);
            self->state = WAITING;
        }
    }
    if (self->state == WAITING) {
        self->waker = cx->waker;
        pthread_mutex_unlock(&pool.mutex);
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    pool.granted -= self->charge;
    self->state = IDLE;
    weir_chunk *evicted;
    weir_chunk *piece = take_piece(self->size_class, &evicted);
    pthread_mutex_unlock(&pool.mutex);

    self->output = finish_get(piece, evicted, self->charge, self->size_class);
    return WEIR_READY;
}

static void chunk_get_drop(weir_future *future)
{
    weir_chunk_get_future *self = (weir_chunk_get_future *)(void *)future;
    if (future->line == WEIR_AT_START)
        return;
    pthread_mutex_lock(&pool.mutex);
    if (self->state == WAITING)
        unlink_waiter(self);
    if (self->state == GRANTED) {
        pool.granted -= self->charge;
        pool.used -= self->charge;
    }
    self->state = IDLE;
    /* It may have been the large one at the head that the others waited for. */
    admit_waiters();
    pthread_mutex_unlock(&pool.mutex);
}

static const weir_future_type chunk_get_type =
    WEIR_FUTURE_TYPE(weir_chunk_get_future, "chunk_get", chunk_get_poll, chunk_get_drop);

weir_chunk_get_future weir_chunk_get(size_t size)
{
    return (weir_chunk_get_future){ .future = WEIR_FUTURE_INIT(&chunk_get_type), .size = size };
}

/* --- the rest of the interface --------------------------------------------------------- */

weir_chunk *weir_chunk_try_get(size_t size)
{
    size_t charge = size;
    const uint32_t size_class = class_of(&charge);

    pthread_mutex_lock(&pool.mutex);
    if (pool.first != NULL || !has_room(charge)) {
        pthread_mutex_unlock(&pool.mutex);
        return NULL;
    }
    pool.used += charge;
    weir_chunk *evicted;
    weir_chunk *piece = take_piece(size_class, &evicted);
    pthread_mutex_unlock(&pool.mutex);
    return finish_get(piece, evicted, charge, size_class);
}

weir_chunk *weir_chunk_hold(weir_chunk *chunk)
{
    __atomic_fetch_add(&chunk->refs, 1, __ATOMIC_RELAXED);
    return chunk;
}

void weir_chunk_put(weir_chunk *chunk)
{
    if (chunk == NULL || __atomic_sub_fetch(&chunk->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    const size_t bytes = chunk->capacity;
    if (chunk->size_class == UNPOOLED) {
        munmap(chunk->data, bytes);
        free(chunk);
        refund(bytes);
        return;
    }
    hide_from_use(chunk->data, bytes);

    pthread_mutex_lock(&pool.mutex);
    pool.used -= bytes;
    pool.warm_bytes += bytes;
    push(&pool.warm[chunk->size_class], chunk);
    admit_waiters();
    /* More than the budget: it was lowered while this chunk was out. */
    weir_chunk *evicted = evict_surplus();
    pthread_mutex_unlock(&pool.mutex);
    cool(evicted);
}

void weir_chunk_budget_set(size_t bytes)
{
    pthread_mutex_lock(&pool.mutex);
    pool.budget = bytes;
    admit_waiters();
    weir_chunk *evicted = evict_surplus();
    pthread_mutex_unlock(&pool.mutex);
    cool(evicted);
}

void weir_chunk_trim(void)
{
    weir_chunk *evicted = NULL;
    pthread_mutex_lock(&pool.mutex);
    for (uint32_t c = 0; c < CLASSES; c++)
        while (pool.warm[c] != NULL)
            push(&evicted, pop(&pool.warm[c]));
    pool.warm_bytes = 0;
    pthread_mutex_unlock(&pool.mutex);
    cool(evicted);
}

void weir_chunk_stats_get(weir_chunk_stats *ret_stats)
{
    pthread_mutex_lock(&pool.mutex);
    *ret_stats = (weir_chunk_stats){
        .budget = pool.budget,
        .used = pool.used,
        .memory = pool.used - pool.granted + pool.warm_bytes,
        .waiting = pool.waiting,
    };
    pthread_mutex_unlock(&pool.mutex);
}
