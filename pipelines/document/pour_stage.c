/*
 * pour_stage.c - the stages of a document: `- lines`, `- where: .a > 1`, `- zstd: {level: 9, "@par": 4}`; a block is a
 * list of stages, several are a list of those.
 */
#include <string.h>
#include <weir/pipeline.h>

#include "document/pour.h"

/* --- one option ------------------------------------------------------------------------------------ */

static void pour_block(struct pour *pour, const struct doc_node *node)
{
    wp_pour(pour, node, "{ ");
    pour->depth++;
    if (pour->depth > NESTING_MAX)
        wp_pour_fault(pour, node, "blocks are nested more than %u deep", NESTING_MAX);
    else
        wp_pour_stages(pour, node);
    pour->depth--;
    wp_pour(pour, node, " }");
}

static void pour_one(struct pour *pour, const weir_opt *opt, const struct doc_node *node)
{
    pour->arguments++;
    if (opt->type == WEIR_OPT_BLOCK)
        pour_block(pour, node);
    else
        wp_pour_option(pour, opt, node);
}

static bool is_one_block(const weir_opt *opt, const struct doc_node *node)
{
    return opt->type == WEIR_OPT_BLOCK && (node->items == NULL || node->items->kind != DOC_SEQUENCE);
}

static bool is_list(const weir_opt *opt)
{
    switch (opt->type) {
    case WEIR_OPT_INT:
    case WEIR_OPT_SIZE:
    case WEIR_OPT_DURATION:
    case WEIR_OPT_RATE:
    case WEIR_OPT_BOOL:
    case WEIR_OPT_CHOICE:
    case WEIR_OPT_STRING:
    case WEIR_OPT_TEMPLATE:
    case WEIR_OPT_FIELD:
    case WEIR_OPT_EXPR:
    case WEIR_OPT_REGEX:
        return false;
    default:
        return true;
    }
}

/* `zstd level=9` rather than `zstd 9`, but `head 5`. */
static bool needs_name(const weir_opt *opt)
{
    const bool is_number = opt->type == WEIR_OPT_INT || opt->type == WEIR_OPT_SIZE || opt->type == WEIR_OPT_DURATION ||
                           opt->type == WEIR_OPT_RATE;
    return !opt->positional || (is_number && !opt->required);
}

/* {when: EXPR, block: [...]}; without `when` it is for the rest. */
static void pour_case(struct pour *pour, const struct doc_node *node)
{
    const struct doc_node *when = NULL, *block = NULL;
    if (node->kind == DOC_MAPPING) {
        when = wp_pour_find(node, "when");
        block = wp_pour_find(node, "block");
    }
    if (block == NULL || node->count != (when != NULL ? 4u : 2u)) {
        wp_pour_fault(pour, node, "a case is a mapping of 'when', a condition, and 'block', a list of stages");
        return;
    }
    pour->arguments++;
    if (when != NULL)
        wp_pour_expr(pour, when);
    wp_pour(pour, node, when != NULL ? " -> " : "else -> ");
    pour_block(pour, block);
    wp_pour(pour, node, " ");
}

static void pour_cases(struct pour *pour, const struct doc_node *node)
{
    if (node->kind != DOC_SEQUENCE || node->items == NULL) {
        wp_pour_fault(pour, node, "a list of cases is wanted here, such as {when: .a > 1, block: [print]}");
        return;
    }
    wp_pour(pour, node, "{ ");
    for (const struct doc_node *item = node->items; item != NULL; item = item->next)
        pour_case(pour, item);
    wp_pour(pour, node, "}");
}

/* What is said in front of a value: its name, unless a person would leave that out. */
static void pour_lead(struct pour *pour, const weir_opt *opt, const struct doc_node *key)
{
    wp_pour(pour, key, " ");
    if (pour->pretty && opt->intro != NULL) {
        wp_pour(pour, key, opt->intro);
        wp_pour(pour, key, " ");
    } else if (!pour->pretty || needs_name(opt)) {
        wp_pour(pour, key, opt->name);
        wp_pour(pour, key, "= "); /* "=~" would be an operator */
    }
}

/* A list has commas between; of what is no list each is given by itself, and the checker will say that it may not be.
 */
