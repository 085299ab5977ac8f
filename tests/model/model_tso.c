/*
 * model_tso.c - the explorer's memory is x86-TSO: exactly the outcomes that it allows, no more and no fewer.
 *
 * Random little programs run twice: under the explorer, and in a simulator below
 * that knows nothing of its tricks: it takes every single step of every thread
 * and of every store buffer in every order. Both must end in the same set of
 * registers and memories, with and without the explorer's pruning.
 *
 * ENGINE:
 */
#include "explorer.h"

#define OPS_MAX 5
#define BUFFER_MAX 5

enum op_kind { OP_STORE, OP_STORE_SEQ_CST, OP_LOAD, OP_LOAD_BOTH, OP_ADD, OP_CAS, OP_FENCE, OP_KINDS };

struct op {
    enum op_kind kind;
    unsigned variable;
    uint32_t value;
};

static struct program {
    unsigned threads;
    unsigned length[3];
    struct op ops[3][OPS_MAX];
} program;

/* Two variables, that an OP_LOAD_BOTH reads as one. */
union memory {
    uint32_t half[2];
    uint64_t both;
};

struct outcome {
    uint64_t registers[3][OPS_MAX];
    union memory memory;
};

/* --- sets of outcomes --- */

#define OUTCOMES_MAX 20000

struct outcome_set {
    uint64_t hashes[OUTCOMES_MAX];
    unsigned count;
};

