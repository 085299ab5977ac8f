/* json_record.h - records that were parsed as JSON. */
#ifndef WP_JSON_RECORD_H
#define WP_JSON_RECORD_H

#include "json/json_index.h"
#include "run/batch.h"

extern const struct row_decoder wp_json_decoder;

/* The fields of the record are those of the object that was indexed, and no others. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_json_record_set(struct batch *batch, struct row *row, const struct json_index *index);

#endif
