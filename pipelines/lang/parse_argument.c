/*
 * parse_argument.c - the arguments of a stage, as the stage's table of options asks for them.
 *
 * The table decides what may stand where, so the grammar of a stage is its table:
 * `where` has an expression by its place, `hash` a list of words, `each` a block,
 * `group` fields and, behind a '>', a number.
 */
#include <stdio.h>
#include <string.h>
#include <weir/pipeline.h>
#include <weir/stage.h>
#include <weir/suggest.h>

#include "lang/habits.h"
#include "lang/parse.h"

struct argument *wp_parse_add(struct scan *scan, struct argument ***link, const char *name, const weir_opt *opt,
                              uint32_t from)
{
    struct argument *argument = wp_arena_new(scan->arena, struct argument);
    if (argument == NULL)
        return NULL;
    *argument = (struct argument){ .name = name, .opt = opt, .span = { from, from } };
    **link = argument;
    *link = &argument->next;
    return argument;
}

static bool is_list(const weir_opt *opt)
{
    return opt->type == WEIR_OPT_LIST || opt->type == WEIR_OPT_FIELDS || opt->type == WEIR_OPT_BLOCK ||
           opt->type == WEIR_OPT_ASSIGN || opt->type == WEIR_OPT_CALLS;
}

/* --- one value ------------------------------------------------------------------------------ */

/* `any` and `none` of fail-if: words where an expression may stand, too. */
static bool take_choice(struct scan *scan, const weir_opt *opt, struct argument *argument)
{
    for (size_t i = 0; opt->choices != NULL && opt->choices[i] != NULL; i++)
        if (wp_scan_is_word(scan, opt->choices[i]))
            return wp_scan_value(scan, &argument->value);
    return false;
}

static bool wants_field(struct scan *scan, const weir_opt *opt)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    if (wp_scan_peek(scan) == '.')
        return false;
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "%s wants a field such as .name, not %s", opt->name, shown);
    return true;
}

/* .f = EXPR */
static bool parse_assignment(struct scan *scan, const weir_opt *opt, struct argument *argument)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    if (wants_field(scan, opt) || (argument->target = wp_parse_path(scan)) == NULL)
        return false;
    if (wp_scan_is(scan, "==") || wp_scan_is(scan, "=~") || !wp_scan_take(scan, "=")) {
        (void)wp_scan_shown(scan, buffer, &span);
        wp_diag(scan->diags, span, "one '=' is missing here: a field gets a value by .name = value");
        return false;
    }
    argument->expr = wp_parse_expr(scan);
    return argument->expr != NULL;
}

static bool parse_regex(struct scan *scan, const weir_opt *opt, struct argument *argument)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    if (wp_scan_peek(scan) == '/')
        return wp_scan_regex(scan, &argument->value);
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "%s wants a regular expression such as /^[0-9]/, not %s", opt->name, shown);
    return false;
}

bool wp_parse_option_value(struct scan *scan, const weir_opt *opt, struct argument *argument)
{
    bool good;
    wp_scan_blank(scan);
    argument->value_from = scan->at;
    switch (opt->type) {
    case WEIR_OPT_EXPR:
        good = take_choice(scan, opt, argument) || (argument->expr = wp_parse_expr(scan)) != NULL;
        break;
    case WEIR_OPT_FIELD:
    case WEIR_OPT_FIELDS:
        if (wants_field(scan, opt))
            return false;
        good = (argument->expr = wp_parse_path(scan)) != NULL;
        if (good && opt->type == WEIR_OPT_FIELDS)
            (void)take_choice(scan, opt, argument);
        break;
    case WEIR_OPT_CALLS:
        good = (argument->expr = wp_parse_measure(scan, &argument->target)) != NULL;
        break;
    case WEIR_OPT_ASSIGN:
        good = parse_assignment(scan, opt, argument);
        break;
    case WEIR_OPT_REGEX:
        good = parse_regex(scan, opt, argument);
        break;
    case WEIR_OPT_BLOCK:
        good = (argument->block = wp_parse_block(scan)) != NULL;
        break;
    default:
        good = wp_scan_value(scan, &argument->value);
        break;
    }
    argument->span.to = scan->at;
    return good;
}

/* True when a value for `opt` may begin here. */
static bool may_begin(struct scan *scan, const weir_opt *opt)
{
    const char c = wp_scan_peek(scan);
    switch (opt->type) {
    case WEIR_OPT_EXPR:
        return c != '\0' && c != '{' && c != '|' && c != '}' && c != '@';
    case WEIR_OPT_FIELD:
    case WEIR_OPT_FIELDS:
    case WEIR_OPT_ASSIGN:
        return c == '.';
    case WEIR_OPT_CALLS:
        return scan_is_name_start(c);
    case WEIR_OPT_REGEX:
        return c == '/';
    case WEIR_OPT_BLOCK:
    case WEIR_OPT_CASES:
        return c == '{';
    default:
        return wp_scan_is_value(scan);
    }
}

