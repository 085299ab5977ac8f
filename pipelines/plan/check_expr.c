/* check_expr.c - expressions: functions that exist, with as many arguments as they take; what can be said of types. */
#include <string.h>
#include <weir/suggest.h>

#include "expr/eval.h"
#include "plan/checker.h"

static bool check_call(struct check *check, const struct expr *expr)
{
    const struct function *function = wp_function_find(expr->name);
    if (function == NULL) {
        weir_suggest suggest;
        weir_suggest_init(&suggest, expr->name);
        for (size_t i = 0; wp_function_at(i) != NULL; i++)
            weir_suggest_offer(&suggest, wp_function_at(i)->name);
        if (suggest.best != NULL)
            wp_diag(check->diags, expr->name_span, "unknown function '%s' (did you mean '%s'?)", expr->name,
                    suggest.best);
        else
            wp_diag(check->diags, expr->name_span, "unknown function '%s'", expr->name);
        return false;
    }
    if (function->call == NULL || expr->strict) {
        wp_diag(check->diags, expr->name_span, "%s%s() is part of the language, but this weir can't do it yet",
                expr->name, expr->strict ? "!" : "");
        return false;
    }
    unsigned count = 0;
    for (const struct expr *arg = expr->args; arg != NULL; arg = arg->next)
        count++;
    if (count >= function->min && count <= function->max)
        return true;
    if (function->min == function->max)
        wp_diag(check->diags, expr->span, "%s() takes %u argument%s, not %u", expr->name, function->min,
                function->min == 1 ? "" : "s", count);
    else
        wp_diag(check->diags, expr->span, "%s() takes %u to %u arguments, not %u", expr->name, function->min,
                function->max, count);
    return false;
}

/* A comparison of two literals of different types is always false: nobody means that. */
static bool check_comparison(struct check *check, const struct expr *expr)
{
    const struct expr *left = expr->args, *right = left->next;
    if (expr->op < OP_EQ || expr->op > OP_GE || left->kind != EXPR_VALUE || right->kind != EXPR_VALUE)
        return true;
    const bool left_text = left->value.kind == VALUE_STRING, right_text = right->value.kind == VALUE_STRING;
    if (left_text == right_text)
        return true;
    wp_diag(check->diags, expr->span, "a text and a number are never equal, less or greater");
    return false;
}

/* A text becomes one piece, with its variables filled in. */
static bool fold_text(struct check *check, struct expr *expr)
{
    const char *text = wp_check_text(check, &expr->value);
    struct part *part = text != NULL ? wp_arena_new(check->arena, struct part) : NULL;
    if (part == NULL)
        return false;
    *part = (struct part){ .kind = PART_LITERAL, .data = text, .size = strlen(text), .span = expr->span };
    expr->value.parts = part;
    return true;
}

bool wp_check_expr(struct check *check, struct expr *expr)
{
    bool good = true;
    if (expr->kind == EXPR_MATCH || (expr->kind == EXPR_VALUE && expr->value.kind == VALUE_REGEX)) {
        wp_diag(check->diags, expr->span,
                "regular expressions are part of the language, but this weir can't do them yet");
        return false;
    }
    if (expr->kind == EXPR_CALL)
        good = check_call(check, expr);
    else if (expr->kind == EXPR_BINARY)
        good = check_comparison(check, expr);
    else if (expr->kind == EXPR_VALUE && expr->value.kind == VALUE_STRING)
        good = fold_text(check, expr);
    for (struct expr *arg = expr->args; arg != NULL; arg = arg->next)
        good = wp_check_expr(check, arg) && good;
    return good;
}

const char *wp_check_path_text(struct check *check, const struct expr *path)
{
    weir_text text = { 0 };
    int error = 0;
    for (const struct path_step *step = path->steps; error == 0 && step != NULL; step = step->next) {
        if (text.size > 0)
            error = weir_text_append(&text, ".", 1);
        if (error == 0 && step->name != NULL)
            error = weir_text_append(&text, step->name, step->size);
    }
    const char *result = error == 0 ? wp_arena_copy(check->arena, text.data, text.size) : NULL;
    weir_text_fini(&text);
    if (error != 0)
        check->arena->failed = true;
    return result;
}
