/* layout_chain.c - stages in a row: in one line, or each in its own. */
#include <string.h>
#include <weir/stage.h>

#include "format/layout.h"

/* --- the words of a stage in their order ------------------------------------------------------- */

struct walk {
    const struct argument *argument, *engine;
};

/* The next of the stage's and the engine's, whichever comes first. */
static const struct argument *walk_next(struct walk *walk, bool *ret_engine)
{
    const struct argument *argument = walk->argument, *engine = walk->engine;
    *ret_engine = argument == NULL || (engine != NULL && engine->span.from < argument->span.from);
    if (*ret_engine) {
        walk->engine = engine != NULL ? engine->next : NULL;
        return engine;
    }
    walk->argument = argument->next;
    return argument;
}

static uint32_t end_of(const struct layout *layout, const struct stage_use *use)
{
    uint32_t end = use->name_span.to;
    bool engine;
    struct walk walk = { use->arguments, use->engine };
    for (const struct argument *argument; (argument = walk_next(&walk, &engine)) != NULL;) {
        const uint32_t to = wp_layout_trim(layout, argument->span).to;
        end = to > end ? to : end;
    }
    return end;
}

uint32_t wp_layout_end(const struct layout *layout, const struct stage_use *stages)
{
    while (stages->next != NULL)
        stages = stages->next;
    return end_of(layout, stages);
}

/* A comment between its words, but in no block. */
static bool has_loose_comment(const struct layout *layout, const struct stage_use *use)
{
    uint32_t from = use->name_span.from;
    for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next)
        if (argument->block != NULL) {
            if (wp_layout_has_comment(layout, from, argument->block->span.from))
                return true;
            from = argument->block->span.to;
        }
    return wp_layout_has_comment(layout, from, end_of(layout, use));
}

/* --- cases -------------------------------------------------------------------------------------------- */

static bool is_case(const struct argument *argument)
{
    return argument->opt != NULL && argument->opt->type == WEIR_OPT_CASES;
}

static bool is_last_case(const struct argument *argument)
{
    return argument->next == NULL || argument->next->opt != argument->opt;
}

/* "EXPR ->" or "else ->". */
static void put_condition(struct layout *layout, const struct argument *argument)
{
    uint32_t arrow = argument->block->span.from;
    while (arrow > argument->span.from && layout->text[arrow] != '>')
        arrow--;
    if (argument->expr == NULL)
        wp_layout_say(layout, "else");
    else
        wp_layout_expr(layout, wp_layout_trim(layout, (struct span){ argument->span.from, arrow - 1 }), NULL,
                       argument->expr);
    wp_layout_say(layout, " ->");
}

/* --- in one line ------------------------------------------------------------------------------------- */

static void put_flat(struct layout *layout, const struct stage_use *stages);

static void put_flat_stage(struct layout *layout, const struct stage_use *use)
{
    bool engine;
    struct walk walk = { use->arguments, use->engine };
    const struct argument *before = NULL;
    wp_layout_say(layout, use->name);
    for (const struct argument *argument; (argument = walk_next(&walk, &engine)) != NULL; before = argument) {
        if (argument->block == NULL) {
            wp_layout_argument(layout, argument, engine);
            continue;
        }
        if (is_case(argument)) {
            wp_layout_say(layout, before == NULL || before->opt != argument->opt ? " { " : " ");
            put_condition(layout, argument);
        }
        wp_layout_say(layout, " { ");
        put_flat(layout, argument->block->stages);
        wp_layout_say(layout, is_case(argument) && is_last_case(argument) ? " } }" : " }");
    }
}

static void put_flat(struct layout *layout, const struct stage_use *stages)
{
    for (const struct stage_use *use = stages; use != NULL; use = use->next) {
        if (use != stages)
            wp_layout_say(layout, " | ");
        put_flat_stage(layout, use);
    }
}

