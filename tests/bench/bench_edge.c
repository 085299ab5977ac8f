/*
 * bench_edge.c - what a record costs in each stage it goes through: four of them between a source and a sink.
 *
 * Prints lines in the form of weir_pb: name, ns a record and hop, records, min, max, cpu; tabs between. PB_REPS
 * repetitions. The same without the four stages is taken off: what is left is theirs, five edges against one.
 *
 *   pass_256    stages that hand on what they get: the loop, and the edge; batches of 256 records
 *   pass_1      the same, batches of one: what a batch costs
 *   where_256   where true: the same with an expression for each record
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/runtime.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/rows.h"

enum { RECORDS = 4000000, BATCHES_OF_ONE = 400000, HOPS = 4, REPS = 5, REPS_MAX = 99 };

static const char with_stages[] =
    "stdin | lines | where true | where true | where true | where true | where true | null";
static const char without_stages[] = "stdin | lines | where true | null";

struct bench {
    const char *text;
    bool passes; /* not what `where` does, but nothing */
    unsigned batch_rows, records;
    struct source source;
    struct syntax syntax;
    struct diags diags;
    struct plan plan;
    struct run *run;
    struct run_node sink;
};

static void must(int error)
{
    if (error == 0)
        return;
    fprintf(stderr, "bench_edge: %s\n", strerror(-error));
    exit(1);
}

/* --- ends ------------------------------------------------------------------------------------------ */

static struct batch *make_batch(const struct bench *bench)
{
    struct batch *batch = wp_batch_create();
    if (batch == NULL)
        must(-ENOMEM);
    for (unsigned i = 0; i < bench->batch_rows; i++)
        (void)wp_batch_add_record(batch, "a line", 6);
    return batch;
}

WEIR_ASYNC(give, int, struct bench *bench; unsigned sent; struct wp_edge_send send;)
{
    WEIR_BEGIN
    for (; self->sent < self->bench->records; self->sent += self->bench->batch_rows) {
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = &self->bench->run->nodes[1],
                                    .parcel = { .batch = make_batch(self->bench) }));
        must(self->send.output);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = &self->bench->run->nodes[1], .parcel = { .last = true }));
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(take, int, struct bench *bench; unsigned got; struct parcel parcel; struct wp_edge_recv recv;)
{
    WEIR_BEGIN
    while (!self->parcel.last) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = &self->bench->sink, .ret_parcel = &self->parcel));
        must(self->recv.output);
        self->got += self->parcel.batch != NULL ? self->parcel.batch->count : 0;
        wp_parcel_put(&self->parcel);
    }
    must(self->got == self->bench->records ? 0 : -EBADMSG);
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    WEIR_END
}

/* --- stages ------------------------------------------------------------------------------------------ */

static int pass(void *state, struct batch **batch, const weir_job *job)
{
    (void)state;
    (void)batch;
    (void)job;
    return 0;
}

static const struct rows_ops pass_ops = { .batch = pass };

/* stdin and lines are ours, and so is null; with `passes` the others, too. */
static void spawn_ours(struct bench *bench, weir_join_set *set)
{
    struct run *run = bench->run;
    for (unsigned i = 0; i < run->count; i++)
        run->nodes[i].whole = i < 2 || i + 1 == run->count || bench->passes;
    for (unsigned i = 2; bench->passes && i + 1 < run->count; i++)
        must(wp_rows_spawn(&run->nodes[i], &pass_ops, set));
    must(weir_join_set_spawn(set, WEIR_CALL(give, .bench = bench)));
    must(weir_join_set_spawn(set, WEIR_CALL(take, .bench = bench)));
}

