/* check_merge.c - which pipelines a merge takes: such as stand above it, each once, all of a kind. */
#include <string.h>
#include <weir/suggest.h>

#include "plan/checker.h"

static bool is_named(const char *name, const char *wanted)
{
    return name != NULL && strcmp(name, wanted) == 0;
}

/* Why there is none of that name above. */
static void say_unknown(struct check *check, const struct setting *setting)
{
    const char *name = setting->text;
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    if (is_named(check->chain->name, name)) {
        wp_diag(check->diags, setting->span, "merge: '%s' is the pipeline that begins here: it can't feed itself",
                name);
        return;
    }
    bool above = true;
    for (const struct chain *chain = check->syntax->pipelines; chain != NULL; chain = chain->next) {
        above = above && chain != check->chain;
        if (chain->name != NULL && above)
            weir_suggest_offer(&suggest, chain->name);
        if (!is_named(chain->name, name))
            continue;
        if (!above) {
            wp_diag(check->diags, setting->span, "merge: '%s' stands below", name);
            wp_diag_hint(check->diags,
                         "a merge takes pipelines that stand above it: so nothing can go round in a circle");
        }
        return; /* it has faults of its own, which were told */
    }
    if (suggest.best != NULL)
        wp_diag(check->diags, setting->span, "merge: there is no pipeline '%s' (did you mean '%s'?)", name,
                suggest.best);
    else
        wp_diag(check->diags, setting->span, "merge: there is no pipeline '%s'", name);
    if (suggest.best == NULL)
        wp_diag_hint(check->diags, "give one a name:  %s: read ... | lines", name);
}

static struct plan_chain *find(struct check *check, const struct setting *setting)
{
    for (struct plan_chain *chain = check->above; chain != NULL; chain = chain->next)
        if (is_named(chain->name, setting->text))
            return chain;
    say_unknown(check, setting);
    return NULL;
}

static const char *port_word(weir_port port)
{
    return port == WEIR_BYTES ? "bytes" : port == WEIR_RECORDS ? "records" : "files";
}

/* The last stage of the pipeline, which goes into this merge from now on. NULL: it has said why it can't. */
static struct plan_node *take(struct check *check, const struct setting *setting, struct plan_node *merge)
{
    struct plan_chain *chain = find(check, setting);
    if (chain == NULL)
        return NULL;
    struct plan_node *last = chain->nodes;
    while (last->next != NULL)
        last = last->next;
    if (last->forks && last->stage->sink) /* now something stands behind it */
        chain->out = last->out = last->in;
    if (chain->out == WEIR_NONE) {
        wp_diag(check->diags, setting->span, "merge: '%s' gives nothing: it ends in %s", chain->name,
                last->stage->name);
        return NULL;
    }
    if (last->into != NULL) {
        wp_diag(check->diags, setting->span, "merge: '%s' goes into %s merge already", chain->name,
                last->into == merge ? "this" : "another");
        wp_diag_hint(check->diags, "a pipeline goes into one merge, once; tee { ... } hands on to several");
        return NULL;
    }
    last->into = merge;
    if (merge->in != WEIR_NONE && chain->out != merge->in) {
        wp_diag(check->diags, setting->span, "merge: '%s' gives %s, but those before it %s", chain->name,
                port_word(chain->out), port_word(merge->in));
        wp_diag_hint(check->diags, "'lines' makes records of bytes, 'to json' (or raw, ...) bytes of records");
        return NULL;
    }
    merge->in = merge->out = chain->out;
    return last;
}

bool wp_check_merge(struct check *check, struct plan_node *node)
{
    size_t count = 0;
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        count++;
    node->merges = wp_arena_alloc(check->arena, (count + 1) * sizeof(const struct plan_node *));
    if (node->merges == NULL)
        return false;
    count = 0;
    bool good = true;
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        node->merges[count] = take(check, setting, node);
        good = node->merges[count++] != NULL && good;
    }
    node->merges[count] = NULL;
    if (good && node->in == WEIR_BYTES && node->engine.order == ORDER_ANY) {
        wp_diag(check->diags, node->span, "merge: bytes can't be mixed as they come: whose are they?");
        wp_diag_hint(check->diags, "without @order=any they come one pipeline after the other; records can be mixed");
        return false;
    }
    return good;
}
