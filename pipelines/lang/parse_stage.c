/* parse_stage.c - stages in a row, and where to go on after one that couldn't be read. */
#include <weir/stage.h>

#include <weir/pipeline.h>
#include "lang/habits.h"
#include "lang/parse.h"

static char at(const struct scan *scan, uint32_t place)
{
    return place < scan->source->size ? scan->source->text[place] : '\0';
}

/* Over a string, so that what is in it isn't taken for language. */
static void skip_string(struct scan *scan)
{
    for (scan->at++; at(scan, scan->at) != '\0' && at(scan, scan->at) != '"' && at(scan, scan->at) != '\n'; scan->at++)
        if (at(scan, scan->at) == '\\' && at(scan, scan->at + 1) != '\n')
            scan->at++;
    scan->at += at(scan, scan->at) == '"';
}

/* To the '|' behind this stage, or to whatever ends the row: its faults are told, the next stage's may be, too. */
static void skip_stage(struct scan *scan)
{
    unsigned depth = 0;
    for (;;) {
        const char c = wp_scan_peek(scan);
        if (c == '\0')
            return;
        if (c == '"') {
            skip_string(scan);
            continue;
        }
        if (depth == 0 && (c == '}' || (c == '|' && at(scan, scan->at + 1) != '|') || wp_parse_is_statement(scan)))
            return;
        depth += c == '{' || c == '(' || c == '[';
        depth -= depth > 0 && (c == '}' || c == ')' || c == ']');
        const char *name;
        struct span span;
        if (!wp_scan_name(scan, true, &name, &span))
            scan->at += c == '|' && at(scan, scan->at + 1) == '|' ? 2 : 1;
    }
}

void wp_parse_leave(struct scan *scan)
{
    unsigned depth = 1;
    for (char c; depth > 0 && (c = wp_scan_peek(scan)) != '\0';) {
        if (c == '"') {
            skip_string(scan);
            continue;
        }
        depth += c == '{';
        depth -= c == '}';
        scan->at++;
    }
}

static void unknown_stage(struct scan *scan, const struct stage_use *use)
{
    const char *habit = wp_habit_stage(use->name), *meant = weir_catalogue_suggest(use->name);
    if (habit != NULL)
        meant = NULL;
    if (meant != NULL)
        wp_diag(scan->diags, use->name_span, "unknown stage '%s' (did you mean '%s'?)", use->name, meant);
    else
        wp_diag(scan->diags, use->name_span, "unknown stage '%s'", use->name);
    if (meant == NULL)
        wp_diag_hint(scan->diags, "%s", habit != NULL ? habit : "'weir stages' lists them all");
}

static bool missing_stage(struct scan *scan)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "a stage is missing before %s", shown);
    return false;
}

static struct stage_use *parse_stage(struct scan *scan)
{
    struct stage_use *use = wp_arena_new(scan->arena, struct stage_use);
    if (use == NULL)
        return NULL;
    if (!wp_scan_name(scan, true, &use->name, &use->name_span)) {
        (void)missing_stage(scan);
        skip_stage(scan);
        return NULL;
    }
    use->stage = weir_catalogue_find(use->name);
    if (use->stage == NULL)
        unknown_stage(scan, use);
    use->faulty = use->stage == NULL || !wp_parse_arguments(scan, use);
    if (use->faulty)
        skip_stage(scan);
    use->span = (struct span){ use->name_span.from, scan->at };
    return use;
}

struct stage_use *wp_parse_stages(struct scan *scan)
{
    struct stage_use *first = NULL, **link = &first;
    do {
        struct stage_use *use = parse_stage(scan);
        if (use != NULL) {
            *link = use;
            link = &use->next;
        }
    } while (!wp_scan_is(scan, "||") && wp_scan_take(scan, "|"));
    return first;
}

struct chain *wp_parse_block(struct scan *scan)
{
    wp_scan_blank(scan);
    const uint32_t from = scan->at++;
    struct chain *block = wp_arena_new(scan->arena, struct chain);
    if (block == NULL)
        return NULL;
    if (scan->depth >= NESTING_MAX) {
        wp_diag(scan->diags, (struct span){ from, from + 1 }, "blocks are nested more than %u deep", NESTING_MAX);
        return NULL;
    }
    scan->depth++;
    block->stages = wp_parse_stages(scan);
    scan->depth--;
    if (!wp_scan_take(scan, "}")) {
        wp_diag(scan->diags, (struct span){ from, from + 1 }, "this block has no '}'");
        return NULL;
    }
    block->span = (struct span){ from, scan->at };
    return block->stages != NULL ? block : NULL;
}
