/* check_expr.c - expressions: functions that exist, with as many arguments as they take; what can be said of types. */
#include <string.h>
#include <weir/suggest.h>

#include "plan/checker.h"

static const struct function {
    const char *name;
    unsigned min, max;
} functions[] = {
    { "abs", 1, 1 },       { "bool", 1, 1 },        { "ceil", 1, 1 },    { "cidr", 2, 2 },     { "contains", 2, 2 },
    { "ends_with", 2, 2 }, { "env", 1, 1 },         { "exists", 1, 1 },  { "extract", 2, 3 },  { "float", 1, 1 },
    { "floor", 1, 1 },     { "format_time", 2, 2 }, { "hash", 1, 2 },    { "hostname", 0, 0 }, { "int", 1, 1 },
    { "join", 2, 2 },      { "len", 1, 1 },         { "lower", 1, 1 },   { "mask", 3, 3 },     { "max", 1, 16 },
    { "min", 1, 16 },      { "now", 0, 0 },         { "replace", 3, 3 }, { "round", 1, 2 },    { "slice", 2, 3 },
    { "split", 2, 2 },     { "starts_with", 2, 2 }, { "string", 1, 1 },  { "time", 1, 2 },     { "trim", 1, 1 },
    { "type", 1, 1 },      { "upper", 1, 1 },
};

enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static const struct function *find_function(const char *name)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}

static bool check_call(struct check *check, const struct expr *expr)
{
    const struct function *function = find_function(expr->name);
    if (function == NULL) {
        weir_suggest suggest;
        weir_suggest_init(&suggest, expr->name);
        for (size_t i = 0; i < FUNCTIONS; i++)
            weir_suggest_offer(&suggest, functions[i].name);
        if (suggest.best != NULL)
            wp_diag(check->diags, expr->name_span, "unknown function '%s' (did you mean '%s'?)", expr->name,
                    suggest.best);
        else
            wp_diag(check->diags, expr->name_span, "unknown function '%s'", expr->name);
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

bool wp_check_expr(struct check *check, const struct expr *expr)
{
    bool good = true;
    if (expr->kind == EXPR_CALL)
        good = check_call(check, expr);
    else if (expr->kind == EXPR_BINARY)
        good = check_comparison(check, expr);
    for (const struct expr *arg = expr->args; arg != NULL; arg = arg->next)
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
