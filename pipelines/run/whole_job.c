/* whole_job.c - chains, and beginnings of chains, that are the hashing job itself. */
#include "run/whole_job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <weir/hash_job.h>
#include <weir/select.h>

#include "run/file_walk.h"
#include "run/stop.h"

static bool is_stage(const struct plan_node *node, const char *name)
{
    return node != NULL && strcmp(node->stage->name, name) == 0;
}

/* The job means other things by what is no directory: "-", a FIFO. */
static bool has_directories_only(const struct plan_node *files)
{
    unsigned count = 0;
    struct stat meta;
    for (const struct setting *setting = files->settings; setting != NULL; setting = setting->next)
        if (strcmp(setting->opt->name, "path") == 0) {
            if (stat(setting->text, &meta) < 0 || !S_ISDIR(meta.st_mode))
                return false;
            count++;
        }
    return count > 0 && wp_plan_setting(files, "from") == NULL;
}

static unsigned count_algos(const struct plan_node *hash, const weir_digest_algo **ret_algos)
{
    unsigned count = 0;
    for (const struct setting *setting = hash->settings; setting != NULL; setting = setting->next)
        if (strcmp(setting->opt->name, "algo") == 0) {
            const weir_digest_algo *algo = weir_digest_find(setting->text);
            for (unsigned i = 0; i < count; i++)
                if (ret_algos[i] == algo)
                    return 0; /* the node says what is wrong */
            if (count == WEIR_HASHER_ALGOS_MAX)
                return 0;
            ret_algos[count++] = algo;
        }
    if (count == 0)
        ret_algos[count++] = weir_digest_find(wp_plan_text(hash, "algo"));
    return count;
}

static weir_manifest_format format_of(const struct plan_node *write, unsigned algos)
{
    if (wp_plan_setting(write, "format") != NULL)
        return (weir_manifest_format)wp_plan_number(write, "format");
    return algos > 1 ? WEIR_MANIFEST_BSD : WEIR_MANIFEST_GNU;
}

static bool may_write(const struct plan_node *write, const weir_digest_algo *const *algos, unsigned count)
{
    static const char *const others[] = { "append", "verify", "keep", "mode" };
    const struct piece *pieces = wp_plan_setting(write, "path")->pieces;
    const weir_manifest_style style = { .format = format_of(write, count), .algos = algos, .algo_count = count };
    const char *reason;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (wp_plan_setting(write, others[i]) != NULL)
            return false;
    return pieces != NULL && pieces->next == NULL && pieces->kind == PIECE_TEXT && pieces->size > 0 &&
           weir_manifest_style_check(&style, &reason) == 0;
}

/* What the job doesn't do for a node: wait, retry, leave it to a lane of its own. */
static bool is_plain(const struct plan_node *node)
{
    const struct plan_engine *engine = &node->engine;
    return engine->pool == POOL_AUTO && engine->timeout_ns == 0 && engine->retries == 0 && engine->rate == 0 &&
           !engine->onerror_said;
}

static bool is_manifest(const struct plan_node *hash)
{
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    const struct plan_node *write = hash->next;
    if (!is_stage(hash, "hash") || !is_stage(write, "write") || write->next != NULL)
        return false;
    if (wp_plan_setting(hash, "as") != NULL || wp_plan_number(hash, "head") != 0 || !is_plain(hash) || !is_plain(write))
        return false;
    const unsigned count = count_algos(hash, algos);
    return count > 0 && may_write(write, algos, count);
}

/* The `hash` of each { read | hash }: of the file itself, whole; nobody else needs its bytes. NULL: it is no such. */
static const struct plan_node *hash_in_block(const struct plan_node *each)
{
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    const struct setting *block = is_stage(each, "each") ? wp_plan_setting(each, "block") : NULL;
    const struct plan_node *read = block != NULL && block->block != NULL ? block->block->nodes : NULL;
    const struct plan_node *hash = read != NULL ? read->next : NULL;
    if (!is_stage(read, "read") || !is_stage(hash, "hash") || hash->next != NULL || each->next == NULL)
        return NULL;
    if (wp_plan_setting(read, "path") != NULL || wp_plan_number(hash, "head") != 0 || !is_plain(each) ||
        !is_plain(read) || !is_plain(hash))
        return NULL;
    const unsigned count = count_algos(hash, algos);
    return count == 1 || (count > 1 && wp_plan_setting(hash, "as") == NULL) ? hash : NULL;
}

/* The job reads the list on its lanes: one that is there, and not what somebody still writes. */
static bool is_check(const struct plan_node *manifest)
{
    struct stat meta;
    const struct plan_node *check = manifest->next;
    if (!is_stage(manifest, "manifest") || !is_stage(check, "check") || check->next == NULL || !is_plain(manifest) ||
        !is_plain(check))
        return false;
    return stat(wp_plan_text(manifest, "path"), &meta) == 0 && S_ISREG(meta.st_mode);
}

unsigned wp_hash_job_nodes(const struct plan_chain *chain)
{
    const struct plan_node *files = chain->nodes;
    if (is_check(files))
        return 2;
    if (!is_stage(files, "files") || files->next == NULL || !is_plain(files) || !has_directories_only(files))
        return 0;
    return is_manifest(files->next) ? 3 : hash_in_block(files->next) != NULL ? 2 : 0;
}

/* --- the run ---------------------------------------------------------------------------------------- */

struct whole_job {
    struct run_node *node, *first; /* which stands for all, and the chain's first: who reads a list */
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    const char **items; /* paths, and the patterns of the rules */
    weir_hash_options options;
    weir_hash_counters counters;
};

