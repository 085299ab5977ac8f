/*
 * json_glance.h - a look at a line before it is parsed: can the filter behind the parser still be true of it?
 *
 * `json @onerror=drop | where .status >= 500`: where each "status" of the line has a
 * number below 500, or no number, behind it, the record can't pass, and needn't be
 * parsed. Whatever the look can't tell (another spelling of the name, a number with
 * a fraction) is parsed. A line that is ruled out isn't checked: a faulty one isn't
 * counted as dropped then, it is one of those that the filter leaves out.
 */
#ifndef WP_JSON_GLANCE_H
#define WP_JSON_GLANCE_H

#include "plan/push_down.h"
#include "expr/find_text.h"

struct json_glance {
    struct push_number filter;
    char key[72]; /* the name in quotes */
    size_t key_size;
    struct text_finder finder; /* of the key: a glance stays where it was made */
};

/* False: that is nothing to look for. */
bool wp_json_glance_init(struct json_glance *glance, const struct push_number *filter);
/* No record that is made of the line can pass the filter. */
bool wp_json_glance_rules_out(const struct json_glance *glance, const char *line, size_t size);

/* The key ends before `at`: what follows is no value of it that passes, for sure. */
bool wp_json_glance_rules_out_value(const struct json_glance *glance, const char *at, const char *end);
/* With an escape (\u) in it a name may be spelled in another way: the first one; NULL: there is none. */
const char *wp_json_find_escape(const char *bytes, size_t size);

#endif