/* Columns that are taken in the line that is begun. */
static size_t column(const struct layout *layout)
{
    const weir_text *out = layout->out;
    size_t size = 0;
    while (size < out->size && out->data[out->size - 1 - size] != '\n')
        size++;
    return size;
}

static bool is_flat(const weir_text *out, size_t from)
{
    return out->size == from || memchr(out->data + from, '\n', out->size - from) == NULL;
}

/* True: they were written into this line, which they fit. */
static bool try_flat(struct layout *layout, const struct stage_use *use, bool all, size_t more)
{
    const size_t before = layout->out->size;
    if (wp_layout_has_comment(layout, use->name_span.from, all ? wp_layout_end(layout, use) : end_of(layout, use)))
        return false;
    if (all)
        put_flat(layout, use);
    else
        put_flat_stage(layout, use);
    if (column(layout) + more <= LAYOUT_COLUMNS && is_flat(layout->out, before))
        return true;
    layout->out->size = before;
    return false;
}

/* --- a line each ----------------------------------------------------------------------------------------- */

static void put_block(struct layout *layout, const struct chain *block, unsigned indent)
{
    wp_layout_say(layout, " {");
    wp_layout_own_comments(layout, block->stages->name_span.from, indent + 4);
    wp_layout_line(layout, indent + 4);
    wp_layout_stages(layout, block->stages, indent + 4, block->span.to);
    wp_layout_own_comments(layout, block->span.to, indent + 4);
    wp_layout_line(layout, indent + 2);
    wp_layout_say(layout, "}");
}

/* Its branch in the same line, or below it. */
static void put_case(struct layout *layout, const struct argument *argument, bool first, unsigned indent)
{
    if (first)
        wp_layout_say(layout, " {");
    wp_layout_line(layout, indent + 4);
    put_condition(layout, argument);
    const size_t before = layout->out->size;
    wp_layout_say(layout, " { ");
    if (try_flat(layout, argument->block->stages, true, 2)) {
        wp_layout_say(layout, " }");
    } else {
        layout->out->size = before;
        put_block(layout, argument->block, indent + 4);
    }
    if (!is_last_case(argument))
        return;
    wp_layout_line(layout, indent + 2);
    wp_layout_say(layout, "}");
}

static void put_as_written(struct layout *layout, const struct stage_use *use)
{
    const uint32_t end = end_of(layout, use);
    wp_layout_put(layout, layout->text + use->name_span.from, end - use->name_span.from);
    wp_layout_skip_comments(layout, end);
}

static void put_stage(struct layout *layout, const struct stage_use *use, unsigned indent)
{
    bool engine;
    struct walk walk = { use->arguments, use->engine };
    if (has_loose_comment(layout, use)) {
        put_as_written(layout, use);
        return;
    }
    if (try_flat(layout, use, false, 0))
        return;
    wp_layout_say(layout, use->name);
    const struct argument *before = NULL;
    for (const struct argument *argument; (argument = walk_next(&walk, &engine)) != NULL; before = argument)
        if (argument->block != NULL && is_case(argument))
            put_case(layout, argument, before == NULL || before->opt != argument->opt, indent);
        else if (argument->block != NULL)
            put_block(layout, argument->block, indent);
        else
            wp_layout_argument(layout, argument, engine);
}

void wp_layout_stages(struct layout *layout, const struct stage_use *stages, unsigned indent, uint32_t until)
{
    if (try_flat(layout, stages, true, 0)) {
        wp_layout_trailing_comment(layout, wp_layout_end(layout, stages), until);
        return;
    }
    for (const struct stage_use *use = stages; use != NULL; use = use->next) {
        if (use != stages) {
            wp_layout_own_comments(layout, use->name_span.from, indent);
            wp_layout_line(layout, indent);
            wp_layout_say(layout, "| ");
        }
        const uint32_t end = end_of(layout, use); /* while its comments are still known */
        put_stage(layout, use, indent);
        wp_layout_trailing_comment(layout, end, use->next != NULL ? use->next->name_span.from : until);
    }
}
