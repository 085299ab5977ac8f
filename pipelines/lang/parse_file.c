/* parse_file.c - a whole text: let, pipelines, dead-letter streams, tests. */
#include <string.h>

#include "lang/parse.h"

static char at(const struct scan *scan, uint32_t place)
{
    return place < scan->source->size ? scan->source->text[place] : '\0';
}

/* The word `let`, `dead` or `test`, with what makes it a statement; or a name with its colon. Nothing is taken. */
bool wp_parse_is_statement(struct scan *scan)
{
    const char *name;
    struct span span;
    bool statement = false;
    const uint32_t from = scan->at;
    wp_scan_blank(scan);
    if (wp_scan_take_word(scan, "let"))
        statement = wp_scan_name(scan, false, &name, &span) && wp_scan_is(scan, "=");
    else if (wp_scan_take_word(scan, "dead"))
        statement = wp_scan_name(scan, true, &name, &span) && wp_scan_is(scan, "->");
    else if (wp_scan_take_word(scan, "test"))
        statement = wp_scan_peek(scan) == '"';
    else if (wp_scan_name(scan, true, &name, &span))
        statement = at(scan, scan->at) == ':' && strchr(" \t\r\n", at(scan, scan->at + 1)) != NULL;
    scan->at = from;
    return statement;
}

static void expected(struct scan *scan, const char *what)
{
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "%s is missing before %s", what, shown);
}

/* To the next statement. */
static void skip_statement(struct scan *scan)
{
    const char *name;
    struct span span;
    while (wp_scan_peek(scan) != '\0') {
        if (!wp_scan_name(scan, true, &name, &span))
            scan->at++;
        if (wp_parse_is_statement(scan))
            return;
    }
}

/* --- let ------------------------------------------------------------------------------------ */

static bool parse_let(struct scan *scan, struct let ***link)
{
    struct let *let = wp_arena_new(scan->arena, struct let);
    if (let == NULL || !wp_scan_name(scan, false, &let->name, &let->name_span) || !wp_scan_take(scan, "=") ||
        !wp_scan_value(scan, &let->value))
        return false;
    **link = let;
    *link = &let->next;
    return true;
}

/* --- pipelines, dead-letter streams ---------------------------------------------------------- */

static bool parse_chain(struct scan *scan, bool dead, struct chain ***link)
{
    struct chain *chain = wp_arena_new(scan->arena, struct chain);
    if (chain == NULL)
        return false;
    wp_scan_blank(scan);
    const uint32_t from = scan->at;
    if (dead) {
        if (!wp_scan_name(scan, true, &chain->name, &chain->name_span) || !wp_scan_take(scan, "->"))
            return false;
    } else if (wp_parse_is_statement(scan)) {
        if (!wp_scan_name(scan, true, &chain->name, &chain->name_span) || !wp_scan_take(scan, ":"))
            return false;
    }
    chain->stages = wp_parse_stages(scan);
    chain->span = (struct span){ from, scan->at };
    **link = chain;
    *link = &chain->next;
    if (wp_scan_peek(scan) == '\0' || wp_parse_is_statement(scan))
        return true;
    expected(scan, "a '|'");
    return false;
}

/* --- tests ------------------------------------------------------------------------------------- */

static bool parse_count(struct scan *scan, struct clause *clause)
{
    struct value number;
    clause->kind = CLAUSE_COUNT;
    if (!wp_scan_take_word(scan, "out")) {
        expected(scan, "'out'");
        return false;
    }
    if (!wp_parse_comparison(scan, &clause->op)) {
        expected(scan, "a comparison such as ==");
        return false;
    }
    wp_scan_blank(scan);
    const uint32_t from = scan->at;
    if (!wp_scan_number(scan, &number))
        return false;
    clause->index = number.number;
    if (number.kind != VALUE_INT || number.number < 0)
        wp_diag(scan->diags, (struct span){ from, scan->at }, "a number of records is a whole one, such as 2");
    return number.kind == VALUE_INT && number.number >= 0;
}