/* The value, or with a list all that commas join. */
static bool parse_values(struct scan *scan, struct argument ***link, const weir_opt *opt, uint32_t from)
{
    if (opt->type == WEIR_OPT_CASES)
        return wp_parse_cases(scan, link, opt);
    do {
        struct argument *argument = wp_parse_add(scan, link, opt->name, opt, from);
        if (argument == NULL || !wp_parse_option_value(scan, opt, argument))
            return false;
        from = scan->at;
    } while (is_list(opt) && wp_scan_take(scan, ","));
    return true;
}

/* --- which option ---------------------------------------------------------------------------- */

/* NAME= at hand, and not NAME==. The name is taken with its '='. */
static bool take_named(struct scan *scan, const char **ret_name, struct span *ret_span)
{
    const uint32_t from = scan->at;
    if (wp_scan_name(scan, true, ret_name, ret_span) && wp_scan_is(scan, "=") && !wp_scan_is(scan, "==") &&
        !wp_scan_is(scan, "=~"))
        return wp_scan_take(scan, "=");
    scan->at = from;
    return false;
}

static bool unknown_option(struct scan *scan, const struct stage_use *use, const char *name, struct span span)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    for (const weir_opt *opt = use->stage->opts; opt != NULL && opt->name != NULL; opt++)
        weir_suggest_offer(&suggest, opt->name);
    if (suggest.best != NULL)
        wp_diag(scan->diags, span, "%s has no option '%s' (did you mean '%s'?)", use->name, name, suggest.best);
    else
        wp_diag(scan->diags, span, "%s has no option '%s'", use->name, name);
    wp_diag_hint(scan->diags, "'weir stages %s' lists them", use->name);
    struct value skipped;
    return wp_scan_is_value(scan) && wp_scan_value(scan, &skipped);
}

static const weir_opt *find_flag(struct scan *scan, const weir_stage *stage)
{
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (opt->type == WEIR_OPT_BOOL && wp_scan_is_word(scan, opt->name))
            return opt;
    return NULL;
}

static const weir_opt *take_intro(struct scan *scan, const weir_stage *stage)
{
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++) {
        if (opt->intro == NULL)
            continue;
        if (scan_is_name_start(opt->intro[0]) ? wp_scan_take_word(scan, opt->intro) : wp_scan_take(scan, opt->intro))
            return opt;
    }
    return NULL;
}

static bool is_given(const struct stage_use *use, const weir_opt *opt)
{
    for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next)
        if (argument->opt == opt)
            return true;
    return false;
}

/* A word that is a stage's name: among free words it is more likely that a '|' was forgotten before it. */
static bool names_stage(struct scan *scan)
{
    const uint32_t from = scan->at;
    const char *name;
    struct span span;
    const bool names = wp_scan_name(scan, true, &name, &span) && weir_catalogue_find(name) != NULL;
    const char next = scan->at < scan->source->size ? scan->source->text[scan->at] : ' ';
    scan->at = from;
    return names && strchr(" \t\r\n|}@", next) != NULL;
}

/* Words of a list may stand side by side; what is to be found has commas between, or a wrong word would be one. */
static bool may_repeat(struct scan *scan, const struct stage_use *use, const weir_opt *opt)
{
    if (!is_given(use, opt))
        return true;
    return is_list(opt) && opt->type != WEIR_OPT_CALLS &&
           (opt->type != WEIR_OPT_LIST || opt->choices != NULL || !names_stage(scan));
}

