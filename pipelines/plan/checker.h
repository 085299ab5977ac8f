/* checker.h - what the parts of the checker share. */
#ifndef WP_CHECKER_H
#define WP_CHECKER_H

#include "plan/plan.h"

struct check {
    struct syntax *syntax;
    struct arena *arena;
    struct diags *diags;
    const struct plan_variable *variables;
    size_t variable_count;
    unsigned nodes;
    unsigned in_block;         /* how deep; a block is for one file */
    const struct chain *chain; /* the pipeline that is checked */
    bool in_dead;              /* it is a dead-letter stream */
    weir_port behind;          /* of a block: what is taken by the stage behind it */
    struct plan_chain *above;  /* those before it, without the faulty ones */
};

/* What flows behind a stage that nobody knows: anything may stand there. */
#define UNKNOWN_PORT ((weir_port)(1 << 30))

/*
 * check_spell.c: a stage, which is fed `given`, with others before or behind it that nobody has to write; or itself.
 * And what the stage behind it takes, or whatever stands behind its block.
 */
struct stage_use *wp_spell_out(struct check *check, struct stage_use *use, weir_port given);
weir_port wp_behind(const struct stage_use *use, weir_port behind);
/* check_rotate.c: does the chain end in a write that begins new files, and can it? False: it has said why not. */
bool wp_check_rotate(struct check *check, struct plan_chain *chain);
/* check_text.c: a string with its variables filled in. NULL: it has said why. */
const char *wp_check_text(struct check *check, const struct value *value);
/* A word where a template may stand: text, and a "~/" in front is the home directory. */
bool wp_check_template_word(struct check *check, const struct value *value, struct piece **ret_pieces);
/* Pieces of a template; false: it has said why. */
bool wp_check_template(struct check *check, const struct value *value, struct piece **ret_pieces);

/* check_expr.c: functions are known and have as many arguments as they take; texts are put together in their place. */
bool wp_check_expr(struct check *check, struct expr *expr);
/* Compiled; the tree's arena frees it. NULL: it has said why. */
const struct regex *wp_check_regex(struct check *check, const struct value *value);
/* ".a.b" as "a.b". NULL: no memory. */
const char *wp_check_path_text(struct check *check, const struct expr *path);

/* check_measure.c: a name of `choices` and a field where it wants one. False: it has said why. */
bool wp_check_measure(struct check *check, const struct argument *argument, const char *who);
/*
 * What a node that finds something of fields (WEIR_OPT_CALLS) gives its results: names, no two the same; and that what
 * it was told about windows makes sense.
 */
bool wp_check_result_names(struct check *check, struct plan_node *node);

/* check_option.c: the arguments of a stage into settings, and the engine's. False: it has said why. */
bool wp_check_settings(struct check *check, const struct stage_use *use, struct plan_node *node);
bool wp_check_engine(struct check *check, const struct stage_use *use, struct plan_node *node);

/* check_chain.c: a row of stages whose first is fed `in`; `outer`: whose block it is, or NULL. NULL: it has said why.
 */
struct plan_chain *wp_check_chain(struct check *check, const struct chain *chain, weir_port in,
                                  const struct plan_node *outer);
/* check_merge.c: the pipelines that a merge names; what they give is what it is fed and gives. False: it has said why.
 */
bool wp_check_merge(struct check *check, struct plan_node *node);
/* plan.c: a chain (`what`: a pipeline, a branch) ends in a sink: what its last stage gives must go somewhere. False: it
 * has said why. */
bool wp_check_end(struct check *check, const struct plan_chain *chain, const char *what);

/* check_tests.c: the tests of a text, of the main one of these pipelines. NULL also: it has none. */
struct plan_test *wp_check_tests(struct check *check, const struct plan_chain *pipelines);

#endif
