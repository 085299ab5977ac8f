/*
 * fuzz_eval.c - whatever an expression is: it is refused at a place within it, or it has a value over any record, the
 * same each time, within its limits, and that is JSON.
 *
 * The expression up to a newline, then the field .s; .n is 7, .j what the JSON of .s means.
 */
#include "expr/eval.h"

#include <stdlib.h>
#include <string.h>

#include "json/json_index.h"
#include "plan/checker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

struct record {
    struct datum s, j;
};

static struct datum get(const void *row, const char *name, size_t size, struct arena *arena)
{
    const struct record *record = row;
    (void)arena;
    if (size != 1)
        return datum_null();
    return *name == 's' ? record->s : *name == 'j' ? record->j : *name == 'n' ? datum_int(7) : datum_null();
}

static struct datum all(const void *row, struct arena *arena)
{
    const struct record *record = row;
    struct member *members = wp_arena_alloc(arena, 2 * sizeof *members);
    if (members == NULL)
        return datum_null();
    members[0] = (struct member){ "s", record->s };
    members[1] = (struct member){ "n", datum_int(7) };
    return (struct datum){ .kind = DATUM_MAP, .size = 2, .members = members };
}

/* {"r":value} of it, or why there is none. */
static void evaluate(const struct expr *expr, const struct record *record, weir_text *out)
{
    struct arena arena = { 0 };
    struct eval eval = { .view = { .row = record, .get = get, .all = all }, .arena = &arena, .left = EVAL_BYTES_MAX };
    const struct datum value = wp_eval(&eval, expr);
    must(!eval.failed || (eval.reason != NULL && *eval.reason != '\0'));
    if (eval.failed) {
        must(weir_text_append(out, eval.reason, strlen(eval.reason)) == 0);
    } else {
        struct json_index index = { 0 };
        must(weir_text_append(out, "{", 1) == 0 && wp_json_member(out, "r", value) == 0);
        must(weir_text_append(out, "}", 1) == 0);
        must(wp_json_index(&index, out->data, out->size) == 0 && wp_json_is_object(&index));
        wp_json_index_fini(&index);
    }
    wp_arena_fini(&arena);
}

/* Of what means the clock or this machine nobody knows. */
static bool is_steady(const char *text, size_t size)
{
    static const char *const words[] = { "now", "hostname", "env" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (memmem(text, size, words[i], strlen(words[i])) != NULL)
            return false;
    return true;
}

static struct datum read_json(const char *text, size_t size, struct json_index *index, struct arena *arena)
{
    if (wp_json_index(index, text, size) < 0)
        return datum_null();
    return wp_json_value(index->text, index->root, arena);
}

static void run(const char *text, size_t size, const char *s, size_t s_size)
{
    struct source source = { .name = "x", .text = text, .size = size };
    struct syntax syntax = { .source = source };
    struct diags diags = { .source = &source };
    struct scan scan = { .source = &source, .arena = &syntax.arena, .diags = &diags };
    struct check check = { .syntax = &syntax, .arena = &syntax.arena, .diags = &diags };
    struct json_index index = { 0 };
    struct arena arena = { 0 };
    weir_text once = { 0 }, twice = { 0 };
    struct expr *expr = wp_parse_expr(&scan);
    const bool good = expr != NULL && wp_check_expr(&check, expr);
    must(good != wp_diag_any(&diags));
    must(wp_diag_render(&diags, &once) == 0);
    once.size = 0;
    if (good) {
        const struct record record = { .s = datum_string(s, s_size), .j = read_json(s, s_size, &index, &arena) };
        must(expr->span.from <= expr->span.to && expr->span.to <= size);
        evaluate(expr, &record, &once);
        evaluate(expr, &record, &twice);
        must(!is_steady(text, size) || (once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0));
    }
    weir_text_fini(&once);
    weir_text_fini(&twice);
    wp_json_index_fini(&index);
    wp_arena_fini(&arena);
    wp_diag_fini(&diags);
    wp_arena_fini(&syntax.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = memchr(data, '\n', size);
    if (newline == NULL)
        return 0;
    const size_t expr_size = (size_t)(newline - data), s_size = size - expr_size - 1;
    char *expr = malloc(expr_size + 1), *s = calloc(1, s_size + 64);
    must(expr != NULL && s != NULL);
    memcpy(expr, data, expr_size);
    expr[expr_size] = '\0';
    memcpy(s, newline + 1, s_size);
    run(expr, expr_size, s, s_size);
    free(expr);
    free(s);
    return 0;
}
