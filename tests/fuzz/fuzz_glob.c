/*
 * fuzz_glob.c - any pattern over any text: within its steps, and true to what
 * can be said of every pattern; any bytes as a .gitignore.
 *
 * Input: a byte of flags, the pattern, a newline, the text.
 */
#include <weir/glob.h>

#include <stdlib.h>
#include <string.h>

#include "gitignore.h"
#include "glob_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Memory of its own: a look past its end is seen. */
static char *copy(const void *data, size_t size)
{
    char *const text = malloc(size + (size == 0));
    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    return text;
}

static void check_reachable(const weir_glob *glob, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '/')
            must(weir_glob_may_match_below(glob, text, i + 1));
}

static void check_pattern(const char *pattern, size_t pattern_len, unsigned flags, const char *text, size_t len)
{
    weir_glob *glob = NULL;
    const int rc = weir_glob_create(pattern, pattern_len, flags, &glob);
    must(rc == 0 || rc == -E2BIG);
    if (rc < 0) {
        must(glob == NULL);
        return;
    }
    uint64_t steps = 0;
    const bool matched = weir_glob_match(glob, text, len);
    must(wi_glob_match_counting(glob, text, len, &steps) == matched);
    must(steps <= (2 * (uint64_t)pattern_len + 2) * (len + 1));
    if (matched)
        check_reachable(glob, text, len);
    bool plain = true;
    for (size_t i = 0; i < pattern_len; i++)
        plain &= strchr("*?[\\{", pattern[i]) == NULL || pattern[i] == 0;
    if (plain)
        must(matched == (pattern_len == len && memcmp(pattern, text, len) == 0));
    weir_glob_destroy(glob);
}

/* With a backslash before each byte a text is the pattern of itself. */
static void check_escaped(const char *text, size_t len, unsigned flags)
{
    if (len > GLOB_PATTERN_MAX / 2)
        return;
    char *const pattern = malloc(2 * len + 1);
    must(pattern != NULL);
    for (size_t i = 0; i < len; i++) {
        pattern[2 * i] = '\\';
        pattern[2 * i + 1] = text[i];
    }
    weir_glob *glob;
    must(weir_glob_create(pattern, 2 * len, flags, &glob) == 0);
    must(weir_glob_match(glob, text, len));
    must(len == 0 || !weir_glob_match(glob, text, len - 1));
    weir_glob_destroy(glob);
    free(pattern);
}

static void check_gitignore(const char *lines, size_t len)
{
    static const char path[] = "a/.b/c d.o";
    struct gitignore *ignore = NULL;
    unsigned bad_lines;
    must(wi_gitignore_parse(lines, len, &ignore, &bad_lines) == 0);
    if (ignore != NULL) {
        (void)wi_gitignore_ignores(ignore, path, sizeof path - 1, 5, false);
        (void)wi_gitignore_ignores(ignore, path, 4, 2, true);
    }
    wi_gitignore_destroy(ignore);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const unsigned flags = data[0] & WEIR_GLOB_GIT;
    const uint8_t *const newline = memchr(data + 1, '\n', size - 1);
    const size_t pattern_len = newline == NULL ? size - 1 : (size_t)(newline - data) - 1;
    const size_t text_len = newline == NULL ? 0 : size - pattern_len - 2;
    char *const pattern = copy(data + 1, pattern_len);
    char *const text = copy(newline == NULL ? data : newline + 1, text_len);
    check_pattern(pattern, pattern_len, flags, text, text_len);
    check_escaped(text, text_len, flags);
    free(pattern);
    free(text);
    char *const lines = copy(data, size);
    check_gitignore(lines, size);
    free(lines);
    return 0;
}
