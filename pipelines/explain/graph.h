/* graph.h - a plan as a picture: the text that Graphviz or Mermaid draws. */
#ifndef WP_GRAPH_H
#define WP_GRAPH_H

#include <weir/explain.h>

#include "run/bounds.h"

/* Appends the graph. Values stand in it as in the text of the pipeline. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_graph(const struct plan *plan, const struct run_bounds *bounds, weir_graph_format format,
                           weir_text *out);

#endif
