/* reformat.c - a text in the one layout, and the proof that it still means the same. */
#include <weir/reformat.h>

#include <string.h>

#include "format/layout.h"

/* Comments are as many, in the same order, with the same words. */
static bool same_comments(const struct syntax *a, const struct syntax *b)
{
    const struct comment *p = a->comments, *q = b->comments;
    for (; p != NULL && q != NULL; p = p->next, q = q->next) {
        const char *x = a->source.text + p->span.from, *y = b->source.text + q->span.from;
        const size_t x_size = p->span.to - p->span.from, y_size = q->span.to - q->span.from;
        if (x_size != y_size || memcmp(x, y, x_size) != 0)
            return false;
    }
    return p == q;
}

static int check(const struct syntax *syntax, const weir_text *layout)
{
    const struct source source = { .name = syntax->source.name,
                                   .text = layout->data != NULL ? layout->data : "",
                                   .size = layout->size };
    struct syntax again;
    struct diags diags;
    int error = wp_parse(&source, &again, &diags);
    if (error == 0 && !(wp_same_syntax(syntax, &again) && same_comments(syntax, &again)))
        error = -EBADMSG;
    if (error == -EINVAL)
        error = -EBADMSG;
    wp_diag_fini(&diags);
    wp_syntax_fini(&again);
    return error;
}

int wp_lay_out(const struct syntax *syntax, weir_text *out)
{
    weir_text text = { 0 };
    struct layout layout = {
        .syntax = syntax, .text = syntax->source.text, .out = &text, .comments = syntax->comments
    };
    wp_layout(&layout);
    int error = layout.failed ? -ENOMEM : check(syntax, &text);
    if (error == 0)
        error = weir_text_append(out, text.data, text.size);
    weir_text_fini(&text);
    return error;
}

int weir_pipeline_format(const weir_pipeline_text *text, weir_text *errors, weir_text *out)
{
    return weir_pipeline_convert(text, text->language, errors, out);
}
