/* values.c - numbers in blocks that double, so that none is ever moved; and the k-th of them. */
#include "aggregate/values.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_MAX 1024u

struct value_block {
    struct value_block *before;
    uint32_t count; /* not of the last one, of which its list knows it */
    uint32_t unused;
    uint64_t numbers[];
};

static int add_block(struct value_list *list, struct stash *stash)
{
    const uint32_t room = list->room == 0 ? 2 : list->room < BLOCK_MAX ? 2 * list->room : BLOCK_MAX;
    struct value_block *block = wp_stash_alloc(stash, sizeof *block + room * sizeof block->numbers[0]);
    if (block == NULL)
        return -ENOMEM;
    if (list->last != NULL)
        list->last->count = list->used;
    block->before = list->last;
    list->last = block;
    list->used = 0;
    list->room = room;
    return 0;
}

static int add(struct value_list *list, struct stash *stash, uint64_t bits)
{
    if (list->used == list->room && add_block(list, stash) < 0)
        return -ENOMEM;
    list->last->numbers[list->used++] = bits;
    list->count++;
    return 0;
}

void wp_values_prefetch(const struct values *values)
{
    const struct value_list *list = values->reals.count > 0 ? &values->reals : &values->wholes;
    if (list->last != NULL)
        __builtin_prefetch(&list->last->numbers[list->used], 1);
}

static void join_lists(struct value_list *list, const struct value_list *more)
{
    if (more->count == 0)
        return;
    struct value_block *first = more->last;
    while (first->before != NULL)
        first = first->before;
    if (list->last != NULL)
        list->last->count = list->used;
    first->before = list->last;
    list->last = more->last;
    list->used = more->used;
    list->room = more->room;
    list->count += more->count;
}

void wp_values_join(struct values *values, const struct values *more)
{
    join_lists(&values->wholes, &more->wholes);
    join_lists(&values->reals, &more->reals);
}

/* How many numbers a block of the list has. */
static uint32_t count_of(const struct value_list *list, const struct value_block *block)
{
    return block == list->last ? list->used : block->count;
}

int wp_values_add(struct values *values, struct stash *stash, struct datum number)
{
    uint64_t bits;
    if (number.kind == DATUM_INT)
        return add(&values->wholes, stash, (uint64_t)number.number);
    if (number.real != number.real)
        return 0;
    memcpy(&bits, &number.real, sizeof bits);
    return add(&values->reals, stash, bits);
}

static int save_list(const struct value_list *list, weir_text *out)
{
    int error = weir_text_append(out, &list->count, sizeof list->count);
    for (const struct value_block *block = list->last; error == 0 && block != NULL; block = block->before)
        error = weir_text_append(out, block->numbers, count_of(list, block) * sizeof block->numbers[0]);
    return error;
}

int wp_values_save(const struct values *values, weir_text *out)
{
    const int error = save_list(&values->wholes, out);
    return error == 0 ? save_list(&values->reals, out) : error;
}

static int load_list(struct value_list *list, struct stash *stash, const char **at)
{
    uint64_t count, bits;
    int error = 0;
    memcpy(&count, *at, sizeof count);
    *at += sizeof count;
    for (uint64_t i = 0; error == 0 && i < count; i++, *at += sizeof bits) {
        memcpy(&bits, *at, sizeof bits);
        error = add(list, stash, bits);
    }
    return error;
}

int wp_values_load(struct values *values, struct stash *stash, const char **at)
{
    const int error = load_list(&values->wholes, stash, at);
    return error == 0 ? load_list(&values->reals, stash, at) : error;
}

/* --- the k-th ------------------------------------------------------------------------------------------ */

/* Doubles and integers of 64 bits as numbers without a sign, in the same order. */
static uint64_t ordered(uint64_t bits, bool real)
{
    const uint64_t top = UINT64_C(1) << 63;
    return real && (bits & top) != 0 ? ~bits : bits ^ top;
}

