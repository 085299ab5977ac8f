/*
 * dump.c - a runtime as text: its deadlocks, its workers, its tasks.
 *
 * Tasks that stand at the same place are one entry, so that a million sleepers
 * are a few lines. An entry is printed after all were seen, as only then the
 * names of those who are waited for are known.
 */
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "holders.h"
#include "text_out.h"

/* Tasks that stand at the same place. */
struct group {
    uint64_t hash; /* 0: no group */
    uint64_t count;
    uint64_t more[6]; /* ids, after the first */
    uint64_t longest_id;
    int64_t longest_ns;
    weir_dump_task first;
};

struct dump {
    struct weir_runtime *runtime;
    struct text_out *out;
    struct group **table; /* open addressing, a power of two */
    size_t table_size, groups;
    uint64_t tasks, doing[3];
    struct holders holders;
    bool no_memory;
};

/* --- groups ---------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    /* a step of splitmix64, Steele et al. 2014 */
    hash = (hash ^ value) * 0xbf58476d1ce4e5b9u;
    return hash ^ hash >> 29;
}

static uint64_t hash_task(const weir_dump_task *task)
{
    uint64_t hash = mix(task->doing, (uintptr_t)task->name);
    for (unsigned i = 0; i < task->frame_count; i++) {
        const weir_dump_frame *frame = &task->frames[i];
        hash = mix(hash, (uintptr_t)frame->type);
        hash = mix(hash, (uint64_t)frame->depth << 32 | frame->line);
    }
    for (unsigned i = 0; i < task->wait_count; i++)
        if (task->waits[i].holder != NULL)
            hash = mix(hash, (uintptr_t)task->waits[i].holder ^ (uintptr_t)task->waits[i].object);
    if (task->doing == WEIR_TASK_RUNS)
        hash = mix(hash, (uint64_t)task->worker + 1);
    return hash == 0 ? 1 : hash;
}

static struct group **slot_of(struct group **table, size_t size, uint64_t hash)
{
    size_t at = (size_t)hash & (size - 1);
    while (table[at] != NULL && table[at]->hash != hash)
        at = (at + 1) & (size - 1);
    return &table[at];
}

static bool grow(struct dump *dump)
{
    const size_t size = dump->table_size == 0 ? 256 : 2 * dump->table_size;
    struct group **table = calloc(size, sizeof(struct group *));
    if (table == NULL)
        return false;
    for (size_t i = 0; i < dump->table_size; i++)
        if (dump->table[i] != NULL)
            *slot_of(table, size, dump->table[i]->hash) = dump->table[i];
    free(dump->table);
    dump->table = table;
    dump->table_size = size;
    return true;
}

/* A group with as much of `task` as it has. */
static struct group *create_group(uint64_t hash, const weir_dump_task *task)
{
    struct group *group = malloc(sizeof *group);
    if (group == NULL)
        return NULL;
    group->hash = hash;
    group->count = 0;
    group->longest_ns = -1;
    memcpy(&group->first, task, offsetof(weir_dump_task, frames));
    memcpy(group->first.frames, task->frames, task->frame_count * sizeof task->frames[0]);
    memcpy(group->first.waits, task->waits, task->wait_count * sizeof task->waits[0]);
    return group;
}

static struct group *group_of(struct dump *dump, const weir_dump_task *task)
{
    const uint64_t hash = hash_task(task);
    if (2 * (dump->groups + 1) > dump->table_size && !grow(dump))
        return NULL;
    struct group **slot = slot_of(dump->table, dump->table_size, hash);
    if (*slot != NULL)
        return *slot;
    *slot = create_group(hash, task);
    if (*slot != NULL)
        dump->groups++;
    return *slot;
}

static void count_task(const weir_dump_task *task, void *arg)
{
    struct dump *dump = arg;
    dump->tasks++;
    dump->doing[task->doing]++;
    wi_holders_note(&dump->holders, task);
}

static void add_task(const weir_dump_task *task, void *arg)
{
    struct dump *dump = arg;
    count_task(task, arg);
    struct group *group = group_of(dump, task);
    if (group == NULL) {
        dump->no_memory = true;
        return;
    }
    const uint64_t more = sizeof group->more / sizeof group->more[0];
    if (group->count >= 1 && group->count <= more)
        group->more[group->count - 1] = task->id;
    if (task->waited_ns > group->longest_ns) {
        group->longest_ns = task->waited_ns;
        group->longest_id = task->id;
    }
    group->count++;
}

