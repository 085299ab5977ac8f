/* plan_words.c - a plan in words for a person: what flows, what runs where, what is held, and why it can't get stuck.
 */
#include "explain/plan_words.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/limit_words.h"
#include "explain/rotation_words.h"
#include "explain/lines.h"
#include "nodes/node.h"
#include "plan/push_down.h"
#include "run/batch.h"
#include "run/bundle.h"
#include "run/pieces.h"
#include "run/stepper.h"
#include "run/whole_job.h"

struct words {
    const struct plan *plan;
    const struct run_bounds *bounds, *wanted; /* wanted: with memory without end */
    bool in_block;                            /* of each, where every stage runs for itself */
    unsigned bundled;                         /* so many stages to come are of the bundle that was told of */
    struct lines lines;
};

static const char *port_word(weir_port port)
{
    return port == WEIR_BYTES ? "bytes" : port == WEIR_RECORDS ? "records" : port == WEIR_FILES ? "files" : "nothing";
}

/* --- what options are set to ------------------------------------------------------------------------ */

static bool has_more(const struct setting *setting)
{
    for (const struct setting *other = setting->next; other != NULL; other = other->next)
        if (other->opt == setting->opt)
            return true;
    return false;
}

static void say_given(struct words *words, const struct plan_node *node, const weir_opt *opt)
{
    bool first = true;
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        if (setting->opt != opt)
            continue;
        char *value = wp_explain_value(words->plan, setting);
        if (value == NULL) {
            words->lines.failed = true;
            return;
        }
        const bool flag = opt->type == WEIR_OPT_BOOL && strcmp(value, opt->name) == 0;
        const char *comma = has_more(setting) ? "," : "";
        if (first)
            wp_lines_say(&words->lines, "%s = %s%s", opt->name, flag ? "true" : value, comma);
        else
            wp_lines_say(&words->lines, "%s%s", value, comma);
        free(value);
        first = false;
    }
    wp_lines_end(&words->lines);
}

/* Not 0, false or without end: those say that nobody asked for anything. */
static bool has_default(const weir_opt *opt)
{
    if (opt->type == WEIR_OPT_CHOICE)
        return opt->choices != NULL;
    return opt->def_text != NULL || (opt->def != 0 && opt->def != INT64_MAX);
}

static void say_default(struct words *words, const weir_opt *opt)
{
    char range[200];
    (void)weir_opt_describe(opt, range, sizeof range);
    const char *value = strstr(range, "default ");
    wp_lines_put(&words->lines, "%s = %s (default)", opt->name,
                 opt->def_text != NULL ? opt->def_text
                 : value != NULL       ? value + strlen("default ")
                                       : "?");
}

static bool has_blocks(const weir_opt *opt)
{
    return opt->type == WEIR_OPT_BLOCK || opt->type == WEIR_OPT_CASES;
}

