/* task_stats.c - histograms by task name, a table a worker. */
#include "task_stats.h"

#include <stdlib.h>
#include <string.h>

#include "worker.h"

/* Half of it is filled at most; then the names that come are one. */
#define SLOTS 1024u
#define NAMES_MAX 500u

struct task_stats {
    struct weir_task_stats *slots[SLOTS]; /* by the address of the name */
    uint32_t names;
    struct weir_task_stats others;
};

struct task_stats *wi_task_stats_create(void)
{
    struct task_stats *stats = calloc(1, sizeof *stats);
    if (stats != NULL)
        stats->others.name = "(others)";
    (void)wi_stamp_ns(0);
    return stats;
}

void wi_task_stats_destroy(struct task_stats *stats)
{
    if (stats == NULL)
        return;
    for (uint32_t i = 0; i < SLOTS; i++)
        free(stats->slots[i]);
    free(stats);
}

static struct weir_task_stats *find(struct task_stats *stats, const char *name)
{
    uint32_t i = (uint32_t)((uintptr_t)name * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SLOTS;
    for (; stats->slots[i] != NULL; i = (i + 1) % SLOTS)
        if (stats->slots[i]->name == name)
            return stats->slots[i];
    struct weir_task_stats *entry = stats->names < NAMES_MAX ? calloc(1, sizeof *entry) : NULL;
    if (entry == NULL)
        return &stats->others;
    entry->name = name;
    stats->names++;
    wi_store(&stats->slots[i], entry, RELEASE);
    return entry;
}

static void note(weir_histogram *histogram, uint64_t stamps)
{
    const uint64_t ns = wi_stamp_ns(stamps);
    COUNT(histogram->samples);
    wi_store(&histogram->sum_ns, histogram->sum_ns + ns, RELAXED);
    COUNT(histogram->buckets[weir_histogram_bucket(ns)]);
}

void wi_task_stats_note(struct task_stats *stats, const char *name, uint64_t queued, uint64_t begun, uint64_t ended)
{
    struct weir_task_stats *entry = find(stats, name);
    note(&entry->polls, ended - begun);
    /* Two cores' clocks may differ by a hair. */
    note(&entry->waits, begun > queued ? begun - queued : 0);
}

/* --- reading ----------------------------------------------------------------------- */

static void add(weir_histogram *to, const weir_histogram *from)
{
    to->samples += wi_load(&from->samples, RELAXED);
    to->sum_ns += wi_load(&from->sum_ns, RELAXED);
    for (unsigned i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++)
        to->buckets[i] += wi_load(&from->buckets[i], RELAXED);
}

struct merged {
    struct weir_task_stats *list;
    uint32_t count, room;
};

static int merge(struct merged *merged, const struct weir_task_stats *from)
{
    uint32_t i = 0;
    while (i < merged->count && strcmp(merged->list[i].name, from->name) != 0)
        i++;
    if (i == merged->room) {
        const uint32_t room = merged->room == 0 ? 16 : 2 * merged->room;
        struct weir_task_stats *list = realloc(merged->list, room * sizeof *list);
        if (list == NULL)
            return -ENOMEM;
        merged->list = list;
        merged->room = room;
    }
    if (i == merged->count) {
        merged->list[i] = (struct weir_task_stats){ .name = from->name };
        merged->count++;
    }
    add(&merged->list[i].polls, &from->polls);
    add(&merged->list[i].waits, &from->waits);
    return 0;
}

static int merge_worker(struct merged *merged, const struct task_stats *stats)
{
    int error = 0;
    for (uint32_t i = 0; i < SLOTS && error == 0; i++) {
        const struct weir_task_stats *entry = wi_load(&stats->slots[i], ACQUIRE);
        if (entry != NULL)
            error = merge(merged, entry);
    }
    if (error == 0 && wi_load(&stats->others.polls.samples, RELAXED) > 0)
        error = merge(merged, &stats->others);
    return error;
}

int weir_task_stats_each(weir_runtime *runtime, void (*fn)(const weir_task_stats *stats, void *arg), void *arg)
{
    if (!runtime->options.task_stats)
        return -EINVAL;
    struct merged merged = { 0 };
    int error = 0;
    for (uint32_t i = 0; i < runtime->worker_count && error == 0; i++)
        error = merge_worker(&merged, runtime->workers[i].stats);
    for (uint32_t i = 0; i < merged.count && error == 0; i++)
        fn(&merged.list[i], arg);
    free(merged.list);
    return error;
}

int weir_worker_poll_histogram(weir_runtime *runtime, unsigned index, weir_histogram *ret_histogram)
{
    if (index >= runtime->worker_count || !runtime->options.task_stats)
        return -EINVAL;
    const struct task_stats *stats = runtime->workers[index].stats;
    *ret_histogram = (weir_histogram){ 0 };
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct weir_task_stats *entry = wi_load(&stats->slots[i], ACQUIRE);
        if (entry != NULL)
            add(ret_histogram, &entry->polls);
    }
    add(ret_histogram, &stats->others.polls);
    return 0;
}
