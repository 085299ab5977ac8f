/* catalogue.c - the stages of stages/ and the nodes of nodes.def, as one list in the order of names. */
#include <weir/pipeline.h>

#include <string.h>
#include <weir/suggest.h>

#include "nodes/node.h"

#define WEIR_NODE(name) extern const struct node_type wp_node_##name;
#include "nodes/nodes.def"
#undef WEIR_NODE

static const struct node_type *const nodes[] = {
#define WEIR_NODE(name) &wp_node_##name,
#include "nodes/nodes.def"
#undef WEIR_NODE
};

/* In the catalogue it is one with the stage of windows. */
extern const struct node_type wp_node_hash_files;

enum { NODES = sizeof nodes / sizeof nodes[0] };

const struct node_type *wp_node_type_of(const weir_stage *stage, weir_port in)
{
    if (in == WEIR_FILES && strcmp(stage->name, "hash") == 0)
        return &wp_node_hash_files;
    for (size_t i = 0; i < NODES; i++)
        if (&nodes[i]->stage == stage)
            return nodes[i];
    return NULL;
}

enum node_keeps wp_node_keeps(const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    if (type == NULL)
        return node->stage->restarts ? KEEPS_NOTHING : KEEPS_UNKNOWN;
    return type->keeps_as != NULL ? type->keeps_as(node) : type->keeps;
}

/* Both lists are sorted: the names before `index` of one, the rest of the other. */
const weir_stage *weir_catalogue_at(size_t index)
{
    size_t node = 0, stage = 0;
    for (;;) {
        const weir_stage *a = node < NODES ? &nodes[node]->stage : NULL, *b = weir_stage_at(stage);
        const bool take_node = a != NULL && (b == NULL || strcmp(a->name, b->name) < 0);
        const weir_stage *next = take_node ? a : b;
        if (next == NULL || index-- == 0)
            return next;
        node += take_node;
        stage += !take_node;
    }
}

const weir_stage *weir_catalogue_find(const char *name)
{
    for (size_t i = 0; i < NODES; i++)
        if (strcmp(nodes[i]->stage.name, name) == 0)
            return &nodes[i]->stage;
    return weir_stage_find(name);
}

const char *weir_catalogue_suggest(const char *name)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    for (size_t i = 0; weir_catalogue_at(i) != NULL; i++)
        weir_suggest_offer(&suggest, weir_catalogue_at(i)->name);
    return suggest.best;
}
