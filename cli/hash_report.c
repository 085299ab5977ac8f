/* hash_report.c - --report and --explain of weir hash. */
#include "hash_report.h"

#include <sys/resource.h>

#include "progress.h"

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void hash_report(FILE *out, weir_runtime *runtime, const weir_io_options *io, const struct live_of *of, int64_t took_ns)
{
    const weir_hash_counters *counters = of->hash;
    weir_pipeline_stage stages[STAGES_SHOWN];
    struct rusage usage;
    char bytes[16], rate[16], peak[16];
    const double took = (double)took_ns / 1e9;
    (void)getrusage(RUSAGE_SELF, &usage);
    stage_report_print(out, stages, live_stages(of, stages), (uint64_t)took_ns, stage_report_cpu_ns(&usage));
    progress_bytes(bytes, sizeof bytes, (double)counters->bytes);
    progress_bytes(rate, sizeof rate, (double)counters->bytes / took);
    progress_bytes(peak, sizeof peak, (double)usage.ru_maxrss * 1024);
    fprintf(out, "files     %lu, %s in %.3f s: %.0f files/s, %s/s; %lu failed\n", (unsigned long)counters->files, bytes,
            took, (double)counters->files / took, rate, (unsigned long)counters->errors);
    fprintf(out, "read      %lu whole from the ring, %lu on the cpu lane, %lu by relay, %lu direct\n",
            (unsigned long)counters->slurped, (unsigned long)counters->whole, (unsigned long)counters->relayed,
            (unsigned long)counters->direct);
    if (counters->recalled + counters->reread > 0)
        fprintf(out, "known     %lu not read again, %lu read all the same, %lu of them differ\n",
                (unsigned long)counters->recalled, (unsigned long)counters->reread, (unsigned long)counters->rotten);
    fprintf(out, "hashed    %lu inline, %lu offloaded; estimate %.0f us a MiB, offload above 100 us\n",
            (unsigned long)counters->inlined, (unsigned long)counters->offloaded, (double)counters->ns_per_mib / 1e3);
    fprintf(out, "io        %s", weir_io_backend(io));
    if (weir_io_uring_error(io) != 0)
        fprintf(out, " (io_uring: error %d)", -weir_io_uring_error(io));
    fprintf(out, "\ncpu       %.3f s user, %.3f s system; peak memory %s\n", seconds(usage.ru_utime),
            seconds(usage.ru_stime), peak);
    for (unsigned i = 0; i < weir_runtime_workers(runtime); i++) {
        weir_worker_metrics metrics;
        if (weir_worker_metrics_get(runtime, i, &metrics) == 0)
            fprintf(out, "worker %u  %lu polls, %lu parks, %lu stolen\n", i, (unsigned long)metrics.polls,
                    (unsigned long)metrics.parks, (unsigned long)metrics.steals);
    }
}

/* A string of the pipeline language. */
static void quote(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n' || c == '\t')
            fputs(c == '\n' ? "\\n" : "\\t", out);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u{%x}", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

static void option(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=", name);
    quote(out, value);
}

static void explain_source(FILE *out, const weir_hash_options *options)
{
    const weir_walk_rules *rules = &options->rules;
    if (options->check_path != NULL) {
        fputs("manifest ", out);
        quote(out, options->check_path);
        return;
    }
    fputs("files", out);
    if (options->list_path != NULL)
        option(out, "from", options->list_path);
    else
        for (size_t i = 0; i < options->path_count; i++) {
            putc(' ', out);
            quote(out, options->paths[i]);
        }
    if (options->list_path != NULL && options->list_nul)
        fputs(" null", out);
    for (size_t i = 0; i < rules->match_count; i++)
        option(out, "match", rules->match[i]);
    for (size_t i = 0; i < rules->exclude_count; i++)
        option(out, "exclude", rules->exclude[i]);
    if (rules->size_min > 0)
        fprintf(out, " min=%lu", (unsigned long)rules->size_min);
    if (rules->has_size_max)
        fprintf(out, " max=%lu", (unsigned long)rules->size_max);
    if (rules->depth_max > 0)
        fprintf(out, " depth=%u", rules->depth_max);
    fprintf(out, "%s%s%s%s", rules->gitignore ? " gitignore" : "", rules->skip_hidden ? " hidden=false" : "",
            rules->same_device ? " xdev" : "", rules->follow ? " follow" : "");
}

/* What it is beside the pipeline. */
static void explain_more(FILE *out, const weir_hash_options *options)
{
    if (options->cache_path != NULL)
        fprintf(out, "# --cache: what %s knows, and looks as it did, isn't read\n", options->cache_path);
    else if (options->resume)
        fprintf(out, "# --resume: what %s.weir-journal knows, and looks as it did, isn't read\n", options->out_path);
    if (options->audit_path != NULL)
        fprintf(out, "# --audit: the files are looked for in %s, by path and by digest\n", options->audit_path);
    if (options->tree != WEIR_TREE_NONE)
        fputs("# --tree: of these digests one is made for each directory, see docs/formats.md\n", out);
}

static void explain_dups(FILE *out, const weir_dups_options *dups)
{
    static const char *const actions[] = { "report", "hardlink", "reflink", "delete" };
    static const char *const keeps[] = { "oldest", "newest", "first" };
    const char *algo = dups->hash.algos[0]->name;
    if (dups->hash.rules.size_min == 0)
        fputs(" min=1", out);
    fprintf(out, " | group .size > 1 | hash %s head=16KiB as .h | group .size,.h > 1 | hash %s as .f", algo, algo);
    fprintf(out, " | group .size,.f > 1 | dups action=%s", actions[dups->action]);
    if (dups->action != WEIR_DUPS_REPORT)
        fprintf(out, " keep=%s yes", keeps[dups->keep]);
    putc('\n', out);
}

void hash_explain(FILE *out, const weir_hash_options *options, const weir_dups_options *dups)
{
    explain_more(out, options);
    explain_source(out, options);
    if (dups != NULL) {
        explain_dups(out, dups);
        return;
    }
    fputs(options->check_path != NULL ? " | check" : " | hash", out);
    if (options->check_path == NULL)
        for (size_t i = 0; i < options->algo_count; i++)
            fprintf(out, " %s", options->algos[i]->name);
    fputs(" @par=cores @order=in", out);
    if (options->check_path != NULL) {
        fputs(options->quiet ? " | where .state != \"ok\" | print \"{.path}: {.state}\" | fail-if any\n"
                             : " | print \"{.path}: {.state}\" | fail-if .state != \"ok\"\n",
              out);
        return;
    }
    fputs(" | write ", out);
    quote(out, options->out_path != NULL ? options->out_path : "/dev/stdout");
    fprintf(out, " format=%s%s%s\n", weir_manifest_format_names[options->format], options->nul ? " null" : "",
            options->out_path != NULL ? " atomic" : "");
}
