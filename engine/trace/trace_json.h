/* trace_json.h - a trace that has ended, as text. */
#ifndef WI_TRACE_JSON_H
#define WI_TRACE_JSON_H

#include <weir/trace.h>

#include "text_out.h"

struct trace_ring;

/* The rings of one trace. They stay until the runtime goes: a worker may be about to write the end of its poll. */
struct trace_set {
    struct trace_set *next;
    int64_t began_ns;
    bool on;
    struct trace_ring *shared; /* of all threads that are no workers: see trace_share */
    uint32_t count;
    struct trace_ring *rings[]; /* a worker's each */
};

/* Who reads looks out for those who still write. */
void wi_trace_json(struct text_out *text, const struct trace_set *set, weir_trace_kept *ret_kept);

#endif