static bool parse_out(struct scan *scan, struct clause *clause)
{
    struct value number;
    clause->kind = CLAUSE_OUT;
    if (!wp_scan_take(scan, "[") || !wp_is_digit(wp_scan_peek(scan)) || !wp_scan_number(scan, &number) ||
        number.kind != VALUE_INT || !wp_scan_take(scan, "]")) {
        expected(scan, "the number of a record, as in out[0],");
        return false;
    }
    clause->index = number.number;
    clause->expr = wp_parse_expr(scan);
    return clause->expr != NULL;
}

static bool parse_clause(struct scan *scan, struct clause ***link)
{
    struct clause *clause = wp_arena_new(scan->arena, struct clause);
    if (clause == NULL)
        return false;
    wp_scan_blank(scan);
    clause->span.from = scan->at;
    bool good;
    if (wp_scan_take_word(scan, "in")) {
        clause->kind = CLAUSE_IN;
        const char c = wp_scan_peek(scan);
        good = c == '{' || c == '[' ? wp_scan_json(scan, &clause->value) : wp_scan_value(scan, &clause->value);
    } else if (wp_scan_take_word(scan, "out")) {
        good = parse_out(scan, clause);
    } else if (wp_scan_take_word(scan, "count")) {
        good = parse_count(scan, clause);
    } else {
        expected(scan, "'in', 'out[n]', 'count out' or '}'");
        return false;
    }
    clause->span.to = scan->at;
    **link = clause;
    *link = &clause->next;
    return good;
}

static bool parse_test(struct scan *scan, struct test ***link)
{
    struct test *test = wp_arena_new(scan->arena, struct test);
    if (test == NULL || !wp_scan_string(scan, &test->name))
        return false;
    **link = test;
    *link = &test->next;
    if (!wp_scan_take(scan, "{")) {
        expected(scan, "'{'");
        return false;
    }
    struct clause **clauses = &test->clauses;
    while (!wp_scan_take(scan, "}"))
        if (!parse_clause(scan, &clauses))
            return false;
    test->span = (struct span){ test->name.span.from, scan->at };
    return true;
}

/* --- the text ------------------------------------------------------------------------------------ */

static void parse_statements(struct scan *scan, struct syntax *syntax)
{
    struct let **lets = &syntax->lets;
    struct chain **pipelines = &syntax->pipelines, **deads = &syntax->deads;
    struct test **tests = &syntax->tests;
    while (wp_scan_peek(scan) != '\0' && !scan->arena->failed) {
        bool good;
        if (!wp_parse_is_statement(scan))
            good = parse_chain(scan, false, &pipelines);
        else if (wp_scan_take_word(scan, "let"))
            good = parse_let(scan, &lets);
        else if (wp_scan_take_word(scan, "dead"))
            good = parse_chain(scan, true, &deads);
        else if (wp_scan_take_word(scan, "test"))
            good = parse_test(scan, &tests);
        else
            good = parse_chain(scan, false, &pipelines);
        if (!good)
            skip_statement(scan);
    }
}

int wp_parse(const struct source *source, struct syntax *ret_syntax, struct diags *diags)
{
    *ret_syntax = (struct syntax){ .source = *source };
    *diags = (struct diags){ .source = &ret_syntax->source };
    if (source->size > SOURCE_BYTES_MAX) {
        wp_diag(diags, (struct span){ 0, 0 }, "this text is larger than 16 MiB: it is no pipeline");
        return -EINVAL;
    }
    const char *nul = memchr(source->text, '\0', source->size);
    if (nul != NULL) {
        const uint32_t place = (uint32_t)(nul - source->text);
        wp_diag(diags, (struct span){ place, place + 1 }, "there is a NUL byte here: this is no text");
        return -EINVAL;
    }
    struct scan scan = {
        .source = &ret_syntax->source, .diags = diags, .arena = &ret_syntax->arena, .comments = &ret_syntax->comments
    };
    parse_statements(&scan, ret_syntax);
    if (ret_syntax->arena.failed || diags->no_memory)
        return -ENOMEM;
    return wp_diag_any(diags) ? -EINVAL : 0;
}

void wp_syntax_fini(struct syntax *syntax)
{
    wp_arena_fini(&syntax->arena);
}
