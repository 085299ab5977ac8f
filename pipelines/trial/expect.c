/* expect.c - what came out of a test, as what the test could ask for. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lang/quote.h"
#include "run/row.h"
#include "trial/trial.h"

/* Of more records only the number is asked for. */
#define EXPECTED_ROWS_MAX 50u

static int put(weir_text *out, const char *text)
{
    return weir_text_append(out, text, strlen(text));
}

static bool is_word(const char *name)
{
    return name[0] != '\0' && strspn(name, "0123456789") == 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

/* Those that an expression can say as a literal. */
static bool can_be_said(struct datum value)
{
    return value.kind == DATUM_STRING || value.kind == DATUM_INT || value.kind == DATUM_BOOL;
}

static int put_member(weir_text *out, const struct member *member)
{
    int error = put(out, is_word(member->name) ? "." : ".[");
    if (error == 0)
        error = is_word(member->name) ? put(out, member->name) : wp_quote(out, member->name, strlen(member->name));
    if (error == 0)
        error = put(out, is_word(member->name) ? " == " : "] == ");
    if (error < 0)
        return error;
    char number[32];
    switch (member->value.kind) {
    case DATUM_STRING:
        return wp_quote(out, member->value.text, member->value.size);
    case DATUM_INT:
        (void)snprintf(number, sizeof number, "%" PRId64, member->value.number);
        return put(out, number);
    default:
        return put(out, member->value.number != 0 ? "true" : "false");
    }
}

static int put_row(weir_text *out, const struct row *row, size_t index)
{
    char head[40];
    struct arena arena = { 0 };
    const struct datum all = wp_row_view.all(row, &arena);
    (void)snprintf(head, sizeof head, "  out[%zu] ", index);
    int error = arena.failed ? -ENOMEM : 0;
    const char *before = head;
    for (uint32_t i = 0; error == 0 && all.kind == DATUM_MAP && i < all.size; i++) {
        if (!can_be_said(all.members[i].value))
            continue;
        error = put(out, before);
        if (error == 0)
            error = put_member(out, &all.members[i]);
        before = " && ";
    }
    if (error == 0 && before != head)
        error = put(out, "\n");
    wp_arena_fini(&arena);
    return error;
}

int wp_trial_expect(const struct trial *trial, weir_text *out)
{
    char count[40];
    (void)snprintf(count, sizeof count, "  count out == %zu\n", trial->rows);
    int error = put(out, count);
    for (size_t i = 0; error == 0 && i < trial->rows && i < EXPECTED_ROWS_MAX; i++)
        error = put_row(out, wp_trial_row(trial, i), i);
    return error;
}