static void say_options(struct words *words, const struct plan_node *node)
{
    const char *none = "not given:";
    for (const weir_opt *opt = node->stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (!has_blocks(opt) && wp_plan_setting(node, opt->name) != NULL)
            say_given(words, node, opt);
    for (const weir_opt *opt = node->stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (!has_blocks(opt) && has_default(opt) && wp_plan_setting(node, opt->name) == NULL)
            say_default(words, opt);
    for (const weir_opt *opt = node->stage->opts; opt != NULL && opt->name != NULL; opt++) {
        if (has_blocks(opt) || has_default(opt) || wp_plan_setting(node, opt->name) != NULL)
            continue;
        wp_lines_say(&words->lines, "%s %s", none, opt->name);
        none = "";
    }
    wp_lines_end(&words->lines);
}

/* --- what a source or a sink promises of each record, over a restart ------------------------------------- */

/* Is it one of those that go to disk, and can be in a run with a journal? */
static bool spills_to_state(const struct plan_node *node, const struct node_type *type)
{
    return wp_node_keeps(node) == KEEPS_STATE && (type->touches & TOUCHES_TEMPORARY) != 0 &&
           (type->unkept == NULL || type->unkept(node) == NULL);
}

static void say_promise(struct words *words, const struct plan_node *node, const struct node_type *type)
{
    const char *promise = type->promises != NULL ? type->promises(node) : NULL;
    const enum node_keeps keeps = wp_node_keeps(node);
    if (promise != NULL)
        wp_lines_put(&words->lines, "%s", promise);
    else if (keeps == KEEPS_POSITION)
        wp_lines_put(&words->lines, "with --state: each record once, over restarts and kills");
    else if (keeps == KEEPS_NO_POSITION)
        wp_lines_put(&words->lines,
                     "with --state: at most once: what a killed run had read and not yet written is lost");
    else if (keeps == KEEPS_OUTPUT)
        wp_lines_put(&words->lines, "with --state: exactly once: at a start it is cut to the last checkpoint");
    else if (keeps == KEEPS_NO_OUTPUT)
        wp_lines_put(&words->lines, "with --state: at least once: what came since the last checkpoint comes again");
    else if (spills_to_state(node, type))
        wp_lines_put(&words->lines, "with --state: what doesn't fit the memory is there, part of its checkpoints");
}

/* --- where it runs, and how often at once -------------------------------------------------------------- */

static void say_transform(struct words *words, const struct plan_node *node)
{
    char size[LINES_SIZE_MAX];
    const uint32_t cost = weir_cost_ns_per_kib(node->stage->cost);
    switch (node->engine.pool) {
    case POOL_INLINE:
        wp_lines_put(&words->lines, "runs inline, whatever a step costs (@pool=inline)");
        return;
    case POOL_CPU:
    case POOL_IO:
        wp_lines_put(&words->lines, "each step runs on the %s lane (@pool=%s)",
                     node->engine.pool == POOL_IO ? "io" : "cpu", node->engine.pool == POOL_IO ? "io" : "cpu");
        return;
    case POOL_AUTO:
        break;
    }
    const char *at_once = wp_lines_size(size, cost > 0 ? ((uint64_t)OFFLOAD_ABOVE_NS << 10) / cost : UINT64_MAX);
    if (node->stage->cost == WEIR_CPU_HEAVY)
        wp_lines_put(
            &words->lines,
            "a step runs inline while it is predicted to cost at most %d us, above that on the cpu lane; until "
            "it is measured, %" PRIu32 " ns a KiB are assumed (%s)",
            OFFLOAD_ABOVE_NS / 1000, cost, at_once);
    else
        wp_lines_put(&words->lines,
                     "steps run inline, cut to what is predicted to cost %d us; until it is measured, %" PRIu32
                     " ns a KiB are assumed (%s at once)",
                     OFFLOAD_ABOVE_NS / 1000, cost, at_once);
}

/* Behind how many there are at once. */
static void say_order(struct words *words, const struct plan_node *node)
{
    const bool kept = wp_plan_keeps_order(node);
    if (node->engine.order == ORDER_KEY)
        wp_lines_put(&words->lines, "what has the same .%s is worked on one after the other and keeps its order%s",
                     node->engine.key_text,
                     kept ? "; so does what the blocks give" : ", the rest may overtake (@order=key)");
    else if (kept && node->engine.order == ORDER_ANY)
        wp_lines_put(&words->lines, "what the blocks give keeps the order of the input (@order=any changes nothing)");
    else
        wp_lines_put(&words->lines, "%s",
                     kept ? "the order of the input is kept" : "what is ready first goes on first (@order=any)");
}

static void say_parallel(struct words *words, const struct plan_node *node)
{
    const unsigned par = wp_bounds_par(node);
    const char *from = node->engine.par_cores ? " (@par=cores)" : "";
    char in[LINES_SIZE_MAX], out[LINES_SIZE_MAX];
    if (wp_pieces_par(node) > 0) {
        const struct run_bounds *bounds = &words->bounds[node->index];
        wp_lines_say(&words->lines, "parallel: the input is cut into pieces, on %u lanes%s;", par, from);
        say_order(words, node);
        wp_lines_put(&words->lines, "each lane holds at most %s of its input and %s of its output",
                     wp_lines_size(in, (uint64_t)bounds->lane_in * RUN_CHUNK_BYTES),
                     wp_lines_size(out, (uint64_t)bounds->lane_out * RUN_CHUNK_BYTES));
    } else if (par > 1) {
        wp_lines_say(&words->lines, "parallel: %u at once%s;", par, from);
        say_order(words, node);
    } else if (node->merges != NULL) {
        wp_lines_put(&words->lines, "%s",
                     node->engine.order == ORDER_ANY
                         ? "in the order in which they come (@order=any)"
                         : "one pipeline after the other, in the order of their names; @order=any mixes them");
    } else if (node->in != WEIR_NONE) {
        wp_lines_put(&words->lines, "one at a time, in order");
    }
}

static void say_glance(struct words *words, const struct plan_node *node)
{
    struct push_number number;
    if (strcmp(node->stage->name, "json") == 0 && wp_push_to_json(node, &number))
        wp_lines_put(&words->lines,
                     "pushed down from %s: a line in which no \"%.*s\" can pass is left out before it is checked",
                     node->next->name, (int)number.name_size, number.name);
}

static void say_sieve(struct words *words, const struct plan_node *node)
{
    struct push_number number;
    if (wp_push_through_json(node, &number))
        wp_lines_put(&words->lines,
                     "pushed down from %s: cuts only lines in which a \"%.*s\" may pass, out of whole chunks",
                     node->next->next->name, (int)number.name_size, number.name);
}

static void say_pushed(struct words *words, const struct plan_node *node)
{
    struct push_text texts[PUSH_TEXTS_MAX];
    const bool is_lines = strcmp(node->stage->name, "lines") == 0;
    const unsigned count = is_lines ? wp_push_to_lines(node, texts) : 0;
    if (is_lines && wp_push_quotes(node) != NULL)
        wp_lines_put(&words->lines, "for the csv behind it: a newline within quotes ends no line");
    if (count == 0)
        return;
    weir_text text = { 0 };
    int error = 0;
    for (unsigned i = 0; error == 0 && i < count; i++) {
        error = i > 0 ? weir_text_append(&text, ", ", 2) : 0;
        error = error == 0 ? wp_datum_append_json(&text, datum_string(texts[i].text, texts[i].size)) : error;
    }
    if (error == 0)
        wp_lines_put(&words->lines,
                     "pushed down from %s: looks for %s%.*s in whole chunks, and cuts only the lines that hold it",
                     node->next->name, count > 1 ? "the rarest of " : "", (int)text.size, text.data);
    weir_text_fini(&text);
}

/* --- stages that are run as one ------------------------------------------------------------------------ */

static size_t lane_batches(const struct words *words, const struct plan_node *first)
{
    const size_t room = words->bounds[first->index].lane_in;
    return room < BUNDLE_QUEUE ? room : BUNDLE_QUEUE;
}

/* Before the first of `count` stages, whose number is `at`. */
static void say_bundle(struct words *words, const struct plan_node *first, const char *prefix, unsigned at)
{
    const unsigned count = wp_bundle_nodes(first);
    const size_t batches = lane_batches(words, first);
    if (count > 1)
        wp_lines_say(&words->lines, "%s%u. to %s%u. run as one:", prefix, at, prefix, at + count - 1);
    else
        wp_lines_say(&words->lines, "%s%u. runs in lanes:", prefix, at);
    wp_lines_put(&words->lines,
                 "a batch goes %s inline, on one core, and %u do so beside each other; before each lane wait at most "
                 "%zu batch%s. The order in which they get to %s is all one to it.",
                 count > 1 ? "through all of these stages" : "through it", wp_bundle_lanes(first), batches,
                 batches == 1 ? "" : "es", wp_bundle_last(first)->name);
    words->bundled = count;
}

static void say_place(struct words *words, const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    if (words->bundled > 0) {
        say_glance(words, node);
        return;
    }
    if (type == NULL)
        say_transform(words, node);
    else if (type->runs != NULL)
        wp_lines_put(&words->lines, "%s", type->runs);
    if (type != NULL && !words->in_block) /* a block is never in a run with a state */
        say_promise(words, node, type);
    say_pushed(words, node);
    say_glance(words, node);
    say_sieve(words, node);
    wp_rotation_words(&words->lines, node);
    say_parallel(words, node);
    wp_limit_words(&words->lines, node);
}

/* --- edges --------------------------------------------------------------------------------------------- */

/* From `node` to the next one or to the first of a branch, which may hold `capacity`. */
static void say_way(struct words *words, const struct plan_node *node, const struct plan_node *to, size_t capacity,
                    size_t wanted)
{
    char one[LINES_SIZE_MAX], all[LINES_SIZE_MAX];
    const size_t chunk = wp_bounds_chunk_bytes(node);
    const char *cut = capacity < wanted ? ", cut down to fit the memory" : "";
    if (to->in == WEIR_BYTES)
        wp_lines_put(&words->lines, "-> %s to %s: at most %s (%zu chunk%s of %s)%s", port_word(to->in), to->name,
                     wp_lines_size(all, (uint64_t)capacity * chunk), capacity, capacity == 1 ? "" : "s",
                     wp_lines_size(one, chunk), cut);
    else
        wp_lines_put(&words->lines, "-> %s to %s: at most %zu batches of up to %u", port_word(to->in), to->name,
                     capacity, BATCH_ROWS);
}

static void say_edge(struct words *words, const struct plan_node *node)
{
    say_way(words, node, wp_plan_to(node), words->bounds[node->index].edge, words->wanted[node->index].edge);
}

/* --- chains ---------------------------------------------------------------------------------------------- */

/* The first `whole` nodes are one job: where their parts run is not theirs to say. */
static void say_chain(struct words *words, const struct plan_chain *chain, const char *prefix, unsigned whole);

static void say_branch(struct words *words, const struct plan_node *node, const struct plan_chain *branch,
                       const char *number, unsigned index)
{
    char prefix[128];
    const unsigned first = branch->nodes->index;
    char *label = wp_explain_branch(words->plan, node, index);
    wp_lines_put(&words->lines, "%s:", label != NULL ? label : "");
    words->lines.failed |= label == NULL;
    free(label);
    words->lines.indent += 2;
    say_way(words, node, branch->nodes, words->bounds[first].feed, words->wanted[first].feed);
    snprintf(prefix, sizeof prefix, "%.100s%c.", number, (char)('a' + index % 26));
    say_chain(words, branch, prefix, 0);
    words->lines.indent -= 2;
}

static void say_blocks(struct words *words, const struct plan_node *node, const char *number, bool whole)
{
    const struct plan_chain *block;
    for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++) {
        if (node->forks) {
            say_branch(words, node, block, number, i);
            continue;
        }
        wp_lines_put(&words->lines, "the block, for each file:");
        const bool in_block = words->in_block;
        words->lines.indent += 2;
        words->in_block = true;
        say_chain(words, block, number, whole ? UINT_MAX : 0);
        words->in_block = in_block;
        words->lines.indent -= 2;
    }
}

static void say_node(struct words *words, const struct plan_node *node, const char *number, bool whole)
{
    const char *shown = strcmp(node->name, node->stage->name) == 0 ? "" : node->name;
    if (node->merges != NULL)
        wp_lines_say(&words->lines, "%s %s: %s of several pipelines", number, node->stage->name, port_word(node->out));
    else if (node->in == WEIR_NONE)
        wp_lines_say(&words->lines, "%s %s: source of %s", number, node->stage->name, port_word(node->out));
    else if (node->next == NULL && node->out == WEIR_NONE)
        wp_lines_say(&words->lines, "%s %s: takes %s, a sink", number, node->stage->name, port_word(node->in));
    else
        wp_lines_say(&words->lines, "%s %s: %s -> %s", number, node->stage->name, port_word(node->in),
                     port_word(node->out));
    wp_lines_put(&words->lines, shown[0] != '\0' ? "(called %s)" : "%s", shown);
    words->lines.indent += 4;
    say_options(words, node);
    if (!whole)
        say_place(words, node);
    if (node->engine.onerror == ONERROR_DEAD)
        wp_lines_put(&words->lines, "what it can't take goes to the dead-letter stream %s, as .error .stage .raw",
                     node->engine.dead);
    else if (node->engine.onerror == ONERROR_DROP)
        wp_lines_put(&words->lines, "what it can't take is left out, and counted");
    say_blocks(words, node, number, whole);
    if (!whole && words->bundled <= 1 && wp_plan_to(node) != NULL)
        say_edge(words, node);
    words->lines.indent -= 4;
    words->bundled -= words->bundled > 0 ? 1 : 0;
}

static void say_chain(struct words *words, const struct plan_chain *chain, const char *prefix, unsigned whole)
{
    char number[128];
    unsigned count = 0;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        snprintf(number, sizeof number, "%s%u.", prefix, ++count);
        if (!words->in_block && words->bundled == 0 && wp_bundle_nodes(node) > 0)
            say_bundle(words, node, prefix, count);
        say_node(words, node, number, count <= whole);
        if (count == whole && node->next != NULL) {
            words->lines.indent += 4;
            say_edge(words, node);
            words->lines.indent -= 4;
        }
    }
}