static struct datum restored(uint64_t bits, bool real)
{
    const uint64_t top = UINT64_C(1) << 63;
    bits = real && (bits & top) == 0 ? ~bits : bits ^ top;
    struct datum datum = { .kind = real ? DATUM_DOUBLE : DATUM_INT };
    memcpy(&datum.number, &bits, sizeof bits);
    return datum;
}

static uint64_t *gather_list(const struct value_list *list, bool real, uint64_t *to)
{
    for (const struct value_block *block = list->last; block != NULL; block = block->before)
        for (uint32_t i = 0, count = count_of(list, block); i < count; i++)
            *to++ = ordered(block->numbers[i], real);
    return to;
}

static void gather_mixed(const struct value_list *list, bool real, struct datum *to)
{
    for (const struct value_block *block = list->last; block != NULL; block = block->before)
        for (uint32_t i = 0, count = count_of(list, block); i < count; i++)
            *to++ = restored(ordered(block->numbers[i], real), real);
}

int wp_values_gather(const struct values *values, struct value_sorter *sorter)
{
    const uint64_t count = values->wholes.count + values->reals.count;
    if (count > sorter->room) {
        struct datum *numbers = reallocarray(sorter->numbers, count, sizeof *numbers);
        if (numbers == NULL)
            return -ENOMEM;
        sorter->numbers = numbers;
        sorter->room = count;
    }
    sorter->count = count;
    sorter->real = values->wholes.count == 0;
    sorter->mixed = !sorter->real && values->reals.count > 0;
    if (count == 0)
        return 0;
    if (sorter->mixed) {
        gather_mixed(&values->wholes, false, sorter->numbers);
        gather_mixed(&values->reals, true, sorter->numbers + values->wholes.count);
    } else {
        (void)gather_list(sorter->real ? &values->reals : &values->wholes, sorter->real,
                          (uint64_t *)(void *)sorter->numbers);
    }
    return 0;
}

static int compare_bits(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static int compare_mixed(const void *a, const void *b)
{
    int order = 0;
    (void)wp_datum_order(*(const struct datum *)a, *(const struct datum *)b, &order); /* both are numbers */
    return order;
}

static uint64_t middle_of(uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Those that are less than the pivot (or also equal to it) go to the front, without a branch. Returns their end. */
static uint64_t partition_bits(uint64_t *numbers, uint64_t from, uint64_t to, uint64_t pivot, bool equal)
{
    for (uint64_t i = from; i <= to; i++) {
        const uint64_t number = numbers[i];
        numbers[i] = numbers[from];
        numbers[from] = number;
        from += equal ? number <= pivot : number < pivot;
    }
    return from;
}

/*
 * Hoare's quickselect: the k-th smallest. Where the pivots are bad for long, which only bad luck or bad will makes, the
 * rest is sorted.
 */
static uint64_t select_bits(uint64_t *numbers, uint64_t count, uint64_t k)
{
    uint64_t from = 0, to = count - 1;
    for (unsigned rounds = 0; from < to; rounds++) {
        if (rounds == 64) {
            qsort(numbers + from, to - from + 1, sizeof *numbers, compare_bits);
            break;
        }
        const uint64_t pivot = middle_of(numbers[from], numbers[from + (to - from) / 2], numbers[to]);
        const uint64_t less = partition_bits(numbers, from, to, pivot, false);
        if (k < less) {
            to = less - 1;
            continue;
        }
        from = partition_bits(numbers, less, to, pivot, true); /* the pivot itself is among them */
        if (k < from)
            return pivot;
    }
    return numbers[k];
}

struct datum wp_values_quantile(struct value_sorter *sorter, uint64_t part, uint64_t whole)
{
    if (sorter->count == 0)
        return datum_null();
    uint64_t k = (uint64_t)((unsigned __int128)sorter->count * part / whole);
    if (k >= sorter->count)
        k = sorter->count - 1;
    if (sorter->mixed) {
        qsort(sorter->numbers, sorter->count, sizeof *sorter->numbers, compare_mixed);
        return sorter->numbers[k];
    }
    return restored(select_bits((uint64_t *)(void *)sorter->numbers, sorter->count, k), sorter->real);
}
