/*
 * parse_expr.c - expressions, by the strength of their operators (weakest first):
 *
 *     ||   &&   == != < <= > >= =~ !~ in   ??   + -   * / %   ! -   literals, paths, calls
 *
 * Comparisons don't chain: `a < b < c` is a fault, since it never means what it says.
 */
#include <stdio.h>
#include <string.h>

#include "lang/parse.h"

enum strength { WEAKEST, COMPARING = 2, STRONGEST = 5 };

static const struct operator
{
    const char *token;
    enum expr_op op;
    int strength;
}
operators[] = {
    { "||", OP_OR, 0 },
    { "&&", OP_AND, 1 },
    { "==", OP_EQ, COMPARING },
    { "!=", OP_NE, COMPARING },
    { "=~", OP_MATCH, COMPARING },
    { "!~", OP_NO_MATCH, COMPARING },
    { "<=", OP_LE, COMPARING },
    { ">=", OP_GE, COMPARING },
    { "<", OP_LT, COMPARING },
    { ">", OP_GT, COMPARING },
    { "in", OP_IN, COMPARING },
    { "??", OP_ELSE, 3 },
    { "+", OP_ADD, 4 },
    { "-", OP_SUB, 4 },
    { "*", OP_MUL, STRONGEST },
    { "/", OP_DIV, STRONGEST },
    { "%", OP_MOD, STRONGEST },
};

/* The operator of this strength that comes next, taken. */
static const struct operator* take_operator(struct scan *scan, int strength)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const struct operator* operator= & operators[i];
        if (operator->strength != strength ||(operator->op == OP_SUB && wp_scan_is(scan, "->")))
            continue;
        if (operator->op == OP_IN ? wp_scan_take_word(scan, "in") : wp_scan_take(scan, operator->token))
            return operator;
    }
    return NULL;
}

bool wp_parse_comparison(struct scan *scan, enum expr_op *ret_op)
{
    const uint32_t from = scan->at;
    const struct operator* operator= take_operator(scan, COMPARING);
    if (operator!= NULL && operator->op >= OP_EQ && operator->op <= OP_GE) {
        *ret_op = operator->op;
        return true;
    }
    scan->at = from;
    return false;
}

static struct expr *new_expr(struct scan *scan, enum expr_kind kind, struct span span)
{
    struct expr *expr = wp_arena_new(scan->arena, struct expr);
    if (expr != NULL) {
        expr->kind = kind;
        expr->span = span;
    }
    return expr;
}

static struct expr *missing(struct scan *scan, const char *what)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "%s is missing before %s", what, shown);
    return NULL;
}

static bool expect(struct scan *scan, const char *token)
{
    char what[16];
    if (wp_scan_take(scan, token))
        return true;
    snprintf(what, sizeof what, "'%s'", token);
    (void)missing(scan, what);
    return false;
}

/* --- paths ----------------------------------------------------------------------------- */

static char at(const struct scan *scan, uint32_t place)
{
    return place < scan->source->size ? scan->source->text[place] : '\0';
}

/* name, "odd key" in brackets, or [0]; at the first byte behind the '.', or at the '['. */
static struct path_step *parse_step(struct scan *scan, bool after_dot)
{
    struct path_step *step = wp_arena_new(scan->arena, struct path_step);
    if (step == NULL)
        return NULL;
    if (after_dot && scan_is_name_start(at(scan, scan->at))) {
        struct span span;
        if (!wp_scan_name(scan, false, &step->name, &span))
            return NULL;
        step->size = span.to - span.from;
        return step;
    }
    scan->at++; /* '[' */
    struct value value;
    const uint32_t from = scan->at;
    if (wp_scan_peek(scan) == '"') {
        if (!wp_scan_string(scan, &value))
            return NULL;
        if (value.parts == NULL || value.parts->next != NULL || value.parts->kind == PART_VARIABLE) {
            wp_diag(scan->diags, value.span, "a key is plain text of at least one byte");
            return NULL;
        }
        step->name = value.parts->data;
        step->size = value.parts->size;
    } else if (!wp_scan_number(scan, &value) || value.kind != VALUE_INT) {
        wp_diag(scan->diags, (struct span){ from, scan->at }, "in brackets stands a number or a \"key\"");
        return NULL;
    } else {
        step->index = value.number;
    }
    return expect(scan, "]") ? step : NULL;
}