static void set_add(struct outcome_set *set, const struct outcome *outcome)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    const unsigned char *bytes = (const unsigned char *)outcome;
    for (size_t i = 0; i < sizeof *outcome; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    for (unsigned i = 0; i < set->count; i++)
        if (set->hashes[i] == hash)
            return;
    CHECK(set->count < OUTCOMES_MAX);
    set->hashes[set->count++] = hash;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static bool sets_equal(struct outcome_set *a, struct outcome_set *b)
{
    qsort(a->hashes, a->count, sizeof a->hashes[0], compare_hashes);
    qsort(b->hashes, b->count, sizeof b->hashes[0], compare_hashes);
    return a->count == b->count && memcmp(a->hashes, b->hashes, a->count * sizeof a->hashes[0]) == 0;
}

/* --- the simulator: x86-TSO as it is written --- */

struct buffer {
    unsigned count;
    struct {
        unsigned variable;
        uint32_t value;
    } stores[BUFFER_MAX];
};

struct machine {
    struct outcome outcome;
    unsigned next[3];
    struct buffer buffers[3];
};

static struct outcome_set simulated;

static void flush(struct machine *machine, unsigned thread)
{
    struct buffer *buffer = &machine->buffers[thread];
    machine->outcome.memory.half[buffer->stores[0].variable] = buffer->stores[0].value;
    memmove(&buffer->stores[0], &buffer->stores[1], --buffer->count * sizeof buffer->stores[0]);
}

static bool buffered(const struct buffer *buffer, unsigned variable, uint32_t *ret_value)
{
    for (unsigned i = buffer->count; i-- > 0;)
        if (buffer->stores[i].variable == variable) {
            *ret_value = buffer->stores[i].value;
            return true;
        }
    return false;
}

/* False: this op waits until stores have left the buffer. */
static bool execute(struct machine *machine, unsigned thread)
{
    const struct op *op = &program.ops[thread][machine->next[thread]];
    uint64_t *result = &machine->outcome.registers[thread][machine->next[thread]];
    struct buffer *buffer = &machine->buffers[thread];
    uint32_t *word = &machine->outcome.memory.half[op->variable];
    uint32_t value;
    switch (op->kind) {
    case OP_STORE:
        buffer->stores[buffer->count].variable = op->variable;
        buffer->stores[buffer->count++].value = op->value;
        break;
    case OP_LOAD:
        *result = buffered(buffer, op->variable, &value) ? value : *word;
        break;
    case OP_LOAD_BOTH:
        if (buffered(buffer, 0, &value) || buffered(buffer, 1, &value))
            return false;
        *result = machine->outcome.memory.both;
        break;
    default:
        if (buffer->count > 0)
            return false;
        if (op->kind == OP_FENCE)
            break;
        *result = *word;
        if (op->kind == OP_STORE_SEQ_CST)
            *result = 0, *word = op->value;
        else if (op->kind == OP_ADD)
            *word += op->value;
        else if (*word == 0)
            *word = op->value;
    }
    machine->next[thread]++;
    return true;
}

static void simulate(const struct machine *machine)
{
    bool ended = true;
    for (unsigned i = 0; i < program.threads; i++) {
        struct machine after = *machine;
        if (machine->next[i] < program.length[i]) {
            ended = false;
            if (execute(&after, i))
                simulate(&after);
        }
        if (machine->buffers[i].count > 0) {
            ended = false;
            after = *machine;
            flush(&after, i);
            simulate(&after);
        }
    }
    if (ended)
        set_add(&simulated, &machine->outcome);
}

/* --- the same program under the explorer --- */

static struct outcome current;
static struct outcome_set explored;

static void setup(void)
{
    memset(&current, 0, sizeof current);
}

static void run_program(void)
{
    const int thread = model_self();
    for (unsigned i = 0; i < program.length[thread]; i++) {
        const struct op *op = &program.ops[thread][i];
        uint64_t *result = &current.registers[thread][i];
        uint32_t *word = &current.memory.half[op->variable];
        uint32_t zero = 0;
        switch (op->kind) {
        case OP_STORE:
            wi_store(word, op->value, RELEASE);
            break;
        case OP_STORE_SEQ_CST:
            wi_store(word, op->value, SEQ_CST);
            break;
        case OP_LOAD:
            *result = wi_load(word, ACQUIRE);
            break;
        case OP_LOAD_BOTH:
            *result = wi_load(&current.memory.both, ACQUIRE);
            break;
        case OP_ADD:
            *result = wi_fetch_add(word, op->value, ACQ_REL);
            break;
        case OP_CAS:
            (void)wi_cas(word, &zero, op->value, ACQ_REL);
            *result = zero;
            break;
        default:
            wi_fence(SEQ_CST);
        }
    }
}

static void collect(void)
{
    set_add(&explored, &current);
}

static uint64_t random_state;
static unsigned random_below(unsigned bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % bound;
}

static void make_program(unsigned seed)
{
    random_state = seed;
    memset(&program, 0, sizeof program);
    program.threads = 2 + random_below(2);
    for (unsigned i = 0; i < program.threads; i++) {
        program.length[i] = program.threads == 2 ? 2 + random_below(4) : 1 + random_below(3);
        for (unsigned j = 0; j < program.length[i]; j++) {
            /* Half of them plain loads and stores: they are what buffers are about. */
            const unsigned kind = random_below(2 * OP_KINDS);
            struct op *op = &program.ops[i][j];
            op->kind = kind < OP_KINDS ? (enum op_kind)kind : kind % 2 == 0 ? OP_STORE : OP_LOAD;
            op->variable = random_below(2);
            op->value = 10 * (i + 1) + j + 1;
        }
    }
}

static void print_program(void)
{
    static const char *const names[] = { "store", "store seq_cst", "load", "load both", "add", "cas", "fence" };
    for (unsigned i = 0; i < program.threads; i++)
        for (unsigned j = 0; j < program.length[i]; j++) {
            const struct op *op = &program.ops[i][j];
            fprintf(stderr, "  T%u: %s %c %u\n", i, names[op->kind], "xy"[op->variable], op -> value);
        }
}

static void explore(unsigned preemptions, bool no_pruning)
{
    const struct model model = { .name = "random program",
                                 .setup = setup,
                                 .threads = { run_program, run_program, program.threads == 3 ? run_program : NULL },
                                 .check = collect,
                                 .preemptions = preemptions,
                                 .no_pruning = no_pruning,
                                 .quiet = true };
    explored.count = 0;
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK(result.exhaustive || preemptions != MODEL_UNBOUNDED);
}

static void compare(unsigned seed, const char *what, struct outcome_set *wanted)
{
    if (!sets_equal(&explored, wanted)) {
        fprintf(stderr, "seed %u, %s: %u outcomes, not %u\n", seed, what, explored.count, wanted->count);
        print_program();
    }
    CHECK(sets_equal(&explored, wanted));
}

static void test_random_programs_have_the_outcomes_of_a_plain_simulation(void)
{
    uint64_t outcomes = 0;
    for (unsigned seed = 1; seed <= 150; seed++) {
        make_program(seed);
        const struct machine start = { .next = { 0 } };
        simulated.count = 0;
        simulate(&start);
        outcomes += simulated.count;
        explore(MODEL_UNBOUNDED, false);
        compare(seed, "pruned", &simulated);
        if (seed % 10 == 0) {
            explore(MODEL_UNBOUNDED, true);
            compare(seed, "not pruned", &simulated);
        }
    }
    printf("   150 programs, %" PRIu64 " outcomes\n", outcomes);
}

/* Within a bound, too, pruning leaves out only what was seen. */
static void test_pruning_loses_nothing_within_a_bound(void)
{
    static struct outcome_set wanted;
    for (unsigned seed = 1000; seed < 1200; seed++) {
        make_program(seed);
        const unsigned preemptions = 1 + seed % 3;
        explore(preemptions, true);
        wanted = explored;
        explore(preemptions, false);
        compare(seed, "pruned within a bound", &wanted);
    }
}

int main(void)
{
    RUN(test_random_programs_have_the_outcomes_of_a_plain_simulation);
    RUN(test_pruning_loses_nothing_within_a_bound);
    return check_done();
}