static int by_wait(const void *a, const void *b)
{
    const struct group *left = *(struct group *const *)a, *right = *(struct group *const *)b;
    const int64_t x = left->longest_ns, y = right->longest_ns;
    if (x != y)
        return x < y ? 1 : -1;
    return (left->first.id > right->first.id) - (left->first.id < right->first.id);
}

/* The longest waits first. */
static void sort_groups(struct dump *dump)
{
    size_t count = 0;
    for (size_t i = 0; i < dump->table_size; i++) {
        struct group *group = dump->table[i];
        dump->table[i] = NULL;
        if (group != NULL)
            dump->table[count++] = group;
    }
    if (count > 0)
        qsort(dump->table, count, sizeof(struct group *), by_wait);
}

/* --- text ------------------------------------------------------------------------ */

static void put_task(struct text_out *out, uint64_t id, const char *name)
{
    wi_text(out, "task ");
    wi_text_number(out, id);
    wi_text(out, " '");
    wi_text(out, name);
    wi_text(out, "'");
}

static void put_holder(struct text_out *out, const struct holders *holders, const void *task)
{
    const struct holder *holder = wi_holders_get(holders, task);
    if (holder == NULL || holder->id == 0)
        wi_text(out, "a task that is gone");
    else
        put_task(out, holder->id, holder->name);
}

static void put_wait(struct dump *dump, const struct weir_wait *wait)
{
    struct text_out *out = dump->out;
    wi_text(out, ": ");
    wi_text(out, wait->what);
    if (wait->object != NULL)
        wi_text_format(out, " %p", wait->object);
    if (wait->detail[0] != '\0') {
        wi_text(out, ", ");
        wi_text(out, wait->detail);
    }
    if (wait->holder != NULL) {
        wi_text(out, ", by ");
        put_holder(out, &dump->holders, wait->holder);
    }
    if (wait->due_ns != 0) {
        const int64_t left_ns = wait->due_ns - wi_clock_now(&dump->runtime->clock);
        wi_text(out, left_ns >= 0 ? ", due in " : ", due since ");
        wi_text_duration(out, left_ns >= 0 ? left_ns : -left_ns);
    }
}

static void put_chain(struct dump *dump, const weir_dump_task *task)
{
    struct text_out *out = dump->out;
    for (unsigned i = 0; i < task->frame_count; i++) {
        const weir_dump_frame *frame = &task->frames[i];
        wi_text_spaces(out, 4 + 2u * frame->depth);
        wi_text(out, frame->type->name);
        if (frame->line != 0) {
            wi_text(out, " (");
            wi_text(out, wi_chain_file(frame->type));
            wi_text(out, ":");
            wi_text_number(out, frame->line);
            wi_text(out, ")");
        }
        if (frame->wait >= 0)
            put_wait(dump, &task->waits[frame->wait]);
        wi_text(out, "\n");
    }
    if (task->cut)
        wi_text(out, "    ... and more\n");
}

static void put_others(struct text_out *out, const struct group *group)
{
    const uint64_t more = sizeof group->more / sizeof group->more[0];
    wi_text(out, ", and ");
    wi_text_number(out, group->count - 1);
    wi_text(out, group->count == 2 ? " other at the same place:" : " others at the same place:");
    for (uint64_t i = 0; i < group->count - 1 && i < more; i++) {
        wi_text(out, " ");
        wi_text_number(out, group->more[i]);
    }
    if (group->count - 1 > more)
        wi_text(out, " ...");
    wi_text(out, "; the longest, ");
    wi_text_number(out, group->longest_id);
    wi_text(out, ", since ");
    wi_text_duration(out, group->longest_ns);
}