static void say_hash_job(struct words *words, const struct plan_chain *chain, unsigned whole)
{
    const struct plan_node *first = chain->nodes;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a chain with such a job has two nodes and more */
    const bool lists = strcmp(first->stage->name, "manifest") == 0, is_par = first->next->engine.par > 1;
    unsigned count = 0;
    for (const struct plan_node *node = first; node != NULL; node = node->next)
        count++;
    if (whole < count)
        wp_lines_say(&words->lines, "The first %u of these stages run as one job,", whole);
    else
        wp_lines_say(&words->lines, "These stages run as one job,");
    wp_lines_put(&words->lines,
                 "the hashing job of weir hash: it %s, reads small files in batches and large ones in pieces, hashes "
                 "them on %s, and gives the %s.",
                 lists ? "reads the list" : "walks", is_par ? "as many lanes as @par says" : "a lane a core",
                 lists ? "files in the order of the list" : "lines in the order of the walk");
}

static void say_pipeline(struct words *words, const struct plan_chain *chain, const char *kind)
{
    const unsigned whole = wp_hash_job_nodes(chain);
    wp_lines_gap(&words->lines);
    wp_lines_say(&words->lines, "%s%s%s:", kind, chain->name != NULL ? " " : "",
                 chain->name != NULL ? chain->name : "");
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next)
        wp_lines_say(&words->lines, "%s%s", node == chain->nodes ? "" : "| ", node->stage->name);
    wp_lines_end(&words->lines);
    words->lines.indent += 2;
    if (whole > 0)
        say_hash_job(words, chain, whole);
    say_chain(words, chain, "", whole);
    words->lines.indent -= 2;
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static bool any_merges(const struct plan *plan)
{
    bool merges = false;
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        merges |= chain->nodes->merges != NULL;
    return merges;
}

