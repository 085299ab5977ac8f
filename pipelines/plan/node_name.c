/* node_name.c - what a stage is called from one text to the next. */
#include "plan/node_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "write", "write.2": the n-th of its kind in the chain. NULL: no memory. */
static char *name_in(const struct plan_chain *chain, const struct plan_node *node)
{
    unsigned nth = 1;
    char *name = NULL;
    for (const struct plan_node *other = chain->nodes; other != node; other = other->next)
        nth += other->stage == node->stage;
    const int size =
        nth == 1 ? asprintf(&name, "%s", node->stage->name) : asprintf(&name, "%s.%u", node->stage->name, nth);
    return size < 0 ? NULL : name;
}

static char *join_and_free(char *prefix, char *name)
{
    char *joined = NULL;
    if (prefix == NULL || name == NULL || asprintf(&joined, "%s%s", prefix, name) < 0)
        joined = NULL;
    free(prefix);
    free(name);
    return joined;
}

/* 1 with the name, 0: it isn't there, or -ENOMEM. */
static int find(const struct plan_chain *chain, const char *prefix, const struct plan_node *node, char **ret_name)
{
    const struct plan_chain *block;
    int found = 0;
    for (const struct plan_node *at = chain->nodes; found == 0 && at != NULL; at = at->next) {
        char *name =
            at == node || wp_plan_block(at, 0) != NULL ? join_and_free(strdup(prefix), name_in(chain, at)) : NULL;
        if (at == node) {
            *ret_name = name;
            return name != NULL ? 1 : -ENOMEM;
        }
        for (unsigned i = 0; found == 0 && (block = wp_plan_block(at, i)) != NULL; i++) {
            char *inner = NULL;
            found = name != NULL && asprintf(&inner, "%s{%u}/", name, i + 1) >= 0 ? find(block, inner, node, ret_name)
                                                                                  : -ENOMEM;
            free(inner);
        }
        free(name);
    }
    return found;
}

static int find_in_all(const struct plan_chain *chains, const char *kind, const struct plan_node *node, char **ret_name)
{
    unsigned nth = 1;
    int found = 0;
    for (const struct plan_chain *chain = chains; found == 0 && chain != NULL; chain = chain->next, nth++) {
        char *prefix = NULL;
        const int size = chain->name != NULL ? asprintf(&prefix, "%s%s/", kind, chain->name)
                         : nth > 1           ? asprintf(&prefix, "%u/", nth)
                                             : asprintf(&prefix, "%s", "");
        found = size < 0 ? -ENOMEM : find(chain, prefix, node, ret_name);
        free(size < 0 ? NULL : prefix);
    }
    return found;
}

char *wp_node_name(const struct plan *plan, const struct plan_node *node)
{
    char *name = NULL;
    if (strcmp(node->name, node->stage->name) != 0)
        return asprintf(&name, "@%s", node->name) < 0 ? NULL : name;
    if (find_in_all(plan->pipelines, "", node, &name) == 0)
        (void)find_in_all(plan->deads, "dead ", node, &name);
    return name;
}
