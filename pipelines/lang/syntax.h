/*
 * syntax.h - a pipeline text as it stands: what the parser makes and the checker reads.
 *
 * Every node knows its span. Strings are not put together yet: "${name}" is
 * filled in by the checker, which knows the variables, and what it fills in is
 * text for good: it is never parsed again, neither as language nor as template.
 *
 * A tree lies in an arena and is read-only once it is parsed.
 */
#ifndef WP_SYNTAX_H
#define WP_SYNTAX_H

#include "lang/arena.h"
#include "lang/diag.h"

/* --- values -------------------------------------------------------------------------- */

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,     /* number 0 or 1 */
    VALUE_INT,      /* number */
    VALUE_DOUBLE,   /* real */
    VALUE_SIZE,     /* number, bytes */
    VALUE_DURATION, /* number, ns */
    VALUE_RATE,     /* number a second; is_bytes */
    VALUE_STRING,   /* parts */
    VALUE_WORD,     /* parts: one piece of text */
    VALUE_REGEX,    /* parts: one piece, the pattern; flags */
    VALUE_JSON,     /* parts: one piece, an object or list as it stands (of a test's `in`) */
};

/* A piece of a string. */
enum part_kind {
    PART_TEXT,     /* may hold places of a template: "{.field}" */
    PART_LITERAL,  /* for good: an escaped brace */
    PART_VARIABLE, /* "${name}": data is the name */
};
struct part {
    struct part *next;
    enum part_kind kind;
    const char *data; /* escapes undone; ends with a NUL */
    size_t size;
    struct span span;
};

#define REGEX_CASELESS 1u
struct regex;

struct value {
    enum value_kind kind;
    struct span span;
    int64_t number;
    double real;
    bool is_bytes;
    unsigned flags;
    struct part *parts;
    struct regex *regex; /* VALUE_REGEX: compiled by the checker; the tree's arena frees it */
};

/* --- expressions ----------------------------------------------------------------------- */

enum expr_kind {
    EXPR_VALUE,
    EXPR_PATH,   /* steps; none: the record itself */
    EXPR_NOT,    /* args[0] */
    EXPR_MINUS,  /* args[0] */
    EXPR_BINARY, /* op, args[0], args[1] */
    EXPR_MATCH,  /* args[0], value: the regex; op: OP_MATCH or OP_NO_MATCH */
    EXPR_IN,     /* args[0], then the members */
    EXPR_IF,     /* condition, then, else */
    EXPR_CALL,   /* name, strict, args */
    EXPR_LIST,   /* args */
    EXPR_STEP,   /* args[0], steps into its value; name_span: of them */
};

enum expr_op {
    OP_OR,
    OP_AND,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_MATCH,
    OP_NO_MATCH,
    OP_IN,
    OP_ELSE,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_MOD,
    OPS,
};

struct function;
struct text_finder;
struct text_finder;

struct path_step {
    struct path_step *next;
    const char *name; /* NULL: an index */
    size_t size;
    int64_t index;
};

struct expr {
    enum expr_kind kind;
    enum expr_op op;
    struct span span;
    struct expr *next; /* in the list it is an argument of */
    struct expr *args;
    struct path_step *steps;
    struct value value;
    const char *name;
    const struct function *function;  /* EXPR_CALL: found by the checker */
    const struct text_finder *finder; /* the same, of contains(..., "text"); else NULL */
    struct span name_span;
    bool strict; /* int!(...) */
};

/* --- pipelines -------------------------------------------------------------------------- */

/*
 * One value of one option, given by name (`level=3`), as a flag (`atomic`), behind a word of its own (`as .h`, `> 1`)
 * or by its place. An option that takes a list has an argument an item.
 */
struct argument {
    struct argument *next;
    const char *name;           /* the option's, as the table has it */
    struct span span;           /* of all of it */
    uint32_t value_from;        /* where what stands behind the name begins; a flag's name is its value */
    const struct weir_opt *opt; /* NULL in an engine's option */
    struct value value;
    struct expr *expr;   /* of WEIR_OPT_EXPR, FIELD, FIELDS, CALLS and ASSIGN, and of @order=key(.f) */
    struct expr *target; /* of WEIR_OPT_ASSIGN: the path left of its '='; of CALLS: that behind `as`, or NULL */
    struct chain *block; /* of WEIR_OPT_BLOCK, and of WEIR_OPT_CASES: an argument a case, without expr it is `else` */
    const char *inner;   /* the name in @onerror=dead(name) */
};

struct stage_use {
    struct stage_use *next;
    const char *name;
    struct span name_span;
    struct span span;
    const struct weir_stage *stage; /* NULL: unknown, and said so */
    bool faulty;                    /* an argument could not be read, and that was said */
    struct argument *arguments;
    struct argument *engine; /* @name=value */
};

/* Stages in a row: a pipeline, a block, a dead-letter stream. */
struct chain {
    struct chain *next;
    const char *name; /* or NULL */
    struct span name_span;
    struct span span;
    struct stage_use *stages;
};

struct let {
    struct let *next;
    const char *name;
    struct span name_span;
    struct value value;
};

enum clause_kind { CLAUSE_IN, CLAUSE_OUT, CLAUSE_COUNT };
struct clause {
    struct clause *next;
    enum clause_kind kind;
    struct span span;
    struct value value; /* of `in` */
    int64_t index;      /* of `out[n]`; the number of `count out op n` */
    enum expr_op op;
    struct expr *expr;
};

struct test {
    struct test *next;
    struct value name;
    struct span span;
    struct clause *clauses;
};

/* "# words", without blanks at the end; in the order of the text. No part of what the text means. */
struct comment {
    struct comment *next;
    struct span span;
};

struct secret;

struct syntax {
    struct secret *secrets; /* of its text that were looked up: secrets.h */
    struct arena arena;
    struct source source;
    struct comment *comments;
    struct let *lets;
    struct chain *pipelines;
    struct chain *deads;
    struct test *tests;
};

#endif
