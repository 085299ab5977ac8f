/*
 * trial.h - stages that make records of records, fed with given lines: what a test runs.
 */
#ifndef WP_TRIAL_H
#define WP_TRIAL_H

#include <weir/select.h>

#include "run/run.h"

struct trial_all;

struct trial {
    struct trial *next; /* of those that a pipeline keeps */
    const struct plan_test *test;
    struct run *run;          /* NULL: the part has no stages */
    weir_mpsc_receiver *from; /* what comes out */
    struct batch **batches;   /* that came out, in order */
    size_t batch_count, batch_room;
    size_t rows;
    weir_text notes; /* what stages complained of, a line each */
    unsigned note_count;
    struct trial_all *all; /* while it runs */
};

/* Of more complaints the first are kept. */
#define TRIAL_NOTES_MAX 20u

/* The run, its lines in the edge before the first stage. 0 or a negative errno; wp_trial_destroy() in any case. */
WEIR_MUST_USE int wp_trial_create(const struct plan_test *test, struct trial **ret_trial);
void wp_trial_destroy(struct trial *trial); /* takes NULL */

/*
 * wp_trial_run() - run it to its end. Resolves to 0 or what it failed with, which trial->run knows; then what came out
 * means nothing. Cancel safe.
 */
WEIR_ASYNC_DECLARE(wp_trial_run, int, struct trial *trial; weir_select_future which;);

/* The record of that index that came out; NULL: there are fewer. */
const struct row *wp_trial_row(const struct trial *trial, size_t index);

/*
 * judge.c: what the test says of what came out, or `error`, which the run ended with. The faults go to `diags`. 0 or
 * -ENOMEM.
 */
WEIR_MUST_USE int wp_trial_judge(const struct trial *trial, int error, struct diags *diags);

/* expect.c: appends what came out as lines of a test that ask for it. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_trial_expect(const struct trial *trial, weir_text *out);

#endif
