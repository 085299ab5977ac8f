/* checkpointer.c - the task that wants checkpoints, and puts what was saved into the journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/journal.h"
#include "journal/restore.h"
#include "journal/state_files.h"
#include "run/checkpoints.h"
#include "run/stop.h"

/* What is written down. Counted, since a job outlives a task that was dropped. */
struct commit {
    uint32_t refs;
    struct journal *journal;
    weir_text record;
    struct unsynced *files;
    uint64_t files_next; /* those before it that the record doesn't list are needed no more */
    const char *what;    /* it was about, when it failed */
};

static void commit_unref(void *arg)
{
    struct commit *commit = arg;
    if (commit == NULL || __atomic_fetch_sub(&commit->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    wp_unsynced_put(commit->files);
    weir_text_fini(&commit->record);
    free(commit);
}

static void *commit_ref(struct commit *commit)
{
    (void)__atomic_fetch_add(&commit->refs, 1, __ATOMIC_RELAXED);
    return commit;
}

/* All that was saved, as it is: until the mark is settled nobody saves. NULL: no memory. */
static struct commit *take_saved(struct run *run, uint64_t number, bool last)
{
    struct checkpoints *checkpoints = run->checkpoints;
    struct commit *commit = calloc(1, sizeof *commit);
    if (commit == NULL)
        return NULL;
    commit->refs = 1;
    commit->journal = checkpoints->journal;
    commit->files_next = last ? UINT64_MAX : wp_state_files_next(checkpoints->journal);
    if (wp_checkpoints_record(checkpoints, number, last, &commit->record) < 0) {
        commit_unref(commit);
        return NULL;
    }
    (void)pthread_mutex_lock(&checkpoints->lock);
    struct unsynced **link = &commit->files;
    for (struct kept *kept = checkpoints->kept; kept != NULL; kept = kept->next)
        for (unsigned i = 0; i < 1 + (unsigned)last; i++) {
            struct saved *saved = i == 0 ? &kept->saved : &kept->last;
            *link = saved->files;
            saved->files = NULL;
            while (*link != NULL)
                link = &(*link)->next;
        }
    (void)pthread_mutex_unlock(&checkpoints->lock);
    return commit;
}

/*
 * What sinks and stages have written, then the record, then the names of what is complete: in this order on the disk,
 * too. Then what the record has no need of any more goes.
 */
static int64_t write_down(void *arg, weir_job *job)
{
    struct commit *commit = arg;
    (void)job;
    commit->what = "an output";
    for (const struct unsynced *file = commit->files; file != NULL; file = file->next)
        if (fdatasync(file->fd) < 0 && errno != EINVAL)
            return -errno;
    commit->what = "a file of the state";
    int error = wp_state_files_sync(commit->journal);
    if (error < 0)
        return error;
    commit->what = "the journal";
    error = wp_journal_append(commit->journal, &commit->record);
    if (error < 0)
        return error;
    commit->what = "the name of an output";
    error = wp_restore_names(&commit->record);
    if (error < 0)
        return error;
    commit->what = "a file of the state";
    return commit->files_next > 1 ? wp_state_files_sweep(commit->journal, commit->files_next) : 0;
}

/* Its place is taken by the one behind it, and behind that comes a new one. 0 or -ENOMEM. */
static int step(struct checkpoints *checkpoints)
{
    struct mark *after = wp_mark_create(checkpoints->next->number + 1);
    if (after == NULL)
        return -ENOMEM;
    (void)pthread_mutex_lock(&checkpoints->lock);
    struct mark *old = checkpoints->now;
    checkpoints->now = checkpoints->next;
    checkpoints->next = after;
    (void)pthread_mutex_unlock(&checkpoints->lock);
    wp_mark_unhold(old);
    return 0;
}

static int no_memory(struct run *run)
{
    return wp_run_fail(&run->nodes[0], -ENOMEM, "no memory for a checkpoint");
}

static int failed(struct run *run, const struct commit *commit, int64_t error)
{
    return wp_run_fail_whole(
        run, (int)error,
        "checkpoint: %s: %s: %s: what is in the journal stays so, and the next start goes on from there",
        run->checkpoints->journal->dir, commit->what, strerror((int)-error));
}

static uint64_t add_up(const struct run *run)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < run->count; i++) {
        const struct run_counters *counters = &run->nodes[i].counters;
        sum += __atomic_load_n(&counters->in_bytes, __ATOMIC_RELAXED) +
               __atomic_load_n(&counters->out_bytes, __ATOMIC_RELAXED) +
               __atomic_load_n(&counters->in_rows, __ATOMIC_RELAXED) +
               __atomic_load_n(&counters->out_rows, __ATOMIC_RELAXED);
    }
    return sum;
}

