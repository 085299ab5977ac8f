/* plan.c - a whole tree checked, and questions to a plan. */
#include "plan/plan.h"

#include <string.h>

#include "plan/checker.h"

const struct plan_chain *wp_plan_block(const struct plan_node *node, unsigned index)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        if (setting->block != NULL && index-- == 0)
            return setting->block;
    return NULL;
}

const struct plan_node *wp_plan_to(const struct plan_node *node)
{
    return node->next != NULL ? node->next : node->into;
}

const struct plan_node *wp_plan_last(const struct plan_chain *chain)
{
    const struct plan_node *last = chain->nodes;
    while (last->next != NULL)
        last = last->next;
    return last;
}

/* 0: it isn't in there; else one more than the number of blocks between. */
static unsigned depth_in(const struct plan_chain *chain, const struct plan_node *wanted, bool *ret_first)
{
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        const struct plan_chain *block;
        if (node == wanted) {
            *ret_first = node == chain->nodes;
            return 1;
        }
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++) {
            const unsigned depth = depth_in(block, wanted, ret_first);
            if (depth > 0)
                return depth + 1;
        }
    }
    return 0;
}

bool wp_plan_keeps_order(const struct plan_node *node)
{
    const struct plan_chain *block = node->forks ? NULL : wp_plan_block(node, 0);
    return node->engine.order == ORDER_IN || (block != NULL && block->out != WEIR_NONE);
}

unsigned wp_plan_depth(const struct plan *plan, const struct plan_node *node, bool *ret_first)
{
    unsigned depth = 0;
    *ret_first = false;
    for (const struct plan_chain *chain = plan->pipelines; depth == 0 && chain != NULL; chain = chain->next)
        depth = depth_in(chain, node, ret_first);
    return depth > 0 ? depth - 1 : 0;
}

unsigned wp_plan_end(const struct plan_chain *chain)
{
    const struct plan_node *last = wp_plan_last(chain);
    unsigned end = last->index + 1;
    const struct plan_chain *block;
    for (unsigned i = 0; (block = wp_plan_block(last, i)) != NULL; i++)
        end = wp_plan_end(block); /* the later the higher */
    return end;
}

bool wp_plan_forks(const struct plan_chain *chain)
{
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next)
        if (node->forks)
            return true;
    return false;
}

const struct setting *wp_plan_setting(const struct plan_node *node, const char *name)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        if (strcmp(setting->opt->name, name) == 0)
            return setting;
    return NULL;
}

int64_t wp_plan_number(const struct plan_node *node, const char *name)
{
    const struct setting *setting = wp_plan_setting(node, name);
    return setting != NULL ? setting->number : weir_opt_find(node->stage, name)->def;
}

const char *wp_plan_text(const struct plan_node *node, const char *name)
{
    const struct setting *setting = wp_plan_setting(node, name);
    return setting != NULL ? setting->text : weir_opt_find(node->stage, name)->def_text;
}

int64_t wp_rotate_limit(const struct plan_node *write, bool is_time)
{
    for (const struct setting *setting = write->settings; setting != NULL; setting = setting->next)
        if (setting->is_time == is_time && strcmp(setting->opt->name, "rotate") == 0)
            return setting->number;
    return 0;
}

/* A block that gives nothing: what the stage gives on are only the files it was fed. */
static bool ends_in_sink(const struct plan_node *node)
{
    return node->stage->out == WEIR_AS_BLOCK && node->settings != NULL && node->settings->block != NULL &&
           node->settings->block->out == WEIR_NONE;
}

bool wp_check_end(struct check *check, const struct plan_chain *chain, const char *what)
{
    const struct plan_node *last = wp_plan_last(chain);
    if (chain->out == WEIR_NONE || last->stage->sink || last->into != NULL || ends_in_sink(last))
        return true;
    if (last->forks) {
        wp_diag(check->diags, last->span, "what no branch of %s takes goes nowhere", last->stage->name);
        wp_diag_hint(check->diags, "add  else -> { ... }, or put a stage behind it");
        return false;
    }
    wp_diag(check->diags, last->span, "what %s gives goes nowhere", last->stage->name);
    wp_diag_hint(check->diags, "end the %s with a sink, such as %s, write or null", what,
                 chain->out == WEIR_BYTES ? "write \"-\" (standard output)" : "print");
    return false;
}

static void check_names(struct check *check, const struct chain *chain)
{
    for (const struct chain *other = chain->next; chain->name != NULL && other != NULL; other = other->next)
        if (other->name != NULL && strcmp(other->name, chain->name) == 0)
            wp_diag(check->diags, other->name_span, "there is a '%s' already", chain->name);
}

static struct plan_chain *check_all(struct check *check, const struct chain *chains, weir_port in)
{
    struct plan_chain *first = NULL, **link = &first;
    for (const struct chain *chain = chains; chain != NULL; chain = chain->next) {
        check_names(check, chain);
        check->chain = chain;
        check->above = first;
        struct plan_chain *checked = wp_check_chain(check, chain, in, NULL);
        if (checked == NULL)
            continue;
        *link = checked;
        link = &checked->next;
    }
    for (const struct plan_chain *chain = first; chain != NULL; chain = chain->next)
        (void)wp_check_end(check, chain, "pipeline");
    return first;
}

static void check_lets(struct check *check)
{
    for (const struct let *let = check->syntax->lets; let != NULL; let = let->next)
        for (const struct let *other = let->next; other != NULL; other = other->next)
            if (strcmp(let->name, other->name) == 0)
                wp_diag(check->diags, other->name_span, "'%s' is set already", let->name);
}

static bool names_dead(const struct plan_chain *chain, const char *name)
{
    const struct plan_chain *block;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        if (node->engine.dead != NULL && strcmp(node->engine.dead, name) == 0)
            return true;
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            if (names_dead(block, name))
                return true;
    }
    return false;
}

/* Only asked when all pipelines are there: of a faulty one nobody knows. */
static void check_used(struct check *check, const struct plan *plan, const struct plan_chain *dead)
{
    if (wp_diag_any(check->diags))
        return;
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        if (names_dead(chain, dead->name))
            return;
    wp_diag(check->diags, dead->span, "nothing goes into the dead-letter stream '%s'", dead->name);
    wp_diag_hint(check->diags, "a stage that may fail sends there by @onerror=dead(%s)", dead->name);
}

int wp_plan(struct syntax *syntax, const struct plan_variable *variables, size_t variable_count, struct diags *diags,
            struct plan *ret_plan)
{
    struct check check = {
        .syntax = syntax,
        .arena = &syntax->arena,
        .diags = diags,
        .variables = variables,
        .variable_count = variable_count,
    };
    check_lets(&check);
    struct plan plan = { .syntax = syntax };
    plan.pipelines = check_all(&check, syntax->pipelines, WEIR_NONE);
    check.in_dead = true;
    plan.deads = check_all(&check, syntax->deads, WEIR_RECORDS);
    plan.tests = wp_check_tests(&check, plan.pipelines);
    plan.nodes = check.nodes;
    for (const struct plan_chain *dead = plan.deads; dead != NULL; dead = dead->next)
        check_used(&check, &plan, dead);
    if (syntax->arena.failed || diags->no_memory)
        return -ENOMEM;
    if (syntax->pipelines == NULL && diags->count == 0)
        wp_diag(diags, (struct span){ 0, 0 }, "there is no pipeline here");
    if (wp_diag_any(diags))
        return -EINVAL;
    *ret_plan = plan;
    return 0;
}
