/* test_glob.c - patterns: what they match, against fnmatch(3), and never slowly. */
#include <weir/glob.h>

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "glob_program.h"

static weir_glob *create(const char *pattern, unsigned flags)
{
    weir_glob *glob = NULL;
    CHECK_EQ(weir_glob_create(pattern, strlen(pattern), flags, &glob), 0);
    return glob;
}

static bool matches_with(const char *pattern, const char *text, unsigned flags)
{
    weir_glob *const glob = create(pattern, flags);
    const bool matched = weir_glob_match(glob, text, strlen(text));
    weir_glob_destroy(glob);
    return matched;
}

static bool matches(const char *pattern, const char *text)
{
    return matches_with(pattern, text, 0);
}

static bool may_match_below(const char *pattern, const char *dir)
{
    weir_glob *const glob = create(pattern, 0);
    const bool may = weir_glob_may_match_below(glob, dir, strlen(dir));
    weir_glob_destroy(glob);
    return may;
}

/* The words of the shell, over a name. */
static void test_stars_questions_and_sets_match_within_a_component(void)
{
    CHECK(matches("*.gz", "a.gz") && matches("*.gz", ".gz") && !matches("*.gz", "a.gzip"));
    CHECK(!matches("*.gz", "a/b.gz"));
    CHECK(matches("a*", "a") && matches("a*b*c", "a--b--c") && !matches("a*b*c", "a--b--"));
    CHECK(matches("?", "x") && !matches("?", "") && !matches("?", "xy") && !matches("a?b", "a/b"));
    CHECK(matches("[a-c]x", "bx") && !matches("[a-c]x", "dx") && !matches("[!a-c]x", "bx") && matches("[^a-c]x", "dx"));
    CHECK(matches("[]a]", "]") && matches("[!]a]", "b") && !matches("[!]a]", "]"));
    CHECK(matches("[a-]", "-") && matches("[\\]]", "]") && matches("[[:digit:][:upper:]]", "A"));
    CHECK(!matches("[!a]", "/") && !matches("[.-0]", "/"));
    CHECK(matches("\\*", "*") && !matches("\\*", "a") && matches("a\\", "a\\"));
    CHECK(matches("[", "[") && matches("[a", "[a") && matches("", "") && !matches("", "a"));
    CHECK(matches("*", "") && matches("*", ".hidden"));
}

/* Bytes, not characters: a name need not be UTF-8, and no locale is asked. */
static void test_bytes_are_bytes(void)
{
    CHECK(matches("\xff*", "\xff\xfe") && matches("?", "\x80") && !matches("?", "\xc3\xa9"));
    CHECK(matches("[\x80-\xff]", "\xc3") && !matches("[[:alpha:]]", "\xe9"));
    weir_glob *const glob = create("a*b", 0);
    CHECK(weir_glob_match(glob, "a\0b", 3) && weir_glob_match(glob, "a\nb", 3) && !weir_glob_match(glob, "a\0", 2));
    weir_glob_destroy(glob);
}

/* gitignore(5) says where ** goes across directories, and rsync users expect it there. */
static void test_a_double_star_component_is_any_number_of_directories(void)
{
    CHECK(matches("**/x", "x") && matches("**/x", "a/x") && matches("**/x", "a/b/x") && !matches("**/x", "ax"));
    CHECK(matches("a/**", "a/x") && matches("a/**", "a/x/y") && !matches("a/**", "a") && !matches("a/**", "ab"));
    CHECK(matches("a/**/x", "a/x") && matches("a/**/x", "a/b/c/x") && !matches("a/**/x", "ax"));
    CHECK(matches("**/*.gz", "log/old/a.gz") && matches("**/*.gz", "a.gz"));
    CHECK(matches("**", "a/b") && matches("**/a/**/b/**", "x/a/y/b/z") && !matches("**/a/**/b/**", "x/a/y/b"));
    CHECK(matches("a**b", "axb") && !matches("a**b", "a/b") && !matches("a/**b", "a/x/b"));
    CHECK(matches("***/x", "a/b/x") && matches("a/***", "a/b/c"));
}

