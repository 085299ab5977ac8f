/* bench_plot_stages.c - stage by stage: what flowed between them, where their time went, how long their steps took. */
#include "bench_plot.h"

#include <string.h>

#include "screen.h"
#include "xml_text.h"

/* --- the flow ------------------------------------------------------------------------------------------- */

#define FLOW_WIDE 360.0
#define BOX_HIGH 40.0
#define BAND_HIGH 40.0
#define INDENT 18.0

static void put_name(FILE *out, const char *name)
{
    char shown[28];
    (void)screen_name(shown, sizeof shown, name, strlen(name));
    xml_text(out, shown, strlen(shown));
}

/* What flows from this stage to the next in a second, and whether that is records or files. */
static double flow_of(const struct bench_entry *entry, size_t stage, bool *ret_rows)
{
    const weir_pipeline_stage *from = &entry->stages[stage];
    const double seconds = (double)(entry->took_ns > 0 ? entry->took_ns : 1) / 1e9;
    *ret_rows = from->out_bytes == 0;
    return (double)(*ret_rows ? from->out_rows : from->out_bytes) / seconds;
}

static double widest(const struct bench_entry *entry, bool rows)
{
    double most = 0;
    for (size_t i = 0; i < entry->stage_count; i++) {
        bool is_rows;
        const double flow = flow_of(entry, i, &is_rows);
        if (bench_is_edge(entry, i) && is_rows == rows && flow > most)
            most = flow;
    }
    return most;
}

static void put_band(FILE *out, const struct bench_entry *entry, size_t stage, double y)
{
    bool rows;
    char words[48];
    const double flow = flow_of(entry, stage, &rows), most = widest(entry, rows), middle = 120;
    const double wide = most > 0 && flow > 0 ? 3 + 197 * flow / most : 1;
    bench_words(words, sizeof words, flow, rows ? " rows/s" : "B/s");
    fprintf(out, "<rect class=\"wash\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", middle - wide / 2, y,
            wide, BAND_HIGH);
    fprintf(out, "<text class=\"soft\" x=\"%.0f\" y=\"%.1f\">%s</text>\n", middle + wide / 2 + 8, y + BAND_HIGH / 2 + 4,
            words);
}

static void put_box(FILE *out, const struct bench_entry *entry, size_t index, double y)
{
    const weir_pipeline_stage *stage = &entry->stages[index];
    const double lanes = stage->lanes > 0 ? stage->lanes : 1, took = entry->took_ns > 0 ? (double)entry->took_ns : 1;
    double busy = (double)stage->busy_ns / took / lanes;
    busy = busy > 1 ? 1 : busy;
    const double x = 4 + INDENT * (stage->depth < 6 ? stage->depth : 6), wide = 236 - x;
    fprintf(out, "<rect class=\"card\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"6\"/>", x, y, wide,
            BOX_HIGH);
    fprintf(out, "<rect class=\"f1\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"4\" rx=\"2\"/>", x + 6,
            y + BOX_HIGH - 8, (wide - 12) * busy);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">", x + 10, y + 22);
    put_name(out, stage->name);
    if (stage->lanes > 1)
        fprintf(out, " &times;%u", stage->lanes);
    fprintf(out, "</text><text class=\"soft\" x=\"248\" y=\"%.1f\">%.0f %% busy</text>\n", y + 24, 100 * busy);
}

void bench_plot_flow(FILE *out, const struct bench_entry *entry)
{
    double high = 4, y = 2;
    for (size_t i = 0; i < entry->stage_count; i++)
        high += BOX_HIGH + (bench_is_edge(entry, i) ? BAND_HIGH : 8);
    fprintf(out, "<svg viewBox=\"0 0 %.0f %.0f\" style=\"max-width:460px\">\n", FLOW_WIDE, high);
    for (size_t i = 0; i < entry->stage_count; i++) {
        put_box(out, entry, i, y);
        y += BOX_HIGH;
        if (bench_is_edge(entry, i))
            put_band(out, entry, i, y);
        y += bench_is_edge(entry, i) ? BAND_HIGH : 8;
    }
    fputs("</svg>\n", out);
}

/* --- where the time goes ------------------------------------------------------------------------------------ */

static double share(double ns, double of_ns, double left)
{
    const double part = of_ns > 0 ? ns / of_ns : 0;
    return part > left ? left : part;
}

