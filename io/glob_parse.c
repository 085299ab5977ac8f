/* glob_parse.c - compiles the text of a pattern. */
#include "glob_program.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_BRACES_MAX 32

struct parser {
    const char *pattern;
    size_t len;
    unsigned flags;
    /*
     * For a '{' that has a comma and an end, the place of its first comma; for
     * that the next one; for the last one the '}'. 0 elsewhere: such a brace is
     * literal. NULL when there is none.
     */
    uint16_t *links;
    struct glob_set *sets;
    unsigned set_count;
    unsigned op_count;
    unsigned prefix_len;
    unsigned plain_from; /* ops from here on are literal bytes and nothing jumps between them */
    bool in_prefix;
    int error;
    struct glob_op ops[GLOB_OPS_MAX];
};

static unsigned emit(struct parser *self, enum glob_op_kind kind, uint8_t byte, unsigned target)
{
    if (self->op_count == GLOB_OPS_MAX) {
        self->error = -E2BIG;
        return 0;
    }
    self->ops[self->op_count] = (struct glob_op){ .kind = (uint8_t)kind, .byte = byte, .target = (uint16_t)target };
    return self->op_count++;
}

static unsigned emit_special(struct parser *self, enum glob_op_kind kind, unsigned target)
{
    const unsigned op = emit(self, kind, 0, target);
    self->in_prefix = false;
    self->plain_from = self->op_count;
    return op;
}

static void emit_byte(struct parser *self, char byte)
{
    emit(self, GLOB_BYTE, (uint8_t)byte, 0);
    self->prefix_len += self->in_prefix;
}

/* Marks a place that something jumps to: what stood before it is not followed by what comes in every match. */
static unsigned land(struct parser *self)
{
    self->plain_from = self->op_count;
    return self->op_count;
}

