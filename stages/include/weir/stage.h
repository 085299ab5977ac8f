/*
 * stage.h - what a stage is, and all its author includes.
 *
 * A stage is a synchronous transform between two windows of bytes. It does no
 * input or output of its own, never waits, knows no thread and no clock: the
 * same bytes and options give the same bytes, however they are cut into
 * windows. That is why a host may run it inline, in a pool, or under a fuzzer.
 * (A library may have threads, if the host says so: flow->threads.)
 *
 * A new stage is a file `stages/NAME.c` that ends in a table
 *
 *     const weir_stage weir_stage_NAME = { .name = "NAME", ... };
 *
 * and a line WEIR_STAGE(NAME) in stages.def. Help, man page and the generic
 * tests follow from the table.
 */
#ifndef WEIR_STAGE_H
#define WEIR_STAGE_H

#include <weir/base.h>

#pragma GCC visibility push(default)

/* What flows in or out. Bits, since a stage may take more than one kind. */
typedef enum weir_port {
    WEIR_NONE = 0,
    WEIR_BYTES = 1,    /* a stream of bytes, in windows */
    WEIR_RECORDS = 2,  /* rows: a raw slice and fields */
    WEIR_FILES = 4,    /* records that name a file */
    WEIR_AS_BLOCK = 8, /* out only: what the stage's block gives, or what it was fed where the block ends in a sink */
} weir_port;

/* How much work a byte is, until it has been measured; weir_cost_ns_per_kib() has the figures. */
typedef enum weir_cost {
    WEIR_CPU_LIGHT,  /* near the speed of memory: counting, passing on, fast digests */
    WEIR_CPU_MEDIUM, /* parsing, decompression, digests with a key to them */
    WEIR_CPU_HEAVY,  /* compression */
} weir_cost;

uint32_t weir_cost_ns_per_kib(weir_cost cost);

/* The window a step works on. The host owns it and what it points to. */
typedef struct weir_flow {
    const uint8_t *in; /* in[in_pos .. in_size) is yours to read; advance in_pos past what you took */
    size_t in_size;
    size_t in_pos;
    bool in_last; /* nothing follows this window */

    uint8_t *out; /* out[out_pos .. out_size) is yours to fill; advance out_pos */
    size_t out_size;
    size_t out_pos;

    uint64_t in_offset;  /* bytes of the stream before in[0], kept by the host: for error texts */
    uint32_t ns_per_kib; /* open() may put a better guess than its cost class here */
    bool is_piece;       /* set by the host, before open(): the stream is a piece of another, see weir_cut */
    bool waits; /* set by open(), or by a step for those that follow: one may wait for threads of the stage's own, or
                   work on what an earlier one took, so no worker shall call it */
    uint8_t threads; /* set by the host: so many of its own a stage may have. 0 or not may show in what it writes, the
                        number may not */

    int error;             /* the first weir_flow_fail(), */
    char error_text[232];  /* its words: one line, may hold bytes of the input, */
    uint64_t error_offset; /* and where in the stream */
} weir_flow;

/*
 * What step() returns, or a negative errno from weir_flow_fail().
 *
 *   WEIR_WANT_INPUT    the whole input window is taken (in_pos == in_size) and
 *                      it wasn't the last one: call again with the next.
 *   WEIR_WANT_OUTPUT   there is more to write: call again with room for at
 *                      least one byte. The input not taken yet is presented
 *                      again, from in_pos on, perhaps with more behind it.
 *   WEIR_WANT_NOTHING  the output is complete. What is left of the input
 *                      nobody needs: `head` ends early that way.
 *
 * A step that takes nothing, writes nothing and doesn't end is a fault of the
 * stage, and so is one that wants input after the last; a host may stop it
 * with -EPROTO.
 */
typedef enum weir_want {
    WEIR_WANT_NOTHING = 0,
    WEIR_WANT_INPUT = 1,
    WEIR_WANT_OUTPUT = 2,
} weir_want;

/*
 * weir_flow_fail() - the stage can't go on: `error` is a negative errno, the
 * text says why in the user's words, without the name of the stage or the
 * place, which the host adds: what was read last, or `offset` of the stream in
 * weir_flow_fail_at(). Returns `error`. The first failure is kept.
 */
WEIR_PUBLIC int weir_flow_fail(weir_flow *flow, int error, const char *format, ...) WEIR_PRINTF(3, 4);
WEIR_PUBLIC int weir_flow_fail_at(weir_flow *flow, uint64_t offset, int error, const char *format, ...)
    WEIR_PRINTF(4, 5);

