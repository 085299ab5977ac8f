/* explain.h - what a pipeline is going to do, for people to read and to look at. */
#ifndef WEIR_EXPLAIN_H
#define WEIR_EXPLAIN_H

#include <weir/pipeline.h>

#pragma GCC visibility push(default)

/*
 * weir_pipeline_explain() - the plan in words: stages, what their options are set to,
 * what runs where, what is parallel, what each edge may hold, and why it can't deadlock.
 *
 * Lines of at most 80 columns go to the end of `out`. Values stand as they are in the
 * text: variables, the environment and secrets are not filled in. Returns 0 or -ENOMEM.
 */
WEIR_MUST_USE int weir_pipeline_explain(const weir_pipeline *pipeline, weir_text *out);

typedef enum weir_graph_format { WEIR_GRAPH_DOT, WEIR_GRAPH_MERMAID } weir_graph_format;

/*
 * weir_pipeline_graph() - the plan as a text for Graphviz or Mermaid: a box a stage,
 * an arrow an edge with what it may hold, a frame a block or a chain that is one job.
 *
 * Goes to the end of `out`; values as above. Returns 0 or -ENOMEM.
 */
WEIR_MUST_USE int weir_pipeline_graph(const weir_pipeline *pipeline, weir_graph_format format, weir_text *out);

#pragma GCC visibility pop

#endif
