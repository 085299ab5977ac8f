/*
 * find_text.h - where a text stands in bytes: memmem(3), faster where most bytes are none of its own.
 *
 * Two bytes of the text are looked for where they must stand in it: those that are
 * the rarest in logs. Only where both are right the rest is compared.
 */
#ifndef WP_FIND_TEXT_H
#define WP_FIND_TEXT_H

#include <weir/base.h>

/* A text that is looked for again and again. */
struct text_finder {
    const char *text; /* the caller's */
    size_t size;
    size_t rare[2]; /* places in it; of one byte there is but one */
};

struct text_finder wp_text_finder(const char *text, size_t size);

/* The first place, or NULL. A text of nothing is found at once. Time in proportion to the bytes, whatever they are. */
const char *wp_text_finder_find(const struct text_finder *finder, const char *bytes, size_t size);

/* The same for a text that is looked for once. */
const char *wp_find_text(const char *bytes, size_t size, const char *text, size_t text_size);

/* How wp_text_finder_find() looks: the fastest first that this processor can run; NULL past the last, which any can. */
typedef const char *find_text_call(const struct text_finder *finder, const char *bytes, size_t size);
find_text_call *wp_find_text_at(size_t index);

#endif
