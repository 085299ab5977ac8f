/*
 * plan.h - a pipeline that is known to be runnable: names found, values in range, ports that meet, bounds everywhere.
 *
 * A plan is read-only and holds nothing that runs; whatever runs it keeps its own
 * state. It lies in its tree's arena and lives as long as that.
 */
#ifndef WP_PLAN_H
#define WP_PLAN_H

#include <weir/stage.h>

#include "lang/parse.h"

/* --- what options were set to ------------------------------------------------------------- */

/* "{.dir}/{.stem}.zst", "err-{%Y%m%d}": pieces, in order. */
enum piece_kind { PIECE_TEXT, PIECE_FIELD, PIECE_TIME };
struct piece {
    struct piece *next;
    enum piece_kind kind;
    const char *text; /* or the format for strftime(3) */
    size_t size;
    struct expr *path;
};

struct setting {
    struct setting *next;
    const weir_opt *opt;
    struct span span;
    int64_t number; /* INT, SIZE, DURATION, RATE, BOOL, CHOICE, SPAN; EXPR: index of a choice, if expr is NULL; FIELDS:
                       of the word */
    bool is_time;   /* SPAN: the number is ns */
    const char *text;     /* STRING, FIELD ("a.b"), an item of a LIST */
    struct piece *pieces; /* TEMPLATE; NULL: the empty text */
    struct expr *expr;    /* EXPR, ASSIGN; FIELDS: a path; CALLS: a call, and `text` is the name of its result */
    struct expr *target;  /* ASSIGN: the path that gets it; `text` is that, too; CALLS: that behind `as`, or NULL */
    const struct regex *regex; /* REGEX */
    struct plan_chain *block;  /* BLOCK, CASES; of a case without expr, which is `else`, too */
};

/* --- options of the engine ----------------------------------------------------------------- */

enum plan_order { ORDER_IN, ORDER_ANY, ORDER_KEY };
enum plan_pool { POOL_AUTO, POOL_INLINE, POOL_CPU, POOL_IO };
enum plan_onerror { ONERROR_FAIL, ONERROR_DROP, ONERROR_DEAD };

struct plan_engine {
    unsigned par; /* 1: nothing at once */
    bool par_cores;
    enum plan_order order;
    const struct expr *key; /* a path, with @order=key(.f); else NULL */
    const char *key_text;   /* "f" */
    int64_t queue_bytes;    /* 0: the default */
    enum plan_pool pool;
    int64_t timeout_ns; /* 0: none */
    unsigned retries;
    enum plan_onerror onerror;
    bool onerror_said; /* also where it is what it is anyway: a file that fails is told of unless somebody says fail */
    const char *dead;
    int64_t rate; /* a second; 0: none */
    bool rate_is_bytes;
};

#define PLAN_PAR_MAX 1024
#define PLAN_QUEUE_BYTES_DEFAULT ((int64_t)8 << 20)

/* --- nodes ------------------------------------------------------------------------------------ */

struct plan_node {
    struct plan_node *next;
    const weir_stage *stage;
    const char *name; /* @name, or the stage's */
    unsigned index;   /* in the whole plan, in the order of the text */
    struct span span;
    struct setting *settings;
    struct plan_engine engine;
    weir_port in, out; /* one each: what really flows here */
    bool forks;        /* its blocks are branches: each is fed what flows here, in the same run */
    /* Of one that hands on the chunks that it gets: who feeds it; else NULL. */
    const struct plan_node *passes;
    /* Of a write that begins new files, of the codecs before it and the `to` that feeds them: that write; else NULL. */
    const struct plan_node *rotates;
    const struct plan_node **merges; /* of a merge: the last stages of the pipelines that it names, NULL behind them */
    const struct plan_node *into;    /* of such a last stage: the merge; else NULL */
};

struct plan_chain {
    struct plan_chain *next;
    const char *name;
    struct span span;
    struct plan_node *nodes;
    weir_port in, out;
};

/* --- tests ------------------------------------------------------------------------------------ */

struct plan_line {
    struct plan_line *next;
    const char *text;
    size_t size;
};

/* A `test`: records in, and what is said of those that come out. */
struct plan_test {
    struct plan_test *next;
    const char *name;
    const struct test *syntax;
    struct plan_line *lines; /* of its `in`, each the raw line of a record */
    /* Copies of the stages that make records of records, numbered from 0, which drop what they would send to a
     * dead-letter stream; no nodes: what is fed comes out. */
    struct plan_chain part;
    unsigned nodes; /* of part */
};

struct plan {
    struct syntax *syntax;
    struct plan_chain *pipelines;
    struct plan_chain *deads;
    struct plan_test *tests;
    unsigned nodes;
};

/* Variables that the command line sets: --set name=value. */
struct plan_variable {
    const char *name;
    const char *value;
};

/*
 * wp_plan() - checks a tree. 0 and the plan; -EINVAL, and diags (of the parse) say
 * what is wrong; -ENOMEM. `tree` may have faults of its own: those parts are left
 * out, the others are checked.
 */
WEIR_MUST_USE int wp_plan(struct syntax *syntax, const struct plan_variable *variables, size_t variable_count,
                          struct diags *diags, struct plan *ret_plan);

/* Its block number `index`, in the order of the text; NULL: it hasn't so many. */
const struct plan_chain *wp_plan_block(const struct plan_node *node, unsigned index);
/* Where what it gives goes: the next one, or the merge that names its pipeline; NULL: nowhere. */
const struct plan_node *wp_plan_to(const struct plan_node *node);
/* Whether what it gives is in the order of what came to it: what blocks of files give is, whatever @order says. */
bool wp_plan_keeps_order(const struct plan_node *node);
/* How many blocks the node is in, and whether it is the first of its chain. */
unsigned wp_plan_depth(const struct plan *plan, const struct plan_node *node, bool *ret_first);
/* The last stage of a chain. */
const struct plan_node *wp_plan_last(const struct plan_chain *chain);
/* One above the index of the last node of a chain, those in blocks included. */
unsigned wp_plan_end(const struct plan_chain *chain);
/* Whether the chain, or a branch of it, forks. What is in the block of an `each` is a run of its own and doesn't count.
 */
bool wp_plan_forks(const struct plan_chain *chain);

/* check_measure.c: "c" of .a.b[0].c and of .c[1]; "" of a path without any. */
const char *wp_path_last_name(const struct path_step *steps);

/* The setting of an option, the first of a list; NULL: it was not given. */
const struct setting *wp_plan_setting(const struct plan_node *node, const char *name);
/* Whether a write that begins new files does so by the time. */
bool wp_rotate_by_time(const struct plan_node *write);
/* What the rotate= of a write says of time, in ns, or (false) of size, in bytes; 0: nothing. */
int64_t wp_rotate_limit(const struct plan_node *write, bool is_time);
/* The number of an option that was set, or its default. */
int64_t wp_plan_number(const struct plan_node *node, const char *name);
/* The text of an option that was set, or its default, which may be NULL. */
const char *wp_plan_text(const struct plan_node *node, const char *name);

#endif