/* Steps as long as there are any. False: it has said why. */
static bool parse_steps(struct scan *scan, bool after_dot, struct path_step **link)
{
    for (;; after_dot = false) {
        const bool bracket = at(scan, scan->at) == '[';
        if (!after_dot && at(scan, scan->at) == '.' &&
            (scan_is_name_start(at(scan, scan->at + 1)) || at(scan, scan->at + 1) == '[')) {
            scan->at++;
            after_dot = true;
        } else if (!bracket && !(after_dot && scan_is_name_start(at(scan, scan->at)))) {
            break;
        }
        *link = parse_step(scan, after_dot);
        if (*link == NULL)
            return false;
        link = &(*link)->next;
    }
    return true;
}

struct expr *wp_parse_path(struct scan *scan)
{
    wp_scan_blank(scan);
    struct expr *expr = new_expr(scan, EXPR_PATH, (struct span){ scan->at, scan->at + 1 });
    if (expr == NULL)
        return NULL;
    scan->at++;
    if (!parse_steps(scan, true, &expr->steps))
        return NULL;
    expr->span.to = scan->at;
    return expr;
}

/* --- what stands alone ------------------------------------------------------------------ */

/* Expressions up to `end`, with commas between. */
static bool parse_list(struct scan *scan, const char *end, struct expr **link)
{
    if (wp_scan_take(scan, end))
        return true;
    do {
        *link = wp_parse_expr(scan);
        if (*link == NULL)
            return false;
        link = &(*link)->next;
    } while (wp_scan_take(scan, ","));
    return expect(scan, end);
}

static struct expr *parse_if(struct scan *scan, uint32_t from)
{
    struct expr *expr = new_expr(scan, EXPR_IF, (struct span){ from, from });
    if (expr == NULL || (expr->args = wp_parse_expr(scan)) == NULL)
        return NULL;
    if (!wp_scan_take_word(scan, "then"))
        return missing(scan, "'then'");
    if ((expr->args->next = wp_parse_expr(scan)) == NULL)
        return NULL;
    if (!wp_scan_take_word(scan, "else"))
        return missing(scan, "'else'");
    if ((expr->args->next->next = wp_parse_expr(scan)) == NULL)
        return NULL;
    expr->span.to = scan->at;
    return expr;
}

static struct expr *parse_call(struct scan *scan)
{
    struct span span;
    const char *name;
    const uint32_t from = scan->at;
    if (!wp_scan_name(scan, false, &name, &span))
        return NULL;
    struct expr *expr = new_expr(scan, EXPR_CALL, span);
    if (expr == NULL)
        return NULL;
    expr->name = name;
    expr->name_span = span;
    expr->strict = at(scan, scan->at) == '!' && at(scan, scan->at + 1) == '(';
    scan->at += expr->strict;
    if (at(scan, scan->at) != '(') {
        scan->at = from;
        wp_diag(scan->diags, span, "'%s' is neither a function nor a literal", name);
        wp_diag_hint(scan->diags, "a field is .%s, a text is \"%s\", a call is %s(...)", name, name, name);
        return NULL;
    }
    scan->at++;
    if (!parse_list(scan, ")", &expr->args))
        return NULL;
    expr->span.to = scan->at;
    return expr;
}

static struct expr *parse_literal(struct scan *scan)
{
    struct expr *expr = new_expr(scan, EXPR_VALUE, (struct span){ scan->at, scan->at });
    if (expr == NULL)
        return NULL;
    const bool good = at(scan, scan->at) == '/'   ? wp_scan_regex(scan, &expr->value)
                      : at(scan, scan->at) == '"' ? wp_scan_string(scan, &expr->value)
                                                  : wp_scan_number(scan, &expr->value);
    expr->span = expr->value.span;
    return good ? expr : NULL;
}

static struct expr *parse_constant(struct scan *scan)
{
    static const struct {
        const char *word;
        enum value_kind kind;
        int64_t number;
    } constants[] = { { "true", VALUE_BOOL, 1 }, { "false", VALUE_BOOL, 0 }, { "null", VALUE_NULL, 0 } };
    const uint32_t from = scan->at;
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++)
        if (wp_scan_take_word(scan, constants[i].word)) {
            struct expr *expr = new_expr(scan, EXPR_VALUE, (struct span){ from, scan->at });
            if (expr != NULL)
                expr->value =
                    (struct value){ .kind = constants[i].kind, .number = constants[i].number, .span = expr->span };
            return expr;
        }
    return parse_call(scan);
}

