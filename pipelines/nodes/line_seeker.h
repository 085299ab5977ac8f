/*
 * line_seeker.h - which lines may pass the filter behind `lines`, asked of bytes that weren't cut into any.
 *
 * Where only lines with some text pass, or (with `json` between) with some number.
 * Who has just read the bytes may ask: they are in the cache of his core then.
 */
#ifndef WP_LINE_SEEKER_H
#define WP_LINE_SEEKER_H

#include "nodes/json_sieve.h"
#include "plan/push_down.h"
#include "run/line_hits.h"

/* Any thread may ask and have it learn; it stays where it was made. */
struct line_seeker {
    struct text_finder texts[PUSH_TEXTS_MAX]; /* the plan's: a line must hold each of them */
    unsigned count;                           /* of them; 0: the glance says which */
    unsigned looked_for;                      /* atomic, as the next: one of them */
    unsigned learned;                         /* how often it was asked to learn */
    struct json_glance glance;
};

/* What to look for in the input of this `lines`. False: every line may pass. */
bool wp_line_seeker_init(struct line_seeker *seeker, const struct plan_node *lines);

/*
 * Of several texts that each line must hold it looks from now on for the one that the fewest of these lines do. To be
 * called for each block: it looks at a part of one out of many.
 */
void wp_line_seeker_learn(struct line_seeker *seeker, const char *bytes, size_t size);

/*
 * A byte of the first line that may pass; NULL: none of these lines can. What begins before or ends behind the bytes
 * isn't judged: lines are put together first.
 */
const char *wp_line_seeker_find(const struct line_seeker *seeker, const char *bytes, size_t size);

/* A byte of each such line, as far as there is room for them. */
void wp_line_seeker_look(const struct line_seeker *seeker, const char *bytes, size_t size, struct line_hits *ret_hits);

#endif