static bool any_forks(const struct plan *plan)
{
    bool forks = plan->deads != NULL;
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        forks |= wp_plan_forks(chain);
    return forks;
}

static void say_memory(struct words *words, size_t needed, size_t budget)
{
    char need[LINES_SIZE_MAX], has[LINES_SIZE_MAX];
    wp_lines_gap(&words->lines);
    if (needed == 0)
        wp_lines_put(&words->lines, "Memory: no chunks of bytes flow here; what its jobs read has %s (--mem).",
                     wp_lines_size(has, budget));
    else
        wp_lines_put(&words->lines, "Memory: it needs %s at least, and may use %s (--mem).",
                     wp_lines_size(need, needed), wp_lines_size(has, budget));
    wp_lines_put(&words->lines,
                 "It can't deadlock: edges lead forward only, so there is no cycle; a stage holds at most the chunk it "
                 "reads and the one it fills; and what all stages and edges hold at once fits the memory. So whoever "
                 "waits, for room in an edge or for a chunk, waits for a stage further on, and the last one waits for "
                 "nobody.");
    if (any_merges(words->plan))
        wp_lines_put(&words->lines,
                     "Merges: each takes pipelines that stand above it, each of them goes into one merge only, and no "
                     "branch goes into any. So no two ways out of one fork meet again, where one could wait for the "
                     "other. A pipeline whose turn hasn't come waits with full edges, which are counted above.");
    if (words->plan->deads != NULL)
        wp_lines_put(
            &words->lines,
            "Dead-letter streams: each ends when no stage can send to it any more, and sends to none, so nothing "
            "goes round in a circle; who has a record for a full one waits for its sink only.");
    if (!any_forks(words->plan))
        return;
    wp_lines_put(
        &words->lines,
        "Forks: a branch is never fed again by what it gave, so this holds for branches, too. They are served in "
        "turn: the slowest sets the pace of all, and the others are ahead of it by what its edge holds at most. "
        "Outputs appear together, once everything has ended well; if anything fails, none does.");
}

