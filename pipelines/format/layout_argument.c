/* layout_argument.c - the words of a stage: values as they are written, expressions with single blanks. */
#include <string.h>
#include <weir/stage.h>

#include "format/layout.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the comment that ends at `end` begins; `end` itself: there is none. */
static uint32_t before_comment(const struct layout *layout, uint32_t end)
{
    for (const struct comment *comment = layout->comments; comment != NULL && comment->span.from < end;
         comment = comment->next)
        if (comment->span.to == end)
            return comment->span.from;
    return end;
}

struct span wp_layout_trim(const struct layout *layout, struct span span)
{
    while (span.from < span.to && is_blank(layout->text[span.from]))
        span.from++;
    for (uint32_t before = span.to + 1; span.to > span.from && before != span.to;) {
        before = span.to;
        span.to = before_comment(layout, span.to);
        while (span.to > span.from && is_blank(layout->text[span.to - 1]))
            span.to--;
    }
    return span;
}

/* --- expressions ------------------------------------------------------------------------------- */

/* What stays as it is: texts, numbers, regular expressions, paths; in the order of the source. */
struct atoms {
    weir_text spans;
    size_t next;
    bool failed;
};

static void add_atom(struct atoms *atoms, struct span span)
{
    if (weir_text_append(&atoms->spans, &span, sizeof span) < 0)
        atoms->failed = true;
}

static void find_atoms(struct atoms *atoms, const struct expr *expr)
{
    if (expr == NULL)
        return;
    if (expr->kind == EXPR_VALUE || expr->kind == EXPR_PATH)
        add_atom(atoms, expr->span);
    for (const struct expr *arg = expr->args; arg != NULL; arg = arg->next)
        find_atoms(atoms, arg);
    if (expr->kind == EXPR_MATCH)
        add_atom(atoms, expr->value.span);
    if (expr->kind == EXPR_STEP)
        add_atom(atoms, expr->name_span);
}

/* The size of the atom at this place, or 0. */
static uint32_t atom_at(struct atoms *atoms, uint32_t place)
{
    struct span span;
    for (; atoms->next + sizeof span <= atoms->spans.size; atoms->next += sizeof span) {
        memcpy(&span, atoms->spans.data + atoms->next, sizeof span);
        if (span.from >= place)
            return span.from == place ? span.to - span.from : 0;
    }
    return 0;
}

enum token { TOKEN_NONE, TOKEN_OPERAND, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA, TOKEN_BINARY, TOKEN_UNARY, TOKEN_STEP };

static bool starts_operand(enum token before)
{
    return before != TOKEN_OPERAND && before != TOKEN_CLOSE && before != TOKEN_STEP;
}

static uint32_t word_size(const char *text, uint32_t from, uint32_t to)
{
    uint32_t size = 0;
    while (from + size < to && scan_is_name(text[from + size]))
        size++;
    if (size > 0 && from + size + 1 < to && text[from + size] == '!' && text[from + size + 1] == '(')
        size++; /* int!( */
    return size;
}

static bool is_keyword(const char *text, uint32_t size)
{
    static const char *const words[] = { "in", "if", "then", "else" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == size && memcmp(words[i], text, size) == 0)
            return true;
    return false;
}

