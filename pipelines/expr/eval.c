/* eval.c - an expression's value for one row. */
#include "expr/eval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "expr/find_text.h"

char *wp_eval_room(struct eval *eval, size_t size)
{
    if (size > eval->left)
        return NULL;
    eval->left -= size;
    return wp_arena_alloc(eval->arena, size + 1);
}

void wp_eval_fail(struct eval *eval, const char *reason)
{
    if (!eval->failed)
        eval->reason = reason;
    eval->failed = true;
}

static inline struct datum literal(const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOL:
        return datum_bool(value->number != 0);
    case VALUE_INT:
    case VALUE_SIZE:
        return datum_int(value->number);
    case VALUE_DOUBLE:
        return datum_double(value->real);
    case VALUE_DURATION:
        return (struct datum){ .kind = DATUM_DURATION, .number = value->number };
    case VALUE_STRING: /* the checker has made one part of it */
        return value->parts != NULL ? datum_string(value->parts->data, value->parts->size) : datum_string("", 0);
    case VALUE_REGEX:
        return (struct datum){ .kind = DATUM_REGEX, .regex = value->regex };
    default:
        return datum_null();
    }
}

/* --- operators ------------------------------------------------------------------------------------ */

static struct datum whole_arithmetic(enum expr_op op, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool over = false;
    switch (op) {
    case OP_ADD:
        over = __builtin_add_overflow(a, b, &result);
        break;
    case OP_SUB:
        over = __builtin_sub_overflow(a, b, &result);
        break;
    case OP_MUL:
        over = __builtin_mul_overflow(a, b, &result);
        break;
    case OP_DIV:
        over = b == 0 || (a == INT64_MIN && b == -1);
        if (!over && a % b != 0)
            return datum_double((double)a / (double)b);
        result = over ? 0 : a / b;
        break;
    default:
        over = b == 0 || (a == INT64_MIN && b == -1);
        result = over ? 0 : a % b;
        break;
    }
    return over ? datum_null() : datum_int(result);
}

static struct datum broken_arithmetic(enum expr_op op, double a, double b)
{
    switch (op) {
    case OP_ADD:
        return datum_double(a + b);
    case OP_SUB:
        return datum_double(a - b);
    case OP_MUL:
        return datum_double(a * b);
    case OP_DIV:
        return b == 0 ? datum_null() : datum_double(a / b);
    default:
        return b == 0 ? datum_null() : datum_double(fmod(a, b));
    }
}

/* time - time, time - duration, duration * 2: what else there is for time is null. */
static struct datum time_arithmetic(enum expr_op op, struct datum a, struct datum b)
{
    enum datum_kind kind = DATUM_NULL;
    if (op == OP_SUB && a.kind == DATUM_TIME && b.kind == DATUM_TIME)
        kind = DATUM_DURATION;
    else if ((op == OP_ADD || op == OP_SUB) && b.kind == DATUM_DURATION)
        kind = a.kind == DATUM_TIME || a.kind == DATUM_DURATION ? a.kind : DATUM_NULL;
    else if ((op == OP_MUL || op == OP_DIV) && a.kind == DATUM_DURATION && b.kind == DATUM_INT)
        kind = DATUM_DURATION;
    if (kind == DATUM_NULL)
        return datum_null();
    struct datum result =
        op == OP_DIV && b.number != 0 ? datum_int(a.number / b.number) : whole_arithmetic(op, a.number, b.number);
    if (result.kind == DATUM_INT)
        result.kind = kind;
    return result;
}

static struct datum concatenate(struct eval *eval, struct datum a, struct datum b)
{
    char *text = wp_eval_room(eval, (size_t)a.size + b.size);
    if (text == NULL)
        return datum_null();
    memcpy(text, a.text, a.size);
    memcpy(text + a.size, b.text, b.size);
    return datum_string(text, (size_t)a.size + b.size);
}

static struct datum arithmetic(struct eval *eval, enum expr_op op, struct datum a, struct datum b)
{
    if (a.kind == DATUM_INT && b.kind == DATUM_INT)
        return whole_arithmetic(op, a.number, b.number);
    if (datum_is_number(a) && datum_is_number(b))
        return broken_arithmetic(op, a.kind == DATUM_INT ? (double)a.number : a.real,
                                 b.kind == DATUM_INT ? (double)b.number : b.real);
    if (op == OP_ADD && a.kind == DATUM_STRING && b.kind == DATUM_STRING)
        return concatenate(eval, a, b);
    return time_arithmetic(op, a, b);
}

static struct datum comparison(enum expr_op op, struct datum a, struct datum b)
{
    int order;
    if (a.kind == DATUM_INT && b.kind == DATUM_INT) {
        switch (op) {
        case OP_EQ:
            return datum_bool(a.number == b.number);
        case OP_NE:
            return datum_bool(a.number != b.number);
        case OP_LT:
            return datum_bool(a.number < b.number);
        case OP_LE:
            return datum_bool(a.number <= b.number);
        case OP_GT:
            return datum_bool(a.number > b.number);
        default:
            return datum_bool(a.number >= b.number);
        }
    }
    if (op == OP_EQ)
        return datum_bool(wp_datum_equal(a, b));
    if (op == OP_NE)
        return datum_bool(!wp_datum_equal(a, b));
    if (!wp_datum_order(a, b, &order))
        return datum_bool(false);
    return datum_bool(op == OP_LT ? order < 0 : op == OP_LE ? order <= 0 : op == OP_GT ? order > 0 : order >= 0);
}

