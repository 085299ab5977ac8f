/* registry.c - the table of stages: those of stages.def, and what the program adds. */
#include <weir/stage.h>
#include <weir/suggest.h>

#include <errno.h>
#include <string.h>

#define WEIR_STAGE(name) extern const weir_stage weir_stage_##name;
#include "stages.def"
#undef WEIR_STAGE

#define WEIR_STAGE(name) +1
enum {
    BUILT_IN = 0
#include "stages.def"
};
#undef WEIR_STAGE

static const weir_stage *stages[BUILT_IN + WEIR_STAGES_ADDED_MAX] = {
#define WEIR_STAGE(name) &weir_stage_##name,
#include "stages.def"
#undef WEIR_STAGE
};
static size_t count = BUILT_IN;

const weir_stage *weir_stage_at(size_t index)
{
    return index < count ? stages[index] : NULL;
}

int weir_stage_add(const weir_stage *stage)
{
    if (weir_stage_find(stage->name) != NULL)
        return -EEXIST;
    if (count == sizeof stages / sizeof stages[0])
        return -ENOSPC;
    size_t at = count++;
    for (; at > 0 && strcmp(stages[at - 1]->name, stage->name) > 0; at--)
        stages[at] = stages[at - 1];
    stages[at] = stage;
    return 0;
}

const weir_stage *weir_stage_find(const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(stages[i]->name, name) == 0)
            return stages[i];
    return NULL;
}

const char *weir_stage_suggest(const char *name)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    for (size_t i = 0; i < count; i++)
        weir_suggest_offer(&suggest, stages[i]->name);
    return suggest.best;
}
