/*
 * test_graphs.c - pipelines out of seeds, in the simulation: chains and forks of stages, edges of one to eight chunks,
 * sources, stages and sinks of any speed, ends of any kind. Each ends, and each sink has what it must have; or it is
 * rejected before it runs. LABELS: stress
 *
 * SEED=n runs that one and prints its text; SEEDS=n runs that many (200).
 */
#include <stdarg.h>
#include <weir/chunk.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/sim.h>
#include <weir/time.h>

#include "run/batch.h"
#include "run/bounds.h"
#include "run/stop.h"
#include "run_rig.h"

#define SEEDS 200
#define SINKS_MAX 32
#define TEXT_MAX 4096
#define LINES_MAX 3000

/* --- chance ---------------------------------------------------------------------------------------- */

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (chance_state >> 11) % below;
}

static bool one_in(uint64_t n)
{
    return chance(n) == 0;
}

/* --- a text ------------------------------------------------------------------------------------------ */

enum port { BYTES, ZSTD, LINES, FIELDS };

/* Numbers from `least` up to below `end`. */
struct range {
    uint64_t least, end;
};

struct text {
    char data[TEXT_MAX];
    size_t size;
    unsigned stages, sinks;
    struct range comes[SINKS_MAX]; /* by sink, in the order of the text: the numbers that come to it */
};

static void say(struct text *text, const char *format, ...) WEIR_PRINTF(2, 3);
static void say(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(text->data + text->size, sizeof text->data - text->size, format, args);
    va_end(args);
    CHECK(size >= 0 && (size_t)size < sizeof text->data - text->size);
    text->size += (size_t)size;
}

/* What the engine is told of a stage: its queue, its speed, of which some are unhurried. */
static void say_engine(struct text *text, enum port in)
{
    text->stages++;
    if (in <= ZSTD && one_in(2))
        say(text, " @queue=%uKiB", (unsigned)(1 + chance(8)) * 256);
    if (one_in(6))
        say(text, in <= ZSTD ? " @rate=%uKiB/s" : " @rate=%u/s", (unsigned)(1 + chance(2000)));
}

static void say_chain(struct text *text, enum port port, struct range range, unsigned depth);

/* Branches, and what flows on behind them is what came in. */
static void say_tee(struct text *text, enum port port, struct range range, unsigned depth)
{
    const unsigned branches = 1 + (unsigned)chance(3);
    say(text, "tee");
    for (unsigned i = 0; i < branches; i++) {
        say(text, " { ");
        say_chain(text, port, range, depth + 1);
        say(text, " }");
    }
    say_engine(text, port);
}

/* Two branches that share what comes between them; nothing goes on. */
static void say_route(struct text *text, struct range range, unsigned depth)
{
    const uint64_t number = chance(2 * LINES_MAX);
    struct range below = range, above = range;
    below.end = number < range.end ? number : range.end;
    above.least = number > range.least ? number : range.least;
    say(text, "route { .n >= %" PRIu64 " -> { ", number);
    say_chain(text, FIELDS, above, depth + 1);
    say(text, " } else -> { ");
    say_chain(text, FIELDS, below, depth + 1);
    say(text, " } }");
    say_engine(text, FIELDS);
}

/* The next stage, which makes of `port` what it returns. */
static enum port say_stage(struct text *text, enum port port, struct range *range, unsigned depth)
{
    enum port out = port;
    const uint64_t which = chance(6);
    if (which == 0 && depth < 2 && text->sinks < SINKS_MAX / 2) {
        say_tee(text, port, *range, depth);
        return port;
    }
    switch (port) {
    case BYTES:
        say(text, which < 3 ? "lines" : "zstd level=1 @pool=inline");
        out = which < 3 ? LINES : ZSTD;
        break;
    case ZSTD:
        say(text, "unzstd @pool=inline");
        out = BYTES;
        break;
    case LINES:
        say(text, which < 4 ? "json" : "to raw");
        out = which < 4 ? FIELDS : BYTES;
        break;
    case FIELDS:
        if (which == 5) {
            say(text, "to json");
            out = BYTES;
        } else if (which >= 3) {
            say(text, "keep .n");
        } else {
            const uint64_t number = chance(2 * LINES_MAX);
            range->least = number > range->least ? number : range->least;
            say(text, "where .n >= %" PRIu64, number);
        }
        break;
    }
    say_engine(text, port);
    return out;
}

