/* run_rig.h - a plan of a text, and its run, whose sources and sinks are the test's. */
#ifndef RUN_RIG_H
#define RUN_RIG_H

#include "check.h"
#include "plan/plan.h"
#include "run/run.h"

struct run_rig {
    struct source source;
    struct syntax syntax;
    struct diags diags;
    struct plan plan;
    struct run *run; /* NULL: made by whoever wants one */
};

/* The text outlives the rig. It must be one that can run. */
static inline void run_rig_plan(struct run_rig *rig, const char *text, size_t size)
{
    weir_text words = { 0 };
    *rig = (struct run_rig){ .source = { .name = "test", .text = text, .size = size } };
    rig->diags.source = &rig->source;
    int error = wp_parse(&rig->source, &rig->syntax, &rig->diags);
    if (error == 0)
        error = wp_plan(&rig->syntax, NULL, 0, &rig->diags, &rig->plan);
    if (error != 0) {
        CHECK_EQ(wp_diag_render(&rig->diags, &words), 0);
        fprintf(stderr, "%s\n%.*s", text, (int)words.size, words.data);
    }
    CHECK_EQ(error, 0);
}

/* What the run has of its nodes `stdin` and `null` doesn't run: the test feeds and takes. */
static inline bool run_rig_is_end(const struct run_node *node)
{
    return strcmp(node->plan->stage->name, "stdin") == 0 || strcmp(node->plan->stage->name, "null") == 0;
}

static inline int run_rig_create(struct run_rig *rig, size_t *ret_needed)
{
    const int error = wp_run_create(&rig->plan, &rig->run, ret_needed);
    for (unsigned i = 0; error == 0 && i < rig->run->count; i++) {
        struct run_node *node = &rig->run->nodes[i];
        node->whole |= run_rig_is_end(node);
        node->is_source = node->plan != NULL && node->plan->in == WEIR_NONE && node->plan->merges == NULL;
    }
    return error;
}

static inline void run_rig_close(struct run_rig *rig)
{
    wp_run_destroy(rig->run);
    wp_diag_fini(&rig->diags);
    wp_syntax_fini(&rig->syntax);
}

/* The chunk goes on; it isn't the source's any more. */
static inline struct wp_edge_send run_rig_send(struct run_node *node, weir_chunk **chunk)
{
    const struct parcel parcel = { .chunk = *chunk };
    *chunk = NULL;
    /* cppcheck-suppress nullPointer ; nothing is read there, it is asked for its type */
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = parcel);
}

#endif