/* weir_flow_put() - copies as much of `data` to the output as there is room for. Returns how much that was. */
WEIR_PUBLIC size_t weir_flow_put(weir_flow *flow, const void *data, size_t size);

/* The kinds of option and the type of the field at `offset`. */
typedef enum weir_opt_type {
    WEIR_OPT_INT = 1,  /* int64_t */
    WEIR_OPT_SIZE,     /* int64_t, bytes */
    WEIR_OPT_DURATION, /* int64_t, nanoseconds */
    WEIR_OPT_BOOL,     /* bool */
    WEIR_OPT_CHOICE,   /* int64_t, index into `choices` */
    WEIR_OPT_STRING,   /* const char * */
    WEIR_OPT_FIELD,    /* const char *, a field's name without its leading dot */
    WEIR_OPT_LIST,     /* weir_opt_list of strings, each one of `choices` if there are any */
    WEIR_OPT_RATE,     /* int64_t, a second */
    /* For stages of the engine's own, which read their arguments from the plan: */
    WEIR_OPT_TEMPLATE, /* a string in which "{.field}" is filled in for each record */
    WEIR_OPT_FIELDS,   /* fields, with commas between; behind each may stand one of `choices` */
    WEIR_OPT_CALLS,    /* what to find of fields: count, sum(.b) as .c, with commas between; `choices` are the names */
    WEIR_OPT_EXPR,     /* an expression, or one of `choices` */
    WEIR_OPT_BLOCK,    /* { stage | stage } */
    WEIR_OPT_REGEX,    /* /pattern/, with an i behind it for either case */
    WEIR_OPT_SPAN,     /* so many, or so long: 1M or 10m */
    WEIR_OPT_ASSIGN,   /* .f = expression, with commas between */
    WEIR_OPT_CASES,    /* { expression -> { stage | stage } ... else -> { stage } } */
} weir_opt_type;

typedef struct weir_opt_list {
    const char *const *items;
    size_t count;
} weir_opt_list;

/*
 * An option of a stage; a table of them ends with { 0 }. Before open() the
 * host has put the user's value, or the default, at `offset` of the state,
 * and kept it within range and choices: open() need not check again. Strings
 * and lists belong to the host and live as long as the state.
 */
typedef struct weir_opt {
    const char *name;
    const char *help; /* one line, lower case, no full stop */
    weir_opt_type type;
    size_t offset;
    int64_t def;                /* of INT, SIZE, DURATION, BOOL, CHOICE */
    int64_t min, max;           /* of INT, SIZE, DURATION, both included; no limit when both are 0 */
    const char *def_text;       /* of STRING, FIELD, and the single item of LIST; NULL is none */
    const char *const *choices; /* of CHOICE and LIST, NULL at the end */
    bool positional;            /* may be given without its name; a LIST takes every such word */
    bool required;
    const char *intro; /* a word, or a sign, that may stand before the value in place of NAME=: "as", "by", ">" */
} weir_opt;

/*
 * How a stage's input is cut into pieces, so that several states work on it at
 * once (@par): each piece is a stream of its own to one of them, with
 * flow->is_piece set, and what they give is joined, piece behind piece. A state
 * is reset between pieces. An empty stream is one empty piece.
 *
 *   find     as step, but writes nothing: takes of the window what belongs to the
 *            piece. WEIR_WANT_INPUT: all of it, and the piece goes on behind
 *            it; WEIR_WANT_NOTHING: the piece ends at in_pos. Never fails: what
 *            it makes no sense of it leaves, in one piece, to step to complain of.
 *   joined   may be NULL. Told of each piece, in the order of the output; 0 or
 *            what weir_flow_fail() said.
 *   finish   may be NULL. A step without input that writes what stands behind
 *            the last piece.
 *
 * find has a state of its own, and so have joined and finish together.
 */
typedef struct weir_cut {
    int (*find)(void *state, weir_flow *flow);
    int (*joined)(void *state, weir_flow *flow, uint64_t in_bytes, uint64_t out_bytes);
    int (*finish)(void *state, weir_flow *flow);
} weir_cut;

/*
 * A stage. The host makes `state_size` zeroed bytes, aligned as malloc does,
 * sets the options and calls
 *
 *   open    once, before anything flows. May allocate, may fail.
 *   step    until it returns WEIR_WANT_NOTHING or fails. Never at the same
 *           time twice on one state, but perhaps on another thread each time.
 *   reset   if there is one: begin the next stream with the same options,
 *           cheaper than close and open. After any step, failed ones too.
 *   close   once after a successful open, wherever the stream stands; and
 *           after a failed one, so it takes what open left half-made.
 */
