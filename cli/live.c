/* live.c - what a weir that runs is doing now, as a structure and as text. */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/chunk.h>
#include <weir/time.h>

#include "json_text.h"
#include "screen.h"

struct figure {
    const char *name;
    size_t offset;
    size_t size; /* of an unsigned number, or a bool */
};

#define OF_LIVE(field)                                                        \
    {                                                                         \
#field, offsetof(struct live, field), sizeof((struct live *)0)->field \
    }
static const struct figure live_figures[] = {
    OF_LIVE(pid),        OF_LIVE(now_ns),      OF_LIVE(began_ns),   OF_LIVE(cpu_ns),   OF_LIVE(rss_bytes),
    OF_LIVE(paused),     OF_LIVE(mem_used),    OF_LIVE(mem_budget), OF_LIVE(troubles), OF_LIVE(input_bytes),
    OF_LIVE(files_done), OF_LIVE(files_found), OF_LIVE(files_all),
};

#define OF_STAGE(field)                                                                       \
    {                                                                                         \
#field, offsetof(weir_pipeline_stage, field), sizeof((weir_pipeline_stage *)0)->field \
    }
static const struct figure stage_figures[] = {
    OF_STAGE(depth),        OF_STAGE(first),      OF_STAGE(has_block),  OF_STAGE(takes_par), OF_STAGE(lanes),
    OF_STAGE(outer_lanes),  OF_STAGE(in_bytes),   OF_STAGE(out_bytes),  OF_STAGE(in_rows),   OF_STAGE(out_rows),
    OF_STAGE(busy_ns),      OF_STAGE(blocked_ns), OF_STAGE(starved_ns), OF_STAGE(inlined),   OF_STAGE(offloaded),
    OF_STAGE(dropped_rows), OF_STAGE(queued),     OF_STAGE(queue_max),
};

enum { LIVE_FIGURES = sizeof live_figures / sizeof live_figures[0] };
enum { STAGE_FIGURES = sizeof stage_figures / sizeof stage_figures[0] };

static uint64_t get(const void *base, const struct figure *figure)
{
    const char *at = (const char *)base + figure->offset;
    if (figure->size == sizeof(uint64_t))
        return *(const uint64_t *)(const void *)at;
    return figure->size == sizeof(unsigned) ? *(const unsigned *)(const void *)at : *(const bool *)(const void *)at;
}

static void set(void *base, const struct figure *figure, uint64_t value)
{
    char *at = (char *)base + figure->offset;
    if (figure->size == sizeof(uint64_t))
        *(uint64_t *)(void *)at = value;
    else if (figure->size == sizeof(unsigned))
        *(unsigned *)(void *)at = (unsigned)value;
    else
        *(bool *)(void *)at = value != 0;
}

static void name_stages(struct live *live)
{
    for (size_t i = 0; i < live->count; i++) {
        (void)screen_name(live->names[i], sizeof live->names[i], live->stages[i].name, strlen(live->stages[i].name));
        live->stages[i].name = live->names[i];
    }
}

static int statm_fd = -1;

static void open_statm(void)
{
    statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

static int statm_get(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, open_statm);
    return statm_fd;
}

void live_warm_up(void)
{
    (void)statm_get();
}

