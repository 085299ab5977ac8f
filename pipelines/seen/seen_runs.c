/* seen_runs.c - runs are written from front to back, merged eight at a time, and read by pages. */
#include "seen/seen_runs.h"

#include <stdlib.h>
#include <string.h>

#include "make_room.h"

#define PAGE_ITEMS 256
#define PIECE_ITEMS ((size_t)16 * PAGE_ITEMS) /* that are written, or read of a run, at once */
#define MERGED_AT_ONCE 8

void wp_seen_runs_init(struct seen_runs *runs, size_t item_bytes)
{
    *runs = (struct seen_runs){ .item_bytes = item_bytes, .spill = SPILL_NONE, .old = INT64_MIN };
}

void wp_seen_runs_fini(struct seen_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        free(runs->list[i].firsts);
    if (runs->item_bytes > 0)
        wp_spill_close(&runs->spill);
    free(runs->list);
    *runs = (struct seen_runs){ .spill = SPILL_NONE };
}

/* --- items: each begins with its key ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const struct seen_key *left = a, *right = b;
    if (left->high != right->high)
        return left->high < right->high ? -1 : 1;
    return (left->low > right->low) - (left->low < right->low);
}

static void *item_at(const struct seen_runs *runs, void *items, size_t number)
{
    return (char *)items + number * runs->item_bytes;
}

/* Keys don't age. */
static int64_t stamp_of(const struct seen_runs *runs, const void *item)
{
    return runs->item_bytes == sizeof(struct sighting) ? ((const struct sighting *)item)->stamp : INT64_MAX;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

struct writing {
    struct seen_runs *runs;
    struct seen_run run;
    void *piece;
    size_t filled;
    struct seen_key last;
};

static int begin_run(struct writing *self, struct seen_runs *runs, uint64_t count, unsigned level)
{
    *self =
        (struct writing){ .runs = runs, .run = { .offset = runs->spill.size, .level = level, .newest = INT64_MIN } };
    self->run.firsts = malloc((size_t)((count + PAGE_ITEMS - 1) / PAGE_ITEMS) * sizeof *self->run.firsts);
    self->piece = malloc(PIECE_ITEMS * runs->item_bytes);
    return self->run.firsts != NULL && self->piece != NULL ? 0 : -ENOMEM;
}

static int flush(struct writing *self)
{
    const int error = wp_spill_append(&self->runs->spill, self->piece, self->filled * self->runs->item_bytes);
    self->filled = 0;
    return error;
}

/* Of several with one key the first one that comes; old ones are left out. */
static int put_item(struct writing *self, const void *item)
{
    struct seen_key key;
    const int64_t stamp = stamp_of(self->runs, item);
    memcpy(&key, item, sizeof key);
    if (stamp <= self->runs->old || (self->run.count > 0 && seen_same(key, self->last)))
        return 0;
    if (self->run.count % PAGE_ITEMS == 0)
        self->run.firsts[self->run.count / PAGE_ITEMS] = key;
    self->last = key;
    self->run.count++;
    if (stamp > self->run.newest)
        self->run.newest = stamp;
    memcpy(item_at(self->runs, self->piece, self->filled++), item, self->runs->item_bytes);
    return self->filled == PIECE_ITEMS ? flush(self) : 0;
}

/* The run is in the list, or gone. */
static int end_run(struct writing *self, int error)
{
    struct seen_runs *runs = self->runs;
    if (error == 0)
        error = flush(self);
    if (error == 0)
        error = WP_MAKE_ROOM(runs->list, runs->count, runs->room, MERGED_AT_ONCE);
    if (error == 0 && self->run.count > 0)
        runs->list[runs->count++] = self->run;
    else
        free(self->run.firsts);
    free(self->piece);
    return error;
}

static void forget_run(const struct seen_runs *runs, struct seen_run *run)
{
    free(run->firsts);
    wp_spill_forget(&runs->spill, run->offset, run->count * runs->item_bytes);
}

/* --- merging ------------------------------------------------------------------------------------------------------ */

struct reading {
    uint64_t next; /* item of the run */
    size_t at, size;
    void *piece;
};

static int read_more(const struct seen_runs *runs, const struct seen_run *run, struct reading *reading)
{
    const uint64_t left = run->count - reading->next;
    reading->size = left < PIECE_ITEMS ? (size_t)left : PIECE_ITEMS;
    reading->at = 0;
    const uint64_t offset = run->offset + reading->next * runs->item_bytes;
    reading->next += reading->size;
    return wp_spill_read(&runs->spill, offset, reading->piece, reading->size * runs->item_bytes);
}

static void *item_of(const struct seen_runs *runs, const struct reading *reading)
{
    return item_at(runs, reading->piece, reading->at);
}

/* The one with the smallest key, of several the newest; NULL: they are all at their ends. */
static struct reading *smallest(const struct seen_runs *runs, struct reading *readings)
{
    struct reading *found = NULL;
    for (struct reading *one = readings; one < readings + MERGED_AT_ONCE; one++)
        if (one->at < one->size && (found == NULL || compare(item_of(runs, one), item_of(runs, found)) <= 0))
            found = one;
    return found;
}

static int merge_into(struct writing *writing, const struct seen_run *from, struct reading *readings)
{
    const struct seen_runs *runs = writing->runs;
    int error = 0;
    for (unsigned i = 0; error == 0 && i < MERGED_AT_ONCE; i++)
        error = read_more(runs, &from[i], &readings[i]);
    for (struct reading *one; error == 0 && (one = smallest(runs, readings)) != NULL;) {
        error = put_item(writing, item_of(runs, one));
        const struct seen_run *run = &from[one - readings];
        if (++one->at == one->size && error == 0 && one->next < run->count)
            error = read_more(runs, run, one);
    }
    return error;
}

/* The last ones become one. */
static int merge_last(struct seen_runs *runs)
{
    struct seen_run from[MERGED_AT_ONCE];
    struct reading readings[MERGED_AT_ONCE] = { 0 };
    struct writing writing;
    uint64_t count = 0;
    int error = 0;
    memcpy(from, &runs->list[runs->count - MERGED_AT_ONCE], sizeof from);
    char *pieces = calloc(MERGED_AT_ONCE * PIECE_ITEMS, runs->item_bytes);
    for (unsigned i = 0; i < MERGED_AT_ONCE; i++) {
        count += from[i].count;
        readings[i].piece = pieces + i * PIECE_ITEMS * runs->item_bytes;
    }
    error = begin_run(&writing, runs, count, from[0].level + 1);
    if (pieces == NULL)
        error = -ENOMEM;
    if (error == 0)
        error = merge_into(&writing, from, readings);
    runs->count -= MERGED_AT_ONCE; /* there is room for the new one in their places */
    error = end_run(&writing, error);
    for (unsigned i = 0; i < MERGED_AT_ONCE; i++)
        forget_run(runs, &from[i]);
    free(pieces);
    return error;
}

static bool are_many(const struct seen_runs *runs)
{
    return runs->count >= MERGED_AT_ONCE &&
           runs->list[runs->count - MERGED_AT_ONCE].level == runs->list[runs->count - 1].level;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

int wp_seen_runs_add(struct seen_runs *runs, void *items, size_t count)
{
    struct writing writing;
    qsort(items, count, runs->item_bytes, compare);
    int error = begin_run(&writing, runs, count, 0);
    for (size_t i = 0; error == 0 && i < count; i++)
        error = put_item(&writing, item_at(runs, items, i));
    error = end_run(&writing, error);
    while (error == 0 && are_many(runs))
        error = merge_last(runs);
    return error;
}

/* The page that would have it; the run's first key isn't behind it. */
static uint64_t page_of(const struct seen_run *run, struct seen_key key)
{
    uint64_t from = 0, to = (run->count + PAGE_ITEMS - 1) / PAGE_ITEMS;
    while (to - from > 1) {
        const uint64_t middle = from + (to - from) / 2;
        if (compare(&run->firsts[middle], &key) <= 0)
            from = middle;
        else
            to = middle;
    }
    return from;
}

static int run_has(const struct seen_runs *runs, const struct seen_run *run, struct seen_key key)
{
    struct sighting page[PAGE_ITEMS]; /* or keys */
    if (compare(&run->firsts[0], &key) > 0)
        return 0;
    const uint64_t at = page_of(run, key) * PAGE_ITEMS;
    const size_t count = run->count - at < PAGE_ITEMS ? (size_t)(run->count - at) : PAGE_ITEMS;
    const int error = wp_spill_read(&runs->spill, run->offset + at * runs->item_bytes, page, count * runs->item_bytes);
    if (error < 0)
        return error;
    const void *item = bsearch(&key, page, count, runs->item_bytes, compare);
    return item != NULL && stamp_of(runs, item) > runs->old;
}

int wp_seen_runs_have(const struct seen_runs *runs, struct seen_key key)
{
    int has = 0;
    for (size_t i = 0; has == 0 && i < runs->count; i++)
        has = run_has(runs, &runs->list[i], key);
    return has;
}

void wp_seen_runs_forget(struct seen_runs *runs, int64_t old)
{
    size_t gone = 0;
    runs->old = old;
    while (gone < runs->count && runs->list[gone].newest <= old)
        forget_run(runs, &runs->list[gone++]);
    runs->count -= gone;
    if (gone > 0)
        memmove(runs->list, runs->list + gone, runs->count * sizeof *runs->list);
}
