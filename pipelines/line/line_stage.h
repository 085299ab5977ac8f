/* line_stage.h - what stages that parse lines have in common: each record's line into fields, or the error of it. */
#ifndef WP_LINE_STAGE_H
#define WP_LINE_STAGE_H

#include "line/line_formats.h"
#include "run/rows.h"

/* State for one of them; `format` is the stage's own, freed by `end_format` (may be NULL), also after a failure. */
struct line_stage {
    struct run_node *node;
    wp_cut_line cut;
    void *format;
    void (*end_format)(void *format);
};

/*
 * For rows_ops.open: 0 and the state, or a negative errno that has been told. `format` may be NULL.
 */
WEIR_MUST_USE int wp_line_stage_open(struct run_node *node, wp_cut_line cut, void *format,
                                     void (*end_format)(void *format), void **ret_state);

/* For rows_ops.batch and .close. A line that can't be parsed ends the run or, with @onerror=drop, is left out. */
int wp_line_stage_batch(void *state, struct batch **batch, const weir_job *job);
void wp_line_stage_close(void *state);

#endif
