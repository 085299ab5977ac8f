/* document_read.c - a document as a text of the language: its statements, and the proof that they are what was meant.
 */
#include <stdlib.h>
#include <string.h>
#include <weir/suggest.h>

#include "document/pour.h"

const struct doc_node *wp_pour_find(const struct doc_node *mapping, const char *key)
{
    for (const struct doc_node *name = mapping->items; name != NULL && name->next != NULL; name = name->next->next)
        if (strcmp(name->text, key) == 0)
            return name->next;
    return NULL;
}

/* Every key must be one of these. */
static bool knows_keys(struct pour *pour, const struct doc_node *mapping, const char *what, const char *const *keys)
{
    if (mapping->kind != DOC_MAPPING) {
        wp_pour_fault(pour, mapping, "%s is a mapping, with keys such as '%s'", what, keys[0]);
        return false;
    }
    bool good = true;
    for (const struct doc_node *name = mapping->items; name != NULL && name->next != NULL; name = name->next->next) {
        weir_suggest suggest;
        bool known = false;
        weir_suggest_init(&suggest, name->text);
        for (size_t i = 0; keys[i] != NULL; i++) {
            weir_suggest_offer(&suggest, keys[i]);
            known = known || strcmp(keys[i], name->text) == 0;
        }
        if (!known && suggest.best != NULL)
            wp_pour_fault(pour, name, "%s has no '%s' (did you mean '%s'?)", what, name->text, suggest.best);
        else if (!known)
            wp_pour_fault(pour, name, "%s has no '%s'", what, name->text);
        good = good && known;
    }
    return good;
}

/* The items of a list that may be missing; NULL, and a fault is told, if it is none. */
static const struct doc_node *items_of(struct pour *pour, const struct doc_node *root, const char *key)
{
    const struct doc_node *list = wp_pour_find(root, key);
    if (list != NULL && list->kind != DOC_SEQUENCE)
        wp_pour_fault(pour, list, "'%s' is a list", key);
    return list != NULL && list->kind == DOC_SEQUENCE ? list->items : NULL;
}

/* --- statements ------------------------------------------------------------------------------------ */

static void pour_let(struct pour *pour, const struct doc_node *name)
{
    wp_pour(pour, name, "let ");
    (void)wp_pour_name(pour, name, "a variable");
    wp_pour(pour, name, " = ");
    wp_pour_text(pour, name->next);
    wp_pour(pour, name, "\n");
    pour->statements++;
}

static void pour_chain(struct pour *pour, const struct doc_node *chain, bool dead)
{
    static const char *const keys[] = { "stages", "name", NULL };
    if (!knows_keys(pour, chain, dead ? "a dead-letter stream" : "a pipeline", keys))
        return;
    const struct doc_node *name = wp_pour_find(chain, "name"), *stages = wp_pour_find(chain, "stages");
    if (stages == NULL || (dead && name == NULL)) {
        wp_pour_fault(pour, chain, "'%s' is missing here", stages == NULL ? "stages" : "name");
        return;
    }
    wp_pour(pour, chain, dead ? "dead " : "");
    if (name != NULL) {
        (void)wp_pour_name(pour, name, "a pipeline");
        wp_pour(pour, name, dead ? " -> " : ": ");
    }
    wp_pour_stages(pour, stages);
    wp_pour(pour, chain, "\n");
    pour->statements++;
}

/* "out[0]": the number is taken. */
static bool pour_out(struct pour *pour, const struct doc_node *key)
{
    const char *digits = key->text + 4, *end = digits + strspn(digits, "0123456789");
    if (strncmp(key->text, "out[", 4) != 0 || end == digits || strcmp(end, "]") != 0)
        return false;
    wp_pour_bytes(pour, key, key->text, key->size, true);
    wp_pour(pour, key, " ");
    return true;
}