static void say_all(struct words *words, size_t needed, size_t budget)
{
    const struct plan *plan = words->plan;
    unsigned count = 0;
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        count++;
    wp_lines_put(&words->lines, "%s: %u pipeline%s, %u stage%s. Nothing runs now.", plan->syntax->source.name, count,
                 count == 1 ? "" : "s", plan->nodes, plan->nodes == 1 ? "" : "s");
    for (const struct let *let = plan->syntax->lets; let != NULL; let = let->next)
        wp_lines_put(&words->lines, "let %s = %.*s (unless --set says otherwise)", let->name,
                     (int)(let->value.span.to - let->value.span.from),
                     plan->syntax->source.text + let->value.span.from);
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        say_pipeline(words, chain, "Pipeline");
    for (const struct plan_chain *dead = plan->deads; dead != NULL; dead = dead->next)
        say_pipeline(words, dead, "Dead-letter stream");
    say_memory(words, needed, budget);
}

int wp_explain(const struct plan *plan, const struct run_bounds *bounds, size_t budget, weir_text *out)
{
    size_t needed = 0, held;
    struct run_bounds *wanted = calloc(plan->nodes + 1u, sizeof *wanted);
    if (wanted == NULL)
        return -ENOMEM;
    (void)wp_bounds(plan, SIZE_MAX / 2, wanted, &held, &needed);
    struct words words = { .plan = plan, .bounds = bounds, .wanted = wanted, .lines = { .out = out } };
    say_all(&words, needed, budget);
    free(wanted);
    return words.lines.failed ? -ENOMEM : 0;
}