static int add_set(struct parser *self, const struct glob_set *set)
{
    struct glob_set *const grown = realloc(self->sets, (self->set_count + 1) * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    self->sets = grown;
    grown[self->set_count] = *set;
    emit_special(self, GLOB_SET, self->set_count++);
    return 0;
}

/* `at` is a '['. Returns the place to go on at. */
static size_t parse_bracket(struct parser *self, size_t at, size_t to)
{
    struct glob_set set;
    bool valid;
    const char *const behind = wi_glob_parse_bracket(self->pattern + at + 1, self->pattern + to, &set, &valid);
    if (behind == NULL && (self->flags & WEIR_GLOB_GIT) == 0) {
        emit_byte(self, '[');
        return at + 1;
    }
    if (behind == NULL || !valid) {
        emit_special(self, GLOB_FAIL, 0);
        return behind == NULL ? to : (size_t)(behind - self->pattern);
    }
    const int rc = add_set(self, &set);
    if (rc < 0)
        self->error = rc;
    return (size_t)(behind - self->pattern);
}

/* `at` is a '*'; `starts` says that a component begins there, `ends` that one ends at `to`. */
static size_t parse_stars(struct parser *self, size_t at, size_t to, bool starts, bool ends)
{
    const char *const pattern = self->pattern;
    size_t behind = at;
    while (behind < to && pattern[behind] == '*')
        behind++;

    if (behind - at == 1 || !starts) {
        emit_special(self, GLOB_RUN, 0);
    } else if (behind < to && pattern[behind] == '/') {
        const unsigned split = emit_special(self, GLOB_SPLIT, 0);
        emit_special(self, GLOB_RUN_ANY, 0);
        emit_byte(self, '/');
        self->ops[split].target = (uint16_t)land(self);
        behind++;
    } else if (behind == to && ends) {
        emit_special(self, GLOB_ANY, 0);
        emit_special(self, GLOB_RUN_ANY, 0);
    } else {
        const bool escaped_slash = to - behind >= 2 && pattern[behind] == '\\' && pattern[behind + 1] == '/';
        emit_special(self, escaped_slash ? GLOB_RUN_ANY : GLOB_RUN, 0);
    }
    return behind;
}

static void parse_range(struct parser *self, size_t from, size_t to, bool starts, bool ends);

/* `open` is a '{' with links. Returns the place behind its '}'. */
static size_t parse_group(struct parser *self, size_t open, size_t to, bool starts, bool ends)
{
    size_t close = open;
    while (self->links[close] != 0)
        close = self->links[close];
    const bool ends_inside = close + 1 == to ? ends : self->pattern[close + 1] == '/';

    unsigned jumps = 0; /* the last one, each holds the one before; 0 is none: a SPLIT comes first */
    size_t separator = open;
    self->in_prefix = false;
    for (size_t next; separator != close && self->error == 0; separator = next) {
        next = self->links[separator];
        if (next == close) {
            parse_range(self, separator + 1, next, starts, ends_inside);
            continue;
        }
        const unsigned split = emit_special(self, GLOB_SPLIT, 0);
        parse_range(self, separator + 1, next, starts, ends_inside);
        jumps = emit_special(self, GLOB_JUMP, jumps);
        self->ops[split].target = (uint16_t)land(self);
    }
    while (jumps != 0) {
        const unsigned before = self->ops[jumps].target;
        self->ops[jumps].target = (uint16_t)land(self);
        jumps = before;
    }
    return close + 1;
}

static void parse_range(struct parser *self, size_t from, size_t to, bool starts, bool ends)
{
    const char *const pattern = self->pattern;
    size_t at = from;
    while (at < to && self->error == 0) {
        const bool starts_here = at == from ? starts : pattern[at - 1] == '/';
        switch (pattern[at]) {
        case '*':
            at = parse_stars(self, at, to, starts_here, ends);
            continue;
        case '?':
            emit_special(self, GLOB_ONE, 0);
            break;
        case '[':
            at = parse_bracket(self, at, to);
            continue;
        case '\\':
            if (at + 1 < to)
                emit_byte(self, pattern[++at]);
            else if ((self->flags & WEIR_GLOB_GIT) != 0)
                emit_special(self, GLOB_FAIL, 0);
            else
                emit_byte(self, '\\');
            break;
        case '{':
            if (self->links != NULL && self->links[at] != 0) {
                at = parse_group(self, at, to, starts_here, ends);
                continue;
            }
            emit_byte(self, '{');
            break;
        default:
            emit_byte(self, pattern[at]);
        }
        at++;
    }
}

/* Finds the braces that mean something. A comma or brace inside [...] or behind a backslash doesn't. */
static int link_braces(struct parser *self)
{
    const char *const pattern = self->pattern;
    struct {
        size_t first, last;
    } open[OPEN_BRACES_MAX];
    unsigned depth = 0;

    if ((self->flags & WEIR_GLOB_GIT) != 0 || memchr(pattern, '{', self->len) == NULL)
        return 0;
    self->links = calloc(self->len, sizeof *self->links);
    if (self->links == NULL)
        return -ENOMEM;

    for (size_t at = 0; at < self->len; at++) {
        struct glob_set set;
        bool valid;
        if (pattern[at] == '\\') {
            at++;
        } else if (pattern[at] == '[') {
            const char *const behind = wi_glob_parse_bracket(pattern + at + 1, pattern + self->len, &set, &valid);
            at = behind == NULL ? at : (size_t)(behind - pattern) - 1;
        } else if (pattern[at] == '{') {
            if (depth == OPEN_BRACES_MAX)
                return -E2BIG;
            open[depth].first = open[depth].last = at;
            depth++;
        } else if (depth > 0 && (pattern[at] == ',' || pattern[at] == '}')) {
            const bool closes = pattern[at] == '}';
            const bool literal = closes && open[depth - 1].last == open[depth - 1].first;
            if (!literal)
                self->links[open[depth - 1].last] = (uint16_t)at;
            open[depth - 1].last = at;
            depth -= closes;
        }
    }
    while (depth-- > 0)
        self->links[open[depth].first] = 0;
    return 0;
}

static int build(const struct parser *self, unsigned literal_ops, weir_glob **ret_glob)
{
    const unsigned prefix = self->prefix_len;
    const unsigned suffix = self->in_prefix ? 0 : literal_ops - self->plain_from;
    const size_t sets_bytes = self->set_count * sizeof *self->sets;
    const size_t ops_bytes = self->op_count * sizeof *self->ops;
    weir_glob *const glob = malloc(sizeof *glob + sets_bytes + ops_bytes + prefix + suffix);
    if (glob == NULL)
        return -ENOMEM;

    *glob = (weir_glob){ .op_count = (uint16_t)self->op_count,
                         .set_count = (uint16_t)self->set_count,
                         .prefix_len = (uint16_t)prefix,
                         .suffix_len = (uint16_t)suffix,
                         .shape = GLOB_SHAPE_GENERAL };
    if (self->in_prefix)
        glob->shape = GLOB_SHAPE_LITERAL;
    else if (literal_ops == prefix + 1 + suffix && self->ops[prefix].kind == GLOB_RUN)
        glob->shape = GLOB_SHAPE_AFFIX;

    if (sets_bytes > 0)
        memcpy(glob->sets, self->sets, sets_bytes);
    char *const ops = (char *)&glob->sets[self->set_count];
    memcpy(ops, self->ops, ops_bytes);
    for (unsigned i = 0; i < prefix; i++)
        ops[ops_bytes + i] = (char)self->ops[i].byte;
    for (unsigned i = 0; i < suffix; i++)
        ops[ops_bytes + prefix + i] = (char)self->ops[self->plain_from + i].byte;
    *ret_glob = glob;
    return 0;
}

int weir_glob_create(const char *pattern, size_t len, unsigned flags, weir_glob **ret_glob)
{
    if (len > GLOB_PATTERN_MAX)
        return -E2BIG;
    struct parser self;
    memset(&self, 0, offsetof(struct parser, ops));
    self.pattern = pattern;
    self.len = len;
    self.flags = flags;
    self.in_prefix = true;
    self.error = link_braces(&self);

    parse_range(&self, 0, len, true, true);
    const unsigned literal_ops = self.op_count;
    emit(&self, GLOB_MATCH, 0, 0);
    int rc = self.error;
    if (rc == 0)
        rc = build(&self, literal_ops, ret_glob);
    free(self.sets);
    free(self.links);
    return rc;
}

void weir_glob_destroy(weir_glob *glob)
{
    free(glob);
}