/* Stages, and a sink, which is given the numbers of `range`; or a fork, whose branches have sinks. */
static void say_chain(struct text *text, enum port port, struct range range, unsigned depth)
{
    for (uint64_t left = chance(6); left > 0 && text->size < sizeof text->data / 2; left--) {
        port = say_stage(text, port, &range, depth);
        say(text, " | ");
    }
    if (port == FIELDS && depth < 2 && text->sinks < SINKS_MAX / 2 && one_in(3)) {
        say_route(text, range, depth);
        return;
    }
    if (port == ZSTD)
        say(text, "unzstd @pool=inline | ");
    say(text, "null");
    say_engine(text, port);
    text->comes[text->sinks++] = range;
}

/* --- a run --------------------------------------------------------------------------------------------- */

enum ending { ENDS_WELL, ENDS_FAILED, ENDS_LEFT, ENDS_DROPPED, ENDS_STOPPED, ENDS_REJECTED, ENDINGS };
static const char *const ending_words[ENDINGS] = { "ran to their end",  "failed at the source",
                                                   "lost a sink early", "dropped on the way",
                                                   "stopped",           "rejected" };

struct rig {
    struct text text;
    struct run_rig of;
    enum ending ending;
    uint64_t lines, sent; /* numbers, from 0 */
    uint64_t fails_at;    /* the source, at this number */
    unsigned leaver;      /* the sink that leaves, at a number */
    uint64_t leaves_at;
    int64_t dropped_ns; /* or stopped */
    uint64_t slow_percent;
    struct run_node sinks[SINKS_MAX]; /* with their edges, which the run would let go when its own nodes have ended */
};

/* What comes to a sink, number by number. */
struct reading {
    uint64_t next;  /* the number that must come */
    uint64_t value; /* of a number in the bytes that were read last */
    unsigned at;    /* matched of "n":, then in the digits */
};

static void meet(struct reading *reading, uint64_t number)
{
    CHECK_EQ(number, reading->next);
    reading->next++;
}

static void read_bytes(struct reading *reading, const uint8_t *data, size_t size)
{
    static const char mark[] = "\"n\":";
    for (size_t i = 0; i < size; i++) {
        const uint8_t byte = data[i];
        if (reading->at == 4 && byte >= '0' && byte <= '9') {
            reading->value = reading->value * 10 + (uint64_t)(byte - '0');
            continue;
        }
        if (reading->at == 4)
            meet(reading, reading->value);
        reading->value = 0;
        reading->at = reading->at < 4 && byte == (uint8_t)mark[reading->at] ? reading->at + 1 : byte == '"';
    }
}

static void read_row(struct reading *reading, const struct row *row)
{
    if (row->decoder == NULL && row->fields == NULL) {
        reading->at = 0;
        read_bytes(reading, (const uint8_t *)row->raw, row->raw_size);
        return;
    }
    const struct datum n = wp_row_get(row, "n");
    CHECK_EQ(n.kind, DATUM_INT);
    meet(reading, (uint64_t)n.number);
}

/* Mostly none; else up to a second. */
static weir_sleep nap(const struct rig *rig)
{
    weir_sleep nap = weir_sleep_for((int64_t)chance((uint64_t)WEIR_SEC(1)));
    if (chance(100) >= rig->slow_percent)
        nap = weir_sleep_for(0);
    return nap;
}