WEIR_ASYNC(all_of_it, int, struct bench *bench; weir_join_set *set; int status; weir_join_next_future next;)
{
    WEIR_BEGIN
    must(weir_join_set_create(16, &self->set));
    /* Its edges go when its own nodes have ended, so it may only be run if it has some. */
    spawn_ours(self->bench, self->set);
    if (!self->bench->passes)
        must(weir_join_set_spawn(self->set, WEIR_CALL(wp_run_all, .run = self->bench->run)));
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, &self->status));
        if (self->next.output == 0)
            break;
        must(self->next.status < 0 ? self->next.status : self->status);
    }
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* --- a run --------------------------------------------------------------------------------------------- */

static double now_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void plan(struct bench *bench)
{
    size_t needed;
    bench->source = (struct source){ .name = "bench", .text = bench->text, .size = strlen(bench->text) };
    bench->diags.source = &bench->source;
    must(wp_parse(&bench->source, &bench->syntax, &bench->diags));
    must(wp_plan(&bench->syntax, NULL, 0, &bench->diags, &bench->plan));
    must(wp_run_create(&bench->plan, &bench->run, &needed));
    struct run_node *last = &bench->run->nodes[bench->run->count - 1];
    bench->sink = *last;
    last->from = NULL;
}

/* ns of wall and of CPU that a run takes. */
static double run_once(weir_runtime *runtime, struct bench bench, double *ret_cpu_ns)
{
    plan(&bench);
    const double began_ns = now_ns(CLOCK_MONOTONIC), cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    must(weir_block_on(runtime, WEIR_CALL(all_of_it, .bench = &bench), NULL));
    const double took_ns = now_ns(CLOCK_MONOTONIC) - began_ns;
    *ret_cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
    weir_mpsc_receiver_drop(bench.sink.from);
    wp_run_destroy(bench.run);
    wp_diag_fini(&bench.diags);
    wp_syntax_fini(&bench.syntax);
    return took_ns;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, weir_runtime *runtime, unsigned workers, unsigned reps, struct bench bench)
{
    double ns[REPS_MAX] = { 0 }, cpu_ns[REPS_MAX] = { 0 }, cpu_without_ns;
    for (unsigned i = 0; i < reps; i++) {
        bench.text = without_stages;
        const double without_ns = run_once(runtime, bench, &cpu_without_ns);
        bench.text = with_stages;
        const double with_ns = run_once(runtime, bench, &cpu_ns[i]);
        ns[i] = (with_ns - without_ns) / bench.records / HOPS;
        cpu_ns[i] = (cpu_ns[i] - cpu_without_ns) / bench.records / HOPS;
    }
    qsort(ns, reps, sizeof ns[0], compare);
    qsort(cpu_ns, reps, sizeof cpu_ns[0], compare);
    printf("%s_w%u\t%.1f\t%u\t%.1f\t%.1f\t%.1f\n", name, workers, ns[reps / 2], bench.records, ns[0], ns[reps - 1],
           cpu_ns[reps / 2]);
}

int main(void)
{
    const char *text = getenv("PB_REPS");
    const unsigned wanted = text != NULL ? (unsigned)strtoul(text, NULL, 10) : REPS;
    const unsigned reps = wanted < 1 ? 1 : wanted < REPS_MAX ? wanted : REPS_MAX;
    for (unsigned workers = 2; workers > 0; workers--) {
        weir_runtime_options options = weir_runtime_defaults();
        options.workers = workers;
        weir_runtime *runtime;
        must(weir_runtime_create(&options, &runtime));
        measure(
            "pass_256", runtime, workers, reps,
            (struct bench){ .passes = true, .batch_rows = BATCH_ROWS, .records = RECORDS / BATCH_ROWS * BATCH_ROWS });
        measure("pass_1", runtime, workers, reps,
                (struct bench){ .passes = true, .batch_rows = 1, .records = BATCHES_OF_ONE });
        measure("where_256", runtime, workers, reps,
                (struct bench){ .batch_rows = BATCH_ROWS, .records = RECORDS / BATCH_ROWS * BATCH_ROWS });
        weir_runtime_destroy(runtime);
    }
    return 0;
}