static void pour_values(struct pour *pour, const weir_opt *opt, const struct doc_node *key, const struct doc_node *node)
{
    if (opt->type == WEIR_OPT_CASES) {
        pour_lead(pour, opt, key);
        pour_cases(pour, node);
        return;
    }
    if (node->kind != DOC_SEQUENCE || is_one_block(opt, node)) {
        pour_lead(pour, opt, key);
        pour_one(pour, opt, node);
        return;
    }
    if (node->items == NULL)
        wp_pour_fault(pour, node, "%s: this list is empty", opt->name);
    const bool commas = is_list(opt) && !(pour->pretty && opt->type == WEIR_OPT_BLOCK);
    for (const struct doc_node *item = node->items; item != NULL; item = item->next) {
        if (item == node->items || !commas)
            pour_lead(pour, opt, key);
        else
            wp_pour(pour, item, ", ");
        pour_one(pour, opt, item);
    }
}

static bool is_true(const struct doc_node *node)
{
    return node->kind == DOC_SCALAR && strcmp(node->text, "true") == 0;
}

static void pour_pair(struct pour *pour, const weir_stage *stage, const struct doc_node *key,
                      const struct doc_node *node)
{
    if (key->text[0] == '@') {
        const struct doc_node name = {
            .kind = DOC_SCALAR, .span = key->span, .text = key->text + 1, .size = key->size - 1
        };
        wp_pour(pour, key, " @");
        pour->arguments += wp_pour_name(pour, &name, "an option");
        wp_pour(pour, key, "=");
        wp_pour_engine(pour, node);
        return;
    }
    const weir_opt *opt = weir_opt_find(stage, key->text);
    if (opt == NULL) { /* the parser knows better what to say */
        wp_pour(pour, key, " ");
        (void)wp_pour_name(pour, key, "an option");
        wp_pour(pour, key, "=0");
    } else if (pour->pretty && opt->type == WEIR_OPT_BOOL && is_true(node)) {
        pour->arguments++;
        wp_pour(pour, key, " ");
        wp_pour(pour, key, opt->name);
    } else {
        pour_values(pour, opt, key, node);
    }
}

/* --- a stage --------------------------------------------------------------------------------------------- */

/* The option that a value without a name is for. */
static const weir_opt *first_positional(const weir_stage *stage)
{
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (opt->positional)
            return opt;
    return NULL;
}

static bool is_nothing(const struct doc_node *node)
{
    return node->kind == DOC_SCALAR && node->plain && (node->size == 0 || strcmp(node->text, "null") == 0);
}

static void pour_options(struct pour *pour, const weir_stage *stage, const struct doc_node *key,
                         const struct doc_node *node)
{
    if (is_nothing(node))
        return;
    if (node->kind == DOC_MAPPING) {
        for (const struct doc_node *name = node->items; name != NULL && name->next != NULL; name = name->next->next)
            pour_pair(pour, stage, name, name->next);
        return;
    }
    const weir_opt *opt = first_positional(stage);
    if (opt != NULL)
        pour_values(pour, opt, key, node);
    else
        wp_pour_fault(pour, node, "%s takes no value without a name: {NAME: VALUE}", stage->name);
}

static void pour_stage(struct pour *pour, const struct doc_node *node)
{
    const bool is_mapping = node->kind == DOC_MAPPING && node->count == 2;
    if (node->kind != DOC_SCALAR && !is_mapping) {
        wp_pour_fault(pour, node, "a stage is its name, or a mapping of one key: its name, and its options");
        return;
    }
    const struct doc_node *key = is_mapping ? node->items : node;
    if (!wp_pour_name(pour, key, "a stage"))
        return;
    const weir_stage *stage = weir_catalogue_find(key->text);
    pour->stages++;
    if (stage != NULL && is_mapping) /* else the parser knows what to say */
        pour_options(pour, stage, key, key->next);
}

void wp_pour_stages(struct pour *pour, const struct doc_node *stages)
{
    if (stages->kind != DOC_SEQUENCE || stages->items == NULL) {
        wp_pour_fault(pour, stages, "a list of stages is wanted here");
        return;
    }
    for (const struct doc_node *stage = stages->items; stage != NULL; stage = stage->next) {
        if (stage != stages->items)
            wp_pour(pour, stage, " | ");
        pour_stage(pour, stage);
    }
}