/* What a task does; the line goes on. */
static void put_doing(struct text_out *out, const weir_dump_task *task)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the table holds as many groups as it says */
    put_task(out, task->id, task->name);
    switch (task->doing) {
    case WEIR_TASK_WAITS:
        wi_text(out, " waits since ");
        wi_text_duration(out, task->waited_ns);
        break;
    case WEIR_TASK_QUEUED:
        wi_text(out, " is ready and queued");
        break;
    case WEIR_TASK_RUNS:
        if (task->worker < 0) {
            wi_text(out, " runs, or has yielded");
            break;
        }
        wi_text(out, " runs on worker ");
        wi_text_number(out, (uint64_t)task->worker);
        wi_text(out, ", for up to ");
        wi_text_duration(out, task->waited_ns);
        break;
    }
}

static void put_group(struct dump *dump, const struct group *group)
{
    put_doing(dump->out, &group->first);
    if (group->count > 1)
        put_others(dump->out, group);
    wi_text(dump->out, "\n");
    put_chain(dump, &group->first);
}

static void put_single(const weir_dump_task *task, void *arg)
{
    struct dump *dump = arg;
    put_doing(dump->out, task);
    wi_text(dump->out, "\n");
    put_chain(dump, task);
}

static void put_circles(struct text_out *out, struct holders *holders)
{
    const struct holder *start;
    while ((start = wi_holders_next_circle(holders)) != NULL) {
        wi_text(out, "DEADLOCK: each of these waits for the next, and the last for the first:\n");
        const struct holder *at = start;
        do {
            wi_text(out, "    ");
            put_task(out, at->id, at->name);
            wi_text(out, " waits for ");
            wi_text(out, at->what);
            if (at->waits.object != NULL)
                wi_text_format(out, " %p", at->waits.object);
            wi_text(out, "\n");
            at = wi_holders_get(holders, at->waits.holder);
        } while (at != start);
    }
}

static void put_workers(struct text_out *out, weir_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        const struct worker *worker = &runtime->workers[i];
        const char *doing = "looks for work";
        if (wi_load(&worker->polling, RELAXED))
            doing = "polls";
        else if (wi_load(&worker->park, RELAXED) == PARK_ASLEEP)
            doing = "sleeps";
        weir_worker_metrics metrics;
        (void)weir_worker_metrics_get(runtime, i, &metrics);
        wi_text_format(out, "worker %u %s; %u queued, %llu polls\n", i, doing, metrics.queue_depth,
                       (unsigned long long)metrics.polls);
    }
    weir_runtime_metrics metrics;
    weir_runtime_metrics_get(runtime, &metrics);
    wi_text_format(out, "blocking pool: %u threads, %u idle, %u jobs queued\n", metrics.blocking_threads,
                   metrics.blocking_idle_threads, metrics.blocking_queue_depth);
}

/* After the first round. */
static void put_all(struct dump *dump, bool every)
{
    struct text_out *out = dump->out;
    wi_text_format(out, "weir: %llu tasks: %llu wait, %llu are queued, %llu run\n", (unsigned long long)dump->tasks,
                   (unsigned long long)dump->doing[WEIR_TASK_WAITS], (unsigned long long)dump->doing[WEIR_TASK_QUEUED],
                   (unsigned long long)dump->doing[WEIR_TASK_RUNS]);
    put_workers(out, dump->runtime);
    put_circles(out, &dump->holders);
    if (every) {
        (void)wi_survey(dump->runtime, NULL, put_single, dump);
        return;
    }
    sort_groups(dump);
    for (size_t i = 0; i < dump->groups; i++)
        put_group(dump, dump->table[i]);
}

int weir_dump(weir_runtime *runtime, int fd, unsigned flags)
{
    const bool every = (flags & WEIR_DUMP_EVERY) != 0;
    struct dump dump = { .runtime = runtime, .out = malloc(sizeof *dump.out) };
    if (dump.out == NULL)
        return -ENOMEM;
    wi_text_init(dump.out, fd);
    int error = wi_survey(runtime, NULL, every ? count_task : add_task, &dump);
    if (error != -ECANCELED) {
        wi_holders_find(&dump.holders, runtime);
        put_all(&dump, every);
        wi_text_flush(dump.out);
    }
    if (error == 0)
        error = dump.out->error;
    if (error == 0 && (dump.no_memory || dump.holders.no_memory))
        error = -ENOMEM;
    for (size_t i = 0; i < dump.table_size; i++)
        free(dump.table[i]);
    wi_holders_fini(&dump.holders);
    free(dump.table);
    free(dump.out);
    return error;
}
