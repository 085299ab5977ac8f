/* parse_cases.c - the cases of a route: conditions, each with the branch of what it is the first to be true of. */
#include <weir/stage.h>

#include "lang/parse.h"

static bool missing(struct scan *scan, const char *what)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "%s is missing before %s", what, shown);
    return false;
}

static bool parse_case(struct scan *scan, struct argument *argument, bool *ret_else)
{
    *ret_else = wp_scan_take_word(scan, "else");
    if (!*ret_else && (argument->expr = wp_parse_expr(scan)) == NULL)
        return false;
    if (!wp_scan_take(scan, "->"))
        return missing(scan, "the '->' of a case");
    if (wp_scan_peek(scan) != '{')
        return missing(scan, "the branch of a case, { ... },");
    argument->block = wp_parse_block(scan);
    argument->span.to = scan->at;
    return argument->block != NULL;
}

static bool parse_inside(struct scan *scan, struct argument ***link, const weir_opt *opt)
{
    bool rest = false;
    struct argument *argument = NULL;
    while (!wp_scan_take(scan, "}")) {
        wp_scan_blank(scan);
        const uint32_t from = scan->at;
        if (rest) {
            wp_diag(scan->diags, (struct span){ from, from + 1 }, "'else' is the last case: nothing is left behind it");
            return false;
        }
        argument = wp_parse_add(scan, link, opt->name, opt, from);
        if (argument == NULL || !parse_case(scan, argument, &rest))
            return false;
    }
    if (argument != NULL)
        argument->span.to = scan->at; /* with what closes them all */
    return argument != NULL;
}

bool wp_parse_cases(struct scan *scan, struct argument ***link, const weir_opt *opt)
{
    wp_scan_blank(scan);
    const uint32_t from = scan->at++;
    if (wp_scan_peek(scan) == '}') {
        wp_diag(scan->diags, (struct span){ from, from + 1 },
                "there is no case here, such as  .level == \"error\" -> { ... }");
        wp_parse_leave(scan);
        return false;
    }
    if (parse_inside(scan, link, opt))
        return true;
    wp_parse_leave(scan);
    return false;
}