static void fill(struct rig *rig, weir_chunk *chunk)
{
    static const char padding[] = "................................................................";
    char *to = (char *)chunk->data;
    for (uint64_t left = 1 + chance(300); left > 0 && rig->sent < rig->lines && rig->sent != rig->fails_at; left--)
        chunk->size += (size_t)snprintf(to + chunk->size, 100, "{\"n\":%" PRIu64 ",\"s\":\"%s\"}\n", rig->sent++,
                                        padding + chance(sizeof padding));
}

WEIR_ASYNC(feeder, int, struct rig *rig; struct run_node *node; weir_chunk *chunk; weir_chunk_get_future get;
           weir_sleep nap; struct wp_edge_send send;)
{
    WEIR_BEGIN
    while (self->rig->sent < self->rig->lines && !wp_stop_is_asked(self->node)) {
        AWAIT(self->nap, nap(self->rig));
        AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
        self->chunk = self->get.output;
        CHECK(self->chunk != NULL);
        fill(self->rig, self->chunk);
        AWAIT(self->send, run_rig_send(self->node, &self->chunk));
        if (self->send.output < 0)
            RETURN(0);
        if (self->rig->sent == self->rig->fails_at)
            RETURN(wp_run_fail(self->node, -EIO, "on purpose"));
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    WEIR_END
}

/* All that was sent and comes to it, and no more. */
static void check_whole(const struct rig *rig, unsigned sink, uint64_t next)
{
    const struct range *comes = &rig->text.comes[sink];
    const uint64_t end = rig->sent < comes->end ? rig->sent : comes->end;
    if (next != end && next != comes->least)
        fprintf(stderr, "sink %u has %" PRIu64 " of %" PRIu64 "\n", sink, next, end);
    CHECK_EQ(next, end > comes->least ? end : comes->least);
}

WEIR_ASYNC(drain, int, struct rig *rig; struct run_node *node; unsigned index; struct reading reading;
           struct parcel parcel; weir_sleep nap; struct wp_edge_recv recv;)
{
    WEIR_BEGIN
    self->reading.next = self->rig->text.comes[self->index].least;
    while (!self->parcel.last) {
        AWAIT(self->nap, nap(self->rig));
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.chunk != NULL)
            read_bytes(&self->reading, self->parcel.chunk->data, self->parcel.chunk->size);
        for (uint32_t i = 0; self->parcel.batch != NULL && i < self->parcel.batch->count; i++)
            read_row(&self->reading, &self->parcel.batch->rows[i]);
        wp_parcel_put(&self->parcel);
        if (self->index == self->rig->leaver && self->reading.next >= self->rig->leaves_at)
            RETURN(0);
    }
    check_whole(self->rig, self->index, self->reading.next);
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    WEIR_END
}

/* Sources and sinks are ours, in place of stdin and null. */
static int spawn_ends(struct rig *rig, weir_join_set *set)
{
    int error = weir_join_set_spawn(set, WEIR_CALL(feeder, .rig = rig, .node = &rig->of.run->nodes[0]));
    unsigned sinks = 0;
    for (unsigned i = 1; error == 0 && i < rig->of.run->count; i++) {
        struct run_node *node = &rig->of.run->nodes[i];
        if (strcmp(node->plan->stage->name, "null") != 0)
            continue;
        rig->sinks[sinks] = *node;
        node->from = NULL;
        error = weir_join_set_spawn(set, WEIR_CALL(drain, .rig = rig, .node = &rig->sinks[sinks], .index = sinks));
        sinks++;
    }
    CHECK_EQ(sinks, rig->text.sinks);
    return error;
}

/* As wp_run_all() does it with its own: the first failure ends all. */
WEIR_ASYNC(scenario, int, struct rig *rig; weir_join_set *set; int status; weir_join_next_future next;)
{
    WEIR_BEGIN
    self->output = weir_join_set_create(SINKS_MAX + 2, &self->set);
    CHECK_EQ(self->output, 0);
    self->output = spawn_ends(self->rig, self->set);
    CHECK_EQ(self->output, 0);
    self->output = weir_join_set_spawn(self->set, WEIR_CALL(wp_run_all, .run = self->rig->of.run));
    while (self->output == 0) {
        AWAIT(self->next, weir_join_next(self->set, &self->status));
        if (self->next.output == 0)
            break;
        self->output = self->next.status < 0 ? self->next.status : self->status;
    }
    weir_join_set_abort_all(self->set);
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, &self->status));
        if (self->next.output == 0)
            break;
    }
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

