/*
 * live_block.h - a running pipeline as a few lines of text: a head with totals, a line a stage with its rates, how full
 * its queue is, and what it does with its time. `weir run` shows it on stderr, `weir top` on its screen.
 */
#ifndef LIVE_BLOCK_H
#define LIVE_BLOCK_H

#include "live.h"

struct live_rates {
    double in_bytes, out_bytes, rows; /* a second */
    double busy, blocked, starved;    /* of the time, 0 to 1 */
};

/* Zero it. */
struct live_block {
    struct live now;
    bool has_rates;
    struct live_rates rates[STAGES_SHOWN]; /* smoothed over about a second, so that they can be read */
    double cpu;                            /* cores in use */
    double files;                          /* a second, of a hashing job */
};

/* What is now; rates are there from the second one on. */
void live_block_update(struct live_block *block, const struct live *now);
/* Seconds until the input is read, by the rate of the first source; negative: unknown. */
double live_block_seconds_left(const struct live_block *block);
/* The busiest stage, if it is the limit; else -1. */
int live_block_limit(const struct live_block *block);

/*
 * At most `height` lines of at most `width` columns, each with its newline; those of stages that don't fit are left
 * out, the least busy first. How many lines.
 */
unsigned live_block_print(FILE *out, const struct live_block *block, unsigned width, unsigned height, bool colours);
/* The same in one line without newline, of at most `width` columns. */
void live_block_line(FILE *out, const struct live_block *block, unsigned width);

#endif
