/*
 * pipeline_test.h - the tests that stand in a pipeline's own text (`test "name" { in … out[0] … }`).
 *
 * A test is about the pipeline without a name, or the first one. Its records are
 * fed to the stages that make records of records: from the first one on, up to the
 * first that gives no records (`to`), takes them somewhere (`print`, `write`) or
 * has branches (`tee`, `route`). What comes out there is `out`. No file is opened,
 * nothing is written.
 */
#ifndef WEIR_PIPELINE_TEST_H
#define WEIR_PIPELINE_TEST_H

#include <weir/pipeline.h>

#pragma GCC visibility push(default)

typedef struct weir_pipeline_test {
    const char *name; /* the pipeline's */
    unsigned line;    /* of the text, from 1 */
} weir_pipeline_test;

/* weir_pipeline_test_at() - by index, in the order of the text. 0; -ENOENT: there are fewer. */
int weir_pipeline_test_at(const weir_pipeline *pipeline, size_t index, weir_pipeline_test *ret_test);

/*
 * weir_pipeline_test_run() - run a test.
 *
 * Resolves to 1: it passed; 0: it failed, and what was expected and what came is at
 * the end of `words`, with places, as faults of a text are; or a negative errno:
 * -ENOENT, -ENOMEM. Records that a stage complained of have a line in `words`, too.
 * `expected`, which may be NULL, gets what came out as lines of a test that ask for
 * it: their number, and of the first 50 the fields that are strings, whole numbers
 * or true and false.
 *
 * Ownership:   borrows the pipeline and `words`. Several tests of a pipeline may run
 *              at once; it is left as it was.
 * Cancel safe: yes.
 */
WEIR_ASYNC_DECLARE(weir_pipeline_test_run, int, weir_pipeline *pipeline; size_t index; weir_text *words;
                   weir_text *expected; struct trial *trial; struct wp_trial_run *run;);

#pragma GCC visibility pop

#endif
