/* graph.c - a plan as a picture: a box a stage, an arrow an edge, a frame a block. */
#include "explain/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/lines.h"
#include "explain/plan_words.h"
#include "run/whole_job.h"

struct graph {
    const struct plan *plan;
    const struct run_bounds *bounds;
    bool mermaid;
    weir_text *out;
    bool failed; /* no memory: nothing is written from then on */
    unsigned indent, frames;
};

/* A text in a box longer than this is cut. */
#define LABEL_COLUMNS 40u

/* --- what both formats are written with ----------------------------------------------------------- */

static void put(struct graph *graph, const char *text, size_t size)
{
    if (!graph->failed && weir_text_append(graph->out, text, size) < 0)
        graph->failed = true;
}

static void say(struct graph *graph, const char *format, ...) WEIR_PRINTF(2, 3);
static void say(struct graph *graph, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size > 0)
        put(graph, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

static void begin_line(struct graph *graph)
{
    for (unsigned i = 0; i < graph->indent; i++)
        put(graph, "  ", 2);
}

/*
 * A byte in a quoted label. Graphviz undoes backslashes and entities of HTML in
 * labels, Mermaid entities that begin with '#'; it takes '<' for a tag and '`' for Markdown.
 */
static void put_escaped(struct graph *graph, char c)
{
    const char *const special = graph->mermaid ? "\"#&<>`;\\" : "\"\\&";
    if (strchr(special, c) == NULL || c == '\0')
        put(graph, &c, 1);
    else if (graph->mermaid)
        say(graph, "#%d;", c);
    else if (c == '&')
        put(graph, "&amp;", 5);
    else
        say(graph, "\\%c", c);
}

static bool goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* At most LABEL_COLUMNS characters of it. */
static void put_label(struct graph *graph, const char *text)
{
    unsigned columns = 0;
    for (; *text != '\0'; text++) {
        columns += !goes_on(*text);
        if (columns > LABEL_COLUMNS) {
            put(graph, "...", 3);
            return;
        }
        put_escaped(graph, *text);
    }
}

static void put_break(struct graph *graph)
{
    if (graph->mermaid)
        put(graph, "<br/>", 5);
    else
        put(graph, "\\n", 2);
}

/* --- frames --------------------------------------------------------------------------------------------- */

static void open_frame(struct graph *graph, const char *label)
{
    begin_line(graph);
    if (graph->mermaid) {
        say(graph, "subgraph f%u[\"", graph->frames++);
        put_label(graph, label);
        say(graph, "\"]\n");
        graph->indent++;
        return;
    }
    say(graph, "subgraph cluster_%u {\n", graph->frames++);
    graph->indent++;
    begin_line(graph);
    say(graph, "label=\"");
    put_label(graph, label);
    say(graph, "\";\n");
}

static void close_frame(struct graph *graph)
{
    graph->indent--;
    begin_line(graph);
    say(graph, graph->mermaid ? "end\n" : "}\n");
}

/* --- boxes and arrows ------------------------------------------------------------------------------------- */

static void put_settings(struct graph *graph, const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        if (setting->block != NULL)
            continue;
        char *value = wp_explain_value(graph->plan, setting);
        if (value == NULL) {
            graph->failed = true;
            return;
        }
        put_break(graph);
        if ((!setting->opt->positional || setting->opt->type == WEIR_OPT_INT) && strcmp(setting->opt->name, value) != 0)
            say(graph, "%s=", setting->opt->name);
        put_label(graph, value);
        free(value);
    }
}

static void put_key(struct graph *graph, const char *field)
{
    say(graph, " @order=key(.");
    put_label(graph, field);
    say(graph, ")");
}

static void put_box(struct graph *graph, const struct plan_node *node)
{
    const unsigned par = wp_bounds_par(node);
    begin_line(graph);
    say(graph, graph->mermaid ? "n%u[\"" : "n%u [label=\"", node->index);
    put_label(graph, node->name);
    if (strcmp(node->name, node->stage->name) != 0)
        say(graph, " (%s)", node->stage->name);
    put_settings(graph, node);
    if (node->engine.par_cores || par > 1) {
        put_break(graph);
        if (node->engine.par_cores)
            say(graph, "@par=cores");
        else
            say(graph, "@par=%u", par);
        if (node->engine.order == ORDER_ANY)
            say(graph, " @order=any");
        if (node->engine.order == ORDER_KEY)
            put_key(graph, node->engine.key_text);
    }
    say(graph, graph->mermaid ? "\"]\n" : "\"];\n");
}

static void open_arrow(struct graph *graph, unsigned from, unsigned to, bool dashed)
{
    begin_line(graph);
    if (graph->mermaid)
        say(graph, dashed ? "n%u -.->|\"" : "n%u -->|\"", from);
    else
        say(graph, dashed ? "n%u -> n%u [style=dashed, label=\"" : "n%u -> n%u [label=\"", from, to);
}

static void close_arrow(struct graph *graph, unsigned to)
{
    if (graph->mermaid)
        say(graph, "\"| n%u\n", to);
    else
        say(graph, "\"];\n");
}

