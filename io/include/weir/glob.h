/*
 * glob.h - shell patterns over names and paths: bytes, no locale, time linear
 * in the text whatever the pattern.
 *
 *     *       any run of bytes but '/'        ?       one byte, not '/'
 *     [a-z]   one byte of a set, not '/';     [!a-z]  or [^a-z]: one byte not of the set;
 *             [[:alpha:]] and its kin, ASCII  \x      x itself
 *     **      as a whole component: any number of directories. "**" + "/x" is x at
 *             any depth, "a/" + "**" all below a, "a/" + "**" + "/x" an x anywhere below a.
 *             Elsewhere it is a plain *.
 *     {a,b}   either; may nest and hold '/'. Without a comma or an end it is literal, as in a shell.
 *
 * A leading dot is a byte like any other.
 */
#ifndef WEIR_GLOB_H
#define WEIR_GLOB_H

#include <weir/base.h>

typedef struct weir_glob weir_glob;

/*
 * The pattern of a .gitignore line: no braces; a '[' without its end and a
 * backslash at the end match nothing (without the flag they are themselves).
 */
#define WEIR_GLOB_GIT 1u

/*
 * weir_glob_create() - compile `len` bytes of pattern.
 *
 * Returns 0, -E2BIG (more than 4,096 bytes or elements, or more than 32 braces
 * open at once) or -ENOMEM.
 *
 * Ownership: weir_glob_destroy() frees it, and takes NULL. A glob never
 * changes: any number of threads may match with one.
 */
WEIR_MUST_USE int weir_glob_create(const char *pattern, size_t len, unsigned flags, weir_glob **ret_glob);
void weir_glob_destroy(weir_glob *glob);

/* True when the whole text matches. At most (elements of the pattern) x (len + 1) steps. */
bool weir_glob_match(const weir_glob *glob, const char *text, size_t len);

/*
 * Whether some path that begins with `dir` (which ends in '/') could match: a
 * walk that looks for matches need not enter a directory for which this is
 * false. Never false where a match is possible.
 */
bool weir_glob_may_match_below(const weir_glob *glob, const char *dir, size_t len);

#endif
