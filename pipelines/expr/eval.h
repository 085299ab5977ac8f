/*
 * eval.h - expressions over rows: typed, without loops, without io.
 *
 * A comparison of different types is false, a field that is missing is null, and
 * arithmetic that can't be done is null: an expression always has a value.
 */
#ifndef WP_EVAL_H
#define WP_EVAL_H

#include "expr/datum.h"
#include "lang/syntax.h"

/* Where fields come from. */
struct row_view {
    const void *row;
    /* The field `name` of the row, or null. */
    struct datum (*get)(const void *row, const char *name, size_t size, struct arena *arena);
    /* All of them, as a map: what "." is. */
    struct datum (*all)(const void *row, struct arena *arena);
};

struct eval {
    struct row_view view;
    struct arena *arena; /* what results that are made point to */
    size_t left;         /* bytes that it may still make; running out makes nulls */
};

#define EVAL_BYTES_MAX ((size_t)1 << 20)

struct datum wp_eval(struct eval *eval, const struct expr *expr);

/* eval_path.c: .a.b[0] */
struct datum wp_eval_path(struct eval *eval, const struct path_step *steps);

/* --- functions (functions.c, functions_string.c) ------------------------------------------------------ */

struct function {
    const char *name;
    unsigned min, max; /* arguments */
    struct datum (*call)(struct eval *eval, const struct datum *args, unsigned count);
};

#define FUNCTION_ARGS_MAX 16

/* NULL: there is none. `call` is NULL for those that the language has, and this weir can't do yet. */
const struct function *wp_function_find(const char *name);
const struct function *wp_function_at(size_t index);

/* Room for a result; NULL: it would be more than an expression may make. */
char *wp_eval_room(struct eval *eval, size_t size);

#endif
