/* check_chain.c - stages in a row: each gets what it takes, or the error says which stage to put between. */
#include <string.h>
#include <weir/pipeline.h>

#include "nodes/node.h"
#include "plan/checker.h"

static const char *port_words(weir_port ports)
{
    switch ((int)ports) {
    case WEIR_NONE:
        return "nothing";
    case WEIR_BYTES:
        return "bytes";
    case WEIR_RECORDS:
        return "records";
    case WEIR_FILES:
        return "files";
    case WEIR_BYTES | WEIR_RECORDS:
        return "bytes or records";
    case WEIR_BYTES | WEIR_FILES:
        return "bytes or files";
    case WEIR_RECORDS | WEIR_FILES:
        return "records or files";
    default:
        return "bytes, records or files";
    }
}

/* Which stage makes `wanted` of `given`. */
static const char *bridge(weir_port given, weir_port wanted, bool is_sink)
{
    if (given == WEIR_BYTES && (wanted & WEIR_RECORDS) != 0)
        return is_sink ? "write \"-\" puts bytes on standard output; 'lines' between them makes records"
                       : "put 'lines' between them: it makes records of bytes";
    if (given == WEIR_RECORDS && (wanted & WEIR_BYTES) != 0)
        return "put 'to json' (or raw, csv, ...) between them: it makes bytes of records";
    if (given == WEIR_FILES && (wanted & WEIR_BYTES) != 0)
        return "put what each file goes through into a block: each { read | ... }";
    return NULL;
}

/* What `stage` is fed and gives: of several kinds the one that is there. False: they don't meet. */
static bool meet(struct check *check, const struct stage_use *use, const struct plan_node *before,
                 const struct plan_node *outer, weir_port given, struct plan_node *node)
{
    const weir_stage *stage = use->stage;
    if (given == WEIR_NONE && before == NULL && (stage->source || stage->in == WEIR_NONE)) {
        node->in = WEIR_NONE;
        node->out = stage->out;
        return true;
    }
    if (given == WEIR_NONE && before == NULL) {
        wp_diag(check->diags, use->name_span, "%s takes %s, and nothing stands before it", use->name,
                port_words(stage->in));
        wp_diag_hint(check->diags, "a pipeline begins with a source, such as read, stdin or files");
        return false;
    }
    if (stage->source && before == NULL && given != WEIR_NONE && outer != NULL && outer->forks) {
        wp_diag(check->diags, use->name_span, "%s begins a pipeline: a branch of %s takes what %s gives it", use->name,
                outer->stage->name, outer->stage->name);
        wp_diag_hint(check->diags, "begin the branch with a stage that takes %s", port_words(given));
        return false;
    }
    if (stage->source && before != NULL && given != WEIR_NONE) {
        wp_diag(check->diags, use->name_span, "%s begins a pipeline, or a block: it takes nothing from %s", use->name,
                before->stage->name);
        if (given == WEIR_FILES && (stage->in & WEIR_FILES) != 0)
            wp_diag_hint(check->diags, "put what each file goes through into a block: each { %s | ... }", use->name);
        return false;
    }
    if ((stage->in & given) == 0) {
        if (given == WEIR_NONE)
            wp_diag(check->diags, use->name_span, "%s stands behind %s, which gives nothing on", use->name,
                    before->stage->name);
        else if (stage->in == WEIR_NONE)
            wp_diag(check->diags, use->name_span, "%s begins a pipeline: it takes nothing from %s", use->name,
                    before != NULL ? before->stage->name : "its block");
        else
            wp_diag(check->diags, use->name_span, "%s takes %s, but %s gives %s", use->name, port_words(stage->in),
                    before != NULL ? before->stage->name : "its block", port_words(given));
        const char *hint = bridge(given, stage->in, stage->sink);
        if (hint != NULL)
            wp_diag_hint(check->diags, "%s", hint);
        return false;
    }
    node->in = (weir_port)(stage->in & given);
    /* What takes several kinds gives the kind it got, where it gives that. */
    node->out = (stage->out & node->in) != 0 && stage->out != WEIR_BYTES ? node->in : stage->out;
    return true;
}

/* Bytes have no fields, but in a block there is the file that they are of. A manifest's path is that of many. */
static bool has_file(const struct check *check, const struct plan_node *node, const struct setting *setting)
{
    return node->in == WEIR_BYTES ? check->in_block > 0 : strcmp(setting->opt->name, "path") != 0;
}

