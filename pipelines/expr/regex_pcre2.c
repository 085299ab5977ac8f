/*
 * regex_pcre2.c - compiling and searching with libpcre2-8.
 *
 * Three bounds keep a search from hanging. The literal that every match must hold
 * is looked for first, which ends most searches that would find nothing. PCRE2's
 * limits stop patterns that explode. And in a long text the places where a match
 * may begin are handed out in windows with a look at the clock between
 * them: a pattern such as [a-z]+@ takes the square of the text's size, which no
 * limit of PCRE2 counts.
 *
 * That very kind is common (addresses of mail), so it has a way of its own: one
 * looks for the '@', and back from it to where its run begins. A match that begins
 * within the run would begin at its first byte, too, so that place is the only one
 * to try, and no byte is looked at twice.
 */
#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "expr/find_text.h"
#include "expr/regex.h"

enum {
    MATCH_LIMIT = 1000000,       /* PCRE2's count of steps back */
    DEPTH_LIMIT = 100000,        /* and of those inside each other */
    HEAP_LIMIT_KIB = 16 * 1024,  /* of a search without JIT */
    STACK_BYTES_MIN = 32 * 1024, /* of a search with JIT */
    STACK_BYTES_MAX = 1024 * 1024,
    LONG_TEXT = 16 * 1024, /* where windows begin */
    WINDOW_STEPS = 16 * 1024 * 1024,
};
#define SEARCH_NS_MAX (INT64_C(500000000)) /* of this thread's time */

struct regex {
    pcre2_code *code;
    uint32_t groups;
    bool windows;  /* \G asks where the search began: it can't be cut */
    bool has_head; /* it begins with bytes of `head`, at least one, and then `head_end`, which is none of them */
    char head_end;
    bool head[UCHAR_MAX + 1];
    bool has_first; /* a match has a first byte, which is one of `first` */
    bool first[UCHAR_MAX + 1];
    bool prefix_whole; /* the prefix is all of it */
    unsigned
        prefix_count; /* each match begins with so many bytes: bit i of prefix[byte] says whether it may be byte i */
    uint32_t prefix[UCHAR_MAX + 1];
    unsigned literal_count;
    struct regex_literal literals[REGEX_LITERALS_MAX];
    struct text_finder finder; /* of the first */
};

/* --- what a thread searches with ---------------------------------------------------------------------- */

struct searcher {
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;
    uint32_t pairs;
};

static pthread_key_t searcher_key;
static pthread_once_t searcher_once = PTHREAD_ONCE_INIT;
static bool has_key;

static void free_searcher(void *arg)
{
    struct searcher *self = arg;
    pcre2_match_data_free(self->data);
    pcre2_jit_stack_free(self->stack);
    pcre2_match_context_free(self->context);
    free(self);
}

static void make_key(void)
{
    has_key = pthread_key_create(&searcher_key, free_searcher) == 0;
}

static struct searcher *create_searcher(void)
{
    struct searcher *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->context = pcre2_match_context_create(NULL);
    self->stack = pcre2_jit_stack_create(STACK_BYTES_MIN, STACK_BYTES_MAX, NULL);
    if (self->context == NULL || pthread_setspecific(searcher_key, self) != 0) {
        free_searcher(self);
        return NULL;
    }
    (void)pcre2_set_match_limit(self->context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(self->context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(self->context, HEAP_LIMIT_KIB);
    if (self->stack != NULL) /* NULL: a PCRE2 without JIT */
        pcre2_jit_stack_assign(self->context, NULL, self->stack);
    return self;
}

/* This thread's, with room for so many pairs. NULL: no memory. */
static struct searcher *get_searcher(uint32_t pairs)
{
    if (pthread_once(&searcher_once, make_key) != 0 || !has_key)
        return NULL;
    struct searcher *self = pthread_getspecific(searcher_key);
    if (self == NULL && (self = create_searcher()) == NULL)
        return NULL;
    if (self->pairs < pairs) {
        pcre2_match_data *data = pcre2_match_data_create(pairs, NULL);
        if (data == NULL)
            return NULL;
        pcre2_match_data_free(self->data);
        self->data = data;
        self->pairs = pairs;
    }
    return self;
}

/* --- compiling ---------------------------------------------------------------------------------------- */

const char *wp_regex_backend(void)
{
    uint32_t jit = 0;
    return pcre2_config(PCRE2_CONFIG_JIT, &jit) == 0 && jit != 0 ? "pcre2 (jit)" : "pcre2";
}

/* Which bytes a class, or another atom, takes: it is asked, byte by byte. False: it can't be. */
static bool ask_atom(const char *atom, size_t size, uint32_t options, bool ret_takes[UCHAR_MAX + 1])
{
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)atom, size, options, &error, &at, NULL);
    pcre2_match_data *data = code != NULL ? pcre2_match_data_create(1, NULL) : NULL;
    for (unsigned i = 0; data != NULL && i <= UCHAR_MAX; i++) {
        const unsigned char byte = (unsigned char)i;
        ret_takes[i] = pcre2_match(code, &byte, 1, 0, 0, data, NULL) > 0;
    }
    const bool good = data != NULL;
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return good;
}