static void pour_step(struct pour *pour, const struct doc_node *step)
{
    const struct doc_node *key = step->kind == DOC_MAPPING && step->count == 2 ? step->items : NULL;
    if (key != NULL && strcmp(key->text, "in") == 0) {
        wp_pour(pour, key, "in ");
        wp_pour_line(pour, key->next);
    } else if (key != NULL && strcmp(key->text, "count") == 0) {
        wp_pour(pour, key, "count out ");
        wp_pour_count(pour, key->next);
    } else if (key != NULL && pour_out(pour, key)) {
        wp_pour_expr(pour, key->next);
    } else {
        wp_pour_fault(pour, step, "a step of a test is a mapping of one key: in, out[0], out[1], ... or count");
    }
    wp_pour(pour, step, "\n");
    pour->statements++;
}

static void pour_test(struct pour *pour, const struct doc_node *test)
{
    static const char *const keys[] = { "steps", "name", NULL };
    if (!knows_keys(pour, test, "a test", keys))
        return;
    const struct doc_node *name = wp_pour_find(test, "name"), *steps = wp_pour_find(test, "steps");
    if (name == NULL || steps == NULL) {
        wp_pour_fault(pour, test, "'%s' is missing here", name == NULL ? "name" : "steps");
        return;
    }
    wp_pour(pour, test, pour->pretty ? "\ntest " : "test ");
    wp_pour_string(pour, name);
    wp_pour(pour, test, " {\n");
    for (const struct doc_node *step = items_of(pour, test, "steps"); step != NULL; step = step->next)
        pour_step(pour, step);
    wp_pour(pour, test, "}\n");
    pour->statements++;
}

/* --- their order -------------------------------------------------------------------------------------- */

/*
 * A pipeline without a name can't follow another, or a dead-letter stream, at once: a `let` or a test stands between,
 * of which enough are held back.
 */
struct order {
    const struct doc_node *let, *test;
    unsigned lets; /* that are left */
};

static bool is_unnamed(const struct doc_node *chain)
{
    return chain->kind == DOC_MAPPING && wp_pour_find(chain, "name") == NULL;
}

static void pour_next_let(struct pour *pour, struct order *order)
{
    pour_let(pour, order->let);
    order->let = order->let->next->next;
    order->lets--;
}

static void pour_between(struct pour *pour, struct order *order, const struct doc_node *chain)
{
    if (order->lets > 0) {
        pour_next_let(pour, order);
    } else if (order->test != NULL) {
        pour_test(pour, order->test);
        order->test = order->test->next;
    } else {
        wp_pour_fault(pour, chain, "this pipeline needs a name: only the first may be without");
    }
}

static void pour_pipelines(struct pour *pour, struct order *order, const struct doc_node *first)
{
    unsigned between = 0;
    for (const struct doc_node *chain = first; chain != NULL; chain = chain->next)
        between += chain != first && is_unnamed(chain);
    while (order->lets > between)
        pour_next_let(pour, order);
    for (const struct doc_node *chain = first; chain != NULL; chain = chain->next) {
        if (chain != first && is_unnamed(chain))
            pour_between(pour, order, chain);
        pour_chain(pour, chain, false);
    }
}

static void pour_all(struct pour *pour, const struct doc_node *root)
{
    static const char *const keys[] = { "stages", "let", "pipelines", "dead", "tests", NULL };
    if (!knows_keys(pour, root, "a pipeline's document", keys))
        return;
    const struct doc_node *lets = wp_pour_find(root, "let"), *stages = wp_pour_find(root, "stages");
    if (lets != NULL && lets->kind != DOC_MAPPING)
        wp_pour_fault(pour, lets, "'let' is a mapping of names to values");
    struct order order = { .test = items_of(pour, root, "tests") };
    if (lets != NULL && lets->kind == DOC_MAPPING) {
        order.let = lets->items;
        order.lets = lets->count / 2;
    }
    const struct doc_node *pipelines = items_of(pour, root, "pipelines");
    const char *gap = pour->pretty && order.lets > 0 ? "\n" : "";
    if (stages != NULL && pipelines != NULL)
        wp_pour_fault(pour, stages, "'stages' is short for one pipeline, but there are 'pipelines' already");
    if (stages != NULL) {
        while (order.lets > 0)
            pour_next_let(pour, &order);
        wp_pour(pour, root, gap);
        wp_pour_stages(pour, stages);
        wp_pour(pour, stages, "\n");
        pour->statements++;
    } else {
        pour_pipelines(pour, &order, pipelines);
    }
    for (const struct doc_node *dead = items_of(pour, root, "dead"); dead != NULL; dead = dead->next)
        pour_chain(pour, dead, true);
    for (; order.test != NULL; order.test = order.test->next)
        pour_test(pour, order.test);
}

