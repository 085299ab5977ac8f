/* trial.c - lines in, a run of the stages, rows out. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

#include "run/batch.h"

/* --- what goes in -------------------------------------------------------------------------------- */

/* Its lines as parcels, and the end; *line is the first that isn't sent yet. */
static int next_parcel(const struct plan_line **line, struct parcel *ret_parcel)
{
    *ret_parcel = (struct parcel){ .last = *line == NULL };
    if (*line == NULL)
        return 0;
    struct batch *batch = wp_batch_create();
    if (batch == NULL)
        return -ENOMEM;
    for (; *line != NULL && batch->count < BATCH_ROWS; *line = (*line)->next)
        (void)wp_batch_add_record(batch, (*line)->text, (*line)->size); /* the plan outlives the run */
    ret_parcel->batch = batch;
    return 0;
}

static int feed(const struct plan_test *test, weir_mpsc_receiver **ret_from)
{
    size_t lines = 0;
    for (const struct plan_line *line = test->lines; line != NULL; line = line->next)
        lines++;
    weir_mpsc_sender *to;
    int error = weir_mpsc_create(sizeof(struct parcel), lines / BATCH_ROWS + 2, wp_parcel_drop, &to, ret_from);
    if (error < 0)
        return error;
    const struct plan_line *line = test->lines;
    bool last = false;
    while (error == 0 && !last) {
        struct parcel parcel;
        error = next_parcel(&line, &parcel);
        if (error < 0)
            break;
        last = parcel.last;
        error = weir_mpsc_try_send(to, &parcel);
        if (error < 0)
            wp_parcel_put(&parcel);
    }
    weir_mpsc_sender_unref(to);
    return error;
}

static void on_trouble(void *arg, const char *text)
{
    struct trial *trial = arg;
    const size_t size = strlen(text);
    if (trial->note_count++ < TRIAL_NOTES_MAX && weir_text_reserve(&trial->notes, size + 1) == 0) {
        memcpy(trial->notes.data + trial->notes.size, text, size);
        trial->notes.data[trial->notes.size + size] = '\n';
        trial->notes.size += size + 1;
    }
}

/* The run, fed by `from`, with an edge behind its last stage. */
static int connect(struct trial *trial, weir_mpsc_receiver *from)
{
    const struct plan plan = { .pipelines = (struct plan_chain *)(uintptr_t)&trial->test->part,
                               .nodes = trial->test->nodes };
    size_t needed;
    int error = wp_run_create(&plan, &trial->run, &needed);
    if (error < 0) {
        weir_mpsc_receiver_drop(from);
        return error;
    }
    trial->run->nodes[0].from = from;
    trial->run->on_trouble = on_trouble;
    trial->run->trouble_arg = trial;
    struct run_node *last = &trial->run->nodes[trial->test->nodes - 1];
    return weir_mpsc_create(sizeof(struct parcel), 4, wp_parcel_drop, &last->to, &trial->from);
}

int wp_trial_create(const struct plan_test *test, struct trial **ret_trial)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (trial == NULL)
        return -ENOMEM;
    *ret_trial = trial;
    trial->test = test;
    weir_mpsc_receiver *from = NULL;
    const int error = feed(test, &from);
    if (error < 0) {
        weir_mpsc_receiver_drop(from);
        return error;
    }
    if (test->part.nodes != NULL)
        return connect(trial, from);
    trial->from = from;
    return 0;
}

void wp_trial_destroy(struct trial *trial)
{
    if (trial == NULL)
        return;
    wp_run_destroy(trial->run);
    weir_mpsc_receiver_drop(trial->from);
    for (size_t i = 0; i < trial->batch_count; i++)
        wp_batch_free(trial->batches[i]);
    free(trial->batches);
    weir_text_fini(&trial->notes);
    free(trial);
}

/* --- what comes out ------------------------------------------------------------------------------ */

static int keep(struct trial *trial, struct parcel *parcel)
{
    if (parcel->batch == NULL) {
        wp_parcel_put(parcel);
        return 0;
    }
    if (trial->batch_count == trial->batch_room) {
        const size_t room = trial->batch_room * 2 + 8;
        struct batch **batches = realloc(trial->batches, room * sizeof(struct batch *));
        if (batches == NULL) {
            wp_parcel_put(parcel);
            return -ENOMEM;
        }
        trial->batches = batches;
        trial->batch_room = room;
    }
    trial->rows += parcel->batch->count;
    trial->batches[trial->batch_count++] = wp_batch_shrink(parcel->batch);
    parcel->batch = NULL;
    return 0;
}

const struct row *wp_trial_row(const struct trial *trial, size_t index)
{
    for (size_t i = 0; i < trial->batch_count; i++) {
        if (index < trial->batches[i]->count)
            return &trial->batches[i]->rows[index];
        index -= trial->batches[i]->count;
    }
    return NULL;
}

/* All that comes, up to the end. 0, or -ENOMEM. */
WEIR_ASYNC(collect, int, struct trial *trial; struct parcel parcel; bool last; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    while (self->output == 0 && !self->last) {
        AWAIT(self->recv, weir_mpsc_recv(self->trial->from, &self->parcel));
        if (self->recv.output < 0)
            break;
        self->last = self->parcel.last;
        self->output = keep(self->trial, &self->parcel);
    }
    WEIR_FINALLY
    WEIR_END
}

/* --- the run ------------------------------------------------------------------------------------- */

struct trial_all {
    struct wp_run_all run;
    struct collect collect;
};

static int start(struct trial *trial)
{
    trial->all = calloc(1, sizeof *trial->all);
    if (trial->all == NULL)
        return -ENOMEM;
    trial->all->collect = WEIR_CALL(collect, .trial = trial);
    if (trial->run != NULL)
        trial->all->run = WEIR_CALL(wp_run_all, .run = trial->run);
    return 0;
}

/* Of those that are still in the edge when the run has ended. */
static int collect_rest(struct trial *trial)
{
    struct parcel parcel;
    int error = 0;
    while (error == 0 && weir_mpsc_try_recv(trial->from, &parcel) == 0)
        error = keep(trial, &parcel);
    return error;
}

WEIR_ASYNC_DEFINE(wp_trial_run)
{
    WEIR_BEGIN
    self->output = start(self->trial);
    if (self->output < 0)
        RETURN(self->output);
    for (;;) {
        AWAIT(self->which, weir_select_ref(self->trial->all->collect, self->trial->all->run));
        if (self->which.output != 0)
            break;
        self->output = self->trial->all->collect.output;
        if (self->output < 0)
            RETURN(self->output);
    }
    if (self->which.output == 1)
        self->output = self->trial->all->run.output;
    if (self->output == 0)
        self->output = collect_rest(self->trial);
    WEIR_FINALLY
    if (self->trial->all != NULL) {
        weir_drop(self->trial->all->collect);
        weir_drop(self->trial->all->run);
        free(self->trial->all);
        self->trial->all = NULL;
    }
    WEIR_END
}
