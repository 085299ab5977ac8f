/*
 * check_spell.c - stages that nobody has to write: they are in the plan as if they stood in the text.
 *
 *   dead bad -> write "x"              a `to json` before the write
 *   generate kind=json | where .a      `lines | json` between them, since where takes no bytes
 *   read "x" | hash md5 | print        the same
 *
 * A stage whose bytes are lines gives records where the stage behind it takes no
 * bytes, and bytes otherwise; at the end of a block it is what stands behind that.
 */
#include <string.h>
#include <weir/pipeline.h>

#include "plan/checker.h"

static bool is_stage(const struct stage_use *use, const char *name)
{
    return use != NULL && use->stage != NULL && strcmp(use->stage->name, name) == 0;
}

/* One of them, spelled where `at` stands; NULL: no memory. */
static struct stage_use *new_use(struct check *check, const char *name, const struct stage_use *at,
                                 struct stage_use *next)
{
    struct stage_use *use = wp_arena_new(check->arena, struct stage_use);
    if (use == NULL)
        return NULL;
    const weir_stage *stage = weir_catalogue_find(name);
    *use = (struct stage_use){
        .next = next, .name = stage->name, .stage = stage, .name_span = at->name_span, .span = at->span
    };
    return use;
}

static struct stage_use *put_to_json(struct check *check, struct stage_use *write)
{
    struct argument *format = wp_arena_new(check->arena, struct argument);
    struct part *json = wp_arena_new(check->arena, struct part);
    struct stage_use *to = new_use(check, "to", write, write);
    if (format == NULL || json == NULL || to == NULL)
        return write;
    *json = (struct part){ .kind = PART_TEXT, .data = "json", .size = 4, .span = write->name_span };
    *format =
        (struct argument){ .name = "format", .span = write->name_span, .opt = weir_opt_find(to->stage, "format") };
    format->value = (struct value){ .kind = VALUE_WORD, .span = write->name_span, .parts = json };
    to->arguments = format;
    return to;
}

/* A stage that looks at raw lines itself: nobody need have looked at them before. */
static bool takes_lines(const struct stage_use *use)
{
    static const char *const parsers[] = { "combined", "csv", "json", "kv", "logfmt", "multiline", "regex", "syslog" };
    for (size_t i = 0; i < sizeof parsers / sizeof parsers[0]; i++)
        if (is_stage(use, parsers[i]))
            return true;
    return false;
}

static bool is_kind(const struct stage_use *use, const char *kind)
{
    for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next)
        if (argument->opt != NULL && strcmp(argument->opt->name, "kind") == 0 && argument->value.parts != NULL)
            return strcmp(argument->value.parts->data, kind) == 0;
    return false;
}

/* What makes records of the lines that this stage gives, besides `lines`: "" is nothing; NULL: it gives no lines. */
static const char *parser_of(const struct stage_use *use, weir_port given)
{
    if (is_stage(use, "hash") && given == WEIR_BYTES)
        return "json";
    if (!is_stage(use, "generate"))
        return NULL;
    return is_kind(use, "json") ? "json" : is_kind(use, "nginx") ? "combined" : is_kind(use, "text") ? "" : NULL;
}

/* The same use with another one behind it: the tree stays as it was written. */
static struct stage_use *with_next(struct check *check, const struct stage_use *use, struct stage_use *next)
{
    struct stage_use *copy = next != NULL ? wp_arena_new(check->arena, struct stage_use) : NULL;
    if (copy == NULL)
        return NULL;
    *copy = *use;
    copy->next = next;
    return copy;
}

static struct stage_use *put_lines(struct check *check, struct stage_use *use, const char *parser)
{
    struct stage_use *next = use->next;
    if (parser[0] != '\0' && !takes_lines(next))
        next = new_use(check, parser, use, next);
    if (next == NULL && parser[0] != '\0')
        return use;
    struct stage_use *spelled = with_next(check, use, new_use(check, "lines", use, next));
    return spelled != NULL ? spelled : use;
}

weir_port wp_behind(const struct stage_use *use, weir_port behind)
{
    return use->next == NULL ? behind : use->next->stage != NULL ? use->next->stage->in : WEIR_NONE;
}

struct stage_use *wp_spell_out(struct check *check, struct stage_use *use, weir_port given)
{
    if (check->in_dead && given == WEIR_RECORDS && is_stage(use, "write"))
        return put_to_json(check, use);
    const char *parser = parser_of(use, given);
    const weir_port behind = wp_behind(use, check->behind);
    const bool wants_records = (behind & (WEIR_BYTES | WEIR_RECORDS)) == WEIR_RECORDS;
    return parser != NULL && wants_records ? put_lines(check, use, parser) : use;
}
