/*
 * fuzz_pipeline.c - any text as a pipeline: it is read, or its faults are told, each at a place inside the text.
 */
#include <weir/pipeline.h>

#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_spans(const struct chain *chains, size_t size)
{
    for (const struct chain *chain = chains; chain != NULL; chain = chain->next)
        for (const struct stage_use *use = chain->stages; use != NULL; use = use->next) {
            must(use->span.from <= use->span.to && use->span.to <= size);
            for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next)
                must(argument->span.from <= argument->span.to && argument->span.to <= size);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const text = malloc(size + (size == 0)); /* exactly as long: a look past its end is seen */
    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    const struct source source = { .name = "fuzz", .text = text, .size = size };
    struct syntax syntax;
    struct diags diags;
    struct plan plan;
    const struct plan_variable variable = { "name", "value {.x} \"" };
    const int parsed = wp_parse(&source, &syntax, &diags);
    must(parsed == 0 || parsed == -EINVAL);
    must((parsed == 0) == (diags.count == 0));
    check_spans(syntax.pipelines, size);
    check_spans(syntax.deads, size);
    const int planned = wp_plan(&syntax, &variable, 1, &diags, &plan);
    must(planned == 0 || planned == -EINVAL);
    must((planned == 0) == (diags.count == 0));
    weir_text errors = { 0 };
    must(wp_diag_render(&diags, &errors) == 0);
    must((errors.size > 0) == (planned != 0));
    weir_text_fini(&errors);
    wp_diag_fini(&diags);
    wp_syntax_fini(&syntax);
    free(text);
    return 0;
}
