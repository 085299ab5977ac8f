/* format_json.h - the format "json" of records: a line of JSON each. */
#ifndef WP_FORMAT_JSON_H
#define WP_FORMAT_JSON_H

#include <weir/text.h>

#include "run/batch.h"

/*
 * A record that nobody changed is the line it came in. Of others the fields stand in their order, and what wasn't
 * changed is spelled as it was, without blanks. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_format_json_append(weir_text *out, const struct row *row);

#endif