/* Where bash would expand braces, they are alternatives; elsewhere they are bytes. */
static void test_braces_are_alternatives_when_they_have_a_comma(void)
{
    CHECK(matches("*.{c,h}", "a.c") && matches("*.{c,h}", "a.h") && !matches("*.{c,h}", "a.x"));
    CHECK(matches("{a,b{c,d}}e", "bde") && matches("{a,b{c,d}}e", "ae") && !matches("{a,b{c,d}}e", "be"));
    CHECK(matches("x{,y}", "x") && matches("x{,y}", "xy"));
    CHECK(matches("{a/b,c}/*.x", "a/b/q.x") && matches("{a/b,c}/*.x", "c/q.x") && !matches("{a/b,c}/*.x", "a/q.x"));
    CHECK(matches("{**/a,b}", "x/y/a") && matches("{**/a,b}", "b") && matches("{a,**}/b", "q/b"));
    CHECK(matches("{a}", "{a}") && !matches("{a}", "a") && matches("{a,b", "{a,b") && matches("a,b}", "a,b}"));
    CHECK(matches("{a,{b}}", "{b}") && matches("{a,{b}", "{a,{b}") && matches("{a,{b,c}", "{a,c"));
    CHECK(matches("{[,],x}", ",") && matches("{[,],x}", "x") && matches("{a\\,b,c}", "a,b") &&
          !matches("{a\\,b,c}", "a"));
    CHECK(!matches_with("{a,b}", "a", WEIR_GLOB_GIT) && matches_with("{a,b}", "{a,b}", WEIR_GLOB_GIT));
}

/* git never matches with what it can't read. */
static void test_broken_patterns_of_gitignore_match_nothing(void)
{
    CHECK(!matches_with("[", "[", WEIR_GLOB_GIT) && !matches_with("a[b", "a[b", WEIR_GLOB_GIT));
    CHECK(!matches_with("a\\", "a\\", WEIR_GLOB_GIT) && !matches_with("[[:nope:]]", "n", WEIR_GLOB_GIT));
}

/* A walk skips what can't match: never a directory with a match below, nearly always one without. */
static void test_may_match_below_prunes_without_losing(void)
{
    CHECK(may_match_below("src/*.c", "src/") && !may_match_below("src/*.c", "src/sub/"));
    CHECK(!may_match_below("src/*.c", "doc/") && may_match_below("src/**", "src/a/b/"));
    CHECK(may_match_below("**/x", "any/thing/") && may_match_below("a/b/c/d", "a/b/") &&
          !may_match_below("a/b", "a/b/"));
    CHECK(may_match_below("{src,lib}/*.c", "lib/") && !may_match_below("{src,lib}/*.c", "bin/"));
}

