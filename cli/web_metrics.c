/* web_metrics.c - a running pipeline as metrics for Prometheus: base units, counters end in _total. */
#include "web_metrics.h"

#include <dirent.h>
#include <string.h>
#include <time.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* {stage="zstd",index="3"}; names were tamed, quotes and backslashes are left. */
static void put_labels(FILE *out, const struct live *live, size_t index)
{
    fputs("{stage=\"", out);
    for (const char *c = live->stages[index].name; *c != '\0'; c++)
        fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    fprintf(out, "\",index=\"%zu\"", index);
}

#define STAGE(field) offsetof(weir_pipeline_stage, field)
static const struct {
    const char *name, *type, *help;
    size_t offset;
    double unit;
} stage_metrics[] = {
    { "weir_stage_in_bytes_total", "counter", "Bytes that came into the stage.", STAGE(in_bytes), 1 },
    { "weir_stage_out_bytes_total", "counter", "Bytes that the stage gave.", STAGE(out_bytes), 1 },
    { "weir_stage_in_rows_total", "counter", "Records or files that came into the stage.", STAGE(in_rows), 1 },
    { "weir_stage_out_rows_total", "counter", "Records or files that the stage gave.", STAGE(out_rows), 1 },
    { "weir_stage_dropped_rows_total", "counter", "Records left out by @onerror, or sent to a dead-letter stream.",
      STAGE(dropped_rows), 1 },
    { "weir_stage_busy_seconds_total", "counter", "Time at work, of all its lanes together.", STAGE(busy_ns), 1e9 },
    { "weir_stage_blocked_seconds_total", "counter", "Time waiting for room in the queue behind.", STAGE(blocked_ns),
      1e9 },
    { "weir_stage_starved_seconds_total", "counter", "Time waiting for input.", STAGE(starved_ns), 1e9 },
};

static void put_stages(FILE *out, const struct live *live)
{
    for (size_t m = 0; m < sizeof stage_metrics / sizeof stage_metrics[0]; m++) {
        head(out, stage_metrics[m].name, stage_metrics[m].type, stage_metrics[m].help);
        for (size_t i = 0; i < live->count; i++) {
            const char *stage = (const char *)&live->stages[i];
            fputs(stage_metrics[m].name, out);
            put_labels(out, live, i);
            fprintf(out, "} %.15g\n",
                    (double)*(const uint64_t *)(const void *)(stage + stage_metrics[m].offset) / stage_metrics[m].unit);
        }
    }
    head(out, "weir_stage_lanes", "gauge", "How many of the stage may work at once.");
    for (size_t i = 0; i < live->count; i++) {
        fputs("weir_stage_lanes", out);
        put_labels(out, live, i);
        fprintf(out, "} %u\n", live->stages[i].lanes);
    }
    head(out, "weir_stage_queue_parcels", "gauge",
         "What lay in the queue before the stage when it took something last.");
    for (size_t i = 0; i < live->count; i++)
        if (live->stages[i].queue_max > 0) {
            fputs("weir_stage_queue_parcels", out);
            put_labels(out, live, i);
            fprintf(out, "} %u\n", live->stages[i].queued);
        }
    head(out, "weir_stage_queue_capacity_parcels", "gauge", "What may lie in the queue before the stage.");
    for (size_t i = 0; i < live->count; i++)
        if (live->stages[i].queue_max > 0) {
            fputs("weir_stage_queue_capacity_parcels", out);
            put_labels(out, live, i);
            fprintf(out, "} %u\n", live->stages[i].queue_max);
        }
}

/* Buckets as weir_pipeline_stage.steps has them: the first ends at 1024 ns, each next one at twice that. */
static void put_steps(FILE *out, const struct live *live)
{
    head(out, "weir_stage_step_seconds", "histogram", "How long steps of the stage took.");
    for (size_t i = 0; i < live->count; i++) {
        const weir_pipeline_stage *stage = &live->stages[i];
        uint64_t sum = 0;
        for (unsigned b = 0; b < WEIR_PIPELINE_STEPS; b++) {
            sum += stage->steps[b];
            fputs("weir_stage_step_seconds_bucket", out);
            put_labels(out, live, i);
            if (b + 1 < WEIR_PIPELINE_STEPS)
                fprintf(out, ",le=\"%.9g\"} %lu\n", 1024e-9 * (double)(1u << b), (unsigned long)sum);
            else
                fprintf(out, ",le=\"+Inf\"} %lu\n", (unsigned long)sum);
        }
        fputs("weir_stage_step_seconds_sum", out);
        put_labels(out, live, i);
        fprintf(out, "} %.15g\nweir_stage_step_seconds_count", (double)stage->busy_ns / 1e9);
        put_labels(out, live, i);
        fprintf(out, "} %lu\n", (unsigned long)sum);
    }
}

static DIR *own_files; /* whoever looks holds the page's lock */

void web_metrics_warm_up(void)
{
    own_files = opendir("/proc/self/fd");
}

static unsigned open_files(void)
{
    unsigned count = 0;
    if (own_files != NULL)
        rewinddir(own_files);
    for (const struct dirent *entry; own_files != NULL && (entry = readdir(own_files)) != NULL;)
        count += entry->d_name[0] != '.';
    return count > 0 ? count - 1 : 0; /* not the one we look with */
}

static void put_gauge(FILE *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    fprintf(out, "%s %.15g\n", name, value);
}

void web_metrics(FILE *out, const struct live *live)
{
    head(out, "weir_build_info", "gauge", "The version that runs.");
    fprintf(out, "weir_build_info{version=\"%s\"} 1\n", WEIR_VERSION);
    put_stages(out, live);
    put_steps(out, live);
    put_gauge(out, "weir_troubles_total", "counter", "Single files or records that something was wrong with.",
              (double)live->troubles);
    put_gauge(out, "weir_memory_used_bytes", "gauge", "In buffers that somebody holds.", (double)live->mem_used);
    put_gauge(out, "weir_memory_budget_bytes", "gauge", "What buffers may take (--mem).", (double)live->mem_budget);
    const double uptime = (double)(live->now_ns - live->began_ns) / 1e9;
    put_gauge(out, "process_start_time_seconds", "gauge", "When the run began, since 1970.",
              (double)time(NULL) - uptime);
    put_gauge(out, "process_cpu_seconds_total", "counter", "User and system time.", (double)live->cpu_ns / 1e9);
    put_gauge(out, "process_resident_memory_bytes", "gauge", "Resident memory.", (double)live->rss_bytes);
    put_gauge(out, "process_open_fds", "gauge", "Open files.", open_files());
}
