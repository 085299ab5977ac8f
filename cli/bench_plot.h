/* bench_plot.h - the plots of a measured pipeline: HTML with SVG in it. */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include "bench.h"

/* bench_plot.c: over time, and one run beside the other. */
void bench_plot_throughput(FILE *out, const struct bench_entry *entry);
void bench_plot_queues(FILE *out, const struct bench_entry *entry);
void bench_plot_runs(FILE *out, const struct bench_entry *entry);

/* bench_plot_stages.c: the last run as a whole, stage by stage. */
void bench_plot_flow(FILE *out, const struct bench_entry *entry);
void bench_plot_busy(FILE *out, const struct bench_entry *entry);
void bench_plot_steps(FILE *out, const struct bench_entry *entry);

/* "512 MB/s", "1.2 M rows/s", "80 ms", for people. */
void bench_words(char *text, size_t size, double value, const char *unit);
void bench_words_time(char *text, size_t size, double ns);

/* Nobody but it and the next: what one gives is what the next one gets. */
bool bench_is_edge(const struct bench_entry *entry, size_t stage);

#endif