static const weir_opt *find_positional(struct scan *scan, const struct stage_use *use)
{
    for (const weir_opt *opt = use->stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (opt->positional && may_begin(scan, opt) && may_repeat(scan, use, opt))
            return opt;
    return NULL;
}

/* What a word that can't stand where it does was meant for, by what the stage takes there; NULL: nobody knows. */
static const char *hint_for(const struct scan *scan, const struct stage_use *use, struct span span)
{
    char word[SCAN_SHOWN_MAX];
    const char *hint = NULL;
    snprintf(word, sizeof word, "%.*s", (int)(span.to - span.from), scan->source->text + span.from);
    for (const weir_opt *opt = use->stage->opts; opt != NULL && opt->name != NULL && hint == NULL; opt++) {
        if (!opt->positional)
            continue;
        if (!is_given(use, opt))
            hint =
                opt->type == WEIR_OPT_FIELDS && strcspn(word, "=|{}()@") > 0 ? "fields begin with a dot: .name" : NULL;
        else if (opt->type == WEIR_OPT_EXPR || opt->type == WEIR_OPT_ASSIGN)
            hint = wp_habit_operator(word);
        else if (is_list(opt) && (opt->choices == NULL || opt->type == WEIR_OPT_CALLS) && opt->type != WEIR_OPT_BLOCK &&
                 strcspn(word, "=|{}()@") > 0)
            hint = "a ',' goes between the items of a list, a '|' before the next stage";
    }
    return hint;
}

static bool nothing_fits(struct scan *scan, const struct stage_use *use)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    const char *name, *shown;
    const uint32_t from = scan->at;
    const weir_stage *stage = NULL;
    if (wp_scan_name(scan, true, &name, &span) && !wp_scan_is(scan, "(")) {
        weir_suggest suggest;
        if (weir_opt_find(use->stage, name) != NULL) {
            wp_diag(scan->diags, span, "%s: a value goes with %s", use->name, name);
            wp_diag_hint(scan->diags, "%s=..., without blanks; 'weir stages %s' says what it takes", name, use->name);
            return false;
        }
        stage = weir_catalogue_find(name);
        weir_suggest_init(&suggest, name);
        for (const weir_opt *opt = use->stage->opts; opt != NULL && opt->name != NULL; opt++)
            weir_suggest_offer(&suggest, opt->name);
        if (suggest.best != NULL) {
            wp_diag(scan->diags, span, "%s has no option '%s' (did you mean '%s'?)", use->name, name, suggest.best);
            return false;
        }
    }
    scan->at = from;
    shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "%s takes no %s here", use->name, shown);
    const char *hint = stage == NULL ? hint_for(scan, use, span) : NULL;
    if (hint != NULL)
        wp_diag_hint(scan->diags, "%s", hint);
    else if (stage != NULL && stage->source)
        wp_diag_hint(scan->diags, "another pipeline begins with its name:  x: %s ...", stage->name);
    else
        wp_diag_hint(scan->diags, "a '|' goes before the next stage; 'weir stages %s' says what it takes", use->name);
    return false;
}

static bool parse_argument(struct scan *scan, struct stage_use *use, struct argument ***link)
{
    const uint32_t from = scan->at;
    const char *name;
    struct span span;
    if (take_named(scan, &name, &span)) {
        const weir_opt *opt = weir_opt_find(use->stage, name);
        return opt != NULL ? parse_values(scan, link, opt, from) : unknown_option(scan, use, name, span);
    }
    const weir_opt *opt = find_flag(scan, use->stage);
    if (opt != NULL) {
        struct argument *argument = wp_parse_add(scan, link, opt->name, opt, from);
        if (argument == NULL)
            return false;
        scan->at += (uint32_t)strlen(opt->name);
        argument->span.to = scan->at;
        argument->value_from = argument->span.from;
        argument->value = (struct value){ .kind = VALUE_BOOL, .number = 1, .span = argument->span };
        return true;
    }
    if ((opt = take_intro(scan, use->stage)) == NULL && (opt = find_positional(scan, use)) == NULL)
        return nothing_fits(scan, use);
    return parse_values(scan, link, opt, from);
}

/* --- @options ----------------------------------------------------------------------------------- */

/* A value, perhaps with something in brackets: key(.f), dead(bad). */
bool wp_parse_engine_value(struct scan *scan, struct argument *argument)
{
    struct span span;
    wp_scan_blank(scan);
    argument->value_from = scan->at;
    if (!wp_scan_value(scan, &argument->value))
        return false;
    argument->span.to = scan->at;
    if (wp_scan_take(scan, "(")) {
        if (wp_scan_peek(scan) == '.')
            argument->expr = wp_parse_path(scan);
        else
            (void)wp_scan_name(scan, true, &argument->inner, &span);
        if ((argument->expr == NULL && argument->inner == NULL) || !wp_scan_take(scan, ")")) {
            wp_diag(scan->diags, argument->value.span, "in brackets stands one field, or one name");
            return false;
        }
        argument->span.to = scan->at;
    }
    return true;
}

static bool parse_engine(struct scan *scan, struct argument ***link)
{
    struct span span;
    const uint32_t from = scan->at++;
    struct argument *argument = wp_parse_add(scan, link, NULL, NULL, from);
    if (argument == NULL)
        return false;
    if (!wp_scan_name(scan, true, &argument->name, &span) || !wp_scan_take(scan, "=")) {
        wp_diag(scan->diags, (struct span){ from, from + 1 }, "'@' begins an option of the engine, such as @par=4");
        return false;
    }
    return wp_parse_engine_value(scan, argument);
}

bool wp_parse_arguments(struct scan *scan, struct stage_use *use)
{
    struct argument **link = &use->arguments, **engine_link = &use->engine;
    for (;;) {
        const char c = wp_scan_peek(scan);
        if (c == '\0' || c == '|' || c == '}' || wp_parse_is_statement(scan))
            return true;
        if (c == '@' ? !parse_engine(scan, &engine_link) : !parse_argument(scan, use, &link))
            return false;
    }
}