static void find_head(struct regex *self, const char *pattern, size_t size, uint32_t options)
{
    const size_t class_size = wp_regex_head(pattern, size, &self->head_end);
    if (class_size > 0 && self->literal_count > 0)
        self->has_head =
            ask_atom(pattern, class_size, options, self->head) && !self->head[(unsigned char)self->head_end];
}

/* PCRE2 begins nowhere else either. Of a letter it doesn't say whether its case matters. */
static void find_first(struct regex *self)
{
    uint32_t options = 0, kind = 0, unit = 0;
    const uint8_t *bits = NULL;
    (void)pcre2_pattern_info(self->code, PCRE2_INFO_ALLOPTIONS, &options);
    (void)pcre2_pattern_info(self->code, PCRE2_INFO_FIRSTCODETYPE, &kind);
    (void)pcre2_pattern_info(self->code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
    (void)pcre2_pattern_info(self->code, PCRE2_INFO_FIRSTBITMAP, (void *)&bits);
    self->has_first = (options & PCRE2_NO_START_OPTIMIZE) == 0 && (kind == 1 || bits != NULL);
    for (unsigned byte = 0; self->has_first && byte <= UCHAR_MAX; byte++)
        self->first[byte] =
            kind == 1 ? tolower((int)byte) == tolower((int)unit) : (bits[byte / 8] >> byte % 8 & 1) != 0;
}

static void find_prefix(struct regex *self, const char *pattern, size_t size, uint32_t options)
{
    struct regex_atom atoms[REGEX_PREFIX_MAX];
    bool whole, takes[UCHAR_MAX + 1];
    const unsigned count = wp_regex_prefix(pattern, size, atoms, &whole);
    for (unsigned i = 0; i < count; i++) {
        if (!ask_atom(atoms[i].at, atoms[i].size, options, takes))
            return;
        for (unsigned byte = 0; byte <= UCHAR_MAX; byte++)
            self->prefix[byte] |= (uint32_t)takes[byte] << i;
        self->prefix_count = i + 1;
    }
    self->prefix_whole = whole;
}

static int compile(struct regex *self, const char *pattern, size_t size, bool caseless, struct regex_fault *ret_fault)
{
    const uint32_t options =
        PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_USE_OFFSET_LIMIT | (caseless ? PCRE2_CASELESS : 0);
    int error;
    PCRE2_SIZE at = 0;
    self->code = pcre2_compile((PCRE2_SPTR)pattern, size, options, &error, &at, NULL);
    if (self->code == NULL) {
        ret_fault->at = at < size ? at : size;
        (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)ret_fault->message, sizeof ret_fault->message);
        return error == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EINVAL;
    }
    (void)pcre2_pattern_info(self->code, PCRE2_INFO_CAPTURECOUNT, &self->groups);
    (void)pcre2_jit_compile(self->code, PCRE2_JIT_COMPLETE); /* without it the interpreter does the same */
    self->windows = memmem(pattern, size, "\\G", 2) == NULL;
    self->literal_count = wp_regex_literals(pattern, size, caseless, self->literals);
    if (self->literal_count > 0)
        self->finder = wp_text_finder(self->literals[0].bytes, self->literals[0].size);
    find_first(self);
    find_prefix(self, pattern, size, options);
    find_head(self, pattern, size, options);
    return 0;
}

int wp_regex_create(const char *pattern, size_t size, bool caseless, struct regex **ret_regex,
                    struct regex_fault *ret_fault)
{
    *ret_fault = (struct regex_fault){ .message = "" };
    if (size > REGEX_PATTERN_BYTES_MAX) {
        *ret_fault = (struct regex_fault){ .message = "it is longer than 64KiB" };
        return -EINVAL;
    }
    struct regex *self = calloc(1, sizeof *self);
    const int error = self != NULL ? compile(self, pattern, size, caseless, ret_fault) : -ENOMEM;
    if (error != 0)
        free(self);
    else
        *ret_regex = self;
    return error;
}

void wp_regex_destroy(struct regex *regex)
{
    if (regex != NULL)
        pcre2_code_free(regex->code);
    free(regex);
}

unsigned wp_regex_groups(const struct regex *regex)
{
    return regex->groups;
}

unsigned wp_regex_group(const struct regex *regex, const char *name)
{
    const int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
    return number > 0 ? (unsigned)number : 0;
}

const char *wp_regex_name_at(const struct regex *regex, unsigned index, unsigned *ret_group)
{
    uint32_t count = 0, entry_size = 0;
    PCRE2_SPTR table = NULL;
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, (void *)&table);
    if (index >= count || table == NULL)
        return NULL;
    const unsigned char *entry = table + index * (size_t)entry_size; /* the number, high byte first, and the name */
    *ret_group = (unsigned)entry[0] << 8 | entry[1];
    return (const char *)entry + 2;
}

