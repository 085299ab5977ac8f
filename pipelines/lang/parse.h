/*
 * parse.h - text to tree. Recursive descent, on a scan; each file of it is a part of the grammar.
 *
 * A parser that fails has said why in scan->diags (or the arena has failed), and
 * its caller finds the place to go on: several errors in one go.
 */
#ifndef WP_PARSE_H
#define WP_PARSE_H

#include "lang/scan.h"

/*
 * Reads a whole text. The tree is there also when the text has faults, without
 * the parts that have them. 0; -EINVAL, and diags say what is wrong; -ENOMEM.
 * The source must outlive the tree; wp_syntax_fini() frees it in any case.
 */
WEIR_MUST_USE int wp_parse(const struct source *source, struct syntax *ret_syntax, struct diags *diags);
void wp_syntax_fini(struct syntax *syntax);

/* parse_expr.c. NULL: it has said why. */
struct expr *wp_parse_expr(struct scan *scan);
/* ".a.b[0]", at the '.'. */
struct expr *wp_parse_path(struct scan *scan);
/* "count", "sum(.b)", "sum(.b) as .c": a call. *ret_as, which the caller has set to NULL: the path behind `as`. */
struct expr *wp_parse_measure(struct scan *scan, struct expr **ret_as);
/* == != < <= > >= */
bool wp_parse_comparison(struct scan *scan, enum expr_op *ret_op);

/* parse_stage.c: stages in a row, up to `}` or what can't be a stage. NULL: none of them could be read. */
struct stage_use *wp_parse_stages(struct scan *scan);
/* "{ stage | stage }", at the '{'. */
struct chain *wp_parse_block(struct scan *scan);

/* parse_argument.c: all arguments of `use`, by the table of its stage. False: it has said why. */
bool wp_parse_arguments(struct scan *scan, struct stage_use *use);
/* One value of an option, one of the engine's; without the name. False: it has said why. */
bool wp_parse_option_value(struct scan *scan, const struct weir_opt *opt, struct argument *argument);
bool wp_parse_engine_value(struct scan *scan, struct argument *argument);

/* One more argument, empty, that begins at `from`. NULL: no memory. */
struct argument *wp_parse_add(struct scan *scan, struct argument ***link, const char *name, const struct weir_opt *opt,
                              uint32_t from);
/* parse_cases.c: "{ EXPR -> { ... } else -> { ... } }", at the '{'. False: it has said why. */
bool wp_parse_cases(struct scan *scan, struct argument ***link, const struct weir_opt *opt);
/* parse_stage.c: behind the '}' of what is open. */
void wp_parse_leave(struct scan *scan);

/* True when a pipeline, `let`, `dead` or `test` begins here: no argument of a stage does. */
bool wp_parse_is_statement(struct scan *scan);

#endif
