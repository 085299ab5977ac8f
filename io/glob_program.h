/*
 * glob_program.h - what glob_parse.c compiles and glob.c runs: a state machine
 * without backward jumps.
 *
 * Each op is a state. A run keeps the set of states it may be in and feeds it
 * the text byte by byte (Thompson 1968), so that no pattern makes it go back.
 * Ops that take no byte lead forward only: one scan of the set in ascending
 * order settles them.
 */
#ifndef WI_GLOB_PROGRAM_H
#define WI_GLOB_PROGRAM_H

#include <weir/glob.h>

enum glob_op_kind {
    GLOB_BYTE,    /* this byte */
    GLOB_ONE,     /* one byte, not '/' */
    GLOB_ANY,     /* one byte */
    GLOB_SET,     /* one byte of sets[target] */
    GLOB_RUN,     /* any run of bytes but '/' */
    GLOB_RUN_ANY, /* any run of bytes */
    GLOB_SPLIT,   /* the next op, and target too */
    GLOB_JUMP,    /* target */
    GLOB_FAIL,
    GLOB_MATCH,
};

#define GLOB_OPS_MAX 4096
#define GLOB_PATTERN_MAX 4096

struct glob_op {
    uint8_t kind;
    uint8_t byte;
    uint16_t target;
};

struct glob_set {
    uint64_t bits[4];
};

enum glob_shape {
    GLOB_SHAPE_LITERAL, /* prefix */
    GLOB_SHAPE_AFFIX,   /* prefix * suffix */
    GLOB_SHAPE_GENERAL, /* prefix, whatever the ops say, suffix */
};

/* One allocation: the sets, the ops, the literal bytes of prefix and suffix follow. */
struct weir_glob {
    uint16_t op_count;
    uint16_t set_count;
    uint16_t prefix_len; /* also the op that comes after it: a literal byte is an op */
    uint16_t suffix_len;
    uint8_t shape;
    struct glob_set sets[];
};

static inline const struct glob_op *glob_ops(const struct weir_glob *glob)
{
    return (const struct glob_op *)(const void *)&glob->sets[glob->set_count];
}

static inline const char *glob_literals(const struct weir_glob *glob)
{
    return (const char *)(glob_ops(glob) + glob->op_count);
}

static inline bool glob_set_has(const struct glob_set *set, uint8_t byte)
{
    return set->bits[byte / 64] >> byte % 64 & 1;
}

/* As weir_glob_match(), and adds the states it looked at to *steps. For tests of the bound. */
bool wi_glob_match_counting(const struct weir_glob *glob, const char *text, size_t len, uint64_t *steps);

/*
 * Reads a bracket expression; `p` is behind its '['. Returns the place behind
 * its ']', or NULL when it has none. *ret_valid is false for an unknown [:class:].
 */
const char *wi_glob_parse_bracket(const char *p, const char *end, struct glob_set *set, bool *ret_valid);

#endif