static void want(struct wp_checkpointer *self)
{
    self->mark = self->run->checkpoints->now;
    self->is_last = weir_cancel_is_cancelled(self->run->stop);
    self->seen = add_up(self->run);
    weir_cancel(self->mark->wanted);
    wp_mark_put(self->mark);
}

/* Sources go on, once the next mark is there for them. */
static int settle(struct wp_checkpointer *self)
{
    struct mark *mark = wp_mark_hold(self->mark);
    const int error = step(self->run->checkpoints);
    if (error == 0)
        weir_cancel(mark->settled);
    wp_mark_unhold(mark);
    return error;
}

/* Who gives away what is not to be taken back waits for that. */
static void tell_named(struct checkpoints *checkpoints, uint64_t number)
{
    __atomic_store_n(&checkpoints->named, number, __ATOMIC_RELEASE);
    weir_notify_waiters(&checkpoints->came);
}

/* Then a mark is through because those who had it were dropped, and not all has been saved. */
static bool has_failed(struct run *run)
{
    (void)pthread_mutex_lock(&run->lock);
    const bool failed = run->error != 0;
    (void)pthread_mutex_unlock(&run->lock);
    return failed;
}

WEIR_ASYNC_DEFINE(wp_checkpointer)
{
    WEIR_BEGIN
    self->first = true;
    while (!self->is_over) {
        want(self);
        AWAIT(self->through, weir_cancelled(self->mark->through));
        if (has_failed(self->run))
            RETURN(-ECANCELED);
        if (__atomic_load_n(&self->run->checkpoints->is_closed, __ATOMIC_ACQUIRE)) {
            if (settle(self) < 0)
                RETURN(no_memory(self->run));
            AWAIT(self->over, weir_cancelled(self->run->checkpoints->over));
            break;
        }
        self->number = self->mark->number;
        self->commit = take_saved(self->run, self->number, false);
        if (self->commit == NULL || (!self->first && !self->is_last && settle(self) < 0))
            RETURN(no_memory(self->run));
        AWAIT(self->job, weir_offload_mandatory(WEIR_LANE_IO, write_down, commit_ref(self->commit), commit_unref));
        if (self->job.output < 0)
            RETURN(failed(self->run, self->commit, self->job.output));
        tell_named(self->run->checkpoints, self->number); /* the mark may be gone */
        if (self->is_last) {
            wp_stop_end(&self->run->nodes[0]);
            RETURN(CHECKPOINTER_DONE);
        }
        if (self->first && settle(self) < 0)
            RETURN(no_memory(self->run));
        self->first = false;
        commit_unref(self->commit);
        self->commit = NULL;
        do {
            self->over = weir_cancelled(self->run->checkpoints->over);
            self->stopped = weir_cancelled(self->run->stop);
            self->full = weir_cancelled(self->run->checkpoints->now->full);
            self->nap = weir_sleep_for(self->run->checkpoints->every_ns);
            AWAIT(self->which, weir_select_biased(self->over, self->stopped, self->full, self->nap));
            self->is_over = self->which.output == 0;
        } while (self->which.output == 3 && add_up(self->run) == self->seen);
    }
    self->commit = take_saved(self->run, self->run->checkpoints->now->number, true);
    if (self->commit == NULL)
        RETURN(no_memory(self->run));
    AWAIT(self->job, weir_offload_mandatory(WEIR_LANE_IO, write_down, commit_ref(self->commit), commit_unref));
    self->output = self->job.output < 0 ? failed(self->run, self->commit, self->job.output) : 0;
    WEIR_FINALLY
    commit_unref(self->commit);
    WEIR_END
}
