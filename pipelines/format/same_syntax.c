/* same_syntax.c - do two texts mean the same? Tree beside tree; places and comments don't count. */
#include <string.h>

#include "format/layout.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Standard input and the home directory are what a word can say and a string can't. */
static bool is_special(const struct value *word)
{
    const struct part *part = word->parts;
    return part != NULL && part->size > 0 &&
           (part->data[0] == '-' ? part->size == 1 : part->data[0] == '~' && part->size > 1 && part->data[1] == '/');
}

/* A word is a string but for those: YAML, too, has none that ends with a colon. */
static bool same_kind(const struct value *a, const struct value *b)
{
    if (a->kind == b->kind)
        return true;
    return (a->kind == VALUE_WORD && b->kind == VALUE_STRING && !is_special(a)) ||
           (a->kind == VALUE_STRING && b->kind == VALUE_WORD && !is_special(b));
}

/* Only braces make text something else than a literal. */
static bool is_literal(const struct part *part)
{
    return part->kind == PART_LITERAL || (part->kind == PART_TEXT && memchr(part->data, '{', part->size) == NULL);
}

static bool same_part(const struct part *a, const struct part *b)
{
    return (a->kind == b->kind || (is_literal(a) && is_literal(b))) && a->size == b->size &&
           memcmp(a->data, b->data, a->size) == 0;
}

static bool same_value(const struct value *a, const struct value *b)
{
    const struct part *p = a->parts, *q = b->parts;
    if (!same_kind(a, b) || a->number != b->number || a->real != b->real || a->is_bytes != b->is_bytes ||
        a->flags != b->flags)
        return false;
    for (; p != NULL && q != NULL; p = p->next, q = q->next)
        if (!same_part(p, q))
            return false;
    return p == q;
}

static bool same_steps(const struct path_step *a, const struct path_step *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if ((a->name == NULL) != (b->name == NULL) || a->size != b->size || a->index != b->index ||
            (a->name != NULL && memcmp(a->name, b->name, a->size) != 0))
            return false;
    return a == b;
}

/* Lists of them. */
static bool same_exprs(const struct expr *a, const struct expr *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->kind != b->kind || a->op != b->op || a->strict != b->strict || !same_text(a->name, b->name) ||
            !same_steps(a->steps, b->steps) || !same_value(&a->value, &b->value) || !same_exprs(a->args, b->args))
            return false;
    return a == b;
}

static bool same_stages(const struct stage_use *a, const struct stage_use *b);

static bool same_argument(const struct argument *a, const struct argument *b)
{
    return a->opt == b->opt && same_value(&a->value, &b->value) && same_exprs(a->expr, b->expr) &&
           same_exprs(a->target, b->target) && same_text(a->inner, b->inner) &&
           (a->block == NULL) == (b->block == NULL) &&
           (a->block == NULL || same_stages(a->block->stages, b->block->stages));
}

/* The next one that gives this option. */
static const struct argument *find_option(const struct argument *argument, const char *name)
{
    while (argument != NULL && !same_text(argument->name, name))
        argument = argument->next;
    return argument;
}

static unsigned count(const struct argument *argument)
{
    unsigned arguments = 0;
    for (; argument != NULL; argument = argument->next)
        arguments++;
    return arguments;
}

/* Each option was given the same, in the same order; the order of the options means nothing. */
static bool same_arguments(const struct argument *a, const struct argument *b)
{
    if (count(a) != count(b))
        return false;
    for (const struct argument *first = a; first != NULL; first = first->next) {
        if (find_option(a, first->name) != first)
            continue; /* it was looked at */
        const struct argument *x = first, *y = find_option(b, first->name);
        for (; x != NULL && y != NULL; x = find_option(x->next, x->name), y = find_option(y->next, y->name))
            if (!same_argument(x, y))
                return false;
        if (x != y)
            return false;
    }
    return true;
}

static bool same_stages(const struct stage_use *a, const struct stage_use *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->stage != b->stage || !same_text(a->name, b->name) || !same_arguments(a->arguments, b->arguments) ||
            !same_arguments(a->engine, b->engine))
            return false;
    return a == b;
}

static bool same_chains(const struct chain *a, const struct chain *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (!same_text(a->name, b->name) || !same_stages(a->stages, b->stages))
            return false;
    return a == b;
}

static bool same_lets(const struct let *a, const struct let *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (!same_text(a->name, b->name) || !same_value(&a->value, &b->value))
            return false;
    return a == b;
}

static bool same_clauses(const struct clause *a, const struct clause *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->kind != b->kind || a->index != b->index || a->op != b->op || !same_value(&a->value, &b->value) ||
            !same_exprs(a->expr, b->expr))
            return false;
    return a == b;
}

static bool same_tests(const struct test *a, const struct test *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (!same_value(&a->name, &b->name) || !same_clauses(a->clauses, b->clauses))
            return false;
    return a == b;
}

bool wp_same_syntax(const struct syntax *a, const struct syntax *b)
{
    return same_lets(a->lets, b->lets) && same_chains(a->pipelines, b->pipelines) && same_chains(a->deads, b->deads) &&
           same_tests(a->tests, b->tests);
}
