/* quote.h - a string as it is written in a pipeline. */
#ifndef WP_QUOTE_H
#define WP_QUOTE_H

#include <weir/text.h>

/* With its quotes, and nothing in it that is filled in. Bytes that are no UTF-8 stay as they are. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_quote(weir_text *out, const char *text, size_t size);

#endif