WEIR_ASYNC(scenario_with_an_end, int, struct rig *rig; struct scenario all; weir_sleep nap; weir_select_future which;)
{
    WEIR_BEGIN
    self->all = WEIR_CALL(scenario, .rig = self->rig);
    self->nap = weir_sleep_for(self->rig->dropped_ns);
    if (self->rig->dropped_ns == 0)
        weir_drop(self->nap);
    AWAIT(self->which, weir_select_ref(self->nap, self->all));
    if (self->which.output == 0 && self->rig->ending == ENDS_STOPPED) {
        weir_cancel(self->rig->of.run->stop);
        AWAIT_SLOT(self->all);
        self->which.output = 1;
    }
    RETURN(self->which.output == 1 ? self->all.output : -ECANCELED);
    WEIR_FINALLY
    weir_drop(self->nap);
    weir_drop(self->all);
    WEIR_END
}

/* --- a seed ---------------------------------------------------------------------------------------------- */

struct coverage {
    uint64_t seeds, endings[ENDINGS], stages, forks, sinks, lines, edges_of_one;
    int64_t virtual_ns;
};

/* Memory from less than it needs, where it must be rejected, to more than it wants. */
static int make_run(struct rig *rig)
{
    size_t needed = 0;
    weir_chunk_budget_set(1);
    CHECK_EQ(run_rig_create(&rig->of, &needed), -ENOBUFS);
    CHECK(needed > 0);
    const size_t budget = one_in(10) ? needed - 1 - chance(needed / 2) : needed + chance(2) * chance(needed * 2);
    weir_chunk_budget_set(budget);
    const int error = run_rig_create(&rig->of, &needed);
    CHECK_EQ(error, budget < needed ? -ENOBUFS : 0);
    return error;
}

static void choose_ending(struct rig *rig)
{
    rig->lines = one_in(20) ? 0 : chance(LINES_MAX);
    rig->slow_percent = chance(2) * chance(100);
    rig->fails_at = UINT64_MAX;
    rig->leaver = UINT32_MAX;
    rig->ending = (enum ending)chance(ENDS_REJECTED + 2);
    if (rig->ending > ENDS_REJECTED)
        rig->ending = ENDS_WELL;
    if (rig->ending == ENDS_FAILED)
        rig->fails_at = rig->lines > 0 ? 1 + chance(rig->lines) : UINT64_MAX;
    if (rig->ending == ENDS_LEFT) {
        rig->leaver = (unsigned)chance(rig->text.sinks);
        rig->leaves_at = chance(rig->lines + 1);
    }
    if (rig->ending == ENDS_DROPPED || rig->ending == ENDS_STOPPED)
        rig->dropped_ns = 1 + (int64_t)chance((uint64_t)WEIR_SEC(one_in(2) ? 1 : 60));
}

static void count(struct coverage *coverage, const struct rig *rig, enum ending ending)
{
    coverage->seeds++;
    coverage->endings[ending]++;
    coverage->stages += rig->text.stages;
    coverage->sinks += rig->text.sinks;
    coverage->lines += rig->sent;
    for (unsigned i = 0; rig->of.run != NULL && i < rig->of.run->count; i++) {
        coverage->forks += rig->of.run->nodes[i].branch_count > 0;
        coverage->edges_of_one += rig->of.run->bounds[i].edge == 1;
    }
}