/* A fixed sequence: a failure comes again. */
static uint64_t random_state = 88172645463325252u;
static unsigned pick(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

static size_t random_text(char *text, size_t len_max)
{
    static const char alphabet[] = "aaabbc/.-]![";
    const size_t len = pick((unsigned)len_max + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = alphabet[pick(sizeof alphabet - 1)];
    text[len] = 0;
    return len;
}

/* Only what both understand alike: no **, no '/' inside [...], no [:class:] half finished. */
static void random_pattern(char *pattern)
{
    static const char *const words[] = { "a", "b", "c",     "/",    ".",     "*",     "?",   "[ab]", "[!ab]",      "-",
                                         "]", "!", "[a-c]", "[]a]", "[^]-]", "[!-.]", "\\*", "\\a",  "[[:alpha:]]" };
    pattern[0] = 0;
    const unsigned count = pick(8);
    for (unsigned i = 0; i < count; i++) {
        const char *const word = words[pick(sizeof words / sizeof *words)];
        const size_t len = strlen(pattern);
        if (word[0] != '*' || len == 0 || pattern[len - 1] != '*')
            strcat(pattern, word);
    }
}

static void test_random_patterns_match_as_fnmatch_has_it(void)
{
    char pattern[256], text[16];
    unsigned matched = 0;
    for (unsigned i = 0; i < 100000; i++) {
        random_pattern(pattern);
        random_text(text, 8);
        const bool wanted = fnmatch(pattern, text, FNM_PATHNAME) == 0;
        if (matches(pattern, text) != wanted)
            fprintf(stderr, "pattern <%s> text <%s> fnmatch %d\n", pattern, text, wanted);
        CHECK(matches(pattern, text) == wanted);
        matched += wanted;
    }
    CHECK(matched > 2000);
}

/*
 * All that a pattern with braces stands for, in the way of the shell: true when
 * one of it matches. One that has a ** only when expanded is not comparable.
 */
static bool any_expansion_matches(const char *pattern, const char *text, bool *comparable)
{
    char one[256];
    const char *const open = strchr(pattern, '{');
    if (open == NULL) {
        *comparable &= strstr(pattern, "**") == NULL;
        return matches(pattern, text);
    }
    const char *close = open + 1;
    for (int depth = 0; depth > 0 || *close != '}'; close++)
        depth += (*close == '{') - (*close == '}');

    bool matched = false;
    int depth = 0;
    const char *from = open + 1;
    for (const char *p = from; p <= close; p++) {
        depth += (*p == '{') - (*p == '}');
        if (p == close || (*p == ',' && depth == 0)) {
            snprintf(one, sizeof one, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)(p - from), from, close + 1);
            matched |= any_expansion_matches(one, text, comparable);
            from = p + 1;
        }
    }
    return matched;
}

static void random_braces(char *pattern, unsigned depth)
{
    static const char *const words[] = { "a", "b", "c", "/", "*", "?", "[ab]", "." };
    const unsigned count = pick(4);
    for (unsigned i = 0; i < count; i++) {
        if (depth < 3 && strlen(pattern) < 60 && pick(3) == 0) {
            strcat(pattern, "{");
            const unsigned alternatives = 2 + pick(2);
            for (unsigned j = 0; j < alternatives; j++) {
                if (j > 0)
                    strcat(pattern, ",");
                random_braces(pattern, depth + 1);
            }
            strcat(pattern, "}");
        } else {
            strcat(pattern, words[pick(8)]);
        }
    }
}

static void test_braces_mean_what_their_expansions_mean(void)
{
    char text[16];
    unsigned matched = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char pattern[1024] = "";
        random_braces(pattern, 0);
        random_text(text, 5);
        bool comparable = strlen(pattern) < 80;
        const bool wanted = comparable && any_expansion_matches(pattern, text, &comparable);
        if (!comparable)
            continue;
        if (matches(pattern, text) != wanted)
            fprintf(stderr, "pattern <%s> text <%s> expanded %d\n", pattern, text, wanted);
        CHECK(matches(pattern, text) == wanted);
        matched += wanted;
    }
    CHECK(matched > 500);
}

