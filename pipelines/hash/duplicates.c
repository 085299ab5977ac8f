/* duplicates.c - the search for duplicates: the phases one after the other, then what is done with what they found. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/blocking.h>
#include <weir/hash_job.h>
#include <weir/runtime.h>

#include "hash/dup_action.h"
#include "hash/dup_finder.h"
#include "hash/dup_report.h"
#include "output_at.h"
#include "run/say.h"

struct dup_search {
    uint32_t refs;
    weir_dups_options options;
    struct dup_finder *finder;
    weir_output output;
    weir_text text;
};

static void search_unref(void *arg)
{
    struct dup_search *search = arg;
    if (search == NULL || __atomic_fetch_sub(&search->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_output_discard(&search->output);
    wp_dup_finder_unref(search->finder);
    weir_text_fini(&search->text);
    free(search);
}

static struct dup_search *search_ref(struct dup_search *search)
{
    (void)__atomic_fetch_add(&search->refs, 1, __ATOMIC_RELAXED);
    return search;
}

static int search_create(const weir_dups_options *options, struct dup_search **ret_search)
{
    struct dup_search *search = calloc(1, sizeof *search);
    if (search == NULL)
        return -ENOMEM;
    search->refs = 1;
    search->options = *options;
    search->output.fd = -1;
    search->output.dir_fd = AT_FDCWD;
    int error = wp_dup_finder_create((uint32_t)options->hash.algos[0]->digest_size, &search->finder);
    if (error == 0)
        error = weir_output_open(&search->output, options->hash.out_path);
    if (error < 0)
        search_unref(search);
    else
        *ret_search = search;
    return error;
}

static weir_hash_job_future start(struct dup_search *search)
{
    weir_hash_options options = search->options.hash;
    options.finder = search->finder;
    options.rules.meta = true;
    options.out_path = NULL;
    return weir_hash_job(&options);
}

/* What the phase reads by name: at most all of `listed`. */
static int list(struct dup_finder *finder, const struct dup_files *listed)
{
    free(finder->indices);
    finder->indices = calloc((size_t)listed->count + 1, sizeof *finder->indices);
    finder->listed = listed;
    finder->index_count = finder->index_at = 0;
    return finder->indices == NULL ? -ENOMEM : 0;
}

static int list_aside(struct dup_finder *finder)
{
    const struct dup_files *aside = &finder->sieve.aside;
    const int error = list(finder, aside);
    for (uint32_t i = 0; error == 0 && i < aside->count; i++)
        if (wp_sieve_has_several(&finder->sieve, aside->files[i].meta.size))
            finder->indices[finder->index_count++] = i;
    return error;
}

static int list_whole(struct dup_finder *finder)
{
    struct dup_files *heads = &finder->heads;
    int error = wp_dup_files_group(heads);
    if (error == 0)
        error = list(finder, heads);
    for (uint32_t g = 0; error == 0 && g < heads->group_count; g++)
        for (uint32_t i = heads->groups[g].first; heads->groups[g].files > 1 && i != DUP_NONE; i = heads->files[i].next)
            finder->indices[finder->index_count++] = i;
    return error;
}

/* 1: there is something to do in this phase; 0; or -ENOMEM. */
static int prepare(struct dup_finder *finder, enum dup_phase phase)
{
    finder->phase = phase;
    if (phase == DUP_WALK)
        return 1;
    const int error = phase == DUP_ASIDE ? list_aside(finder) : list_whole(finder);
    return error < 0 ? error : finder->index_count > 0;
}

static int write_out(struct dup_search *search)
{
    const weir_text *text = &search->text;
    const weir_hash_options *hash = &search->options.hash;
    const bool is_shown = search->output.fd == STDOUT_FILENO && wp_say_to_terminal();
    if (is_shown)
        wp_say_tame_lines(text->data, text->size);
    if (is_shown && hash->on_output != NULL)
        hash->on_output(hash->hook_arg, true); /* nothing else comes after it */
    for (size_t at = 0; at < text->size;) {
        const ssize_t put = write(search->output.fd, text->data + at, text->size - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? -errno : -EIO;
        at += (size_t)put;
    }
    return weir_output_commit(&search->output);
}

/* What was done stands, and is said, even if the rest can't be. */
static int64_t conclude(void *arg, weir_job *cancel)
{
    struct dup_search *search = arg;
    const weir_dups_options *options = &search->options;
    weir_text acted = { 0 };
    int error = wp_dup_files_group(&search->finder->files);
    if (error == 0)
        error = wp_dup_report(&search->finder->files, options->hash.algos[0], options->hash.format, options->counters,
                              &search->text);
    if (error == 0 && options->action != WEIR_DUPS_REPORT) {
        error = wp_dup_act(&search->finder->files, options, cancel, &acted);
        weir_text_fini(&search->text);
        search->text = acted;
    }
    const int written = write_out(search);
    return error < 0 ? error : written;
}

WEIR_ASYNC_DEFINE(weir_dups_job)
{
    WEIR_BEGIN
    self->error = search_create(&self->options, &self->search);
    if (self->error < 0)
        RETURN(self->error);
    for (self->phase = DUP_WALK; self->phase <= DUP_WHOLE; self->phase++) {
        self->error = prepare(self->search->finder, (enum dup_phase)self->phase);
        if (self->error < 0)
            RETURN(self->error);
        if (self->error == 0)
            continue;
        AWAIT(self->job, start(self->search));
        if (self->job.output < 0)
            RETURN(self->job.output);
    }
    AWAIT(self->conclude, weir_offload_mandatory(WEIR_LANE_IO, conclude, search_ref(self->search), search_unref));
    RETURN((int)self->conclude.output);
    WEIR_FINALLY
    search_unref(self->search);
    WEIR_END
}
