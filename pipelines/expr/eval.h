/*
 * eval.h - expressions over rows: typed, without loops, without io.
 *
 * A comparison of different types is false, a field that is missing is null, and
 * arithmetic that can't be done is null: an expression always has a value. Where
 * that is not enough it fails, and the value means nothing: a strict call whose
 * function is null, a regular expression that takes too long.
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
    struct arena *arena; /* what results that are made point to; if it has `failed`, nothing is known of the value */
    size_t left;         /* bytes that it may still make; running out makes nulls */
    bool failed;         /* look before you use the value */
    const char *reason;  /* why: a line, the arena's or for good */
};

#define EVAL_BYTES_MAX ((size_t)1 << 20)

struct datum wp_eval(struct eval *eval, const struct expr *expr);

/* Keeps the first reason. `reason` must live as long as the arena. */
void wp_eval_fail(struct eval *eval, const char *reason);

/* eval_path.c: .a.b[0] */
struct datum wp_eval_path(struct eval *eval, const struct path_step *steps);
/* The same into a value that is there; null where a step leads nowhere. */
struct datum wp_eval_steps(struct datum datum, const struct path_step *steps);

/* --- functions (functions.c, functions_string.c) ------------------------------------------------------ */

typedef struct datum (*function_call)(struct eval *eval, const struct datum *args, unsigned count);

struct function {
    const char *name;
    unsigned min, max; /* arguments */
    bool regex;        /* the second one may be a regular expression */
    function_call call;
};

#define FUNCTION_ARGS_MAX 16

/* NULL: there is none. `call` is NULL for those that the language has, and this weir can't do yet. */
const struct function *wp_function_find(const char *name);
const struct function *wp_function_at(size_t index);

/* functions_regex.c: false also when it fails. */
bool wp_eval_match(struct eval *eval, const struct regex *regex, struct datum text);

/* What was appended to `out` as a string of the evaluation; null after an error. `out` is freed. */
struct datum wp_eval_take_text(struct eval *eval, weir_text *out, int error);

/* Room for a result; NULL: it would be more than an expression may make. */
char *wp_eval_room(struct eval *eval, size_t size);

#endif