typedef struct weir_stage {
    const char *name;
    const char *summary; /* one line, lower case, no full stop */
    weir_port in, out;
    bool source; /* may begin a pipeline, though it may also be fed: `read`, of a path or of a file */
    bool sink;   /* may end one, though it gives something on: `print` */
    weir_cost cost;
    size_t state_size;
    const weir_opt *opts; /* NULL for none */
    int (*open)(void *state, weir_flow *flow);
    int (*step)(void *state, weir_flow *flow);
    int (*reset)(void *state, weir_flow *flow);
    void (*close)(void *state);
    const weir_cut *cut; /* NULL: its input is in one piece; else there is a reset, too */
    bool restarts; /* what two states give, one behind the other, is one stream: members of gzip, frames of zstd */
} weir_stage;

/* weir_stage_at() - stage `index` in the order of the names; NULL past the end. */
const weir_stage *weir_stage_at(size_t index);

/* weir_stage_find() - the stage called `name`, or NULL; weir_stage_suggest() is for that case, and may be NULL too. */
const weir_stage *weir_stage_find(const char *name);
const char *weir_stage_suggest(const char *name);

/*
 * weir_stage_add() - puts `stage` into the table that weir_stage_at() reads, at the
 * place of its name. What weir_stage_register() of weir/pipeline.h does once it
 * has found the table to be right; the same ownership. Before anything reads the
 * table on another thread.
 *
 * Returns 0, -EEXIST (there is one of that name), or -ENOSPC (WEIR_STAGES_ADDED_MAX are there).
 */
#define WEIR_STAGES_ADDED_MAX 64
WEIR_MUST_USE int weir_stage_add(const weir_stage *stage);

/*
 * A plugin is a shared object that shows what stages it has, by this name:
 *
 *     static const weir_stage *const stages[] = { &shout, NULL };
 *     WEIR_PLUGIN(stages);
 *
 * It is compiled against this header and linked to nothing of weir: the three
 * functions above that a stage calls are found in the program that loads it.
 */
typedef struct weir_plugin_table {
    uint32_t version;                /* WEIR_PLUGIN_VERSION of the header it was compiled with */
    uint32_t stage_size;             /* sizeof(weir_stage) there */
    const weir_stage *const *stages; /* NULL at the end */
} weir_plugin_table;

#define WEIR_PLUGIN_VERSION 2
#define WEIR_PLUGIN(stages_)                                                            \
    extern WEIR_PUBLIC const weir_plugin_table weir_plugin;                             \
    const weir_plugin_table weir_plugin = { .version = WEIR_PLUGIN_VERSION,             \
                                            .stage_size = (uint32_t)sizeof(weir_stage), \
                                            .stages = (stages_) }

/* weir_stage_set_defaults() - every option of a zeroed state gets its default. Lists keep pointing into the table. */
void weir_stage_set_defaults(const weir_stage *stage, void *state);

/* weir_opt_find() - the option of `stage` called `name`, or NULL. */
const weir_opt *weir_opt_find(const weir_stage *stage, const char *name);

/*
 * weir_opt_set_int(), weir_opt_set_text(), weir_opt_set_list() - a value of the user's.
 *
 * _int takes INT, SIZE, DURATION and BOOL, _text takes STRING, FIELD and
 * CHOICE, _list takes LIST. Returns 0, -EINVAL for an option of another type,
 * -ERANGE for a number outside the range, -ENOENT for a word that is none of
 * the choices (`*ret_index` says which of a list).
 *
 * Ownership: the texts and the array stay the caller's and outlive the state.
 */
WEIR_MUST_USE int weir_opt_set_int(const weir_opt *opt, void *state, int64_t value);
WEIR_MUST_USE int weir_opt_set_text(const weir_opt *opt, void *state, const char *text);
WEIR_MUST_USE int weir_opt_set_list(const weir_opt *opt, void *state, weir_opt_list list, size_t *ret_index);

/*
 * weir_opt_describe() - what an option takes, for help: "1 to 19, default 3".
 *
 * Writes at most `size` bytes with a NUL and returns the length, cut or not,
 * that was written without it.
 */
size_t weir_opt_describe(const weir_opt *opt, char *ret_text, size_t size);

#pragma GCC visibility pop

#endif