/* To the next one, or to the first of a branch. */
static void put_edge(struct graph *graph, const struct plan_node *node, const struct plan_node *to, size_t capacity)
{
    char size[LINES_SIZE_MAX];
    open_arrow(graph, node->index, to->index, false);
    if (to->in == WEIR_BYTES)
        say(graph, "bytes%s%s", graph->mermaid ? "<br/>" : "\\n",
            wp_lines_size(size, (uint64_t)capacity * wp_bounds_chunk_bytes(node)));
    else
        say(graph, "%s%s%zu batches", to->in == WEIR_FILES ? "files" : "records", graph->mermaid ? "<br/>" : "\\n",
            capacity);
    close_arrow(graph, to->index);
}

/* --- chains ------------------------------------------------------------------------------------------------- */

static void put_chain(struct graph *graph, const struct plan_chain *chain, unsigned whole);

static void put_branches(struct graph *graph, const struct plan_node *node)
{
    const struct plan_chain *branch;
    for (unsigned i = 0; (branch = wp_plan_block(node, i)) != NULL; i++) {
        char *label = wp_explain_branch(graph->plan, node, i);
        graph->failed |= label == NULL;
        open_frame(graph, label != NULL ? label : "");
        free(label);
        put_chain(graph, branch, 0);
        close_frame(graph);
        put_edge(graph, node, branch->nodes, graph->bounds[branch->nodes->index].feed);
    }
}

static void put_block(struct graph *graph, const struct plan_node *node)
{
    char label[128];
    const struct plan_chain *block = wp_plan_block(node, 0);
    if (block == NULL)
        return;
    snprintf(label, sizeof label, "%s: for each file", node->stage->name);
    open_frame(graph, label);
    put_chain(graph, block, 0);
    close_frame(graph);
    open_arrow(graph, node->index, block->nodes->index, true);
    say(graph, "a file");
    close_arrow(graph, block->nodes->index);
    if (block->out == WEIR_NONE)
        return;
    open_arrow(graph, wp_plan_last(block)->index, node->index, true);
    say(graph, "%s", block->out == WEIR_BYTES ? "bytes" : "files");
    close_arrow(graph, node->index);
}

/* The first `whole` nodes are one job, with a frame of their own. */
static void put_chain(struct graph *graph, const struct plan_chain *chain, unsigned whole)
{
    unsigned count = 0;
    if (whole > 0)
        open_frame(graph, "one job: the hashing job");
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        put_box(graph, node);
        if (++count == whole)
            close_frame(graph);
    }
    count = 0;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        if (node->forks)
            put_branches(graph, node);
        else
            put_block(graph, node);
        if (node->next != NULL && ++count >= whole) {
            put_edge(graph, node, node->next, graph->bounds[node->index].edge);
        } else if (node->next != NULL) {
            open_arrow(graph, node->index, node->next->index, false);
            say(graph, "files");
            close_arrow(graph, node->next->index);
        }
    }
}

static void put_pipeline(struct graph *graph, const struct plan_chain *chain)
{
    if (chain->name != NULL)
        open_frame(graph, chain->name);
    put_chain(graph, chain, wp_hash_job_nodes(chain));
    if (chain->name != NULL)
        close_frame(graph);
}

/* Outside of all frames: an edge's ends are in the frame that it stands in. */
static void put_merges(struct graph *graph)
{
    for (const struct plan_chain *chain = graph->plan->pipelines; chain != NULL; chain = chain->next) {
        const struct plan_node *last = wp_plan_last(chain);
        if (last->into != NULL)
            put_edge(graph, last, last->into, graph->bounds[last->index].edge);
    }
}

static void put_stream(struct graph *graph, const struct plan_chain *dead)
{
    char label[128];
    snprintf(label, sizeof label, "dead %.100s", dead->name);
    open_frame(graph, label);
    put_chain(graph, dead, 0);
    close_frame(graph);
}

/* From who sends to a dead-letter stream to that. */
static void put_deads(struct graph *graph, const struct plan_chain *chain)
{
    const struct plan_chain *block;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        for (const struct plan_chain *dead = graph->plan->deads; dead != NULL; dead = dead->next)
            if (node->engine.dead != NULL && strcmp(node->engine.dead, dead->name) == 0) {
                open_arrow(graph, node->index, dead->nodes->index, true);
                say(graph, "rejected");
                close_arrow(graph, dead->nodes->index);
            }
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            put_deads(graph, block);
    }
}

int wp_graph(const struct plan *plan, const struct run_bounds *bounds, weir_graph_format format, weir_text *out)
{
    struct graph graph = {
        .plan = plan, .bounds = bounds, .mermaid = format == WEIR_GRAPH_MERMAID, .out = out, .indent = 1
    };
    if (graph.mermaid)
        say(&graph, "flowchart LR\n");
    else
        say(&graph, "digraph weir {\n  rankdir=LR;\n"
                    "  graph [fontname=\"sans-serif\", style=rounded, color=\"#90a4ae\", bgcolor=white];\n"
                    "  node [fontname=\"sans-serif\", shape=box, style=\"rounded,filled\", fillcolor=\"#e3f2fd\"];\n");
    if (!graph.mermaid)
        say(&graph, "  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        put_pipeline(&graph, chain);
    for (const struct plan_chain *dead = plan->deads; dead != NULL; dead = dead->next)
        put_stream(&graph, dead);
    put_merges(&graph);
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        put_deads(&graph, chain);
    if (!graph.mermaid)
        say(&graph, "}\n");
    return graph.failed ? -ENOMEM : 0;
}
