/*
 * test_graphs.c - pipelines out of seeds, in the simulation: chains, forks and merges of stages, dead-letter streams,
 * edges of one to eight chunks, stages that work on several batches or pieces at once, sources, stages and sinks of any
 * speed, ends of any kind. Each ends, and each sink has what it must have; or it is rejected before it runs.
 * LABELS: stress
 *
 * SEED=n runs that one and prints its text; SEEDS=n runs that many (200). What has several lanes has them on threads,
 * and doesn't repeat to the letter.
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
#define SOURCES_MAX 3
/* Of a source: its numbers begin at LINES_MAX times its own. */
#define LINES_MAX 3000
#define NUMBERS_MAX (SOURCES_MAX * LINES_MAX)
/* The field "k" of a line: as many keys as there are. */
#define KEYS 7
#define KEY_OF(number) ((number) % KEYS)
/* Of the lines with these numbers no JSON is to be made, where there are such lines. */
#define IS_BAD(number) ((number) % 16 == 7)

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

/* In which order numbers come: as they were sent, those of one key so, or anyhow. */
enum order { AS_SENT, BY_KEY, MIXED };

static enum order looser(enum order a, enum order b)
{
    return a > b ? a : b;
}

/* What comes to a place: of which sources, which of their numbers, and in what order. */
struct flow {
    uint64_t least[SOURCES_MAX], end[SOURCES_MAX]; /* of each source, its numbers from `least` up to below `end` */
    bool has_bad[SOURCES_MAX];                     /* bad lines of it, too */
    enum order order;
};

/* Numbers, each with how often it comes. */
struct sink {
    uint8_t times[NUMBERS_MAX];
    enum order order;
};

