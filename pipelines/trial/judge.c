/* judge.c - what a test says of the records that came out: true, or what they are instead. */
#include <string.h>

#include "run/format_json.h"
#include "run/row.h"
#include "trial/trial.h"

/* A record in a message is cut here. */
#define SHOWN_BYTES 400

/* As a line of JSON that a terminal can show. 0 or -ENOMEM. */
static int show(weir_text *out, const struct row *row)
{
    weir_text line = { 0 };
    int error = wp_format_json_append(&line, row);
    const size_t all = line.size > 0 && line.data[line.size - 1] == '\n' ? line.size - 1 : line.size;
    size_t shown = all < SHOWN_BYTES ? all : SHOWN_BYTES;
    while (shown < all && ((unsigned char)line.data[shown] & 0xc0) == 0x80)
        shown--;
    for (size_t i = 0; i < shown; i++) /* a record that nobody parsed may hold anything */
        if ((unsigned char)line.data[i] < ' ' || line.data[i] == 0x7f)
            line.data[i] = '?';
    if (error == 0)
        error = weir_text_append(out, line.data, shown);
    if (error == 0 && shown < all)
        error = weir_text_append(out, "...", 3);
    weir_text_fini(&line);
    return error;
}

static int hint_row(const struct trial *trial, struct diags *diags, size_t index)
{
    weir_text text = { 0 };
    const int error = show(&text, wp_trial_row(trial, index));
    if (error == 0)
        wp_diag_hint(diags, "out[%zu] is %.*s", index, (int)text.size, text.data);
    weir_text_fini(&text);
    return error;
}

/* --- out[n] expression --------------------------------------------------------------------------- */

/* The part of `a && b && c` that isn't true. */
static const struct expr *culprit(struct eval *eval, const struct expr *expr)
{
    while (expr->kind == EXPR_BINARY && expr->op == OP_AND)
        expr = datum_is_true(wp_eval(eval, expr->args)) ? expr->args->next : expr->args;
    return expr;
}

/* Of a comparison what its left side is; of others what they are. */
static const struct expr *what_matters(const struct expr *expr)
{
    const bool compares = expr->kind == EXPR_MATCH || expr->kind == EXPR_IN ||
                          (expr->kind == EXPR_BINARY && expr->op >= OP_EQ && expr->op <= OP_GE);
    return compares ? expr->args : expr;
}

static int blame(struct eval *eval, const struct expr *expr, struct diags *diags)
{
    const struct expr *guilty = culprit(eval, expr), *asked = what_matters(guilty);
    const struct source *source = diags->source;
    weir_text value = { 0 };
    const struct datum datum = wp_eval(eval, asked);
    const int error = wp_datum_append_json(&value, datum);
    const int shown = value.size > SHOWN_BYTES ? SHOWN_BYTES : (int)value.size;
    if (eval->failed)
        wp_diag(diags, guilty->span, "this can't be said: %s", eval->reason);
    else if (error == 0)
        wp_diag(diags, guilty->span, "this is not true: %.*s is %.*s (%s)", (int)(asked->span.to - asked->span.from),
                source->text + asked->span.from, shown, value.data, wp_datum_type(datum.kind));
    weir_text_fini(&value);
    return error;
}

static int judge_out(const struct trial *trial, const struct clause *clause, struct diags *diags)
{
    const struct row *row = wp_trial_row(trial, (size_t)clause->index);
    if (row == NULL) {
        wp_diag(diags, clause->span, "there is no out[%ld]: %zu record%s came out", (long)clause->index, trial->rows,
                trial->rows == 1 ? "" : "s");
        return 0;
    }
    struct arena arena = { 0 };
    struct eval eval = wp_row_eval(row, &arena);
    int error = 0;
    if (!datum_is_true(wp_eval(&eval, clause->expr)) || eval.failed) {
        error = blame(&eval, clause->expr, diags);
        if (error == 0)
            error = hint_row(trial, diags, (size_t)clause->index);
    }
    if (arena.failed)
        error = -ENOMEM;
    wp_arena_fini(&arena);
    return error;
}

/* --- count out op n -------------------------------------------------------------------------------- */

static bool compares(size_t rows, enum expr_op op, int64_t wanted)
{
    const int order = rows < (uint64_t)wanted ? -1 : rows > (uint64_t)wanted;
    switch ((int)op) {
    case OP_EQ:
        return order == 0;
    case OP_NE:
        return order != 0;
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static int judge_count(const struct trial *trial, const struct clause *clause, struct diags *diags)
{
    if (compares(trial->rows, clause->op, clause->index))
        return 0;
    wp_diag(diags, clause->span, "%zu record%s came out", trial->rows, trial->rows == 1 ? "" : "s");
    return trial->rows > 0 ? hint_row(trial, diags, trial->rows - 1) : 0;
}

/* --- all ------------------------------------------------------------------------------------------- */

static void tell_failure(const struct trial *trial, int error, struct diags *diags)
{
    const struct run *run = trial->run;
    const struct span span =
        run != NULL && run->failed != NULL ? run->failed->plan->span : trial->test->syntax->name.span;
    const char *text = run != NULL && run->error_text != NULL ? run->error_text : strerror(-error);
    wp_diag(diags, span, "the stage failed in this test: %s", text);
}

int wp_trial_judge(const struct trial *trial, int error, struct diags *diags)
{
    int result = 0;
    if (error < 0)
        tell_failure(trial, error, diags);
    for (const struct clause *clause = trial->test->syntax->clauses; error == 0 && result == 0 && clause != NULL;
         clause = clause->next)
        if (clause->kind == CLAUSE_OUT)
            result = judge_out(trial, clause, diags);
        else if (clause->kind == CLAUSE_COUNT)
            result = judge_count(trial, clause, diags);
    return result < 0 || diags->no_memory ? -ENOMEM : 0;
}
