/* push_down.c - literals of filters, for the stage that cuts lines. */
#include "plan/push_down.h"

#include <string.h>

#include "expr/regex.h"

static bool is_line(const struct expr *expr)
{
    const struct path_step *step = expr->kind == EXPR_PATH ? expr->steps : NULL;
    return step != NULL && step->next == NULL && step->name != NULL && step->size == 4 &&
           memcmp(step->name, "line", 4) == 0;
}

/* Put together by the checker: one part. */
static const struct part *literal_of(const struct expr *expr)
{
    const bool is_text = expr != NULL && expr->kind == EXPR_VALUE && expr->value.kind == VALUE_STRING;
    const struct part *part = is_text ? expr->value.parts : NULL;
    return part != NULL && part->next == NULL && part->kind == PART_LITERAL && part->size > 0 ? part : NULL;
}

static bool is_search(const char *name)
{
    return strcmp(name, "contains") == 0 || strcmp(name, "starts_with") == 0 || strcmp(name, "ends_with") == 0;
}

static void add_text(const char *text, size_t size, struct push_text *texts, unsigned *count)
{
    if (*count < PUSH_TEXTS_MAX)
        texts[(*count)++] = (struct push_text){ text, size };
}

/*
 * Adds what a line must hold for this to be true of its record. False: it may complain. What stands behind it in an
 * `&&` may not be asked before it then, since where it is false that isn't asked, and what it complains of must be
 * said.
 */
static bool add_texts(const struct expr *expr, struct push_text *texts, unsigned *count)
{
    size_t size;
    const char *text;
    if (expr->kind == EXPR_BINARY && expr->op == OP_AND)
        return add_texts(expr->args, texts, count) && add_texts(expr->args->next, texts, count);
    if (expr->args == NULL || !is_line(expr->args))
        return false;
    if (expr->kind == EXPR_MATCH && expr->op == OP_MATCH && expr->value.regex != NULL)
        for (unsigned i = 0; (text = wp_regex_needs(expr->value.regex, i, &size)) != NULL; i++)
            add_text(text, size, texts, count);
    const bool is_plain = (expr->kind == EXPR_CALL && !expr->strict && is_search(expr->name)) ||
                          (expr->kind == EXPR_BINARY && expr->op == OP_EQ);
    const struct part *part = is_plain ? literal_of(expr->args->next) : NULL;
    if (part != NULL)
        add_text(part->data, part->size, texts, count);
    return part != NULL;
}

/* The filter of the stage behind; NULL: that is none. */
static const struct expr *filter_behind(const struct plan_node *node)
{
    const struct plan_node *next = node->next;
    const struct setting *filter =
        next != NULL && strcmp(next->stage->name, "where") == 0 ? wp_plan_setting(next, "expr") : NULL;
    return filter != NULL ? filter->expr : NULL;
}

unsigned wp_push_to_lines(const struct plan_node *lines, struct push_text *ret_texts)
{
    const struct expr *expr = filter_behind(lines);
    unsigned count = 0;
    if (expr != NULL)
        (void)add_texts(expr, ret_texts, &count);
    return count;
}

static bool is_plain_name(const struct path_step *step)
{
    if (step == NULL || step->next != NULL || step->name == NULL || step->size == 0)
        return false;
    for (size_t i = 0; i < step->size; i++)
        if ((unsigned char)step->name[i] <= ' ' || (unsigned char)step->name[i] >= 127 ||
            strchr("\"\\/", step->name[i]) != NULL)
            return false;
    return true;
}

bool wp_push_to_json(const struct plan_node *json, struct push_number *ret_number)
{
    const struct expr *expr = json->engine.onerror == ONERROR_DROP ? filter_behind(json) : NULL;
    while (expr != NULL && expr->kind == EXPR_BINARY && expr->op == OP_AND)
        expr = expr->args; /* for the same reason */
    if (expr == NULL || expr->kind != EXPR_BINARY)
        return false;
    const bool compares =
        expr->op == OP_EQ || expr->op == OP_LT || expr->op == OP_LE || expr->op == OP_GT || expr->op == OP_GE;
    const struct expr *field = expr->args, *value = field->next;
    if (!compares || field->kind != EXPR_PATH || !is_plain_name(field->steps) || value->kind != EXPR_VALUE ||
        value->value.kind != VALUE_INT)
        return false;
    *ret_number = (struct push_number){ field->steps->name, field->steps->size, expr->op, value->value.number };
    return true;
}

bool wp_push_through_json(const struct plan_node *lines, struct push_number *ret_number)
{
    const struct plan_node *json = strcmp(lines->stage->name, "lines") == 0 ? lines->next : NULL;
    return json != NULL && strcmp(json->stage->name, "json") == 0 && wp_push_to_json(json, ret_number);
}

const struct plan_node *wp_push_quotes(const struct plan_node *lines)
{
    static const char *const passes[] = { "head", "last", "sample" };
    for (const struct plan_node *node = lines->next; node != NULL; node = node->next) {
        bool passed = false;
        if (strcmp(node->stage->name, "csv") == 0)
            return node;
        for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++)
            passed |= strcmp(node->stage->name, passes[i]) == 0;
        if (!passed)
            return NULL;
    }
    return NULL;
}
