/*
 * sorted_runs.h - items on disk in runs that are sorted each, and all of them merged: what a sort has no room for.
 *
 * An item is a key, which memcmp(3) orders, and a body. Equal keys come in the order of their runs.
 */
#ifndef WP_SORTED_RUNS_H
#define WP_SORTED_RUNS_H

#include <weir/text.h>

#include "aggregate/spill.h"

struct sort_item {
    uint32_t key_size, body_size;
    const char *key, *body;
};

/* Less than, equal to or more than 0. */
int wp_sort_item_compare(const struct sort_item *a, const struct sort_item *b);

struct sorted_run {
    uint64_t offset, size;
};

struct run_reader;

struct sorted_runs {
    struct spill file;
    struct sorted_run *runs;
    size_t count, room;
    weir_text out; /* of the run that is written */
    bool writing;  /* the last run hasn't ended */
    bool taken;    /* the smallest was given */
    struct run_reader *readers;
    size_t reader_count;
    size_t *heap; /* of readers, the smallest first */
    size_t heap_count;
};

void wp_sorted_runs_init(struct sorted_runs *runs);
void wp_sorted_runs_fini(struct sorted_runs *runs);

/* All of these block, and return 0 or a negative errno. Items of a run are added in their order, then it ends. */
WEIR_MUST_USE int wp_sorted_runs_add(struct sorted_runs *runs, const struct sort_item *item);
WEIR_MUST_USE int wp_sorted_runs_end_run(struct sorted_runs *runs);

/* All runs are there: makes few of many, and begins to read, with `bytes` for what is read ahead. */
WEIR_MUST_USE int wp_sorted_runs_merge(struct sorted_runs *runs, size_t bytes);
/* The next of all, which stays until the next call. 1, 0: there are no more, or a negative errno. */
WEIR_MUST_USE int wp_sorted_runs_next(struct sorted_runs *runs, struct sort_item *ret_item);

#endif