/* Most operands are a field or a constant: no call is needed to find that out. */
static inline struct datum operand(struct eval *eval, const struct expr *expr)
{
    if (expr->kind == EXPR_PATH)
        return wp_eval_path(eval, expr->steps);
    return expr->kind == EXPR_VALUE ? literal(&expr->value) : wp_eval(eval, expr);
}

static struct datum binary(struct eval *eval, const struct expr *expr)
{
    const struct datum a = operand(eval, expr->args);
    const struct expr *right = expr->args->next;
    switch (expr->op) {
    case OP_OR:
        return datum_bool(datum_is_true(a) || datum_is_true(operand(eval, right)));
    case OP_AND:
        return datum_bool(datum_is_true(a) && datum_is_true(operand(eval, right)));
    case OP_ELSE:
        return a.kind != DATUM_NULL ? a : operand(eval, right);
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        return comparison(expr->op, a, operand(eval, right));
    default:
        return arithmetic(eval, expr->op, a, operand(eval, right));
    }
}

/* --- the rest ---------------------------------------------------------------------------------------- */

static struct datum is_in(struct eval *eval, const struct expr *expr)
{
    const struct datum wanted = wp_eval(eval, expr->args);
    for (const struct expr *member = expr->args->next; member != NULL; member = member->next) {
        const struct datum datum = wp_eval(eval, member);
        if (wp_datum_equal(wanted, datum))
            return datum_bool(true);
        for (uint32_t i = 0; datum.kind == DATUM_LIST && i < datum.size; i++)
            if (wp_datum_equal(wanted, datum.items[i]))
                return datum_bool(true);
    }
    return datum_bool(false);
}

static struct datum list(struct eval *eval, const struct expr *expr)
{
    uint32_t count = 0;
    for (const struct expr *arg = expr->args; arg != NULL; arg = arg->next)
        count++;
    struct datum *items = (struct datum *)(void *)wp_eval_room(eval, count * sizeof *items);
    if (items == NULL)
        return datum_null();
    count = 0;
    for (const struct expr *arg = expr->args; arg != NULL; arg = arg->next)
        items[count++] = wp_eval(eval, arg);
    return (struct datum){ .kind = DATUM_LIST, .size = count, .items = items };
}

/* What int!(.x) says when int(.x) is null. */
static void fail_strictly(struct eval *eval, const struct expr *expr, const struct datum *args, unsigned count)
{
    weir_text text = { 0 };
    char reason[128];
    const int error = count > 0 && args[0].kind != DATUM_REGEX ? wp_datum_append_json(&text, args[0]) : 0;
    const size_t shown = text.size < 60 ? text.size : 60;
    const int size = error == 0 && count > 0
                         ? snprintf(reason, sizeof reason, "%s!() has no value for %.*s%s", expr->name, (int)shown,
                                    text.size > 0 ? text.data : "", shown < text.size ? "..." : "")
                         : snprintf(reason, sizeof reason, "%s!() has no value", expr->name);
    weir_text_fini(&text);
    eval->arena->failed |= error < 0;
    const char *kept = wp_arena_copy(eval->arena, reason, (size_t)size);
    wp_eval_fail(eval, kept != NULL ? kept : "no memory");
}

/* contains(TEXT, "text"). */
static struct datum contains(const struct expr *expr, struct datum text)
{
    return datum_bool(wp_text_finder_find(expr->finder, text.text, text.size) != NULL);
}

static struct datum call(struct eval *eval, const struct expr *expr)
{
    const struct function *function = expr->function;
    struct datum args[FUNCTION_ARGS_MAX];
    unsigned count = 0;
    if (function == NULL || function->call == NULL)
        return datum_null();
    for (const struct expr *arg = expr->args; arg != NULL && count < FUNCTION_ARGS_MAX; arg = arg->next)
        args[count++] = operand(eval, arg);
    if (expr->finder != NULL && count > 0 && args[0].kind == DATUM_STRING)
        return contains(expr, args[0]);
    const struct datum result = function->call(eval, args, count);
    if (expr->strict && result.kind == DATUM_NULL && !eval->failed)
        fail_strictly(eval, expr, args, count);
    return result;
}

static struct datum minus(struct datum datum)
{
    if (datum.kind == DATUM_DOUBLE)
        return datum_double(-datum.real);
    if ((datum.kind == DATUM_INT || datum.kind == DATUM_DURATION) && datum.number != INT64_MIN)
        return (struct datum){ .kind = datum.kind, .number = -datum.number };
    return datum_null();
}

struct datum wp_eval(struct eval *eval, const struct expr *expr)
{
    if (eval->failed)
        return datum_null();
    switch (expr->kind) {
    case EXPR_VALUE:
        return literal(&expr->value);
    case EXPR_PATH:
        return wp_eval_path(eval, expr->steps);
    case EXPR_NOT:
        return datum_bool(!datum_is_true(wp_eval(eval, expr->args)));
    case EXPR_MINUS:
        return minus(wp_eval(eval, expr->args));
    case EXPR_BINARY:
        return binary(eval, expr);
    case EXPR_IN:
        return is_in(eval, expr);
    case EXPR_IF:
        return wp_eval(eval, datum_is_true(wp_eval(eval, expr->args)) ? expr->args->next : expr->args->next->next);
    case EXPR_CALL:
        return call(eval, expr);
    case EXPR_LIST:
        return list(eval, expr);
    case EXPR_STEP:
        return wp_eval_steps(wp_eval(eval, expr->args), expr->steps);
    case EXPR_MATCH:
        return datum_bool(wp_eval_match(eval, expr->value.regex, wp_eval(eval, expr->args)) == (expr->op == OP_MATCH));
    }
    return datum_null();
}