static uint64_t resident_bytes(void)
{
    char text[128];
    const ssize_t size = pread(statm_get(), text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    const char *second = strchr(text, ' ');
    return second == NULL ? 0 : (uint64_t)strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

size_t live_stages(const struct live_of *of, weir_pipeline_stage stages[STAGES_SHOWN])
{
    if (of->pipeline != NULL)
        return stage_report_take(of->pipeline, stages);
    weir_hash_stages(of->hash, of->lanes, of->last, stages);
    return WEIR_HASH_STAGES;
}

static void take_pipeline(struct live *live, const weir_pipeline *pipeline)
{
    live->paused = weir_pipeline_is_paused(pipeline);
    live->troubles = weir_pipeline_troubles(pipeline);
}

static void take_hash(struct live *live, const weir_hash_counters *counters)
{
    live->troubles = __atomic_load_n(&counters->errors, __ATOMIC_RELAXED);
    live->files_done = __atomic_load_n(&counters->files, __ATOMIC_RELAXED);
    live->files_found = __atomic_load_n(&counters->files_found, __ATOMIC_RELAXED);
    live->files_all = __atomic_load_n(&counters->walk_done, __ATOMIC_RELAXED) != 0;
}

void live_take(struct live *live, const struct live_of *of)
{
    weir_chunk_stats chunks;
    struct rusage usage;
    weir_chunk_stats_get(&chunks);
    (void)getrusage(RUSAGE_SELF, &usage);
    live->pid = (uint64_t)getpid();
    live->now_ns = (uint64_t)weir_now_ns();
    live->cpu_ns = stage_report_cpu_ns(&usage);
    live->rss_bytes = resident_bytes();
    live->mem_used = chunks.used;
    live->mem_budget = chunks.budget;
    if (of->pipeline != NULL)
        take_pipeline(live, of->pipeline);
    else
        take_hash(live, of->hash);
    live->count = live_stages(of, live->stages);
    name_stages(live);
}

void live_write(FILE *out, const struct live *live)
{
    for (int i = 0; i < LIVE_FIGURES; i++)
        fprintf(out, "%s %lu\n", live_figures[i].name, (unsigned long)get(live, &live_figures[i]));
    for (size_t i = 0; i < live->count; i++) {
        fprintf(out, "stage %s\n", live->stages[i].name);
        for (int k = 0; k < STAGE_FIGURES; k++)
            fprintf(out, "%s %lu\n", stage_figures[k].name, (unsigned long)get(&live->stages[i], &stage_figures[k]));
    }
    fputs("end\n", out);
}

static void write_json_figures(FILE *out, const void *base, const struct figure *figures, int count)
{
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s\"%s\":", i > 0 ? "," : "", figures[i].name);
        if (figures[i].size == sizeof(bool))
            fputs(get(base, &figures[i]) != 0 ? "true" : "false", out);
        else
            fprintf(out, "%lu", (unsigned long)get(base, &figures[i]));
    }
}

void live_write_json(FILE *out, const struct live *live)
{
    putc('{', out);
    write_json_figures(out, live, live_figures, LIVE_FIGURES);
    fputs(",\"stages\":[", out);
    for (size_t i = 0; i < live->count; i++) {
        fprintf(out, "%s{\"name\":", i > 0 ? "," : "");
        json_text_put(out, live->stages[i].name);
        putc(',', out);
        write_json_figures(out, &live->stages[i], stage_figures, STAGE_FIGURES);
        putc('}', out);
    }
    fputs("]}", out);
}

static void read_figure(struct live *live, const char *name, uint64_t value)
{
    for (int i = 0; live->count > 0 && i < STAGE_FIGURES; i++)
        if (strcmp(stage_figures[i].name, name) == 0)
            set(&live->stages[live->count - 1], &stage_figures[i], value);
    for (int i = 0; live->count == 0 && i < LIVE_FIGURES; i++)
        if (strcmp(live_figures[i].name, name) == 0)
            set(live, &live_figures[i], value);
}

int live_read(FILE *in, struct live *ret_live)
{
    char line[256];
    memset(ret_live, 0, sizeof *ret_live);
    while (fgets(line, sizeof line, in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strchr(line, ' ');
        if (strcmp(line, "end") == 0)
            return 0;
        if (value == NULL)
            continue;
        *value++ = '\0';
        if (strcmp(line, "stage") != 0) {
            read_figure(ret_live, line, strtoull(value, NULL, 10));
        } else if (ret_live->count < STAGES_SHOWN) {
            const size_t i = ret_live->count++;
            ret_live->stages[i].name = screen_name(ret_live->names[i], sizeof ret_live->names[i], value, strlen(value));
        }
    }
    return -EPROTO;
}

uint64_t live_input_bytes(const struct live_of *of)
{
    uint64_t sum = 0;
    for (size_t i = 0; of->pipeline != NULL && weir_pipeline_input_at(of->pipeline, i) != NULL; i++) {
        struct stat st;
        if (stat(weir_pipeline_input_at(of->pipeline, i), &st) < 0 || !S_ISREG(st.st_mode))
            return 0;
        sum += (uint64_t)st.st_size;
    }
    return sum;
}
