/* hashing.c - the parts of the hashing job: made, started, awaited, taken apart. */
#include "hash/hashing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/join_set.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>

#include "hash/bulk.h"
#include "hash/dup_finder.h"
#include "hash/emit.h"
#include "hash/hash_lane.h"
#include "hash/manifest_index.h"
#include "hash/recall.h"
#include "hash/sink.h"
#include "hash/sources.h"
#include "run/batch.h"
#include "run/say.h"

#define BULK_QUEUE 256
/* What a cache or journal has not written is what a killed run loses. */
#define FLUSH_EVERY WEIR_MS(200)

/* --- the shared state ------------------------------------------------------------ */

void wp_job_ref(struct job *job)
{
    (void)__atomic_fetch_add(&job->refs, 1, __ATOMIC_RELAXED);
}

void wp_job_unref(struct job *job)
{
    if (job == NULL || __atomic_fetch_sub(&job->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_output_discard(&job->output);
    wp_tree_fini(&job->tree);
    if (job->source != NULL)
        job->source->free(job->source);
    if (job->sink != NULL)
        job->sink->free(job->sink);
    weir_walk_destroy(job->walk);
    weir_mpsc_sender_unref(job->bulk_in);
    weir_mpsc_receiver_drop(job->bulk_out);
    weir_text_fini(&job->out);
    weir_text_fini(&job->path);
    wp_batch_free(job->rows);
    wp_kits_fini(&job->kits);
    wp_hash_cache_close(job->cache);
    wp_manifest_index_free(job->index);
    wp_dup_finder_unref(job->options.finder);
    free(job->roots);
    free(job);
}

void wp_cost_learn(struct job *job, uint64_t size, uint64_t ns)
{
    uint64_t *estimate = &job->counters->ns_per_mib;
    const uint64_t old = __atomic_load_n(estimate, __ATOMIC_RELAXED);
    const uint64_t measured = size == 0 ? old : (ns << 20) / size;
    /* An outlier (the thread lost its core) moves the estimate by an eighth of twice its value, no more. */
    const uint64_t bounded = measured > 2 * old ? 2 * old : measured;
    __atomic_store_n(estimate, old + bounded / 8 - old / 8, __ATOMIC_RELAXED);
}

bool wp_is_offloaded(const struct job *job, uint64_t size)
{
    switch (job->options.offload) {
    case WEIR_OFFLOAD_ALWAYS:
        return true;
    case WEIR_OFFLOAD_NEVER:
        return false;
    case WEIR_OFFLOAD_AUTO:
        break;
    }
    return wp_cost_ns(job, size) > OFFLOAD_ABOVE_NS;
}

void wp_finish_file(struct job *job, struct node *node, uint32_t entry, uint64_t size, int error,
                    const weir_digest *digests)
{
    struct result *result = &node->results[entry];
    result->size = size;
    result->error = error;
    if (error == 0) {
        uint8_t *to = wp_node_digests(node, entry);
        for (uint32_t i = 0; i < node->algos->count; i++) {
            memcpy(to, digests[i].bytes, node->algos->algos[i]->digest_size);
            to += node->algos->algos[i]->digest_size;
        }
        wp_count(&job->counters->bytes, size);
        wp_remember(node, entry);
    }
    wp_count(&job->counters->files, 1);
    wp_node_done(node);
}

/* --- making it -------------------------------------------------------------------- */

static int make_source(struct job *job)
{
    const weir_hash_options *options = &job->options;
    if (options->finder != NULL && options->finder->phase != DUP_WALK)
        return wp_source_names(job, &job->source);
    if (options->check_path != NULL && job->index == NULL)
        return wp_source_manifest(job, &job->source);
    if (options->list_path != NULL)
        return wp_source_list(options->list_path, options->list_nul, &job->source);
    const int error = weir_walk_create(&options->rules, options->on_note, options->hook_arg, &job->walk);
    if (error < 0)
        return error;
    if (job->roots != NULL)
        return wp_source_paths(job->walk, job->roots, job->root_count, &job->source);
    return wp_source_paths(job->walk, options->paths, options->path_count, &job->source);
}

static int make_sink(struct job *job)
{
    if (job->options.edge != NULL)
        return job->options.check_path != NULL ? wp_sink_rows(job, &job->sink) : wp_sink_lines(job, &job->sink);
    if (job->options.finder != NULL)
        return wp_sink_dups(job, &job->sink);
    if (job->options.tree != WEIR_TREE_NONE)
        return wp_sink_tree(job, &job->sink);
    if (job->options.audit_path != NULL)
        return wp_sink_audit(job, &job->sink);
    return job->options.check_path != NULL ? wp_sink_check(job, &job->sink) : wp_sink_manifest(job, &job->sink);
}

/* Of a journal the path is that of the manifest, with a tail. */
static int open_cache(struct job *job)
{
    const weir_hash_options *options = &job->options;
    char *journal = NULL;
    if (options->cache_path == NULL && !options->resume)
        return 0;
    if (options->cache_path == NULL && asprintf(&journal, "%s.weir-journal", options->out_path) < 0)
        return -ENOMEM;
    const struct hash_cache_options how = {
        .path = journal != NULL ? journal : options->cache_path,
        .algos = &job->algos,
        .is_journal = journal != NULL,
        .owner = wp_cache_owner(options),
        .paranoid = options->paranoid,
        .on_trouble = options->on_cache,
        .hook_arg = options->hook_arg,
    };
    const int error = wp_hash_cache_open(&how, &job->cache);
    if (error < 0 && options->on_cache != NULL)
        options->on_cache(options->hook_arg, how.path, error, true);
    free(journal);
    job->options.rules.meta = true;
    return error;
}

static void own_path(struct job *job, const char *path)
{
    struct stat file;
    if (path != NULL && stat(path, &file) == 0 && S_ISREG(file.st_mode))
        wp_tree_own(&job->tree, &file);
}

/* What the job itself writes, or compares with, is no part of what it lists. */
static void find_own(struct job *job)
{
    struct stat file;
    if (job->output.path != NULL && lstat(job->output.path, &file) == 0 && S_ISREG(file.st_mode))
        wp_tree_own(&job->tree, &file); /* a link would be replaced itself */
    if (job->options.tree != WEIR_TREE_NONE)
        own_path(job, job->options.check_path);
    if (job->output.path != NULL && fstat(job->output.fd, &file) == 0)
        wp_tree_own(&job->tree, &file);
    if (job->cache != NULL)
        own_path(job, wp_hash_cache_path(job->cache));
}

static int make_parts(struct job *job)
{
    int error = open_cache(job);
    if (error == 0)
        error = make_source(job);
    if (error == 0)
        error = wp_tree_init(&job->tree, job->source, &job->algos, job->counters);
    job->tree.cache = job->cache;
    if (job->options.finder != NULL && job->options.finder->phase == DUP_WALK)
        job->tree.sieve = &job->options.finder->sieve;
    if (job->options.finder != NULL && job->options.finder->phase != DUP_WHOLE)
        job->tree.head = DUP_HEAD_BYTES;
    if (job->options.ahead_max > 0)
        job->tree.ahead_max = job->options.ahead_max;
    __atomic_store_n(&job->counters->ahead_max, job->tree.ahead_max, __ATOMIC_RELAXED);
    if (error == 0)
        error = weir_mpsc_create(sizeof(struct bulk_item), BULK_QUEUE, NULL, &job->bulk_in, &job->bulk_out);
    if (error == 0)
        error = make_sink(job);
    if (error == 0 && job->options.edge == NULL)
        error = weir_output_open(&job->output, job->options.out_path);
    if (error == 0)
        find_own(job);
    job->is_shown = job->output.fd == STDOUT_FILENO && wp_say_to_terminal();
    return error;
}

/* What is compared by name, and by the manifest's own algorithms. */
static int load_index(struct job *job)
{
    const weir_hash_options *options = &job->options;
    const bool is_tree_check = options->tree != WEIR_TREE_NONE && options->check_path != NULL;
    if (options->audit_path == NULL && !is_tree_check)
        return 0;
    int error = wp_manifest_index_load(job, is_tree_check ? options->check_path : options->audit_path, &job->index);
    if (error < 0)
        return error;
    if (job->index->count > 0)
        job->algos = job->index->set;
    else if (job->algos.count == 0) /* there is nothing to compare with, which is for others to say */
        job->algos = (struct algo_set){ { weir_digest_at(0) }, 1, weir_digest_at(0)->digest_size };
    if (is_tree_check && job->algos.count > 1)
        return -EMEDIUMTYPE;
    return is_tree_check ? wp_index_roots(job->index, &job->roots, &job->root_count) : 0;
}

static int job_create(const weir_hash_options *options, struct job **ret_job)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return -ENOMEM;
    job->refs = 1;
    job->options = *options;
    if (options->finder != NULL)
        (void)wp_dup_finder_ref(options->finder);
    job->counters = options->counters;
    job->output.fd = -1;
    job->file_ns = 200000;
    wp_kits_init(&job->kits);
    job->options.rules.links |= options->tree != WEIR_TREE_NONE;
    for (size_t i = 0; i < options->algo_count && i < WEIR_HASHER_ALGOS_MAX; i++) {
        job->algos.algos[i] = options->algos[i];
        job->algos.digest_size += options->algos[i]->digest_size;
        job->algos.count++;
    }
    int error = load_index(job);
    if (job->counters->ns_per_mib == 0) /* else the phase before has measured it */
        for (size_t i = 0; i < job->algos.count; i++)
            job->counters->ns_per_mib += job->algos.algos[i]->ns_per_kib * 1024u;
    if (error == 0)
        error = make_parts(job);
    if (error < 0) {
        wp_job_unref(job);
        return error;
    }
    *ret_job = job;
    return 0;
}

/* --- running it ------------------------------------------------------------------- */

/* The manifest first: what it was made of may go when it is there. */
static int64_t commit(void *arg, weir_job *cancel)
{
    struct job *job = arg;
    (void)cancel;
    const int error = weir_output_commit(&job->output);
    if (error == 0 && job->cache != NULL)
        wp_hash_cache_finish(job->cache, job->counters->errors == 0 && job->options.finder == NULL);
    return error;
}

static int64_t flush(void *arg, weir_job *cancel)
{
    struct job *job = arg;
    (void)cancel;
    wp_hash_cache_flush(job->cache);
    return 0;
}

static void put_job(void *arg)
{
    wp_job_unref(arg);
}

static struct job *hold_job(struct job *job)
{
    wp_job_ref(job);
    return job;
}

/* The bulk part ends when the last sender is gone: each lane has its own, and nobody else one. */
static int start_parts(weir_join_set *parts, struct job *job, unsigned lanes)
{
    int error = weir_join_set_spawn(parts, WEIR_CALL(hash_bulk, .job = hold_job(job)));
    if (error == 0)
        error = weir_join_set_spawn(parts, WEIR_CALL(hash_emit, .job = hold_job(job)));
    for (unsigned i = 0; i < lanes && error == 0; i++)
        error = weir_join_set_spawn(
            parts, WEIR_CALL(hash_lane, .job = hold_job(job), .bulk_in = weir_mpsc_sender_ref(job->bulk_in)));
    weir_mpsc_sender_unref(job->bulk_in);
    job->bulk_in = NULL;
    return error;
}

/* Nobody will commit it: what was found out is kept, where it is to be kept. */
static void give_up(struct job *job)
{
    wp_output_withdraw(&job->output);
    if (job->cache != NULL)
        wp_hash_cache_flush(job->cache);
}

/* The parts wait for each other, so the first one that fails ends all. It owns a reference to its finder. */
WEIR_ASYNC(hash_main, int, weir_hash_options options; struct job * job; weir_join_set * parts;
           weir_join_next_future next; weir_sleep nap; weir_select_future which; weir_offload_future flush;
           weir_offload_future commit; bool committing; int part; int error;)
{
    WEIR_BEGIN
    self->error = job_create(&self->options, &self->job);
    if (self->error < 0)
        RETURN(self->error);
    if (weir_join_set_create(self->options.lanes + 2, &self->parts) < 0)
        RETURN(-ENOMEM);
    self->error = start_parts(self->parts, self->job, self->options.lanes);
    while (self->error == 0) {
        self->next = weir_join_next(self->parts, &self->part);
        self->nap = weir_sleep_for(FLUSH_EVERY);
        if (self->job->cache == NULL)
            weir_drop(self->nap);
        AWAIT(self->which, weir_select_biased(self->next, self->nap));
        if (self->which.output == 1) {
            AWAIT(self->flush, weir_offload(WEIR_LANE_IO, flush, hold_job(self->job), put_job));
            continue;
        }
        if (self->next.output == 0)
            break;
        self->error = self->next.status < 0 ? self->next.status : self->part;
    }
    if (self->error < 0)
        RETURN(self->error);
    if (self->job->output.path == NULL && self->job->cache == NULL)
        RETURN(0);
    /* The name is the moment at which the manifest exists; once begun it is finished. */
    self->committing = true;
    AWAIT(self->commit, weir_offload_mandatory(WEIR_LANE_IO, commit, hold_job(self->job), put_job));
    RETURN((int)self->commit.output);
    WEIR_FINALLY
    /* Now, and not with the job: what the pool has begun may keep that for long. */
    if (self->job != NULL && !self->committing)
        give_up(self->job);
    weir_join_set_destroy(self->parts);
    wp_job_unref(self->job);
    wp_dup_finder_unref(self->options.finder);
    WEIR_END
}

/* --- the future that others see ------------------------------------------------------ */

static weir_poll job_poll(weir_future *future, weir_cx *cx)
{
    weir_hash_job_future *self = (weir_hash_job_future *)(void *)future;
    if (future->line == WEIR_AT_START) {
        future->line = 1;
        if (self->options.lanes == 0)
            self->options.lanes = weir_runtime_workers(weir_runtime_current());
        if (self->options.finder != NULL)
            (void)wp_dup_finder_ref(self->options.finder);
        self->handle = weir_spawn(WEIR_CALL(hash_main, .options = self->options));
        self->join = weir_join_sized(self->handle, &self->result, sizeof self->result);
    }
    if (weir_future_poll(&self->join.future, cx) == WEIR_PENDING)
        return WEIR_PENDING;
    self->output = self->join.output < 0 ? self->join.output : self->result;
    return WEIR_READY;
}

static void job_drop(weir_future *future)
{
    weir_hash_job_future *self = (weir_hash_job_future *)(void *)future;
    if (future->line == WEIR_AT_START)
        return;
    weir_abort(self->handle);
    weir_future_drop(&self->join.future);
}

static const weir_future_type job_type = WEIR_FUTURE_TYPE(weir_hash_job_future, "hash_job", job_poll, job_drop);

weir_hash_job_future weir_hash_job(const weir_hash_options *options)
{
    return (weir_hash_job_future){ .future = WEIR_FUTURE_INIT(&job_type), .options = *options };
}
