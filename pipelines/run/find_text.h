/* find_text.h - where a text stands in bytes: memmem(3), faster where most bytes are none of its own. */
#ifndef WP_FIND_TEXT_H
#define WP_FIND_TEXT_H

#include <stddef.h>

/* The first place, or NULL. A text of nothing is found at once. */
const char *wp_find_text(const char *bytes, size_t size, const char *text, size_t text_size);

#endif