void bench_plot_busy(FILE *out, const struct bench_entry *entry)
{
    fputs("<div class=\"key\"><span><i class=\"k1\"></i>busy</span><span><i class=\"k2\"></i>blocked: no room behind "
          "it</span><span><i class=\"k3\"></i>starved, or idle</span></div>\n",
          out);
    for (size_t i = 0; i < entry->stage_count; i++) {
        const weir_pipeline_stage *stage = &entry->stages[i];
        const double took = (double)entry->took_ns;
        const double busy = share((double)stage->busy_ns, took * (stage->lanes > 0 ? stage->lanes : 1), 1);
        const double blocked =
            share((double)stage->blocked_ns, took * (stage->outer_lanes > 0 ? stage->outer_lanes : 1), 1 - busy);
        fputs("<div class=\"row\"><span>", out);
        put_name(out, stage->name);
        fprintf(out, "</span><span class=\"axis\">%.0f %% busy, %.0f %% blocked</span></div>\n", 100 * busy,
                100 * blocked);
        fprintf(out,
                "<svg viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" style=\"height:12px\">"
                "<rect class=\"f3\" width=\"1000\" height=\"12\"/><rect class=\"f1\" width=\"%.1f\" height=\"12\"/>"
                "<rect class=\"f2\" x=\"%.1f\" width=\"%.1f\" height=\"12\"/></svg>\n",
                1000 * busy, 1000 * busy, 1000 * blocked);
    }
}

/* --- steps ----------------------------------------------------------------------------------------------------- */

static uint64_t count_steps(const weir_pipeline_stage *stage, uint64_t *ret_most)
{
    uint64_t all = 0;
    *ret_most = 0;
    for (unsigned i = 0; i < WEIR_PIPELINE_STEPS; i++) {
        all += stage->steps[i];
        *ret_most = stage->steps[i] > *ret_most ? stage->steps[i] : *ret_most;
    }
    return all;
}

/* The upper bound of the bucket in which so much of all steps has passed. */
static double quantile(const weir_pipeline_stage *stage, uint64_t all, double part)
{
    uint64_t passed = 0;
    unsigned i = 0;
    for (; i + 1 < WEIR_PIPELINE_STEPS; i++) {
        passed += stage->steps[i];
        if ((double)passed >= part * (double)all)
            break;
    }
    return 1024.0 * (double)(UINT64_C(1) << i);
}

static void put_steps(FILE *out, const weir_pipeline_stage *stage)
{
    uint64_t most;
    char half[32], most_of[32];
    const uint64_t all = count_steps(stage, &most);
    bench_words_time(half, sizeof half, quantile(stage, all, 0.5));
    bench_words_time(most_of, sizeof most_of, quantile(stage, all, 0.99));
    fputs("<div class=\"row\"><span>", out);
    put_name(out, stage->name);
    fprintf(out, "</span><span class=\"axis\">%lu steps, half below %s, 99 %% below %s</span></div>\n",
            (unsigned long)all, half, most_of);
    fputs("<svg viewBox=\"0 0 1000 44\" preserveAspectRatio=\"none\" style=\"height:44px\">", out);
    for (unsigned i = 0; i < WEIR_PIPELINE_STEPS; i++) {
        const double wide = 1000.0 / WEIR_PIPELINE_STEPS, high = 42 * (double)stage->steps[i] / (double)most;
        if (stage->steps[i] > 0)
            fprintf(out, "<rect class=\"f1\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", wide * i + 2,
                    44 - (high < 1.5 ? 1.5 : high), wide - 4, high < 1.5 ? 1.5 : high);
    }
    fputs("<path class=\"grid\" d=\"M0 44H1000\"/></svg>\n", out);
}

void bench_plot_steps(FILE *out, const struct bench_entry *entry)
{
    uint64_t most;
    bool any = false;
    for (size_t i = 0; i < entry->stage_count; i++)
        if (count_steps(&entry->stages[i], &most) > 0) {
            put_steps(out, &entry->stages[i]);
            any = true;
        }
    fputs(any ? "<div class=\"scale axis\"><span>1 &micro;s</span><span>64 &micro;s</span><span>4 ms</span><span>0.3 "
                "s</span><span>8 s</span></div>\n"
              : "<p class=\"soft\">No step was timed.</p>\n",
          out);
}
