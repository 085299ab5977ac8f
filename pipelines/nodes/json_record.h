/* json_record.h - records that were parsed as JSON. */
#ifndef WP_JSON_RECORD_H
#define WP_JSON_RECORD_H

#include "json/json_shape.h"
#include "run/batch.h"

/* What wp_json_decoder knows of a record. */
struct json_record {
    const char *text;                 /* the line, as it was parsed */
    const struct json_shaped *shaped; /* NULL: `index` knows its fields */
    const struct json_index *index;
};

/* The object. */
struct json_span wp_json_record_root(const struct json_record *record);

extern const struct row_decoder wp_json_decoder;

/* The fields of the record are those of the object that was indexed, and no others. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_json_record_set(struct batch *batch, struct row *row, const struct json_index *index);
/* The same of a text that has a known shape, which the batch keeps. */
WEIR_MUST_USE int wp_json_record_set_shaped(struct batch *batch, struct row *row, const struct json_shaped *shaped);

#endif