/* What it came to, which must be one of what was asked for: an end that comes too late is none. */
static enum ending judge(const struct rig *rig, int error)
{
    if (error == 0 && rig->ending == ENDS_DROPPED)
        return ENDS_WELL;
    if (error == 0 && rig->ending == ENDS_FAILED)
        CHECK(rig->fails_at == UINT64_MAX || rig->sent < rig->fails_at);
    if (error == 0)
        return rig->ending == ENDS_REJECTED || rig->ending == ENDS_FAILED ? ENDS_WELL : rig->ending;
    CHECK_EQ(error, rig->ending == ENDS_FAILED ? -EIO : -ECANCELED);
    CHECK(rig->ending == ENDS_FAILED || rig->ending == ENDS_DROPPED);
    return rig->ending;
}

static enum ending run(struct rig *rig, uint64_t seed, struct coverage *coverage)
{
    weir_sim_options sim = { .seed = seed, .spurious_percent = 2, .drift_percent = 1 };
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 1 + (unsigned)chance(4);
    options.simulate = &sim;
    weir_runtime *runtime;
    weir_sim_report report;
    int output = 0;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    const int error = weir_block_on(runtime, WEIR_CALL(scenario_with_an_end, .rig = rig), &output);
    if (error < 0) /* -EDEADLK: nothing can happen any more */
        fprintf(stderr, "SEED=%" PRIu64 ": %s\n", seed, rig->text.data);
    CHECK_EQ(error, 0);
    CHECK_EQ(weir_sim_report_get(runtime, &report), 0);
    coverage->virtual_ns += report.virtual_ns;
    weir_runtime_destroy(runtime);
    return judge(rig, output);
}

static void run_seed(uint64_t seed, struct coverage *coverage)
{
    static struct rig rig;
    weir_chunk_stats stats;
    chance_state = seed * 0x9e3779b97f4a7c15u | 1;
    rig = (struct rig){ 0 };
    say(&rig.text, "stdin | ");
    say_chain(&rig.text, BYTES, (struct range){ 0, UINT64_MAX }, 0);
    choose_ending(&rig);
    if (getenv("SEED") != NULL)
        printf("%s\n   ends: %s\n", rig.text.data, ending_words[rig.ending]);
    run_rig_plan(&rig.of, rig.text.data, rig.text.size);
    const enum ending ending = make_run(&rig) < 0 ? ENDS_REJECTED : run(&rig, seed, coverage);
    count(coverage, &rig, ending);
    for (unsigned i = 0; i < rig.text.sinks; i++) {
        weir_mpsc_receiver_drop(rig.sinks[i].from);
        wp_parcel_put(&rig.sinks[i].rest);
    }
    run_rig_close(&rig.of);
    weir_chunk_stats_get(&stats);
    CHECK_EQ(stats.used, 0);
}

static void print_coverage(const struct coverage *coverage)
{
    printf("   %" PRIu64 " pipelines of %" PRIu64 " stages, %" PRIu64 " forks and %" PRIu64 " sinks, %" PRIu64
           " edges of one parcel, %" PRIu64 " records, %.0f s of virtual time:\n",
           coverage->seeds, coverage->stages, coverage->forks, coverage->sinks, coverage->edges_of_one, coverage->lines,
           (double)coverage->virtual_ns / 1e9);
    for (unsigned i = 0; i < ENDINGS; i++)
        printf("   %" PRIu64 " %s\n", coverage->endings[i], ending_words[i]);
}

static void test_any_graph_ends_and_gives_what_it_must(void)
{
    const char *one = getenv("SEED"), *many = getenv("SEEDS");
    struct coverage coverage = { 0 };
    const uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
    const uint64_t seeds = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : SEEDS;
    for (uint64_t seed = first; seed < first + seeds; seed++)
        run_seed(seed, &coverage);
    print_coverage(&coverage);
    for (unsigned i = 0; one == NULL && seeds >= SEEDS && i < ENDINGS; i++)
        CHECK(coverage.endings[i] > 0);
}

int main(void)
{
    RUN(test_any_graph_ends_and_gives_what_it_must);
    return check_done();
}
