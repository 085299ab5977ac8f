/* bench.c - pipelines that are measured: their runs, and what is told of them. */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"

static const struct figure {
    const char *key, *title;
    bool more_is_better;
} figures[BENCH_FIGURES] = {
    { "took_s", "time, s", false },
    { "mb_per_s", "MB/s", true },
    { "cpu_s_per_gb", "CPU-s/GB", false },
    { "peak_mb", "peak RSS, MB", false },
};

int bench_entry_init(struct bench_entry *entry, const char *text, unsigned runs)
{
    entry->text = text;
    for (int i = 0; i < BENCH_FIGURES; i++) {
        entry->runs[i] = calloc(runs, sizeof(double));
        if (entry->runs[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

void bench_entry_fini(struct bench_entry *entry)
{
    for (int i = 0; i < BENCH_FIGURES; i++)
        free(entry->runs[i]);
    bench_samples_fini(&entry->samples);
}

/* What went in: the bytes of the first stage that saw any. */
static double bytes_of(const struct bench_entry *entry)
{
    for (size_t i = 0; i < entry->stage_count; i++) {
        const weir_pipeline_stage *stage = &entry->stages[i];
        if (stage->in_bytes > 0 || stage->out_bytes > 0)
            return (double)(stage->in_bytes > stage->out_bytes ? stage->in_bytes : stage->out_bytes);
    }
    return 0;
}

void bench_add_run(struct bench_entry *entry, const weir_pipeline *pipeline, uint64_t took_ns, uint64_t cpu_ns,
                   double peak_mb)
{
    entry->stage_count = stage_report_take(pipeline, entry->stages);
    for (size_t i = 0; i < entry->stage_count; i++) {
        snprintf(entry->names[i], sizeof entry->names[i], "%s", entry->stages[i].name);
        entry->stages[i].name = entry->names[i];
    }
    entry->took_ns = took_ns;
    entry->cpu_ns = cpu_ns;
    const double bytes = bytes_of(entry), seconds = (double)(took_ns > 0 ? took_ns : 1) / 1e9;
    entry->runs[FIGURE_TIME][entry->count] = seconds;
    entry->runs[FIGURE_RATE][entry->count] = bytes / 1e6 / seconds;
    entry->runs[FIGURE_CPU][entry->count] = bytes > 0 ? (double)cpu_ns / bytes : 0; /* ns a byte are s a GB */
    entry->runs[FIGURE_PEAK][entry->count] = peak_mb;
    entry->count++;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_sum_up(struct bench_entry *entry)
{
    const unsigned count = entry->count;
    for (int i = 0; count > 0 && i < BENCH_FIGURES; i++) {
        double *runs = entry->runs[i];
        memcpy(entry->in_turn[i], runs, sizeof *runs * (count < BENCH_TURNS ? count : BENCH_TURNS));
        qsort(runs, count, sizeof *runs, compare_doubles);
        entry->ranges[i] =
            (struct bench_range){ runs[0], (runs[(count - 1) / 2] + runs[count / 2]) / 2, runs[count - 1] };
    }
}

void bench_print(FILE *out, const struct bench_entry *entries, unsigned count)
{
    char shown[72];
    fprintf(out, "%3s %9s %9s %9s %10s %9s %9s %7s\n", "", "min s", "median s", "max s", "MB/s", "CPU-s/GB", "peak MB",
            "ratio");
    for (unsigned i = 0; i < count; i++) {
        const struct bench_range *ranges = entries[i].ranges;
        fprintf(out, "%2u. %9.4f %9.4f %9.4f %10.1f %9.3f %9.1f %6.2fx\n", i + 1, ranges[FIGURE_TIME].min,
                ranges[FIGURE_TIME].median, ranges[FIGURE_TIME].max, ranges[FIGURE_RATE].median,
                ranges[FIGURE_CPU].median, ranges[FIGURE_PEAK].median,
                entries[0].ranges[FIGURE_TIME].median / ranges[FIGURE_TIME].median);
    }
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "\n%u. %s\n", i + 1, screen_name(shown, sizeof shown, entries[i].text, strlen(entries[i].text)));
        stage_report_print(out, entries[i].stages, entries[i].stage_count, entries[i].took_ns, entries[i].cpu_ns);
    }
}

/* --- JSON -------------------------------------------------------------------------------------- */

/* What isn't printable ASCII goes out as \u00XX, byte by byte: a name may be no UTF-8, and is still told apart. */
static void append_json(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (*at < 0x20 || *at >= 0x7f)
            fprintf(out, "\\u%04x", *at);
        else
            fputc(*at, out);
    }
    fputc('"', out);
}

static void print_json_stage(FILE *out, const weir_pipeline_stage *stage)
{
    fputs("{\"name\": ", out);
    append_json(out, stage->name);
    fprintf(out,
            ", \"lanes\": %u, \"outer_lanes\": %u, \"in_bytes\": %lu, \"out_bytes\": %lu, \"in_rows\": %lu, "
            "\"out_rows\": %lu, \"busy_ns\": %lu, \"blocked_ns\": %lu, \"starved_ns\": %lu, \"inlined\": %lu, "
            "\"offloaded\": %lu, \"dropped_rows\": %lu, \"queue_max\": %u, \"queue_fill\": %.3f}",
            stage->lanes, stage->outer_lanes, (unsigned long)stage->in_bytes, (unsigned long)stage->out_bytes,
            (unsigned long)stage->in_rows, (unsigned long)stage->out_rows, (unsigned long)stage->busy_ns,
            (unsigned long)stage->blocked_ns, (unsigned long)stage->starved_ns, (unsigned long)stage->inlined,
            (unsigned long)stage->offloaded, (unsigned long)stage->dropped_rows, stage->queue_max, stage->queue_fill);
}

static void print_json_entry(FILE *out, const struct bench_entry *entry)
{
    char sentence[400];
    fputs("    {\"pipeline\": ", out);
    append_json(out, entry->text);
    fprintf(out, ", \"runs\": %u", entry->count);
    for (int i = 0; i < BENCH_FIGURES; i++)
        fprintf(out, ",\n     \"%s\": {\"min\": %.6f, \"median\": %.6f, \"max\": %.6f}", figures[i].key,
                entry->ranges[i].min, entry->ranges[i].median, entry->ranges[i].max);
    fprintf(out, ",\n     \"last_run\": {\"took_ns\": %lu, \"cpu_ns\": %lu}, \"stages\": [",
            (unsigned long)entry->took_ns, (unsigned long)entry->cpu_ns);
    for (size_t i = 0; i < entry->stage_count; i++) {
        fputs(i > 0 ? ",\n       " : "\n       ", out);
        print_json_stage(out, &entry->stages[i]);
    }
    fputs("],\n     \"verdict\": ", out);
    stage_report_sentence(sentence, sizeof sentence, entry->stages, entry->stage_count, entry->took_ns, entry->cpu_ns);
    append_json(out, sentence);
    fputc('}', out);
}

void bench_print_json(FILE *out, const struct bench_entry *entries, unsigned count, bool cold)
{
    fprintf(out, "{\"weir_bench\": 1, \"weir\": \"%s\", \"cold\": %s,\n  \"pipelines\": [\n", WEIR_VERSION,
            cold ? "true" : "false");
    for (unsigned i = 0; i < count; i++) {
        print_json_entry(out, &entries[i]);
        fputs(i + 1 < count ? ",\n" : "\n", out);
    }
    fputs("  ]}\n", out);
}

/* --- comparing --------------------------------------------------------------------------------- */

static int read_whole(const char *path, weir_text *text)
{
    FILE *file = fopen(path, "re");
    int error = file == NULL ? -errno : 0;
    size_t got = 1;
    while (error == 0 && got > 0) {
        error = weir_text_reserve(text, 65536);
        got = error == 0 ? fread(text->data + text->size, 1, 65536, file) : 0;
        text->size += got;
        if (error == 0 && (ferror(file) || text->size > (16u << 20)))
            error = ferror(file) ? -EIO : -EFBIG;
    }
    if (file != NULL)
        (void)fclose(file);
    return error == 0 ? weir_text_append(text, "", 1) : error;
}

/* The entry of the same pipeline: where its figures begin, or NULL. */
static char *find_entry(char *document, const char *text)
{
    char *needle = NULL;
    size_t size;
    FILE *out = open_memstream(&needle, &size);
    if (out == NULL)
        return NULL;
    fputs("{\"pipeline\": ", out);
    append_json(out, text);
    char *found = fclose(out) == 0 ? strstr(document, needle) : NULL;
    free(needle);
    return found;
}

static bool read_range(const char *entry, const char *key, struct bench_range *ret_range)
{
    char needle[32];
    snprintf(needle, sizeof needle, "\"%s\": {", key);
    const char *at = strstr(entry, needle);
    return at != NULL && sscanf(at + strlen(needle), "\"min\": %lf, \"median\": %lf, \"max\": %lf", &ret_range->min,
                                &ret_range->median, &ret_range->max) == 3;
}

static int compare_entry(FILE *out, const struct bench_entry *entry, const char *old, unsigned fail_above)
{
    int worse = 0;
    for (int i = 0; i < BENCH_FIGURES; i++) {
        struct bench_range before;
        const struct bench_range *now = &entry->ranges[i];
        if (!read_range(old, figures[i].key, &before))
            return -EBADMSG;
        const double change = before.median > 0 ? 100 * (now->median / before.median - 1) : 0;
        const bool outside = now->min > before.max || now->max < before.min;
        fprintf(out, "  %-14s %12.3f -> %12.3f  %+8.1f %%  %s\n", figures[i].title, before.median, now->median, change,
                outside ? "outside both ranges" : "within the runs' spread");
        if (fail_above > 0 && outside && (figures[i].more_is_better ? -change : change) > fail_above)
            worse = 1;
    }
    return worse;
}

int bench_compare(FILE *out, const struct bench_entry *entries, unsigned count, const char *path, unsigned fail_above)
{
    weir_text text = { 0 };
    char shown[72];
    int result = read_whole(path, &text);
    if (result == 0 && strncmp(text.data, "{\"weir_bench\": 1,", 17) != 0)
        result = -EBADMSG;
    for (unsigned i = 0; result >= 0 && i < count; i++) {
        const char *old = find_entry(text.data, entries[i].text);
        fprintf(out, "\n%u. %s\n", i + 1, screen_name(shown, sizeof shown, entries[i].text, strlen(entries[i].text)));
        const int one = old != NULL ? compare_entry(out, &entries[i], old, fail_above) : 0;
        if (old == NULL)
            fprintf(out, "  is not in %s\n", path);
        result = one != 0 && result == 0 ? one : one < 0 ? one : result;
    }
    weir_text_fini(&text);
    return result;
}