static bool check_templates(struct check *check, const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        for (const struct piece *piece = setting->pieces; piece != NULL; piece = piece->next)
            if (piece->kind == PIECE_FIELD && !has_file(check, node, setting)) {
                wp_diag(check->diags, setting->span, "%s: {%s} is a field of a file, and there is none here",
                        node->stage->name, piece->text);
                wp_diag_hint(check->diags, "in a block there is one: files ... | each { read | ... | %s ... }",
                             node->stage->name);
                return false;
            }
    return true;
}

/* A field that what comes to it can't have yet would make one key of all. */
static bool check_key(struct check *check, const struct plan_node *node, const struct plan_node *before)
{
    const struct expr *key = node->engine.key;
    const struct node_type *type = before != NULL ? wp_node_type_of(before->stage, before->in) : NULL;
    if (key == NULL || type == NULL || !type->bare || strcmp(node->engine.key_text, "line") == 0)
        return true;
    wp_diag(check->diags, key->span,
            "%s: what %s gives has no field .%s yet, and @order=key(.%s) looks at what comes in", node->stage->name,
            before->stage->name, node->engine.key_text, node->engine.key_text);
    wp_diag_hint(check->diags, "say it of a stage behind the one that makes fields; @order=in keeps the order of all");
    return false;
}

static weir_port block_out(const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        if (setting->block != NULL && setting->block->out != WEIR_NONE)
            return setting->block->out;
    return node->in;
}

/* One of its cases is `else`. */
static bool takes_rest(const struct stage_use *use)
{
    for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next)
        if (argument->opt != NULL && argument->opt->type == WEIR_OPT_CASES && argument->expr == NULL)
            return true;
    return false;
}

/* What its type says of a stage of which it is known what flows there. */
static void set_type(struct plan_node *node, const struct stage_use *use, const struct plan_node *feeder)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    node->forks = type != NULL && type->forks;
    if (type != NULL && type->passes)
        node->passes = feeder;
    if (node->forks && ((use->next == NULL && node->stage->sink) || takes_rest(use)))
        node->out = WEIR_NONE; /* its branches take it all */
}

static struct plan_node *check_node(struct check *check, const struct stage_use *use, const struct plan_node *before,
                                    const struct plan_node *outer, weir_port given)
{
    struct plan_node *node = wp_arena_new(check->arena, struct plan_node);
    if (node == NULL)
        return NULL;
    node->stage = use->stage;
    node->name = use->name;
    node->span = use->span;
    node->index = check->nodes++;
    if (given == UNKNOWN_PORT)
        node->out = use->stage->out == WEIR_NONE ? WEIR_NONE : UNKNOWN_PORT;
    const bool met = given == UNKNOWN_PORT || meet(check, use, before, outer, given, node);
    set_type(node, use, before != NULL ? before : outer);
    const bool engine = wp_check_engine(check, use, node);
    const weir_port behind = check->behind;
    check->behind = wp_behind(use, behind);
    const bool set = wp_check_settings(check, use, node);
    check->behind = behind;
    if (!set || !met || !engine || use->faulty || !check_templates(check, node))
        return NULL;
    if (!check_key(check, node, before))
        return NULL;
    if (node->out == WEIR_AS_BLOCK)
        node->out = block_out(node);
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    if (type != NULL && type->gives != NULL)
        node->out = type->gives(node);
    return type != NULL && type->merges && !wp_check_merge(check, node) ? NULL : node;
}

struct plan_chain *wp_check_chain(struct check *check, const struct chain *chain, weir_port in,
                                  const struct plan_node *outer)
{
    struct plan_chain *result = wp_arena_new(check->arena, struct plan_chain);
    if (result == NULL)
        return NULL;
    result->name = chain->name;
    result->span = chain->span;
    result->in = result->out = in;
    struct plan_node **link = &result->nodes;
    const struct plan_node *before = NULL;
    bool good = chain->stages != NULL;
    for (struct stage_use *use = chain->stages; use != NULL; use = use->next) {
        use = wp_spell_out(check, use, result->out);
        struct plan_node *node = use->stage != NULL ? check_node(check, use, before, outer, result->out) : NULL;
        if (node == NULL) {
            good = false;
            result->out = UNKNOWN_PORT;
            continue;
        }
        *link = node;
        link = &node->next;
        before = node;
        result->out = node->out;
    }
    return good && wp_check_rotate(check, result) ? result : NULL;
}
