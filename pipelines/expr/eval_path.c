/* eval_path.c - the way into a row: .a.b[0] */
#include <string.h>

#include "expr/eval.h"

static struct datum step_into(struct datum datum, const struct path_step *step)
{
    if (step->name != NULL && datum.kind == DATUM_MAP) {
        for (uint32_t i = 0; i < datum.size; i++)
            if (strlen(datum.members[i].name) == step->size &&
                memcmp(datum.members[i].name, step->name, step->size) == 0)
                return datum.members[i].value;
    } else if (step->name == NULL && datum.kind == DATUM_LIST) {
        const int64_t index = step->index < 0 ? step->index + datum.size : step->index;
        if (index >= 0 && index < (int64_t)datum.size)
            return datum.items[index];
    }
    return datum_null();
}

struct datum wp_eval_steps(struct datum datum, const struct path_step *steps)
{
    for (; steps != NULL; steps = steps->next)
        datum = step_into(datum, steps);
    return datum;
}

struct datum wp_eval_path(struct eval *eval, const struct path_step *steps)
{
    if (steps == NULL || steps->name == NULL)
        return steps == NULL ? eval->view.all(eval->view.row, eval->arena) : datum_null();
    return wp_eval_steps(eval->view.get(eval->view.row, steps->name, steps->size, eval->arena), steps->next);
}