static struct expr *parse_bracketed(struct scan *scan, char open)
{
    const uint32_t from = scan->at++;
    if (open == '(') {
        struct expr *expr = wp_parse_expr(scan);
        return expr != NULL && expect(scan, ")") ? expr : NULL;
    }
    struct expr *expr = new_expr(scan, EXPR_LIST, (struct span){ from, from });
    if (expr == NULL || !parse_list(scan, "]", &expr->args))
        return NULL;
    expr->span.to = scan->at;
    return expr;
}

/* What stands right behind a bracket that has closed, as in split(.a, ",")[0] and (.a ?? .b).c, goes into its value. */
static struct expr *parse_into(struct scan *scan, struct expr *value, uint32_t from)
{
    const char next = at(scan, scan->at);
    if (value == NULL || (next != '.' && next != '['))
        return value;
    struct expr *expr = new_expr(scan, EXPR_STEP, (struct span){ from, scan->at });
    if (expr == NULL)
        return NULL;
    expr->args = value;
    expr->name_span.from = scan->at;
    if (!parse_steps(scan, false, &expr->steps))
        return NULL;
    expr->span.to = expr->name_span.to = scan->at;
    return expr->steps != NULL ? expr : value;
}

static struct expr *parse_primary(struct scan *scan)
{
    const char c = wp_scan_peek(scan);
    const uint32_t from = scan->at;
    if (c == '(' || c == '[')
        return parse_into(scan, parse_bracketed(scan, c), from);
    if (c == '.')
        return wp_parse_path(scan);
    if (c == '"' || c == '/' || wp_is_digit(c))
        return parse_literal(scan);
    if (wp_scan_take_word(scan, "if"))
        return parse_if(scan, from);
    if (scan_is_name_start(c)) {
        struct expr *expr = parse_constant(scan);
        return expr != NULL && expr->kind == EXPR_CALL ? parse_into(scan, expr, from) : expr;
    }
    return missing(scan, "a value");
}

static struct expr *parse_unary(struct scan *scan)
{
    const char c = wp_scan_peek(scan);
    const uint32_t from = scan->at;
    if (c != '!' && c != '-')
        return parse_primary(scan);
    if (scan->depth >= NESTING_MAX)
        return missing(scan, "an end of what is nested more than 64 deep");
    scan->at++;
    scan->depth++;
    struct expr *operand = parse_unary(scan);
    scan->depth--;
    if (operand == NULL)
        return NULL;
    struct expr *expr = new_expr(scan, c == '!' ? EXPR_NOT : EXPR_MINUS, (struct span){ from, scan->at });
    if (expr != NULL)
        expr->args = operand;
    return expr;
}

/* --- operators ---------------------------------------------------------------------------- */

/* `.path =~ /regex/`: the right side is a regular expression and nothing else. */
static bool finish_match(struct scan *scan, struct expr *expr)
{
    if (wp_scan_peek(scan) != '/') {
        (void)missing(scan, "a /regular expression/");
        return false;
    }
    expr->kind = EXPR_MATCH;
    return wp_scan_regex(scan, &expr->value);
}

static bool finish_in(struct scan *scan, struct expr *expr)
{
    expr->kind = EXPR_IN;
    return expect(scan, "[") && parse_list(scan, "]", &expr->args->next);
}

static struct expr *parse_binary(struct scan *scan, int strength)
{
    struct expr *left = strength > STRONGEST ? parse_unary(scan) : parse_binary(scan, strength + 1);
    if (strength > STRONGEST)
        return left;
    unsigned count = 0;
    const struct operator* operator;
    while (left != NULL && (operator= take_operator(scan, strength)) != NULL) {
        if (strength == COMPARING && ++count > 1) {
            wp_diag(scan->diags, (struct span){ scan->at - 1, scan->at }, "comparisons don't chain: say which with &&");
            return NULL;
        }
        struct expr *expr = new_expr(scan, EXPR_BINARY, left->span);
        if (expr == NULL)
            return NULL;
        expr->op = operator->op;
        expr->args = left;
        bool good = true;
        if (operator->op == OP_MATCH || operator->op == OP_NO_MATCH)
            good = finish_match(scan, expr);
        else if (operator->op == OP_IN)
            good = finish_in(scan, expr);
        else
            good = (left->next = parse_binary(scan, strength + 1)) != NULL;
        if (!good)
            return NULL;
        expr->span.to = scan->at;
        left = expr;
    }
    return left;
}

struct expr *wp_parse_expr(struct scan *scan)
{
    if (scan->depth >= NESTING_MAX)
        return missing(scan, "an end of what is nested more than 64 deep");
    scan->depth++;
    struct expr *expr = parse_binary(scan, WEAKEST);
    scan->depth--;
    return expr;
}
