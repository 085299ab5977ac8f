/* check_tests.c - the tests of a text: what each feeds, which stages it is about, and what it says of what comes out.
 */
#include <string.h>

#include "json/json_index.h"
#include "plan/checker.h"

/* --- what is fed ------------------------------------------------------------------------------- */

/* JSON as it stands is the line of a record: it must be some, whatever reads it. */
static bool check_json(struct check *check, const struct value *value)
{
    const struct part *text = value->parts;
    struct json_index index = { 0 };
    const int error = wp_json_index(&index, text->data, text->size);
    if (error == -ENOMEM)
        check->arena->failed = true;
    if (error == -EINVAL) {
        const uint32_t at = text->span.from + (uint32_t)index.offset;
        wp_diag(check->diags, (struct span){ at, at + 1 }, "this is no JSON: %s", index.reason);
    }
    wp_json_index_fini(&index);
    return error == 0;
}

static bool check_in(struct check *check, const struct clause *clause, struct plan_line *line)
{
    const struct value *value = &clause->value;
    if (value->kind == VALUE_JSON) {
        *line = (struct plan_line){ .text = value->parts->data, .size = value->parts->size };
        return check_json(check, value);
    }
    if (value->kind != VALUE_STRING) {
        wp_diag(check->diags, value->span, "what comes in is a line: \"its text\", or {\"a\": 1}");
        return false;
    }
    line->text = wp_check_text(check, value);
    line->size = line->text != NULL ? strlen(line->text) : 0;
    return line->text != NULL;
}

/* --- which stages ------------------------------------------------------------------------------ */

/* Where its text doesn't say which pipeline it is, a test is about the one without a name, or the first. */
static const struct plan_chain *main_pipeline(const struct plan_chain *pipelines)
{
    for (const struct plan_chain *chain = pipelines; chain != NULL; chain = chain->next)
        if (chain->name == NULL)
            return chain;
    return pipelines;
}

/* The first one that is fed records; NULL, and *ret_any says whether there are records behind the last. */
static const struct plan_node *first_of_part(const struct plan_chain *chain, bool *ret_any)
{
    *ret_any = false;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        if (node->in == WEIR_RECORDS)
            return node;
        *ret_any = node->out == WEIR_RECORDS;
    }
    return NULL;
}

static bool has_block(const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        if (setting->block != NULL)
            return true;
    return false;
}

/* The part ends before what gives no records, takes them to somewhere, or sends them down branches. */
static bool is_of_part(const struct plan_node *node)
{
    return node->in == WEIR_RECORDS && node->out == WEIR_RECORDS && !node->stage->sink && !has_block(node);
}

static bool copy_part(struct check *check, const struct plan_node *node, struct plan_test *test)
{
    struct plan_node **link = &test->part.nodes;
    for (; node != NULL && is_of_part(node); node = node->next) {
        struct plan_node *copy = wp_arena_new(check->arena, struct plan_node);
        if (copy == NULL)
            return false;
        *copy = *node;
        copy->next = NULL;
        copy->index = test->nodes++;
        if (copy->engine.onerror == ONERROR_DEAD)
            copy->engine.onerror = ONERROR_DROP;
        copy->engine.dead = NULL;
        copy->into = NULL;
        copy->passes = NULL;
        *link = copy;
        link = &copy->next;
    }
    test->part.in = test->part.out = WEIR_RECORDS;
    return true;
}

static bool check_part(struct check *check, const struct plan_chain *chain, struct plan_test *test)
{
    bool any;
    const struct plan_node *first = first_of_part(chain, &any);
    if (first != NULL || any)
        return copy_part(check, first, test);
    wp_diag(check->diags, test->syntax->name.span, "a test feeds records, and the pipeline has none");
    wp_diag_hint(check->diags, "stages such as lines make records of bytes");
    return false;
}

/* --- a test ------------------------------------------------------------------------------------ */

static bool check_clauses(struct check *check, struct plan_test *test)
{
    struct plan_line **link = &test->lines;
    bool good = true, asks = false;
    for (struct clause *clause = test->syntax->clauses; clause != NULL; clause = clause->next) {
        asks = asks || clause->kind != CLAUSE_IN;
        if (clause->kind == CLAUSE_OUT)
            good = wp_check_expr(check, clause->expr) && good;
        if (clause->kind != CLAUSE_IN)
            continue;
        struct plan_line *line = wp_arena_new(check->arena, struct plan_line);
        if (line == NULL)
            return false;
        good = check_in(check, clause, line) && good;
        *link = line;
        link = &line->next;
    }
    if (good && !asks) {
        wp_diag(check->diags, test->syntax->name.span, "this test says nothing of what comes out");
        wp_diag_hint(check->diags, "say it with  count out == 1  or  out[0] .status == 200");
    }
    return good && asks;
}

struct plan_test *wp_check_tests(struct check *check, const struct plan_chain *pipelines)
{
    const struct plan_chain *chain = main_pipeline(pipelines);
    struct plan_test *first = NULL, **link = &first;
    for (const struct test *syntax = check->syntax->tests; syntax != NULL; syntax = syntax->next) {
        struct plan_test *test = wp_arena_new(check->arena, struct plan_test);
        if (test == NULL)
            return first;
        if (syntax->span.to == 0)
            continue; /* it could not be read, and that was said */
        test->syntax = syntax;
        test->name = wp_check_text(check, &syntax->name);
        const bool good = check_clauses(check, test);
        /* Without a pipeline there are faults enough. */
        if (test->name == NULL || !good || chain == NULL || !check_part(check, chain, test))
            continue;
        *link = test;
        link = &test->next;
    }
    return first;
}
