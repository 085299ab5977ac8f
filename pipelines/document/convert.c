/* convert.c - from one language of pipelines to another, and the proof that it is the same. */
#include <stdio.h>
#include <string.h>
#include <weir/reformat.h>

#include "document/document.h"
#include "format/layout.h"

/* A text, or a document and the text that it says, and their tree. */
struct reading {
    struct document document;
    struct diags diags;
    struct syntax syntax;
};

/* 0; -EINVAL, and its faults are in reading->diags; -ENOMEM. reading_fini() in any case. */
static int read_any(struct reading *reading, const struct source *source, bool is_document, bool pretty)
{
    *reading = (struct reading){ 0 };
    if (!is_document)
        return wp_parse(source, &reading->syntax, &reading->diags);
    const int error = wp_document_read(source, pretty, &reading->document, &reading->diags);
    if (error < 0)
        return error;
    wp_diag_fini(&reading->diags);
    return wp_parse(&reading->document.source, &reading->syntax, &reading->diags);
}

static void reading_fini(struct reading *reading)
{
    wp_diag_fini(&reading->diags);
    wp_syntax_fini(&reading->syntax);
    wp_document_fini(&reading->document);
}

static struct source source_of(const weir_text *text)
{
    return (struct source){ .name = "", .text = text->data != NULL ? text->data : "", .size = text->size };
}

/* --- to a text ---------------------------------------------------------------------------------- */

/* As a person would write it, if that is the same; else with every option's name. */
static int to_text(const struct reading *reading, const struct source *source, bool is_document, weir_text *out)
{
    struct reading pretty;
    if (!is_document)
        return wp_lay_out(&reading->syntax, out);
    int error = read_any(&pretty, source, true, true);
    if (error == 0 && wp_same_syntax(&reading->syntax, &pretty.syntax))
        error = wp_lay_out(&pretty.syntax, out);
    else if (error != -ENOMEM)
        error = wp_lay_out(&reading->syntax, out);
    reading_fini(&pretty);
    return error;
}

/* --- to a document -------------------------------------------------------------------------------- */

/* YAML says the same; of JSON, which has strings in the place of words, JSON is made that is the same. */
static int prove(const struct syntax *syntax, const weir_text *document, bool json)
{
    const struct source source = source_of(document);
    struct reading again;
    struct diags diags = { 0 };
    weir_text twice = { 0 };
    int error = read_any(&again, &source, true, false);
    if (error == 0 && json)
        error = wp_document_write(&again.syntax, true, &diags, &twice);
    const bool same = json ? twice.size == document->size && memcmp(twice.data, document->data, twice.size) == 0
                           : wp_same_syntax(syntax, &again.syntax);
    if (error == -EINVAL || (error == 0 && !same))
        error = -EBADMSG;
    weir_text_fini(&twice);
    wp_diag_fini(&diags);
    reading_fini(&again);
    return error;
}

static int note_comments(const struct syntax *syntax, weir_text *errors)
{
    unsigned count = 0;
    char words[128];
    for (const struct comment *comment = syntax->comments; comment != NULL; comment = comment->next)
        count++;
    if (count == 0)
        return 0;
    (void)snprintf(words, sizeof words, ": %u comment%s left out\n", count, count == 1 ? " is" : "s are");
    const char *name = syntax->source.name;
    const int error = weir_text_append(errors, name, strlen(name));
    return error == 0 ? weir_text_append(errors, words, strlen(words)) : error;
}

static int to_document(struct reading *reading, bool json, weir_text *errors, weir_text *out)
{
    weir_text text = { 0 };
    const bool can_read = strcmp(wp_document_backend(), "none") != 0;
    int error = wp_document_write(&reading->syntax, json, &reading->diags, &text);
    if (error == 0 && can_read)
        error = prove(&reading->syntax, &text, json);
    if (error == 0)
        error = note_comments(&reading->syntax, errors);
    if (error == 0)
        error = weir_text_append(out, text.data, text.size);
    weir_text_fini(&text);
    return error;
}

int weir_pipeline_convert(const weir_pipeline_text *text, weir_pipeline_language to, weir_text *errors, weir_text *out)
{
    const struct source source = { .name = text->name, .text = text->data, .size = text->size };
    const bool is_document = text->language != WEIR_PIPELINE_TEXT;
    struct reading reading;
    int error = read_any(&reading, &source, is_document, false);
    if (error == 0 && to == WEIR_PIPELINE_TEXT)
        error = to_text(&reading, &source, is_document, out);
    else if (error == 0)
        error = to_document(&reading, to == WEIR_PIPELINE_JSON, errors, out);
    if (error == -EINVAL && wp_diag_render(&reading.diags, errors) < 0)
        error = -ENOMEM;
    reading_fini(&reading);
    return error;
}
