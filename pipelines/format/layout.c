/* layout.c - a tree as text, in the one layout: statement by statement, in the order of the source. */
#include "format/layout.h"

#include <stdlib.h>
#include <string.h>

void wp_layout_put(struct layout *layout, const char *text, size_t size)
{
    if (!layout->failed && weir_text_append(layout->out, text, size) < 0)
        layout->failed = true;
}

void wp_layout_say(struct layout *layout, const char *text)
{
    wp_layout_put(layout, text, strlen(text));
}

void wp_layout_line(struct layout *layout, unsigned indent)
{
    wp_layout_put(layout, "\n", 1);
    while (indent-- > 0)
        wp_layout_put(layout, " ", 1);
}

/* --- statements in their order ----------------------------------------------------------------- */

/* The next one of each kind. */
struct statements {
    const struct let *let;
    const struct chain *pipeline, *dead;
    const struct test *test;
};

static uint32_t chain_place(const struct chain *chain)
{
    return chain->name != NULL ? chain->name_span.from : chain->stages->name_span.from;
}

static uint32_t next_place(const struct statements *next)
{
    const uint32_t places[] = {
        next->let != NULL ? next->let->name_span.from : UINT32_MAX,
        next->pipeline != NULL ? chain_place(next->pipeline) : UINT32_MAX,
        next->dead != NULL ? chain_place(next->dead) : UINT32_MAX,
        next->test != NULL ? next->test->name.span.from : UINT32_MAX,
    };
    uint32_t first = UINT32_MAX;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        first = places[i] < first ? places[i] : first;
    return first;
}

/* --- each kind ------------------------------------------------------------------------------------ */

static void put_span(struct layout *layout, struct span span)
{
    wp_layout_put(layout, layout->text + span.from, span.to - span.from);
}

static uint32_t put_let(struct layout *layout, const struct let *let)
{
    wp_layout_say(layout, "let ");
    wp_layout_say(layout, let->name);
    wp_layout_say(layout, " = ");
    put_span(layout, let->value.span);
    return let->value.span.to;
}

static uint32_t put_chain(struct layout *layout, const struct chain *chain, bool dead)
{
    const uint32_t end = wp_layout_end(layout, chain->stages);
    wp_layout_say(layout, dead ? "dead " : "");
    wp_layout_say(layout, chain->name != NULL ? chain->name : "");
    wp_layout_say(layout, dead ? " -> " : chain->name != NULL ? ": " : "");
    wp_layout_stages(layout, chain->stages, 0, end);
    return end;
}

static void put_clause(struct layout *layout, const struct clause *clause)
{
    const struct span span = wp_layout_trim(layout, clause->span);
    const char *text = layout->text;
    if (wp_layout_has_comment(layout, span.from, span.to) || clause->kind == CLAUSE_COUNT) {
        struct span words = span;
        if (clause->kind == CLAUSE_COUNT && !wp_layout_has_comment(layout, span.from, span.to))
            wp_layout_expr(layout, words, NULL, NULL);
        else
            put_span(layout, words);
        wp_layout_skip_comments(layout, span.to);
        return;
    }
    if (clause->kind == CLAUSE_IN) {
        wp_layout_say(layout, "in ");
        put_span(layout, clause->value.span);
        return;
    }
    uint32_t at = span.from;
    while (at < span.to && text[at] != ']')
        at++;
    wp_layout_say(layout, "out[");
    uint32_t index = span.from + 3;
    while (index < at && !wp_is_digit(text[index]))
        index++;
    for (; index < at && text[index] > ' '; index++)
        wp_layout_put(layout, text + index, 1);
    wp_layout_say(layout, "] ");
    wp_layout_expr(layout, wp_layout_trim(layout, (struct span){ at + 1, span.to }), NULL, clause->expr);
}

static uint32_t put_test(struct layout *layout, const struct test *test)
{
    wp_layout_say(layout, "test ");
    put_span(layout, test->name.span);
    wp_layout_say(layout, " {");
    for (const struct clause *clause = test->clauses; clause != NULL; clause = clause->next) {
        const uint32_t end = wp_layout_trim(layout, clause->span).to;
        wp_layout_own_comments(layout, clause->span.from, 2);
        wp_layout_line(layout, 2);
        put_clause(layout, clause);
        wp_layout_trailing_comment(layout, end, clause->next != NULL ? clause->next->span.from : test->span.to);
    }
    wp_layout_own_comments(layout, test->span.to, 2);
    wp_layout_line(layout, 0);
    wp_layout_say(layout, "}");
    return test->span.to;
}

static uint32_t put_next(struct layout *layout, struct statements *next, uint32_t place)
{
    uint32_t end;
    if (next->let != NULL && next->let->name_span.from == place) {
        end = put_let(layout, next->let);
        next->let = next->let->next;
    } else if (next->pipeline != NULL && chain_place(next->pipeline) == place) {
        end = put_chain(layout, next->pipeline, false);
        next->pipeline = next->pipeline->next;
    } else if (next->dead != NULL && chain_place(next->dead) == place) {
        end = put_chain(layout, next->dead, true);
        next->dead = next->dead->next;
    } else {
        end = put_test(layout, next->test);
        next->test = next->test->next;
    }
    return end;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

/* One empty line where the source has some between what was written last and this. */
static void keep_gap(struct layout *layout, uint32_t place)
{
    unsigned lines = 0;
    for (uint32_t at = layout->written; at < place; at++)
        lines += layout->text[at] == '\n';
    if (lines > 1 && layout->out->size > 0)
        wp_layout_put(layout, "\n", 1);
}

static void put_comments(struct layout *layout, uint32_t until)
{
    while (layout->comments != NULL && layout->comments->span.from < until) {
        keep_gap(layout, layout->comments->span.from);
        wp_layout_put_comment(layout, layout->comments);
        wp_layout_put(layout, "\n", 1);
        layout->comments = layout->comments->next;
    }
}

/* Comments between a name and its first stage go in front, too. */
static uint32_t head_of(const struct statements *next, uint32_t place)
{
    if (next->pipeline != NULL && chain_place(next->pipeline) == place)
        return next->pipeline->stages->name_span.from;
    if (next->dead != NULL && chain_place(next->dead) == place)
        return next->dead->stages->name_span.from;
    if (next->let != NULL && next->let->name_span.from == place)
        return next->let->value.span.from;
    return place;
}

void wp_layout(struct layout *layout)
{
    const struct syntax *syntax = layout->syntax;
    struct statements next = { syntax->lets, syntax->pipelines, syntax->deads, syntax->tests };
    for (uint32_t place; !layout->failed && (place = next_place(&next)) != UINT32_MAX;) {
        put_comments(layout, head_of(&next, place));
        keep_gap(layout, place);
        layout->written = put_next(layout, &next, place);
        wp_layout_trailing_comment(layout, layout->written, next_place(&next));
        wp_layout_put(layout, "\n", 1);
    }
    put_comments(layout, UINT32_MAX);
}
