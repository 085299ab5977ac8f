/* bench_plot.c - what flowed at which moment, what lay between the stages, and one run beside the other. */
#include "bench_plot.h"

#include <string.h>

#include "xml_text.h"

/* Drawn in these units, stretched to the width that there is. */
#define WIDE 1000.0
#define HIGH 160.0

void bench_words(char *text, size_t size, double value, const char *unit)
{
    static const char *const prefixes[] = { "", "k", "M", "G", "T" };
    unsigned prefix = 0;
    while (value >= 999.5 && prefix < 4) {
        value /= 1000;
        prefix++;
    }
    (void)snprintf(text, size, value < 9.95 && prefix > 0 ? "%.1f %s%s" : "%.0f %s%s", value, prefixes[prefix], unit);
}

void bench_words_time(char *text, size_t size, double ns)
{
    if (ns < 1e6)
        (void)snprintf(text, size, "%.0f µs", ns / 1e3);
    else if (ns < 1e9)
        (void)snprintf(text, size, ns < 1e7 ? "%.1f ms" : "%.0f ms", ns / 1e6);
    else
        (void)snprintf(text, size, "%.2f s", ns / 1e9);
}

bool bench_is_edge(const struct bench_entry *entry, size_t stage)
{
    const weir_pipeline_stage *stages = entry->stages;
    return stage + 1 < entry->stage_count && stages[stage].depth == stages[stage + 1].depth && !stages[stage + 1].first;
}

/* --- throughput -------------------------------------------------------------------------------------- */

/* What a line of the plot adds up. */
struct series {
    size_t stage;
    bool rows;
};

static double given(const struct bench_sample *sample, struct series series)
{
    const struct bench_flow *flow = &sample->flows[series.stage];
    return (double)(series.rows ? flow->out_rows : flow->out_bytes);
}

/* The first stage that gives anything, or the last. */
static struct series find_series(const struct bench_entry *entry, bool last)
{
    struct series found = { .stage = entry->stage_count };
    for (size_t i = 0; i < entry->stage_count; i++) {
        const weir_pipeline_stage *stage = &entry->stages[i];
        if (stage->out_bytes == 0 && stage->out_rows == 0)
            continue;
        if (last || found.stage == entry->stage_count)
            found = (struct series){ i, stage->out_bytes == 0 };
    }
    return found;
}

/* A second, between two samples. */
static double rate_at(const struct bench_samples *samples, unsigned i, struct series series)
{
    const struct bench_sample *now = &samples->list[i];
    const double before = i > 0 ? given(&samples->list[i - 1], series) : 0;
    const int64_t since_ns = now->at_ns - (i > 0 ? samples->list[i - 1].at_ns : 0);
    return since_ns > 0 ? (given(now, series) - before) / ((double)since_ns / 1e9) : 0;
}

static double highest(const struct bench_samples *samples, struct series series)
{
    double most = 0;
    for (unsigned i = 0; i < samples->count; i++) {
        const double rate = rate_at(samples, i, series);
        most = rate > most ? rate : most;
    }
    return most;
}

static void put_line(FILE *out, const struct bench_samples *samples, struct series series, double most, int64_t end_ns,
                     const char *class)
{
    double from = 0;
    fprintf(out, "<path class=\"%s\" d=\"M0 %.1f", class, HIGH);
    for (unsigned i = 0; i < samples->count; i++) { /* steps: what is known is what flowed between two moments */
        const double to = WIDE * (double)samples->list[i].at_ns / (double)end_ns;
        const double y = HIGH - HIGH * rate_at(samples, i, series) / most;
        fprintf(out, "L%.1f %.1fL%.1f %.1f", from, y, to, y);
        from = to;
    }
    fputs("\"/>", out);
}

static void put_key(FILE *out, const struct bench_entry *entry, struct series series, int number, double took_ns)
{
    char words[48];
    const weir_pipeline_stage *stage = &entry->stages[series.stage];
    bench_words(words, sizeof words, (double)(series.rows ? stage->out_rows : stage->out_bytes) / (took_ns / 1e9),
                series.rows ? " rows/s" : "B/s");
    fprintf(out, "<span><i class=\"k%d\"></i>out of ", number);
    xml_text(out, stage->name, strlen(stage->name));
    fprintf(out, ", %s on average</span>", words);
}

static void open_plot(FILE *out, double high)
{
    fprintf(out, "<svg viewBox=\"0 0 %.0f %.0f\" preserveAspectRatio=\"none\" style=\"height:%.0fpx\">", WIDE, high,
            high);
}