static void test_a_match_is_reachable_through_each_of_its_directories(void)
{
    static const char *const parts[] = { "**", "*", "a", "b", "?", "{a,b}", "[ab]", "a*" };
    unsigned matched = 0;
    for (unsigned i = 0; i < 50000; i++) {
        char pattern[128] = "", text[32] = "";
        for (unsigned j = pick(4) + 1; j-- > 0;) {
            strcat(pattern, parts[pick(8)]);
            strcat(pattern, j > 0 ? "/" : "");
        }
        for (unsigned j = pick(4) + 1; j-- > 0;) {
            strcat(text, pick(2) == 0 ? "a" : "b");
            strcat(text, j > 0 ? "/" : "");
        }
        weir_glob *const glob = create(pattern, 0);
        if (weir_glob_match(glob, text, strlen(text))) {
            matched++;
            for (const char *slash = strchr(text, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
                CHECK(weir_glob_may_match_below(glob, text, (size_t)(slash - text) + 1));
        }
        weir_glob_destroy(glob);
    }
    CHECK(matched > 2000);
}

static uint64_t expect_few_steps(const char *pattern, const char *text, size_t len)
{
    weir_glob *const glob = create(pattern, 0);
    uint64_t steps = 0;
    wi_glob_match_counting(glob, text, len, &steps);
    CHECK(steps <= (2 * strlen(pattern) + 2) * (len + 1));
    weir_glob_destroy(glob);
    return steps;
}

/* Each of these takes a matcher that goes back longer than a life. Steps, not time: a slow machine is no bug. */
static void test_hostile_patterns_take_no_more_than_pattern_times_text(void)
{
    enum { LEN = 4000 };
    char *const text = malloc(LEN);
    memset(text, 'a', LEN);
    static const char *const units[] = { "*a", "**/", "{a,a}", "{*,*}", "?*", "[a-z]*", "*/*a", "a/**/" };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        char pattern[256] = "";
        for (unsigned j = 0; j < 24; j++)
            strcat(pattern, units[i]);
        strcat(pattern, "b*b");
        uint64_t steps = 0;
        for (unsigned slashes = 0; slashes < 2; slashes++) {
            for (size_t at = 1; at < LEN; at += 2)
                text[at] = slashes > 0 ? '/' : 'a';
            text[LEN - 1] = 'b';
            steps += expect_few_steps(pattern, text, LEN);
        }
        CHECK(steps > 0);
    }
    free(text);
}

/* A tree of alternatives is not multiplied out. */
static void test_sixty_braces_are_no_large_pattern(void)
{
    char pattern[512] = "";
    for (unsigned i = 0; i < 60; i++)
        strcat(pattern, "{a,b}");
    char text[61];
    for (unsigned i = 0; i < 60; i++)
        text[i] = i % 2 == 0 ? 'a' : 'b';
    text[60] = 0;
    CHECK(matches(pattern, text));
    text[59] = 'c';
    CHECK(!matches(pattern, text));
}

/* More than 64 states take more than one word of the set. */
static void test_long_patterns_match_as_short_ones_do(void)
{
    char pattern[2200] = "", text[2200] = "";
    for (unsigned i = 0; i < 300; i++) {
        strcat(pattern, i % 3 == 0 ? "?" : i % 3 == 1 ? "*x" : "[a-z]");
        strcat(text, i % 3 == 0 ? "q" : i % 3 == 1 ? "abx" : "z");
    }
    CHECK(matches(pattern, text));
    text[strlen(text) - 1] = '_';
    CHECK(!matches(pattern, text));
}

static void test_patterns_have_a_limit(void)
{
    weir_glob *glob = NULL;
    char *const pattern = malloc(5000);
    memset(pattern, 'a', 5000);
    CHECK_EQ(weir_glob_create(pattern, 4097, 0, &glob), -E2BIG);
    CHECK_EQ(weir_glob_create(pattern, 4096, 0, &glob), -E2BIG);
    CHECK(glob == NULL);
    CHECK_EQ(weir_glob_create(pattern, 4095, 0, &glob), 0);
    CHECK(weir_glob_match(glob, pattern, 4095) && !weir_glob_match(glob, pattern, 4094));
    weir_glob_destroy(glob);

    memset(pattern, ',', 4096);
    pattern[0] = '{';
    pattern[4095] = '}';
    CHECK_EQ(weir_glob_create(pattern, 4096, 0, &glob), -E2BIG);
    memset(pattern, '{', 40);
    CHECK_EQ(weir_glob_create(pattern, 40, 0, &glob), -E2BIG);
    CHECK_EQ(weir_glob_create(pattern, 32, 0, &glob), 0);
    CHECK(weir_glob_match(glob, pattern, 32));
    weir_glob_destroy(glob);
    free(pattern);
}

int main(void)
{
    RUN(test_stars_questions_and_sets_match_within_a_component);
    RUN(test_bytes_are_bytes);
    RUN(test_a_double_star_component_is_any_number_of_directories);
    RUN(test_braces_are_alternatives_when_they_have_a_comma);
    RUN(test_broken_patterns_of_gitignore_match_nothing);
    RUN(test_may_match_below_prunes_without_losing);
    RUN(test_random_patterns_match_as_fnmatch_has_it);
    RUN(test_braces_mean_what_their_expansions_mean);
    RUN(test_a_match_is_reachable_through_each_of_its_directories);
    RUN(test_hostile_patterns_take_no_more_than_pattern_times_text);
    RUN(test_sixty_braces_are_no_large_pattern);
    RUN(test_long_patterns_match_as_short_ones_do);
    RUN(test_patterns_have_a_limit);
    return check_done();
}
