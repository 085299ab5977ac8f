/* glob.c - runs a compiled pattern over a text. */
#include "glob_program.h"

#include <string.h>

#define WORDS_MAX (GLOB_OPS_MAX / 64)

static inline void add_state(uint64_t *words, unsigned state)
{
    words[state / 64] |= UINT64_C(1) << state % 64;
}

static inline bool takes(const struct weir_glob *glob, const struct glob_op *op, uint8_t byte)
{
    switch (op->kind) {
    case GLOB_BYTE:
        return op->byte == byte;
    case GLOB_ONE:
        return byte != '/';
    case GLOB_ANY:
        return true;
    case GLOB_SET:
        return glob_set_has(&glob->sets[op->target], byte);
    default:
        return false;
    }
}

/*
 * One byte (or the end of the text, when `next` is NULL) for every state in
 * `now`. States that take no byte add later states to `now`, and as they are
 * always later ones, the scan still comes to them.
 */
static inline __attribute__((always_inline)) bool step(const struct weir_glob *glob, uint64_t *now, uint64_t *next,
                                                       unsigned words, uint8_t byte, uint64_t *steps)
{
    const struct glob_op *const ops = glob_ops(glob);
    bool alive = false;
    for (unsigned word = 0; word < words; word++) {
        while (now[word] != 0) {
            const unsigned state = word * 64 + (unsigned)__builtin_ctzll(now[word]);
            const struct glob_op *const op = &ops[state];
            now[word] &= now[word] - 1;
            if (steps != NULL)
                ++*steps;
            if (op->kind == GLOB_RUN || op->kind == GLOB_RUN_ANY) {
                add_state(now, state + 1);
                if (next != NULL && (byte != '/' || op->kind == GLOB_RUN_ANY)) {
                    add_state(next, state);
                    alive = true;
                }
            } else if (op->kind == GLOB_SPLIT) {
                add_state(now, state + 1);
                add_state(now, op->target);
            } else if (op->kind == GLOB_JUMP) {
                add_state(now, op->target);
            } else if (next == NULL) {
                alive |= op->kind == GLOB_MATCH;
            } else if (takes(glob, op, byte)) {
                add_state(next, state + 1);
                alive = true;
            }
        }
    }
    return alive;
}

/* Begins behind the literal prefix, which the caller has compared. */
static inline __attribute__((always_inline)) bool run(const struct weir_glob *glob, const char *text, size_t len,
                                                      bool may_go_on, uint64_t *steps)
{
    uint64_t sets[2][WORDS_MAX];
    const unsigned words = (glob->op_count + 63u) / 64;
    uint64_t *now = sets[0];
    uint64_t *next = sets[1];
    memset(now, 0, words * sizeof *now);
    memset(next, 0, words * sizeof *next);
    add_state(now, glob->prefix_len);

    for (size_t i = glob->prefix_len; i < len; i++) {
        if (!step(glob, now, next, words, (uint8_t)text[i], steps))
            return false;
        uint64_t *const emptied = now;
        now = next;
        next = emptied;
    }
    return may_go_on || step(glob, now, NULL, words, 0, steps);
}

static inline __attribute__((always_inline)) bool match(const struct weir_glob *glob, const char *text, size_t len,
                                                        uint64_t *steps)
{
    const size_t prefix = glob->prefix_len, suffix = glob->suffix_len;
    const char *const literals = glob_literals(glob);
    if (len < prefix + suffix || memcmp(text, literals, prefix) != 0 ||
        memcmp(text + len - suffix, literals + prefix, suffix) != 0)
        return false;
    if (glob->shape == GLOB_SHAPE_LITERAL)
        return len == prefix;
    if (glob->shape == GLOB_SHAPE_AFFIX)
        return memchr(text + prefix, '/', len - prefix - suffix) == NULL;
    return run(glob, text, len, false, steps);
}

bool weir_glob_match(const weir_glob *glob, const char *text, size_t len)
{
    return match(glob, text, len, NULL);
}

bool wi_glob_match_counting(const struct weir_glob *glob, const char *text, size_t len, uint64_t *steps)
{
    return match(glob, text, len, steps);
}

bool weir_glob_may_match_below(const weir_glob *glob, const char *dir, size_t len)
{
    const size_t prefix = glob->prefix_len;
    if (memcmp(dir, glob_literals(glob), len < prefix ? len : prefix) != 0)
        return false;
    /* Within a literal prefix that is longer nothing is left to run: it goes on below. */
    return run(glob, dir, len, true, NULL);
}