void bench_plot_throughput(FILE *out, const struct bench_entry *entry)
{
    char top[48], end[48];
    const struct bench_samples *samples = &entry->samples;
    const struct series first = find_series(entry, false), last = find_series(entry, true);
    const int64_t end_ns = samples->count > 0 ? samples->list[samples->count - 1].at_ns : 0;
    const double most = first.stage < entry->stage_count ? highest(samples, first) : 0;
    if (end_ns <= 0 || most <= 0) {
        fputs("<p class=\"soft\">Nothing flowed.</p>\n", out);
        return;
    }
    const bool two = last.stage != first.stage && last.rows == first.rows;
    const double other = two ? highest(samples, last) : 0, scale = other > most ? other : most;
    bench_words(top, sizeof top, scale, first.rows ? " rows/s" : "B/s");
    bench_words_time(end, sizeof end, (double)end_ns);
    fprintf(out, "<div class=\"axis\">%s</div>\n", top);
    open_plot(out, HIGH);
    for (int i = 0; i <= 4; i++)
        fprintf(out, "<path class=\"grid\" d=\"M0 %.0fH%.0f\"/>", HIGH * i / 4, WIDE);
    put_line(out, samples, first, scale, end_ns, "l1");
    if (two)
        put_line(out, samples, last, scale, end_ns, "l2");
    fprintf(out, "</svg>\n<div class=\"scale axis\"><span>0</span><span>%s</span></div><div class=\"key\">", end);
    put_key(out, entry, first, 1, (double)entry->took_ns);
    if (two)
        put_key(out, entry, last, 2, (double)entry->took_ns);
    fputs("</div>\n", out);
}

/* --- between the stages -------------------------------------------------------------------------------- */

/* What the stage had given and the next one hadn't taken: bytes, or rows. */
static double queued(const struct bench_sample *sample, size_t stage, bool rows)
{
    const struct bench_flow *from = &sample->flows[stage], *to = &sample->flows[stage + 1];
    const uint64_t out = rows ? from->out_rows : from->out_bytes, in = rows ? to->in_rows : to->in_bytes;
    return out > in ? (double)(out - in) : 0; /* the counters are read one after the other */
}

static void put_queue(FILE *out, const struct bench_entry *entry, size_t stage)
{
    char mean_words[48], most_words[48];
    const struct bench_samples *samples = &entry->samples;
    const bool rows = entry->stages[stage].out_bytes == 0;
    double most = 0, sum = 0;
    for (unsigned i = 0; i < samples->count; i++) {
        const double now = queued(&samples->list[i], stage, rows);
        most = now > most ? now : most;
        sum += now;
    }
    bench_words(mean_words, sizeof mean_words, samples->count > 0 ? sum / samples->count : 0, rows ? " rows" : "B");
    bench_words(most_words, sizeof most_words, most, rows ? " rows" : "B");
    fputs("<div class=\"row\"><span>", out);
    xml_text(out, entry->stages[stage].name, strlen(entry->stages[stage].name));
    fputs(" &rarr; ", out);
    xml_text(out, entry->stages[stage + 1].name, strlen(entry->stages[stage + 1].name));
    fprintf(out, "</span><span class=\"axis\">%s on average, %s at most</span></div>\n", mean_words, most_words);
    open_plot(out, 36);
    fputs("<path class=\"grid\" d=\"M0 36H1000\"/><path class=\"f1\" d=\"M0 36", out);
    for (unsigned i = 0; i < samples->count; i++) {
        const double end = (double)samples->list[samples->count - 1].at_ns;
        fprintf(out, "L%.1f %.1f", WIDE * (double)samples->list[i].at_ns / (end > 0 ? end : 1),
                most > 0 ? 36 - 34 * queued(&samples->list[i], stage, rows) / most : 36);
    }
    fputs("L1000 36Z\"/></svg>\n", out);
}

void bench_plot_queues(FILE *out, const struct bench_entry *entry)
{
    bool any = false;
    for (size_t i = 0; i < entry->stage_count; i++)
        if (bench_is_edge(entry, i) && (entry->stages[i].out_bytes > 0 || entry->stages[i].out_rows > 0)) {
            put_queue(out, entry, i);
            any = true;
        }
    if (!any)
        fputs("<p class=\"soft\">There is no edge that something flowed over.</p>\n", out);
}

/* --- runs --------------------------------------------------------------------------------------------------- */

void bench_plot_runs(FILE *out, const struct bench_entry *entry)
{
    const unsigned count = entry->count < BENCH_TURNS ? entry->count : BENCH_TURNS;
    const double most = entry->ranges[FIGURE_TIME].max;
    char words[48];
    bench_words_time(words, sizeof words, most * 1e9);
    fprintf(out, "<div class=\"axis\">%s</div>\n", words);
    open_plot(out, 90);
    for (unsigned i = 0; i < count && most > 0; i++) {
        const double high = 90 * entry->in_turn[FIGURE_TIME][i] / most, wide = WIDE / count;
        fprintf(out, "<rect class=\"f1\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                wide * i + wide * 0.15, 90 - high, wide * 0.7, high);
    }
    fputs("<path class=\"grid\" d=\"M0 90H1000\"/></svg>\n", out);
    fprintf(out, "<div class=\"scale axis\"><span>1</span><span>%u</span></div>\n", count);
}