const char *wp_regex_needs(const struct regex *regex, unsigned index, size_t *ret_size)
{
    if (index >= regex->literal_count)
        return NULL;
    *ret_size = regex->literals[index].size;
    return regex->literals[index].bytes;
}

/* --- searching ---------------------------------------------------------------------------------------- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* When a search has taken too long. */
struct search_end {
    int64_t thread_ns;
    int64_t now_ns; /* not before: of a clock that is read without a system call */
};

static struct search_end end_search_later(void)
{
    return (struct search_end){ .thread_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + SEARCH_NS_MAX,
                                .now_ns = clock_ns(CLOCK_MONOTONIC_COARSE) + SEARCH_NS_MAX };
}

static bool is_over(const struct search_end *end)
{
    return clock_ns(CLOCK_MONOTONIC_COARSE) > end->now_ns && clock_ns(CLOCK_THREAD_CPUTIME_ID) > end->thread_ns;
}

static bool lacks_literal(const struct regex *regex, const char *text, size_t size)
{
    return regex->literal_count > 0 && wp_text_finder_find(&regex->finder, text, size) == NULL;
}

/* A match that begins at `from` up to and with `last`. */
static int search(const struct regex *regex, struct searcher *searcher, const char *text, size_t size, size_t from,
                  size_t last)
{
    (void)pcre2_set_offset_limit(searcher->context, last);
    return pcre2_match(regex->code, (PCRE2_SPTR)text, size, from, 0, searcher->data, searcher->context);
}

/* From `from` on, the place where a match may begin; false: there is none. */
static bool find_place(const struct regex *regex, const char *text, size_t size, size_t *from)
{
    size_t at = *from;
    while (regex->has_first && at < size && !regex->first[(unsigned char)text[at]])
        at++;
    *from = at;
    return at < size || !regex->has_first;
}

static int search_by_windows(const struct regex *regex, struct searcher *searcher, const char *text, size_t size,
                             size_t from)
{
    const struct search_end end = end_search_later();
    for (size_t window; find_place(regex, text, size, &from); from += window) {
        window = WINDOW_STEPS / (size - from + 1) + 1;
        const size_t last = size - from < window ? size : from + window - 1;
        const int found = search(regex, searcher, text, size, from, last);
        if (found != PCRE2_ERROR_NOMATCH || last == size)
            return found;
        if (is_over(&end))
            return PCRE2_ERROR_MATCHLIMIT;
    }
    return PCRE2_ERROR_NOMATCH;
}

/* The only places where a match may begin are those where a run begins that ends before `head_end`. */
static int search_by_head(const struct regex *regex, struct searcher *searcher, const char *text, size_t size,
                          size_t from)
{
    const char *first = text + from, *const end = text + size, *at;
    struct search_end over = { 0 };
    size_t steps = 0;
    for (; (at = memchr(first, regex->head_end, (size_t)(end - first))) != NULL; first = at + 1) {
        const char *run = at;
        while (run > first && regex->head[(unsigned char)run[-1]])
            run--;
        if (run == at)
            continue;
        const size_t place = (size_t)(run - text);
        const int found = search(regex, searcher, text, size, place, place);
        if (found != PCRE2_ERROR_NOMATCH)
            return found;
        steps += size - place;
        if (steps < WINDOW_STEPS)
            continue;
        steps = 0;
        if (over.thread_ns == 0)
            over = end_search_later();
        else if (is_over(&over))
            return PCRE2_ERROR_MATCHLIMIT;
    }
    return PCRE2_ERROR_NOMATCH;
}

static int search_all(const struct regex *regex, struct searcher *searcher, const char *text, size_t size, size_t from)
{
    if (regex->has_head)
        return search_by_head(regex, searcher, text, size, from);
    if (size - from >= LONG_TEXT && regex->windows)
        return search_by_windows(regex, searcher, text, size, from);
    return search(regex, searcher, text, size, from, size);
}

/* Whether it begins as every match does. */
static bool has_prefix(const struct regex *regex, const char *text, size_t size)
{
    if (size < regex->prefix_count)
        return false;
    for (unsigned i = 0; i < regex->prefix_count; i++)
        if ((regex->prefix[(unsigned char)text[i]] >> i & 1) == 0)
            return false;
    return true;
}

int wp_regex_test(const struct regex *regex, const char *text, size_t size)
{
    const size_t *places;
    if (regex->prefix_count > 0 && (regex->prefix_whole || !has_prefix(regex, text, size)))
        return has_prefix(regex, text, size);
    return wp_regex_find(regex, text, size, 0, &places);
}

int wp_regex_find(const struct regex *regex, const char *text, size_t size, size_t from, const size_t **ret_places)
{
    if (from > size || lacks_literal(regex, text + from, size - from))
        return 0;
    struct searcher *searcher = get_searcher(regex->groups + 1);
    if (searcher == NULL)
        return -ENOMEM;
    const int found = search_all(regex, searcher, text, size, from);
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    if (found < 0)
        return found == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -ELOOP;
    *ret_places = pcre2_get_ovector_pointer(searcher->data);
    return 1;
}
