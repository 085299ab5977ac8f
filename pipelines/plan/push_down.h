/*
 * push_down.h - what of a filter can be asked of bytes, before they are cut into records.
 *
 * `lines | where contains(.line, "x")`: a line without "x" can't pass, so `lines`
 * looks for it in whole chunks and cuts only around what it finds. The filter
 * stays where it is and has the last word.
 */
#ifndef WP_PUSH_DOWN_H
#define WP_PUSH_DOWN_H

#include "plan/plan.h"

/* Of a pattern there may be several. */
#define PUSH_TEXTS_MAX 4u

struct push_text {
    const char *text; /* the plan's */
    size_t size;
};

/*
 * What `lines` may look for, since the stage behind it lets nothing else pass: each of these texts is in each line that
 * passes. Returns how many `ret_texts` (with room for PUSH_TEXTS_MAX) got; 0: nothing is sure.
 */
unsigned wp_push_to_lines(const struct plan_node *lines, struct push_text *ret_texts);

/* A comparison of a field of the record itself with a whole number, which must be true for a record to pass. */
struct push_number {
    const char *name; /* the plan's; nothing in it that JSON would escape */
    size_t name_size;
    enum expr_op op; /* of ==, <, <=, >, >=, with the field on the left */
    int64_t number;
};

/* What `json` may ask of a line before it parses it: only with @onerror=drop, and a `where` behind it. False: nothing.
 */
bool wp_push_to_json(const struct plan_node *json, struct push_number *ret_number);
/* The same, where it is `lines` that feeds that `json`, which can ask it of a whole chunk before it cuts lines. */
bool wp_push_through_json(const struct plan_node *lines, struct push_number *ret_number);

/* Of a `lines`: the csv behind it, whose quoted fields may hold newlines; NULL: every newline ends a line. */
const struct plan_node *wp_push_quotes(const struct plan_node *lines);

#endif
