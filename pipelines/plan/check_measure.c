/* check_measure.c - what stats is to find: known names, a field where one belongs, results of different names. */
#include <stdio.h>
#include <string.h>
#include <weir/suggest.h>

#include "aggregate/measure.h"
#include "plan/checker.h"

static bool unknown(struct check *check, const struct argument *argument, const char *who)
{
    const struct expr *call = argument->expr;
    weir_suggest suggest;
    weir_suggest_init(&suggest, call->name);
    for (size_t i = 0; argument->opt->choices[i] != NULL; i++)
        weir_suggest_offer(&suggest, argument->opt->choices[i]);
    if (suggest.best != NULL)
        wp_diag(check->diags, call->name_span, "%s can't find '%s' (did you mean '%s'?)", who, call->name,
                suggest.best);
    else
        wp_diag(check->diags, call->name_span, "%s can't find '%s'", who, call->name);
    wp_diag_hint(check->diags, "known are count, sum(.f), avg(.f), min(.f), max(.f), and p0(.f) to p100(.f), p999(.f)");
    return false;
}

bool wp_check_measure(struct check *check, const struct argument *argument, const char *who)
{
    const struct expr *call = argument->expr;
    struct measure measure;
    if (!wp_measure_named(call->name, &measure))
        return unknown(check, argument, who);
    if (measure.kind == MEASURE_COUNT && call->args != NULL) {
        wp_diag(check->diags, call->span, "%s: count has no field: it counts records", who);
        wp_diag_hint(check->diags, "to count those that have one put  where exists(.f)  before it");
        return false;
    }
    if (measure.kind != MEASURE_COUNT && (call->args == NULL || call->args->steps == NULL)) {
        wp_diag(check->diags, call->span, "%s: %s wants a field: %s(.name)", who, call->name, call->name);
        return false;
    }
    const struct expr *as = argument->target;
    if (as == NULL || (as->steps != NULL && as->steps->name != NULL && as->steps->next == NULL))
        return true;
    wp_diag(check->diags, as->span, "%s: behind `as` stands a name such as .total", who);
    return false;
}

/* --- the names of results --------------------------------------------------------------------------- */

const char *wp_path_last_name(const struct path_step *steps)
{
    const char *name = "";
    for (; steps != NULL; steps = steps->next)
        name = steps->name != NULL ? steps->name : name;
    return name;
}

/* How many fields this is found of: a name need say of which only if there are several. */
static bool is_alone(const struct plan_node *node, const struct expr *call)
{
    for (const struct setting *other = node->settings; other != NULL; other = other->next)
        if (other->opt->type == WEIR_OPT_CALLS && other->expr != call && other->target == NULL &&
            strcmp(other->expr->name, call->name) == 0)
            return false;
    return true;
}

static const char *name_of(struct check *check, const struct plan_node *node, const struct setting *setting)
{
    const struct expr *call = setting->expr;
    if (setting->target != NULL)
        return setting->target->steps->name;
    if (call->args == NULL || is_alone(node, call))
        return call->name;
    char name[256];
    const int size = snprintf(name, sizeof name, "%s_%s", call->name, wp_path_last_name(call->args->steps));
    return wp_arena_copy(check->arena, name, (size_t)size < sizeof name ? (size_t)size : sizeof name - 1);
}

static const struct setting *same_name(const struct plan_node *node, const struct setting *before, const char *name)
{
    for (const struct setting *other = node->settings; other != before; other = other->next)
        if (other->text != NULL && other->opt->type != WEIR_OPT_FIELD && strcmp(other->text, name) == 0)
            return other;
    return NULL;
}

/* Options of windows without any. */
static bool check_window(struct check *check, const struct plan_node *node)
{
    const struct setting *every = wp_plan_setting(node, "every"), *time = wp_plan_setting(node, "time"),
                         *late = wp_plan_setting(node, "late");
    const struct setting *lost = every == NULL && time != NULL ? time : time == NULL ? late : NULL;
    if (lost == NULL)
        return true;
    wp_diag(check->diags, lost->span, "%s: %s is for windows by the time in records", node->stage->name,
            lost->opt->name);
    wp_diag_hint(check->diags, "such as  every 10s time=.ts late=5s");
    return false;
}

bool wp_check_result_names(struct check *check, struct plan_node *node)
{
    const weir_opt *by = weir_opt_find(node->stage, "by");
    if (by == NULL || (by->intro == NULL && weir_opt_find(node->stage, "every") == NULL))
        return true;
    if (!check_window(check, node))
        return false;
    for (struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        if (setting->opt->type == WEIR_OPT_CALLS)
            setting->text = name_of(check, node, setting);
        else if (setting->opt == by)
            setting->text = wp_path_last_name(setting->expr->steps);
        else
            continue;
        const bool counts = weir_opt_find(node->stage, "what") == NULL && strcmp(setting->text, "count") == 0;
        const bool begins = wp_plan_setting(node, "every") != NULL && strcmp(setting->text, "window") == 0;
        if (!counts && !begins && same_name(node, setting, setting->text) == NULL)
            continue;
        wp_diag(check->diags, setting->span, "%s: two results would be called '%s'", node->stage->name, setting->text);
        wp_diag_hint(check->diags, "name one of them:  sum(.bytes) as .total");
        return false;
    }
    return true;
}
