/* check_expr.c - expressions: functions that exist, with as many arguments as they take; what can be said of types. */
#include <string.h>
#include <weir/digest.h>
#include <weir/suggest.h>

#include "expr/eval.h"
#include "expr/functions.h"
#include "expr/find_text.h"
#include "expr/regex.h"
#include "plan/checker.h"

/* --- regular expressions ------------------------------------------------------------------------ */

/* The byte of the text that is byte `at` of the pattern: "\/" is one of it. */
static uint32_t place_in(const struct check *check, const struct part *pattern, size_t at)
{
    const char *text = check->syntax->source.text;
    uint32_t place = pattern->span.from;
    for (; at > 0 && place < pattern->span.to; at--)
        place += text[place] == '\\' && text[place + 1] == '/' ? 2 : 1;
    return place;
}

static void end_regex(void *regex)
{
    wp_regex_destroy(regex);
}

static bool compile_regex(struct check *check, struct value *value)
{
    const struct part *pattern = value->parts;
    struct regex_fault fault;
    if (value->regex != NULL)
        return true;
    const int error =
        wp_regex_create(pattern->data, pattern->size, (value->flags & REGEX_CASELESS) != 0, &value->regex, &fault);
    if (error == -ENOMEM)
        check->arena->failed = true;
    if (error == -ENOTSUP) {
        wp_diag(check->diags, value->span, "this weir was built without PCRE2: it has no regular expressions");
        wp_diag_hint(check->diags, "'weir --version' lists what it is made of; build it with -DWEIR_PCRE2=ON");
    }
    if (error == -EINVAL) {
        const uint32_t from = place_in(check, pattern, fault.at);
        wp_diag(check->diags, (struct span){ from, from + 1 }, "regular expression: %s", fault.message);
    }
    if (error == 0 && !wp_arena_at_end(check->arena, end_regex, value->regex)) {
        value->regex = NULL;
        return false;
    }
    return error == 0;
}

const struct regex *wp_check_regex(struct check *check, const struct value *value)
{
    struct value copy = *value;
    return compile_regex(check, &copy) ? copy.regex : NULL;
}

static bool is_regex(const struct expr *expr)
{
    return expr != NULL && expr->kind == EXPR_VALUE && expr->value.kind == VALUE_REGEX;
}

/* A regular expression is no value: it stands where something is searched with it. */
static bool check_regexes(struct check *check, struct expr *expr)
{
    bool good = expr->kind != EXPR_MATCH || compile_regex(check, &expr->value);
    const struct function *function = expr->kind == EXPR_CALL ? wp_function_find(expr->name) : NULL;
    unsigned index = 0;
    for (struct expr *arg = expr->args; arg != NULL; arg = arg->next, index++) {
        if (!is_regex(arg))
            continue;
        if (function != NULL && function->regex && index == 1) {
            good = compile_regex(check, &arg->value) && good;
            continue;
        }
        wp_diag(check->diags, arg->span, "a regular expression can't stand here");
        wp_diag_hint(check->diags,
                     "it stands behind =~ and !~, and is the second argument of extract, mask, replace and split");
        good = false;
    }
    return good;
}

/* --- calls -------------------------------------------------------------------------------------- */

static bool check_call(struct check *check, struct expr *expr)
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
    if (function->call == NULL) {
        wp_diag(check->diags, expr->name_span, "%s() is part of the language, but this weir can't do it yet",
                expr->name);
        return false;
    }
    unsigned count = 0;
    for (const struct expr *arg = expr->args; arg != NULL; arg = arg->next)
        count++;
    expr->function = function;
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

static void unknown_digest(struct check *check, const struct expr *expr, const char *name)
{
    const char *suggestion = weir_digest_suggest(name);
    if (suggestion != NULL)
        wp_diag(check->diags, expr->span, "hash(): no algo '%s' (did you mean '%s'?)", name, suggestion);
    else
        wp_diag(check->diags, expr->span, "hash(): no algo '%s'", name);
}

/* A second argument that is a text as it stands, and of which the function can make nothing; after texts are folded. */
static bool check_second(struct check *check, const struct expr *expr)
{
    const struct expr *second = expr->args != NULL ? expr->args->next : NULL;
    if (second == NULL || second->kind != EXPR_VALUE || second->value.kind != VALUE_STRING)
        return true;
    const struct part *part = second->value.parts;
    const struct datum text = datum_string(part->data, part->size);
    const function_call call = expr->function->call;
    const char odd = call == wp_time_of || call == wp_time_format ? wp_time_odd_directive(text) : '\0';
    if (odd != '\0') {
        wp_diag(check->diags, second->span, "%s(): no such place as '%%%c'", expr->name, odd);
        wp_diag_hint(check->diags, "known are %%Y %%m %%d %%e %%H %%M %%S %%f %%y %%b %%B %%a %%A %%j %%p %%I %%z %%Z "
                                   "%%s %%F %%T %%D %%R %%%%");
        return false;
    }
    if (call == wp_net_cidr && !wp_net_is_network(text)) {
        wp_diag(check->diags, second->span, "cidr(): '%s' is no network such as \"10.0.0.0/8\"", part->data);
        return false;
    }
    if (strcmp(expr->name, "hash") != 0 || weir_digest_find_n(text.text, text.size) != NULL)
        return true;
    unknown_digest(check, second, part->data);
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

/* A text that is looked for in row after row is prepared for that once. */
static bool prepare_search(struct check *check, struct expr *expr)
{
    const struct expr *text = strcmp(expr->name, "contains") == 0 && expr->args != NULL ? expr->args->next : NULL;
    if (text == NULL || text->kind != EXPR_VALUE || text->value.kind != VALUE_STRING)
        return true;
    struct text_finder *finder = wp_arena_new(check->arena, struct text_finder);
    if (finder == NULL)
        return false;
    *finder = wp_text_finder(text->value.parts->data, text->value.parts->size);
    expr->finder = finder;
    return true;
}

static bool check_tree(struct check *check, struct expr *expr)
{
    bool good = check_regexes(check, expr);
    if (expr->kind == EXPR_CALL)
        good = check_call(check, expr) && good;
    else if (expr->kind == EXPR_BINARY)
        good = check_comparison(check, expr) && good;
    else if (expr->kind == EXPR_VALUE && expr->value.kind == VALUE_STRING)
        good = fold_text(check, expr);
    for (struct expr *arg = expr->args; arg != NULL; arg = arg->next)
        good = check_tree(check, arg) && good;
    return good && (expr->kind != EXPR_CALL || (check_second(check, expr) && prepare_search(check, expr)));
}

bool wp_check_expr(struct check *check, struct expr *expr)
{
    if (!is_regex(expr))
        return check_tree(check, expr);
    wp_diag(check->diags, expr->span, "a regular expression alone is no condition");
    wp_diag_hint(check->diags, "say what it is searched in:  .path =~ /.../");
    return false;
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
