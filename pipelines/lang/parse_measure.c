/* parse_measure.c - what is to be found of fields: count, sum(.b), p99(.t) as .slow */
#include "lang/parse.h"

static bool wanted(struct scan *scan, const char *what)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "%s is missing before %s", what, shown);
    return false;
}

static bool take_field(struct scan *scan, const char *what, struct expr **ret_path)
{
    if (wp_scan_peek(scan) != '.')
        return wanted(scan, what);
    *ret_path = wp_parse_path(scan);
    return *ret_path != NULL;
}

static bool take_rest(struct scan *scan, struct expr *call, struct expr **ret_as)
{
    if (wp_scan_take(scan, "(") && !take_field(scan, "a field such as .name", &call->args))
        return false;
    if (call->args != NULL && !wp_scan_take(scan, ")"))
        return wanted(scan, "')'");
    if (!wp_scan_take_word(scan, "as"))
        return true;
    return take_field(scan, "a name such as .total", ret_as);
}

struct expr *wp_parse_measure(struct scan *scan, struct expr **ret_as)
{
    struct expr *call = wp_arena_new(scan->arena, struct expr);
    if (call == NULL)
        return NULL;
    call->kind = EXPR_CALL;
    wp_scan_blank(scan);
    if (!wp_scan_name(scan, false, &call->name, &call->name_span)) {
        (void)wanted(scan, "what is to be found, such as count or sum(.bytes),");
        return NULL;
    }
    call->span.from = call->name_span.from;
    if (!take_rest(scan, call, ret_as))
        return NULL;
    call->span.to = scan->at;
    return call;
}
