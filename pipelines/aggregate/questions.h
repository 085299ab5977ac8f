/*
 * questions.h - what a node was asked to find, and by which fields: of its plan, in the shape that rows are put to.
 * Read-only once it is made.
 */
#ifndef WP_QUESTIONS_H
#define WP_QUESTIONS_H

#include "aggregate/summary.h"
#include "plan/plan.h"

struct question {
    const char *name; /* of the result */
    struct measure measure;
    uint32_t column; /* not of a count */
};

/* A field of which something is found, however much: it is looked up once a record. */
struct column {
    const struct path_step *steps;
    unsigned parts;
    size_t at; /* of its summary in the memory of a group */
};

struct by_field {
    const struct path_step *steps;
    const char *name;
};

struct questions {
    struct question *list;
    struct column *columns;
    struct by_field *by;
    uint32_t count, column_count, by_count;
    size_t summaries_size;
};

/*
 * Of the settings `what` (WEIR_OPT_CALLS) and `by` (WEIR_OPT_FIELDS); without `what` it is the count. `approx`:
 * quantiles by sketch. 0 or -ENOMEM; wp_questions_fini() in any case.
 */
WEIR_MUST_USE int wp_questions_init(struct questions *questions, const struct plan_node *node, bool approx);
void wp_questions_fini(struct questions *questions);

#endif
