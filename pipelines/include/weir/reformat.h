/* reformat.h - one layout for the texts of pipelines. */
#ifndef WEIR_REFORMAT_H
#define WEIR_REFORMAT_H

#include <weir/pipeline.h>

#pragma GCC visibility push(default)

/*
 * weir_pipeline_format() - the text in the one layout: what it means and its comments stay.
 *
 * The layout goes to the end of `out`; formatting it again gives the same. Variables
 * need not be set and stages need not fit each other, but the text must be one of
 * the language. Returns 0; -EINVAL: its faults are in `errors`, as of
 * weir_pipeline_create(); -EBADMSG: the layout would mean something else, which is a fault of weir: `out` has got
 * nothing; -ENOMEM.
 */
WEIR_MUST_USE int weir_pipeline_format(const weir_pipeline_text *text, weir_text *errors, weir_text *out);

/*
 * weir_pipeline_convert() - the same in another language: the syntax stays, word for word, but comments are left out
 * unless it is a text that becomes a text.
 *
 * Goes to the end of `out`. A text becomes what weir_pipeline_format() makes of it. In JSON a word (a path without
 * quotes, say) becomes a string that means the same. Returns 0, and `errors` may have a note of what was left out; else
 * as weir_pipeline_format(), -EINVAL also when YAML can't hold it.
 */
WEIR_MUST_USE int weir_pipeline_convert(const weir_pipeline_text *text, weir_pipeline_language to, weir_text *errors,
                                        weir_text *out);

#pragma GCC visibility pop

#endif