static void on_error(void *arg, const char *path, size_t size, int error)
{
    const struct whole_job *job = arg;
    (void)size;
    if (job->options.edge != NULL)
        wp_run_trouble(job->node, "%s: read: %s: %s", path, path, wp_file_error(error));
    else
        wp_run_trouble(job->node, "%s: %s", path, wp_file_error(error));
}

static void on_note(void *arg, weir_note_kind kind, const char *path, size_t size, int error)
{
    const struct whole_job *job = arg;
    (void)size;
    wp_file_note(job->node, kind, path, error);
}

/* As the stage "manifest" says it. */
static void on_bad_line(void *arg, const char *path, uint64_t line, const char *why)
{
    const struct whole_job *job = arg;
    wp_run_trouble(job->node, "%s:%lu: %s", path, (unsigned long)line, why);
}

/* Where what the job finds out goes: a manifest, or the edge behind `last`. */
static void set_output(struct whole_job *job, struct run_node *last, const struct plan_node *hash, unsigned algos)
{
    if (is_stage(last->plan, "each")) {
        job->options.edge = last;
        job->options.digest_name = wp_plan_text(hash, "as");
    } else {
        job->options.format = format_of(last->plan, algos);
        job->options.out_path = wp_plan_setting(last->plan, "path")->pieces->text;
    }
}

static void set_check(struct whole_job *job, const struct plan_node *manifest)
{
    job->options = (weir_hash_options){
        .check_path = wp_plan_text(manifest, "path"),
        .nul = wp_plan_number(manifest, "null") != 0,
        .edge = job->node,
        .lanes = manifest->next->engine.par > 1 ? manifest->next->engine.par : 0,
        .counters = &job->counters,
        .on_bad_line = on_bad_line,
        .hook_arg = job,
    };
}

static struct whole_job *job_create(struct run_node *last, const struct plan_chain *chain)
{
    const struct plan_node *files = chain->nodes;
    struct whole_job *job = calloc(1, sizeof *job);
    if (job != NULL && is_stage(last->plan, "check")) {
        job->node = last;
        job->first = &last->run->nodes[files->index - last->run->base];
        set_check(job, files);
        return job;
    }
    size_t settings = 1, paths = 0;
    for (const struct setting *setting = files->settings; setting != NULL; setting = setting->next)
        settings++;
    if (job != NULL)
        job->items = calloc(2 * settings, sizeof *job->items);
    if (job == NULL || job->items == NULL) {
        free(job);
        return NULL;
    }
    job->node = last;
    for (const struct setting *setting = files->settings; setting != NULL; setting = setting->next)
        if (strcmp(setting->opt->name, "path") == 0)
            job->items[paths++] = setting->text;
    const struct plan_node *in_block = hash_in_block(files->next), *hash = in_block != NULL ? in_block : files->next;
    const unsigned count = count_algos(hash, job->algos);
    job->options = (weir_hash_options){
        .algos = job->algos,
        .algo_count = count,
        .paths = job->items,
        .path_count = paths,
        .rules = wp_file_rules(files, job->items + paths),
        .lanes = files->next->engine.par > 1 ? files->next->engine.par : 0,
        .counters = &job->counters,
        .on_error = on_error,
        .on_note = on_note,
        .hook_arg = job,
    };
    job->options.rules.meta = false;
    set_output(job, last, hash, count);
    return job;
}

static int failed(struct whole_job *job, int error)
{
    const char *list = job->options.check_path;
    if (list != NULL && error != -ENOMEM && error != -ECANCELED) /* single files fail by themselves */
        return wp_run_fail(job->first, error, "%s: %s", list, strerror(-error));
    if (job->options.edge != NULL)
        return wp_run_fail(job->node, error, "%s", strerror(-error));
    return wp_run_fail(job->node, error, "%s: %s", job->options.out_path, strerror(-error));
}

WEIR_ASYNC(whole_job_run, int, struct whole_job *job; weir_hash_job_future hash; weir_cancelled_future stopped;
           weir_select_future which; struct wp_edge_send send;)
{
    WEIR_BEGIN
    self->hash = weir_hash_job(&self->job->options);
    self->stopped = wp_stop_wait(self->job->node);
    AWAIT(self->which, weir_select_biased(self->stopped, self->hash));
    if (self->which.output == 0) { /* as with weir hash: what is under way is one manifest, or lines for the edge */
        wp_stop_cut(self->job->node);
        RETURN(-ECANCELED);
    }
    if (self->hash.output == -EPIPE && self->job->options.edge != NULL)
        RETURN(0); /* nobody wants more, which is no failure */
    if (self->hash.output < 0)
        RETURN(failed(self->job, self->hash.output));
    if (self->job->options.check_path != NULL && self->job->counters.listed == 0)
        wp_run_trouble(self->job->node, "%s: no properly formatted checksum lines found",
                       self->job->options.check_path);
    wp_counter_add(&self->job->node->counters.in_rows, self->job->counters.files);
    wp_counter_add(&self->job->node->counters.in_bytes, self->job->counters.bytes);
    if (self->job->options.edge != NULL)
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->job->node, .parcel = { .last = true }));
    WEIR_FINALLY
    WEIR_END
}

void wp_hash_job_free(struct whole_job *job)
{
    if (job != NULL)
        free(job->items);
    free(job);
}

int wp_hash_job_spawn(struct run_node *last, const struct plan_chain *chain, weir_join_set *set)
{
    struct whole_job *job = job_create(last, chain);
    if (job == NULL)
        return wp_run_fail(last, -ENOMEM, "no memory");
    last->job = job; /* threads of the pool may look at it for longer than its task lives */
    return weir_join_set_spawn(set, WEIR_CALL(whole_job_run, .job = job));
}
