/*
 * bench_html.c - a page with the plots of a measurement, which needs nothing but itself: no script, no font, no picture
 * from elsewhere. Words are HTML and stay as large as they are; only what is drawn stretches with the width.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>

#include "bench_plot.h"
#include "xml_text.h"

/* --- the whole comparison --------------------------------------------------------------------------- */

static const struct figure {
    const char *title, *format;
} figures[BENCH_FIGURES] = {
    { "time, s", "%.4f" },
    { "MB/s", "%.1f" },
    { "CPU-s/GB", "%.3f" },
    { "peak MB", "%.1f" },
};

static void put_summary(FILE *out, const struct bench_entry *entries, unsigned count)
{
    fputs("<div class=\"wide\"><table><thead><tr><th></th>", out);
    for (int i = 0; i < BENCH_FIGURES; i++)
        fprintf(out, "<th>%s</th>", figures[i].title);
    fputs("<th>ratio</th></tr></thead><tbody>\n", out);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "<tr><th><a href=\"#p%u\">%u</a></th>", i + 1, i + 1);
        for (int figure = 0; figure < BENCH_FIGURES; figure++) {
            const struct bench_range *range = &entries[i].ranges[figure];
            fprintf(out, "<td data-of=\"%s\"><span>", figures[figure].title);
            fprintf(out, figures[figure].format, range->median);
            fputs("<small>", out);
            fprintf(out, figures[figure].format, range->min);
            fputs("&hairsp;&ndash;&hairsp;", out);
            fprintf(out, figures[figure].format, range->max);
            fputs("</small></span></td>", out);
        }
        fprintf(out, "<td data-of=\"ratio\"><span>%.2f&times;</span></td></tr>\n",
                entries[0].ranges[FIGURE_TIME].median / entries[i].ranges[FIGURE_TIME].median);
    }
    fputs("</tbody></table></div>\n", out);
}

/* --- a pipeline -------------------------------------------------------------------------------------- */

static void put_figure(FILE *out, const char *title, const char *words, const struct bench_entry *entry,
                       void (*plot)(FILE *out, const struct bench_entry *entry))
{
    fprintf(out, "<figure><figcaption><b>%s</b> %s</figcaption>\n", title, words);
    plot(out, entry);
    fputs("</figure>\n", out);
}

static void put_entry(FILE *out, const struct bench_entry *entry, unsigned number)
{
    char sentence[400];
    fprintf(out, "<section id=\"p%u\"><h2>%u</h2><pre>", number, number);
    xml_text(out, entry->text, strlen(entry->text));
    fputs("</pre>\n<p class=\"verdict\">", out);
    stage_report_sentence(sentence, sizeof sentence, entry->stages, entry->stage_count, entry->took_ns, entry->cpu_ns);
    xml_text(out, sentence, strlen(sentence));
    fputs(".</p>\n<div class=\"plots\">\n", out);
    put_figure(out, "Flow", "the last run; a band is as wide as what flows there", entry, bench_plot_flow);
    put_figure(out, "Throughput over time", "the last run", entry, bench_plot_throughput);
    put_figure(out, "Where the time goes", "of each stage, lanes together", entry, bench_plot_busy);
    put_figure(out, "Steps", "how many took how long; each column twice as long as the one before", entry,
               bench_plot_steps);
    put_figure(out, "Between the stages", "what lay in the edges", entry, bench_plot_queues);
    put_figure(out, "Runs", "in their order, by time", entry, bench_plot_runs);
    fputs("</div></section>\n", out);
}

/* --- the page ------------------------------------------------------------------------------------------ */

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>weir bench</title>\n<style>\n"
    ":root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--ink:#1d1d1b;--soft:#62625d;--line:#dcdbd6;"
    "--blue:#2a78d6;--wash:#cfe2f8;--orange:#d9541e;--rest:#e6e5e0}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#161615;--card:#1f1f1d;--ink:#ecebe6;--soft:#a5a49d;--line:#383733;"
    "--blue:#4a95e8;--wash:#1f3f63;--orange:#f0763f;--rest:#33322e}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:15px/1.45 system-ui,sans-serif}\n"
    "main{max-width:1080px;margin:0 auto;padding:20px 16px 48px}h1{font-size:24px;margin:0}"
    "h2{font-size:18px;margin:0 0 6px}\n"
    ".soft,small,figcaption,.axis{color:var(--soft)}.axis,small,.key{font-size:12px}small{display:block}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px;margin-top:18px}\n"
    "pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace;"
    "background:var(--page);border-radius:6px;padding:8px 10px}\n"
    ".verdict{margin:10px 0 0;font-weight:600}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:right;padding:6px 8px;border-bottom:1px solid var(--line);white-space:nowrap}"
    "a{color:var(--blue)}\n"
    /* Where it is too narrow for the columns each pipeline is a list of its figures. */
    "@media(max-width:640px){thead{display:none}table,tbody,tr,th,td{display:block}tr{margin-bottom:14px}"
    "tr>th{text-align:left;font-size:18px}td{display:flex;justify-content:space-between;gap:12px}"
    "td::before{content:attr(data-of);color:var(--soft)}}\n"
    ".plots{columns:2 400px;column-gap:28px;margin-top:18px}"
    "figure{margin:0 0 24px;break-inside:avoid}figcaption{margin-bottom:8px}"
    "figcaption b{color:var(--ink)}\n"
    "svg{display:block;width:100%}.scale,.row{display:flex;justify-content:space-between;gap:10px}"
    ".row{align-items:baseline;margin-top:10px;flex-wrap:wrap;gap:0 10px}.key "
    "i{display:inline-block;width:10px;height:10px;border-radius:2px;margin:0 5px 0 0}"
    ".key span{margin-right:14px}\n"
    ".f1{fill:var(--blue)}.f2{fill:var(--orange)}.f3{fill:var(--rest)}.wash{fill:var(--wash)}.card{fill:var(--page);"
    "stroke:var(--line)}.k1{background:var(--blue)}.k2{background:var(--orange)}.k3{background:var(--rest)}\n"
    ".l1,.l2,.grid{fill:none;vector-effect:non-scaling-stroke}.l1{stroke:var(--blue);stroke-width:2}"
    ".l2{stroke:var(--orange);stroke-width:2}.grid{stroke:var(--line);stroke-width:1}\n"
    "text{fill:var(--ink);font:13px system-ui,sans-serif}text.soft{fill:var(--soft);font-size:12px}\n"
    "</style></head><body><main>\n";

int bench_write_html(const char *path, const struct bench_entry *entries, unsigned count, bool cold)
{
    FILE *out = fopen(path, "we");
    if (out == NULL)
        return -errno;
    fputs(head, out);
    fprintf(out, "<h1>weir bench</h1>\n<p class=\"soft\">weir %s &middot; %u run%s of each, in turn &middot; %s</p>\n",
            WEIR_VERSION, entries[0].count, entries[0].count == 1 ? "" : "s",
            cold ? "input dropped from the page cache before each" : "after one that isn't counted");
    put_summary(out, entries, count);
    for (unsigned i = 0; i < count; i++)
        put_entry(out, &entries[i], i + 1);
    fputs("</main></body></html>\n", out);
    const bool written = fflush(out) == 0 && ferror(out) == 0;
    return fclose(out) != 0 || !written ? -EIO : 0;
}
