/*
 * regex.h - regular expressions over bytes, by PCRE2: compiled once, with a bound on what a search may take.
 *
 * A text is bytes, so "." is one byte and upper and lower case are ASCII's. A
 * compiled expression is read-only: any thread may search with it, each with
 * memory of its own that is taken once a thread and not once a search.
 */
#ifndef WP_REGEX_H
#define WP_REGEX_H

#include <weir/base.h>

struct regex;

#define REGEX_PATTERN_BYTES_MAX 65536u
#define REGEX_MESSAGE_MAX 160u

/* What is wrong with a pattern. */
struct regex_fault {
    size_t at; /* the byte of the pattern where it was seen; its size: at its end */
    char message[REGEX_MESSAGE_MAX];
};

/* Who searches here: "pcre2 (jit)", "pcre2", or "none" in a weir that was built without. */
const char *wp_regex_backend(void);

/* Returns 0; -EINVAL, and *ret_fault says why and where; -ENOMEM; -ENOTSUP without PCRE2. The pattern is copied. */
WEIR_MUST_USE int wp_regex_create(const char *pattern, size_t size, bool caseless, struct regex **ret_regex,
                                  struct regex_fault *ret_fault);
/* Takes NULL. */
void wp_regex_destroy(struct regex *regex);

/* How many groups it has, without the whole. */
unsigned wp_regex_groups(const struct regex *regex);

#define REGEX_NO_GROUP SIZE_MAX

/* The number of the group that has this name; 0: there is none. */
unsigned wp_regex_group(const struct regex *regex, const char *name);

/*
 * wp_regex_find() - the first match in `text` that begins at byte `from` or behind it; what is before `from` is seen by
 * `^` and by what looks back.
 *
 * Returns 1, and ret_places[2 * n] and [2 * n + 1] are begin and end of group n, REGEX_NO_GROUP for one that took no
 * part; 0: there is none; -ELOOP: it took more steps, memory or time than a search may; -ENOMEM.
 *
 * Ownership: the places are the thread's and stay until its next search.
 */
WEIR_MUST_USE int wp_regex_find(const struct regex *regex, const char *text, size_t size, size_t from,
                                const size_t **ret_places);

/* Whether it matches somewhere: 1, 0, -ELOOP or -ENOMEM as above. Cheaper than finding out where. */
WEIR_MUST_USE int wp_regex_test(const struct regex *regex, const char *text, size_t size);

/* The named groups, `index` from 0 on: the name, which the regex owns, and its number. NULL: there are no more. */
const char *wp_regex_name_at(const struct regex *regex, unsigned index, unsigned *ret_group);

/*
 * A literal that every match holds, of *ret_size bytes, `index` from 0 on, the longest first; NULL: no more is known.
 * It is the regex's.
 */
const char *wp_regex_needs(const struct regex *regex, unsigned index, size_t *ret_size);

#define REGEX_LITERAL_MAX 64u
#define REGEX_LITERALS_MAX 4u

struct regex_literal {
    size_t size;
    char bytes[REGEX_LITERAL_MAX];
};

/*
 * regex_literal.c: texts that every match of a pattern holds (from where its search began), the longest that are seen
 * at a glance, and the longest first. Returns how many of them `ret_literals` (with room for REGEX_LITERALS_MAX) got;
 * 0: none is sure.
 */
unsigned wp_regex_literals(const char *pattern, size_t size, bool caseless, struct regex_literal *ret_literals);

/*
 * The same file: does the pattern begin as `[a-z]+@` does, with one class of bytes, at least one of them, and then a
 * byte that is no letter? Returns the size of the class ("[a-z]") and writes that byte; 0: it doesn't. It says nothing
 * of the rest of the pattern, nor whether the byte is in the class.
 */
size_t wp_regex_head(const char *pattern, size_t size, char *ret_byte);

/* One byte of the text, as the pattern has it: a letter, an escape, a class. */
struct regex_atom {
    const char *at;
    size_t size;
};

#define REGEX_PREFIX_MAX 32u

/*
 * regex_prefix.c: what every match of a pattern that begins with ^ begins with, an atom a byte. Returns how many of
 * them `ret_atoms` (with room for REGEX_PREFIX_MAX) got; *ret_whole: that is all of the pattern.
 */
unsigned wp_regex_prefix(const char *pattern, size_t size, struct regex_atom *ret_atoms, bool *ret_whole);

#endif
