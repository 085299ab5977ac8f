/* bench.h - pipelines that are measured: their runs, and what is told of them. */
#ifndef BENCH_H
#define BENCH_H

#include "bench_samples.h"
#include "stage_report.h"

#define BENCH_PIPELINES_MAX 16
#define BENCH_RUNS_MAX 1000

enum bench_figure { FIGURE_TIME, FIGURE_RATE, FIGURE_CPU, FIGURE_PEAK };
#define BENCH_FIGURES 4
/* Of more runs than these the first are shown one by one. */
#define BENCH_TURNS 64

/* Of several runs. */
struct bench_range {
    double min, median, max;
};

/* Where its text is. */
enum bench_kind { BENCH_OPERAND, BENCH_EXPRESSION, BENCH_FILE };

struct bench_entry {
    enum bench_kind kind;
    const char *text; /* of the pipeline, or its file's name */
    double *runs[BENCH_FIGURES];
    double in_turn[BENCH_FIGURES][BENCH_TURNS]; /* the first runs as they came; `runs` is sorted in the end */
    unsigned count;
    struct bench_range ranges[BENCH_FIGURES]; /* once all runs are done */
    weir_pipeline_stage stages[STAGES_SHOWN]; /* of the last run, names too: bench_add_run() copies them */
    char names[STAGES_SHOWN][64];
    size_t stage_count;
    uint64_t took_ns, cpu_ns;     /* of the last run */
    struct bench_samples samples; /* of the last run; no list: nobody wants them */
};

/* Room for so many runs: 0 or -ENOMEM; fini either way. */
int bench_entry_init(struct bench_entry *entry, const char *text, unsigned runs);
void bench_entry_fini(struct bench_entry *entry);
void bench_add_run(struct bench_entry *entry, const weir_pipeline *pipeline, uint64_t took_ns, uint64_t cpu_ns,
                   double peak_mb);
void bench_sum_up(struct bench_entry *entry);

void bench_print(FILE *out, const struct bench_entry *entries, unsigned count);
/* bench_html.c: a page of its own, with plots. 0 or a negative errno. */
int bench_write_html(const char *path, const struct bench_entry *entries, unsigned count, bool cold);
void bench_print_json(FILE *out, const struct bench_entry *entries, unsigned count, bool cold);

/*
 * Prints how each figure changed since the document `path`, which bench_print_json() wrote. Returns 0; 1: one is worse
 * by more than `fail_above` % (0: never) and outside of both ranges; or a negative errno: it can't be read, -EBADMSG:
 * or is no such document.
 */
int bench_compare(FILE *out, const struct bench_entry *entries, unsigned count, const char *path, unsigned fail_above);

#endif