/* --- the proof ------------------------------------------------------------------------------------------- */

struct counts {
    unsigned statements, stages, arguments;
};

static void count_stages(struct counts *counts, const struct stage_use *use)
{
    for (; use != NULL; use = use->next) {
        counts->stages++;
        for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next) {
            counts->arguments++;
            if (argument->block != NULL)
                count_stages(counts, argument->block->stages);
        }
        for (const struct argument *argument = use->engine; argument != NULL; argument = argument->next)
            counts->arguments++;
    }
}

static void count_chains(struct counts *counts, const struct chain *chain)
{
    for (; chain != NULL; chain = chain->next, counts->statements++)
        count_stages(counts, chain->stages);
}

static struct counts count_all(const struct syntax *syntax)
{
    struct counts counts = { 0 };
    for (const struct let *let = syntax->lets; let != NULL; let = let->next)
        counts.statements++;
    count_chains(&counts, syntax->pipelines);
    count_chains(&counts, syntax->deads);
    for (const struct test *test = syntax->tests; test != NULL; test = test->next, counts.statements++)
        for (const struct clause *clause = test->clauses; clause != NULL; clause = clause->next)
            counts.statements++;
    return counts;
}

/* What the text says has as many parts as the document: no part became two, and none was swallowed. */
static int prove(struct pour *pour, const struct source *text)
{
    struct syntax syntax;
    struct diags diags;
    int error = wp_parse(text, &syntax, &diags);
    const struct counts counts = count_all(&syntax);
    if (error == 0 && (counts.statements != pour->statements || counts.stages != pour->stages ||
                       counts.arguments != pour->arguments)) {
        wp_diag(pour->diags, (struct span){ 0, 0 }, "this document can't be said in the language of pipelines");
        error = -EINVAL;
    } else if (error == -EINVAL) {
        error = 0; /* who parses it again will tell */
    }
    wp_diag_fini(&diags);
    wp_syntax_fini(&syntax);
    return error;
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static int keep(struct pour *pour, struct document *document)
{
    char *text = wp_arena_copy(&document->arena, pour->out.data, pour->out.size);
    struct origin_piece *pieces = wp_arena_alloc(&document->arena, pour->pieces.size + 1);
    if (text == NULL || pieces == NULL || pour->out.data == NULL)
        return -ENOMEM;
    memcpy(pieces, pour->pieces.data, pour->pieces.size);
    document->origin =
        (struct origin){ .source = *pour->yaml, .pieces = pieces, .count = pour->pieces.size / sizeof *pieces };
    document->source =
        (struct source){ .name = pour->yaml->name, .text = text, .size = pour->out.size, .origin = &document->origin };
    return prove(pour, &document->source);
}

int wp_document_read(const struct source *yaml, bool pretty, struct document *ret_document, struct diags *diags)
{
    *ret_document = (struct document){ 0 };
    *diags = (struct diags){ .source = yaml };
    struct doc_node *root;
    int error = wp_document_tree(yaml, &ret_document->arena, diags, &root);
    if (error < 0)
        return error;
    struct pour pour = { .yaml = yaml, .diags = diags, .arena = &ret_document->arena, .pretty = pretty };
    pour_all(&pour, root);
    if (!pour.failed && !pour.faulty && pour.out.size == 0)
        wp_pour_fault(&pour, root, "there is no pipeline here");
    error = pour.failed ? -ENOMEM : pour.faulty ? -EINVAL : keep(&pour, ret_document);
    if (diags->no_memory)
        error = -ENOMEM;
    weir_text_fini(&pour.out);
    weir_text_fini(&pour.pieces);
    return error;
}

void wp_document_fini(struct document *document)
{
    wp_arena_fini(&document->arena);
}
