/* suggest.h - "did you mean": the word of a list that is closest to the one that was typed. */
#ifndef WEIR_SUGGEST_H
#define WEIR_SUGGEST_H

#include <weir/base.h>

#pragma GCC visibility push(default)

typedef struct weir_suggest {
    const char *word; /* what was typed; yours, and alive until the last offer */
    const char *best; /* the answer so far, or NULL */
    unsigned best_distance;
} weir_suggest;

/* weir_suggest_init() - begin with the word that nobody knew. */
void weir_suggest_init(weir_suggest *self, const char *word);

/*
 * weir_suggest_offer() - one of the words that are known.
 *
 * `best` becomes the first of those that are at most two edits away (a letter
 * more, less, another, or two neighbours swapped; upper and lower case are the
 * same) and fewer than half the letters of the word.
 */
void weir_suggest_offer(weir_suggest *self, const char *candidate);

#pragma GCC visibility pop

#endif