struct text {
    char data[TEXT_MAX];
    size_t size;
    unsigned stages, sinks, sources, merges, parallels;
    bool has_bad, rejects;            /* lines that are no JSON; a stage that sends them to the dead-letter stream */
    struct sink comes[SINKS_MAX + 1]; /* by sink, in the order of the text: what comes to it, were all lines sent */
    uint8_t dead[NUMBERS_MAX];
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

/* Several at once, mostly not. */
static bool say_par(struct text *text)
{
    if (!one_in(8))
        return false;
    text->parallels++;
    say(text, " @par=%u", 2 + (unsigned)chance(3));
    return true;
}

/* The same for records, which may get out of order. */
static void say_row_par(struct text *text, struct flow *flow, const char *key)
{
    if (!say_par(text))
        return;
    const uint64_t which = chance(3);
    if (which == 0)
        say(text, " @order=any");
    else if (which == 1)
        say(text, " @order=key(.%s)", key);
    const bool one_each = strcmp(key, "line") == 0; /* no two lines are the same */
    flow->order = looser(flow->order, which == 0 || (which == 1 && one_each) ? MIXED : which == 1 ? BY_KEY : AS_SENT);
}

static void say_chain(struct text *text, enum port port, struct flow flow, unsigned depth);

/* Branches, and what flows on behind them is what came in. */
static void say_tee(struct text *text, enum port port, struct flow flow, unsigned depth)
{
    const unsigned branches = 1 + (unsigned)chance(3);
    say(text, "tee");
    for (unsigned i = 0; i < branches; i++) {
        say(text, " { ");
        say_chain(text, port, flow, depth + 1);
        say(text, " }");
    }
    say_engine(text, port);
}

static void take_from(struct flow *flow, uint64_t number)
{
    for (unsigned i = 0; i < SOURCES_MAX; i++)
        flow->least[i] = number > flow->least[i] ? number : flow->least[i];
}

static void take_below(struct flow *flow, uint64_t number)
{
    for (unsigned i = 0; i < SOURCES_MAX; i++)
        flow->end[i] = number < flow->end[i] ? number : flow->end[i];
}

/* Two branches that share what comes between them; nothing goes on. */
static void say_route(struct text *text, struct flow flow, unsigned depth)
{
    const uint64_t number = chance(text->sources * LINES_MAX);
    struct flow below = flow, above = flow;
    take_below(&below, number);
    take_from(&above, number);
    say(text, "route { .n >= %" PRIu64 " -> { ", number);
    say_chain(text, FIELDS, above, depth + 1);
    say(text, " } else -> { ");
    say_chain(text, FIELDS, below, depth + 1);
    say(text, " } }");
    say_engine(text, FIELDS);
}

static bool comes(const struct flow *flow, uint64_t number)
{
    const uint64_t source = number / LINES_MAX;
    return number >= flow->least[source] && number < flow->end[source] && (flow->has_bad[source] || !IS_BAD(number));
}

/* Bad lines end here. */
static void say_json(struct text *text, struct flow *flow)
{
    say(text, "json");
    if (text->has_bad && one_in(2)) {
        say(text, " @onerror=dead(bad)");
        text->rejects = true;
        for (unsigned number = 0; number < NUMBERS_MAX; number++)
            text->dead[number] = (uint8_t)(text->dead[number] + (IS_BAD(number) && comes(flow, number)));
    } else if (text->has_bad) {
        say(text, " @onerror=drop");
    }
    for (unsigned i = 0; text->has_bad && i < SOURCES_MAX; i++)
        flow->has_bad[i] = false;
}

static void say_zstd(struct text *text)
{
    say(text, "zstd level=1");
    if (one_in(4))
        say(text, " seekable=%uKiB", 16 + (unsigned)chance(64));
    if (!say_par(text))
        say(text, " @pool=inline");
}

static void say_unzstd(struct text *text)
{
    say(text, "unzstd");
    if (!say_par(text))
        say(text, " @pool=inline");
}

/* A stage of records, which leaves each its number. */
static void say_rows(struct text *text, struct flow *flow)
{
    static const char *const stages[] = { "keep .n", "keep .n", "dedupe .n", "count by .n" };
    const uint64_t which = chance(sizeof stages / sizeof stages[0]);
    say(text, "%s", stages[which]);
    if (which == 3) { /* at the end of the input, in an order of its own */
        flow->order = MIXED;
        (void)say_par(text);
    }
}

/* The next stage, which makes of `port` what it returns. */
static enum port say_stage(struct text *text, enum port port, struct flow *flow, unsigned depth)
{
    enum port out = port;
    const uint64_t which = chance(6);
    if (which == 0 && depth < 2 && text->sinks < SINKS_MAX / 2) {
        say_tee(text, port, *flow, depth);
        return port;
    }
    switch (port) {
    case BYTES:
        out = which < 3 ? LINES : ZSTD;
        if (out == LINES)
            say(text, "lines");
        else
            say_zstd(text);
        break;
    case ZSTD:
        say_unzstd(text);
        out = BYTES;
        break;
    case LINES:
        out = which < 4 ? FIELDS : BYTES;
        if (out == FIELDS)
            say_json(text, flow);
        else
            say(text, "to raw");
        if (out == FIELDS)
            say_row_par(text, flow, "line");
        break;
    case FIELDS:
        if (which == 5) {
            say(text, "to json");
            out = BYTES;
        } else if (which >= 3) {
            say_rows(text, flow);
        } else {
            const uint64_t number = chance(text->sources * LINES_MAX);
            take_from(flow, number);
            say(text, "where .n >= %" PRIu64, number);
            say_row_par(text, flow, "k");
        }
        break;
    }
    say_engine(text, port);
    return out;
}

/* To what stands behind the last stage; the first one of a branch has none before it. */
static void say_link(struct text *text)
{
    if (text->data[text->size - 1] != ' ')
        say(text, " | ");
}

static enum port say_stages(struct text *text, enum port port, struct flow *flow, unsigned depth)
{
    for (uint64_t left = chance(6); left > 0 && text->size < sizeof text->data / 2; left--) {
        say_link(text);
        port = say_stage(text, port, flow, depth);
    }
    return port;
}

static void say_sink(struct text *text, enum port port, const struct flow *flow)
{
    struct sink *sink = &text->comes[text->sinks++];
    say_link(text);
    say(text, "null");
    say_engine(text, port);
    sink->order = flow->order;
    for (uint64_t number = 0; number < NUMBERS_MAX; number++)
        sink->times[number] = comes(flow, number);
}

/* What stands behind the stages of a chain: a sink, which is given the numbers of `flow`; or a fork with sinks. */
static void say_end(struct text *text, enum port port, struct flow flow, unsigned depth)
{
    if (port == FIELDS && depth < 2 && text->sinks < SINKS_MAX / 2 && one_in(3)) {
        say_link(text);
        say_route(text, flow, depth);
        return;
    }
    if (port == ZSTD) {
        say_link(text);
        say(text, "unzstd @pool=inline");
    }
    say_sink(text, port, &flow);
}

static void say_chain(struct text *text, enum port port, struct flow flow, unsigned depth)
{
    port = say_stages(text, port, &flow, depth);
    say_end(text, port, flow, depth);
}

/* Makes lines of a stream of `port`. */
static void say_to_lines(struct text *text, enum port port)
{
    if (port == ZSTD)
        say(text, " | unzstd @pool=inline");
    if (port <= ZSTD)
        say(text, " | lines");
}

/* The pipelines that were left open, as one. */
static void say_merge(struct text *text, const bool *open, struct flow flow)
{
    const char *comma = "";
    const bool any = one_in(2);
    text->merges++;
    say(text, "\nm: merge ");
    for (unsigned i = 0; i < text->sources; i++)
        if (open[i]) {
            say(text, "%sp%u", comma, i);
            comma = ", ";
        }
    if (any)
        say(text, " @order=any");
    flow.order = looser(flow.order, any ? MIXED : AS_SENT);
    const enum port port = say_stages(text, LINES, &flow, 0);
    say_end(text, port, flow, 0);
}

static void say_dead(struct text *text)
{
    struct sink *sink = &text->comes[text->sinks];
    say(text, "\ndead bad -> ");
    if (one_in(3))
        say(text, "where .stage == \"json\" | ");
    say(text, "null");
    say_engine(text, LINES);
    memcpy(sink->times, text->dead, sizeof sink->times);
    sink->order = MIXED;
    text->sinks++;
}

/* Pipelines, each from a source of its own; some of them end in a merge, which takes lines. */
static void say_pipelines(struct text *text)
{
    bool open[SOURCES_MAX] = { false };
    struct flow merged = { 0 };
    text->sources = one_in(2) ? 1 : 2 + (unsigned)chance(SOURCES_MAX - 1);
    text->has_bad = one_in(3);
    for (unsigned i = 0; i < text->sources; i++) {
        struct flow flow = { 0 };
        flow.end[i] = UINT64_MAX;
        flow.has_bad[i] = true; /* where there are such, and else they are as good as any */
        say(text, "%sp%u: stdin", i > 0 ? "\n" : "", i);
        const enum port port = say_stages(text, BYTES, &flow, 0);
        open[i] = text->sources > 1 && port != FIELDS && !one_in(4);
        if (!open[i]) {
            say_end(text, port, flow, 0);
            continue;
        }
        say_to_lines(text, port);
        merged.least[i] = flow.least[i];
        merged.end[i] = flow.end[i];
        merged.has_bad[i] = flow.has_bad[i];
        merged.order = looser(merged.order, flow.order);
    }
    if (open[0] || open[1] || open[2])
        say_merge(text, open, merged);
    if (text->rejects)
        say_dead(text);
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
    uint64_t lines, sent[SOURCES_MAX]; /* of each source */
    uint64_t fails_at;                 /* the first source, when it has sent so many */
    unsigned leaver;                   /* the sink that leaves, after so many */
    uint64_t leaves_at;
    bool has_lost;      /* by a sink that left: what is rejected above it then comes to no end */
    int64_t dropped_ns; /* or stopped */
    uint64_t slow_percent;
    struct run_node
        sinks[SINKS_MAX + 1]; /* with their edges, which the run would let go when its own nodes have ended */
};

/* What comes to a sink, number by number. */
struct reading {
    const struct sink *comes;
    uint8_t times[NUMBERS_MAX];
    uint64_t count, above[KEYS]; /* numbers that came; by key: all that come are at least this */
    uint64_t value;              /* of a number in the bytes that were read last */
    unsigned at;                 /* matched of "n":, then in the digits */
};

static void meet(struct reading *reading, uint64_t number)
{
    CHECK(number < NUMBERS_MAX);
    CHECK(++reading->times[number] <= reading->comes->times[number]);
    uint64_t *above = &reading->above[reading->comes->order == BY_KEY ? KEY_OF(number) : 0];
    CHECK(reading->comes->order == MIXED || number >= *above);
    *above = number + 1;
    reading->count++;
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
    const struct datum n = wp_row_get(row, "n"), raw = wp_row_get(row, "raw");
    reading->at = 0;
    if (raw.kind == DATUM_STRING) /* of a dead-letter stream */
        read_bytes(reading, (const uint8_t *)raw.text, raw.size);
    else
        CHECK_EQ(n.kind, DATUM_INT);
    if (raw.kind != DATUM_STRING)
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

static void fill(struct rig *rig, unsigned source, weir_chunk *chunk)
{
    static const char padding[] = "................................................................";
    uint64_t *sent = &rig->sent[source];
    char *to = (char *)chunk->data;
    for (uint64_t left = 1 + chance(300); left > 0 && *sent < rig->lines; left--) {
        if (source == 0 && *sent == rig->fails_at)
            return;
        const uint64_t number = source * LINES_MAX + (*sent)++;
        chunk->size += (size_t)snprintf(to + chunk->size, 100, "{\"n\":%" PRIu64 ",\"k\":%" PRIu64 ",\"s\":\"%s\"%s\n",
                                        number, KEY_OF(number), padding + chance(sizeof padding),
                                        rig->text.has_bad && IS_BAD(number) ? "]" : "}");
    }
}

WEIR_ASYNC(feeder, int, struct rig *rig; struct run_node *node; unsigned source; weir_chunk *chunk;
           weir_chunk_get_future get; weir_sleep nap; struct wp_edge_send send;)
{
    WEIR_BEGIN
    while (self->rig->sent[self->source] < self->rig->lines && !wp_stop_is_asked(self->node)) {
        AWAIT(self->nap, nap(self->rig));
        AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
        self->chunk = self->get.output;
        CHECK(self->chunk != NULL);
        fill(self->rig, self->source, self->chunk);
        AWAIT(self->send, run_rig_send(self->node, &self->chunk));
        if (self->send.output < 0)
            RETURN(0);
        if (self->source == 0 && self->rig->sent[0] == self->rig->fails_at)
            RETURN(wp_run_fail(self->node, -EIO, "on purpose"));
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    WEIR_END
}

/* All that was sent and comes to it, and no more. */
static void check_whole(const struct rig *rig, unsigned sink, const struct reading *reading)
{
    for (uint64_t number = 0; number < NUMBERS_MAX; number++) {
        const bool was_sent = number % LINES_MAX < rig->sent[number / LINES_MAX];
        const uint8_t wanted = was_sent ? rig->text.comes[sink].times[number] : 0;
        if (reading->times[number] != wanted)
            fprintf(stderr, "%s\nsink %u has number %" PRIu64 " %u times\n", rig->text.data, sink, number,
                    reading->times[number]);
        CHECK_EQ(reading->times[number], wanted);
    }
}

WEIR_ASYNC(drain, int, struct rig *rig; struct run_node *node; unsigned index; struct reading reading;
           struct parcel parcel; weir_sleep nap; struct wp_edge_recv recv;)
{
    WEIR_BEGIN
    self->reading.comes = &self->rig->text.comes[self->index];
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
        if (self->index == self->rig->leaver && self->reading.count >= self->rig->leaves_at)
            RETURN(0);
    }
    if (!self->rig->has_lost || self->index + 1 < self->rig->text.sinks || !self->rig->text.rejects)
        check_whole(self->rig, self->index, &self->reading);
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    WEIR_END
}

/* Sources and sinks are ours, in place of stdin and null. */
static int spawn_ends(struct rig *rig, weir_join_set *set)
{
    int error = 0;
    unsigned sinks = 0, sources = 0;
    for (unsigned i = 0; error == 0 && i < rig->of.run->count; i++) {
        struct run_node *node = &rig->of.run->nodes[i];
        if (strcmp(node->plan->stage->name, "stdin") == 0)
            error = weir_join_set_spawn(set, WEIR_CALL(feeder, .rig = rig, .node = node, .source = sources++));
        if (strcmp(node->plan->stage->name, "null") != 0)
            continue;
        rig->sinks[sinks] = *node;
        node->from = NULL;
        error = weir_join_set_spawn(set, WEIR_CALL(drain, .rig = rig, .node = &rig->sinks[sinks], .index = sinks));
        sinks++;
    }
    CHECK_EQ(sources, rig->text.sources);
    CHECK_EQ(sinks, rig->text.sinks);
    return error;
}

/* As wp_run_all() does it with its own: the first failure ends all. */
WEIR_ASYNC(scenario, int, struct rig *rig; weir_join_set *set; int status; weir_join_next_future next;)
{
    WEIR_BEGIN
    self->output = weir_join_set_create(SINKS_MAX + 2 + SOURCES_MAX, &self->set);
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
    uint64_t seeds, endings[ENDINGS], stages, forks, merges, deads, parallels, sinks, lines, edges_of_one;
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
        rig->has_lost = true;
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
    coverage->merges += rig->text.merges;
    coverage->deads += rig->text.rejects;
    coverage->parallels += rig->text.parallels;
    for (unsigned i = 0; i < SOURCES_MAX; i++)
        coverage->lines += rig->sent[i];
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
        CHECK(rig->fails_at == UINT64_MAX || rig->sent[0] < rig->fails_at);
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
    say_pipelines(&rig.text);
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
    printf("   %" PRIu64 " graphs of %" PRIu64 " stages (%" PRIu64 " parallel), %" PRIu64 " forks, %" PRIu64
           " merges, %" PRIu64 " dead-letter streams and %" PRIu64 " sinks, %" PRIu64 " edges of one parcel, %" PRIu64
           " records, %.0f s of virtual time:\n",
           coverage->seeds, coverage->stages, coverage->parallels, coverage->forks, coverage->merges, coverage->deads,
           coverage->sinks, coverage->edges_of_one, coverage->lines, (double)coverage->virtual_ns / 1e9);
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
    if (one == NULL && seeds >= SEEDS)
        CHECK(coverage.forks > 0 && coverage.merges > 0 && coverage.deads > 0 && coverage.parallels > 0);
}

int main(void)
{
    RUN(test_any_graph_ends_and_gives_what_it_must);
    return check_done();
}