/* The token at `from`: its size, at least 1, and what it is. */
static uint32_t next_token(struct atoms *atoms, const char *text, uint32_t from, uint32_t to, enum token before,
                           enum token *ret_token)
{
    static const char *const pairs[] = { "||", "&&", "==", "!=", "<=", ">=", "=~", "!~", "??" };
    uint32_t size = atom_at(atoms, from);
    *ret_token = TOKEN_OPERAND;
    if (size > 0 && before == TOKEN_CLOSE) /* no operand stands there */
        *ret_token = TOKEN_STEP;
    if (size > 0)
        return size;
    if ((size = word_size(text, from, to)) > 0) {
        if (is_keyword(text + from, size))
            *ret_token = TOKEN_BINARY;
        return size;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (to - from >= 2 && memcmp(text + from, pairs[i], 2) == 0) {
            *ret_token = TOKEN_BINARY;
            return 2;
        }
    const char c = text[from];
    *ret_token = c == '(' || c == '['                               ? TOKEN_OPEN
                 : c == ')' || c == ']'                             ? TOKEN_CLOSE
                 : c == ','                                         ? TOKEN_COMMA
                 : c == '!' || (c == '-' && starts_operand(before)) ? TOKEN_UNARY
                                                                    : TOKEN_BINARY;
    return 1;
}

static bool wants_blank(enum token before, enum token token)
{
    if (before == TOKEN_NONE || before == TOKEN_OPEN || before == TOKEN_UNARY || token == TOKEN_CLOSE ||
        token == TOKEN_COMMA || token == TOKEN_STEP)
        return false;
    return !(token == TOKEN_OPEN && before == TOKEN_OPERAND); /* a call */
}

void wp_layout_expr(struct layout *layout, struct span span, const struct expr *target, const struct expr *expr)
{
    struct atoms atoms = { 0 };
    enum token before = TOKEN_NONE, token;
    const bool target_first = target == NULL || expr == NULL || target->span.from < expr->span.from;
    find_atoms(&atoms, target_first ? target : expr);
    find_atoms(&atoms, target_first ? expr : target);
    for (uint32_t at = span.from; at < span.to;) {
        if (is_blank(layout->text[at])) {
            at++;
            continue;
        }
        const uint32_t size = next_token(&atoms, layout->text, at, span.to, before, &token);
        if (wants_blank(before, token))
            wp_layout_say(layout, " ");
        wp_layout_put(layout, layout->text + at, size);
        before = token;
        at += size;
    }
    layout->failed = layout->failed || atoms.failed;
    weir_text_fini(&atoms.spans);
}

/* --- arguments ----------------------------------------------------------------------------------- */

/* Over "name =" or the option's intro, which are written. */
static uint32_t put_name(struct layout *layout, const struct argument *argument, struct span span, bool engine)
{
    const char *text = layout->text;
    uint32_t at = span.from + (engine ? 1 : 0);
    const size_t size = strlen(argument->name);
    const char *intro = argument->opt != NULL ? argument->opt->intro : NULL;
    while (at < span.to && is_blank(text[at]))
        at++;
    if (span.to - at > size && memcmp(text + at, argument->name, size) == 0) {
        uint32_t equals = at + (uint32_t)size;
        while (equals < span.to && is_blank(text[equals]))
            equals++;
        if (equals + 1 < span.to && text[equals] == '=' && text[equals + 1] != '=' && text[equals + 1] != '~') {
            wp_layout_say(layout, engine ? "@" : "");
            wp_layout_say(layout, argument->name);
            wp_layout_say(layout, "=");
            return equals + 1;
        }
    }
    const size_t intro_size = intro != NULL ? strlen(intro) : 0;
    if (intro_size > 0 && span.to - at > intro_size && memcmp(text + at, intro, intro_size) == 0 &&
        !(scan_is_name_start(intro[0]) && scan_is_name(text[at + intro_size]))) {
        wp_layout_say(layout, intro);
        wp_layout_say(layout, " ");
        return at + (uint32_t)intro_size;
    }
    return at;
}

void wp_layout_argument(struct layout *layout, const struct argument *argument, bool engine)
{
    struct span span = wp_layout_trim(layout, argument->span);
    const bool joins = layout->text[span.from] == ',';
    wp_layout_say(layout, joins ? "," : " ");
    span.from = joins ? span.from + 1 : put_name(layout, argument, span, engine);
    span = wp_layout_trim(layout, span);
    if (argument->opt != NULL && argument->expr != NULL &&
        (argument->opt->type == WEIR_OPT_EXPR || argument->opt->type == WEIR_OPT_CALLS || argument->target != NULL)) {
        if (joins)
            wp_layout_say(layout, " ");
        wp_layout_expr(layout, span, argument->target, argument->expr);
        return;
    }
    for (uint32_t at = span.from; at < span.to; at++) /* key( .f ) */
        if (argument->expr == NULL && argument->inner == NULL)
            wp_layout_put(layout, layout->text + at, 1);
        else if (!engine || !is_blank(layout->text[at]))
            wp_layout_put(layout, layout->text + at, 1);
}
