/* registry.c - the table of stages, from stages.def. */
#include <weir/stage.h>
#include <weir/suggest.h>

#include <string.h>

#define WEIR_STAGE(name) extern const weir_stage weir_stage_##name;
#include "stages.def"
#undef WEIR_STAGE

static const weir_stage *const stages[] = {
#define WEIR_STAGE(name) &weir_stage_##name,
#include "stages.def"
#undef WEIR_STAGE
};

enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

const weir_stage *weir_stage_at(size_t index)
{
    return index < STAGES ? stages[index] : NULL;
}

const weir_stage *weir_stage_find(const char *name)
{
    for (size_t i = 0; i < STAGES; i++)
        if (strcmp(stages[i]->name, name) == 0)
            return stages[i];
    return NULL;
}

const char *weir_stage_suggest(const char *name)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    for (size_t i = 0; i < STAGES; i++)
        weir_suggest_offer(&suggest, stages[i]->name);
    return suggest.best;
}
