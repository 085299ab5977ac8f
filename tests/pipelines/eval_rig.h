/* eval_rig.h - an expression from its text to its value, over a record of two fields: .s is a text, .n is 7. */
#ifndef EVAL_RIG_H
#define EVAL_RIG_H

#include "check.h"
#include "expr/eval.h"
#include "plan/checker.h"

struct rig {
    struct syntax syntax;
    struct source source;
    struct diags diags;
    struct arena arena;
    struct eval eval;
    struct expr *expr;
    struct datum s;
    weir_text text; /* of the value, or of what is wrong */
};

static inline struct datum rig_get(const void *row, const char *name, size_t size, struct arena *arena)
{
    const struct rig *rig = row;
    (void)arena;
    if (size == 1 && name[0] == 'n')
        return datum_int(7);
    return size == 1 && name[0] == 's' ? rig->s : datum_null();
}

static inline struct datum rig_all(const void *row, struct arena *arena)
{
    (void)row;
    (void)arena;
    return datum_null();
}

/* False: it doesn't parse or check, and rig->text says why. */
static inline bool rig_open(struct rig *rig, const char *expression)
{
    *rig = (struct rig){ .source = { .name = "x", .text = expression, .size = strlen(expression) } };
    rig->diags.source = &rig->source;
    rig->syntax.source = rig->source;
    struct scan scan = { .source = &rig->source, .arena = &rig->syntax.arena, .diags = &rig->diags };
    struct check check = { .syntax = &rig->syntax, .arena = &rig->syntax.arena, .diags = &rig->diags };
    rig->expr = wp_parse_expr(&scan);
    if (rig->expr != NULL && wp_check_expr(&check, rig->expr))
        return true;
    CHECK(wp_diag_render(&rig->diags, &rig->text) == 0);
    CHECK(weir_text_append(&rig->text, "", 1) == 0);
    return false;
}

static inline struct datum rig_run(struct rig *rig, const char *s, size_t size)
{
    wp_arena_fini(&rig->arena);
    rig->s = datum_string(s, size);
    rig->eval = (struct eval){ .view = { .row = rig, .get = rig_get, .all = rig_all },
                               .arena = &rig->arena,
                               .left = EVAL_BYTES_MAX };
    return wp_eval(&rig->eval, rig->expr);
}

static inline void rig_close(struct rig *rig)
{
    weir_text_fini(&rig->text);
    wp_diag_fini(&rig->diags);
    wp_arena_fini(&rig->arena);
    wp_arena_fini(&rig->syntax.arena);
}

/* The value as JSON, or "failed: why", or the errors of the text. */
static inline void wants(const char *expression, const char *s, const char *wanted)
{
    struct rig rig;
    if (rig_open(&rig, expression)) {
        const struct datum datum = rig_run(&rig, s, strlen(s));
        const char *reason = rig.eval.reason;
        if (rig.eval.failed)
            CHECK(weir_text_append(&rig.text, "failed: ", 8) == 0 &&
                  weir_text_append(&rig.text, reason, strlen(reason)) == 0);
        else
            CHECK(wp_datum_append_json(&rig.text, datum) == 0);
        CHECK(weir_text_append(&rig.text, "", 1) == 0);
    }
    if (strcmp(rig.text.data, wanted) != 0)
        fprintf(stderr, "%s\n", expression);
    CHECK_STR(rig.text.data, wanted);
    rig_close(&rig);
}

#endif
