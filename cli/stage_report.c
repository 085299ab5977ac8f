/* stage_report.c - what each stage of a run did, and which one the others wait for. */
#include "stage_report.h"

#include <string.h>
#include <unistd.h>

#include "screen.h"

uint64_t stage_report_cpu_ns(const struct rusage *usage)
{
    const struct timeval *user = &usage->ru_utime, *system = &usage->ru_stime;
    return (uint64_t)(user->tv_sec + system->tv_sec) * 1000000000 + (uint64_t)(user->tv_usec + system->tv_usec) * 1000;
}

size_t stage_report_take(const weir_pipeline *pipeline, weir_pipeline_stage stages[STAGES_SHOWN])
{
    size_t count = 0;
    while (count < STAGES_SHOWN && weir_pipeline_stage_at(pipeline, count, &stages[count]) == 0)
        count++;
    return count;
}

static void advise(char *text, size_t size, const weir_pipeline_stage *stage, const weir_verdict *verdict,
                   unsigned cores)
{
    const unsigned outer = stage->outer_lanes > 0 ? stage->outer_lanes : 1, par = stage->lanes / outer;
    if (verdict->limit == WEIR_LIMIT_CORES)
        snprintf(text, size, "; only less work, or more cores, would help");
    else if (stage->takes_par && par < cores && verdict->par_gain >= 1.05)
        snprintf(text, size, "; try @par=%u (at best %.1f x)", par + 1, verdict->par_gain);
}

void stage_report_sentence(char *text, size_t size, const weir_pipeline_stage *stages, size_t count, uint64_t took_ns,
                           uint64_t cpu_ns)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned cores = online > 0 ? (unsigned)online : 1;
    const weir_verdict verdict = weir_verdict_of(stages, count, took_ns, cpu_ns, cores);
    char advice[96] = "", name[64];
    if (count == 0) {
        snprintf(text, size, "no stage was timed");
        return;
    }
    const weir_pipeline_stage *stage = &stages[verdict.stage];
    screen_name(name, sizeof name, stage->name, strlen(stage->name));
    advise(advice, sizeof advice, stage, &verdict, cores);
    const double busy = 100 * (verdict.busy < 1 ? verdict.busy : 1);
    if (stage->busy_ns == 0)
        snprintf(text, size, "no stage was timed");
    else if (verdict.limit == WEIR_LIMIT_NONE)
        snprintf(text, size, "no stage is the limit: the busiest, %s, works %.0f %% of the time", name, busy);
    else if (verdict.limit == WEIR_LIMIT_CORES)
        snprintf(text, size,
                 "the cores are the limit: busy %.0f %% of the time, most of it with %s; twice as fast, that "
                 "would make the whole %.1f x as fast%s",
                 busy, name, verdict.gain, advice);
    else
        snprintf(text, size,
                 "%s is the limit: it is busy %.0f %% of the time; twice as fast would make the whole "
                 "%.1f x as fast%s",
                 name, busy, verdict.gain, advice);
}

static void print_stage(FILE *out, const weir_pipeline_stage *stage, double took_ns)
{
    char name[64];
    const double lanes = stage->lanes > 0 ? stage->lanes : 1, outer = stage->outer_lanes > 0 ? stage->outer_lanes : 1;
    screen_name(name, sizeof name, stage->name, strlen(stage->name));
    char queue[16] = "     -";
    if (stage->queue_max > 0)
        snprintf(queue, sizeof queue, "%5.1f%%", 100 * stage->queue_fill);
    /* Bytes a ns are GB/s. */
    fprintf(out, "%-12.12s %8.1f %8.1f %s %5.1f%% %6.1f%% %6.1f%% %8lu %9lu\n", name,
            1e3 * (double)stage->in_bytes / took_ns, 1e3 * (double)stage->out_bytes / took_ns, queue,
            100 * (double)stage->busy_ns / took_ns / lanes, 100 * (double)stage->blocked_ns / took_ns / outer,
            100 * (double)stage->starved_ns / took_ns / outer, (unsigned long)stage->inlined,
            (unsigned long)stage->offloaded);
}

/* Broken between words. */
static void print_wrapped(FILE *out, const char *text)
{
    while (strlen(text) > 80) {
        int cut = 80;
        while (cut > 0 && text[cut] != ' ')
            cut--;
        cut = cut > 0 ? cut : 80;
        fprintf(out, "%.*s\n", cut, text);
        text += cut + (text[cut] == ' ');
    }
    fprintf(out, "%s\n", text);
}

static void print_dropped(FILE *out, const weir_pipeline_stage *stages, size_t count)
{
    char name[64];
    for (size_t i = 0; i < count; i++) {
        if (stages[i].dropped_rows == 0)
            continue;
        screen_name(name, sizeof name, stages[i].name, strlen(stages[i].name));
        if (stages[i].dead == NULL)
            fprintf(out, "%s left out %lu by @onerror=drop\n", name, (unsigned long)stages[i].dropped_rows);
        else
            fprintf(out, "%s gave %lu to dead(%s)\n", name, (unsigned long)stages[i].dropped_rows, stages[i].dead);
    }
}

void stage_report_print(FILE *out, const weir_pipeline_stage *stages, size_t count, uint64_t took_ns, uint64_t cpu_ns)
{
    char text[400];
    const double took = took_ns > 0 ? (double)took_ns : 1;
    fprintf(out, "%-12s %8s %8s %6s %6s %7s %7s %8s %9s\n", "stage", "MB/s in", "MB/s out", "queue", "busy", "blocked",
            "starved", "inline", "offloaded");
    for (size_t i = 0; i < count; i++)
        print_stage(out, &stages[i], took);
    stage_report_sentence(text, sizeof text, stages, count, took_ns, cpu_ns);
    print_wrapped(out, text);
    print_dropped(out, stages, count);
}

void stage_report(FILE *out, const weir_pipeline *pipeline, uint64_t took_ns, uint64_t cpu_ns)
{
    weir_pipeline_stage stages[STAGES_SHOWN];
    stage_report_print(out, stages, stage_report_take(pipeline, stages), took_ns, cpu_ns);
}
