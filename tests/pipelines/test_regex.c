/* test_regex.c - regular expressions: what they find, what they refuse, and that none of them hangs. */
#include "expr/regex.h"

#include "eval_rig.h"

#define EMAIL "/[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}/"

static void test_a_match_is_true_or_false(void)
{
    wants(".s =~ /^a+b$/", "aab", "true");
    wants(".s !~ /^a+b$/", "aab", "false");
    wants(".s =~ /BOT/i", "robot", "true");
    wants(".s =~ /BOT/", "robot", "false");
    wants(".s =~ /^\\/api/", "/api/x", "true");
    wants(".s =~ /x/", "", "false");
    wants(".s =~ /^$/", "", "true");
    wants(".n =~ /7/", "", "false"); /* a number is no text */
    wants(".n !~ /7/", "", "true");
    wants(".gone =~ /./", "", "false");
    wants(".s =~ /[/]b/ && .s !~ /c/", "a/b", "true");
}

static void test_replace_takes_every_match_and_its_groups(void)
{
    wants("replace(.s, /b+/, \"x\")", "abbcb", "\"axcx\"");
    wants("replace(.s, /(a)(b)?/, \"<$2$1$$$3>\")", "aba", "\"<ba$><a$>\"");
    wants("replace(.s, /(a)/, \"$x $1, $\")", "a", "\"$x a, $\"");
    wants("replace(.s, /x*/, \"-\")", "abc", "\"-a-b-c-\"");
    wants("replace(.s, /x*/, \"-\")", "axb", "\"-a--b-\"");
    wants("replace(.s, /b*/, \"\")", "", "\"\"");
    wants("replace(.s, \"b\", \"$1\")", "abc", "\"a$1c\"");
    wants("replace(.s, /^a/, \"\")", "aaa", "\"aa\"");
    wants("replace(.n, /7/, \"\")", "", "null");
    wants("mask(.s, /[^@\\s]+@/, \"***@\")", "to x@y.z and q@w.e", "\"to ***@y.z and ***@w.e\"");
    wants("mask(.s, /a/, \"$1\")", "aba", "\"$1b$1\"");
}

static void test_extract_gives_the_first_group_or_the_one_that_is_asked_for(void)
{
    wants("extract(.s, /\\d+/)", "ab 12 34", "\"12\"");
    wants("extract(.s, /b (\\d+)/)", "ab 12 34", "\"12\"");
    wants("extract(.s, /(a)(?<digits>\\d)/, 2)", "a1", "\"1\"");
    wants("extract(.s, /(a)(?<digits>\\d)/, \"digits\")", "a1", "\"1\"");
    wants("extract(.s, /(a)(?<digits>\\d)/, 0)", "a1", "\"a1\"");
    wants("extract(.s, /(a)|b/)", "b", "null");
    wants("extract(.s, /(a)/, 2)", "a", "null");
    wants("extract(.s, /(a)/, \"no\")", "a", "null");
    wants("extract(.s, /z/)", "a", "null");
}

static void test_split_takes_what_stands_between(void)
{
    wants("split(.s, /, */)", "a,b,  c,", "[\"a\",\"b\",\"c\",\"\"]");
    wants("split(.s, /x*/)", "abxc", "[\"ab\",\"c\"]");
    wants("split(.s, /,/)", "", "[\"\"]");
    wants("split(.s, \",\")", "a,b", "[\"a\",\"b\"]");
    wants("len(split(.s, /,/))", ",,,,,,,,,,,,,,,,,,,", "20");
}

static void test_a_fault_in_a_pattern_is_told_at_its_place(void)
{
    wants(".s =~ /a(b/", "",
          "x:1:11: regular expression: missing closing parenthesis\n    .s =~ /a(b/\n"
          "              ^\n");
}

static void test_a_regular_expression_is_no_value(void)
{
    struct rig rig;
    CHECK(!rig_open(&rig, "lower(/a/)") && strstr(rig.text.data, "x:1:7: a regular expression can't stand here"));
    rig_close(&rig);
    CHECK(!rig_open(&rig, "/a/") && strstr(rig.text.data, "alone is no condition"));
    rig_close(&rig);
    CHECK(!rig_open(&rig, ".s == /a/") && strstr(rig.text.data, "can't stand here"));
    rig_close(&rig);
}

static void test_a_strict_call_fails_where_the_other_is_null(void)
{
    wants("int(.s)", "x", "null");
    wants("int!(.s)", "12", "12");
    wants("int!(.s) > 1 || true", "x", "failed: int!() has no value for \"x\"");
    wants("! (int!(.s) == 1)", "x", "failed: int!() has no value for \"x\"");
    wants("true || int!(.s) > 1", "x", "true"); /* never called */
    wants("extract!(.s, /(\\d+)/)", "x", "failed: extract!() has no value for \"x\"");
}

static char *long_text(char byte, size_t size)
{
    char *text = malloc(size);
    CHECK(text != NULL);
    memset(text, byte, size);
    return text;
}

/* The square of a line of 1 MiB would be minutes; the clock of the test's own limit would see it. */
static void test_a_long_line_without_the_literal_is_no_work(void)
{
    struct rig rig;
    const size_t size = 700000; /* the result must fit what an expression may make */
    char *text = long_text('a', size);
    CHECK(rig_open(&rig, "replace(.s, " EMAIL ", \"x\")"));
    struct datum datum = rig_run(&rig, text, size);
    CHECK(!rig.eval.failed && datum.size == size);
    memcpy(text, "me@example.org ",
           15); /* NOLINT(bugprone-not-null-terminated-result): the last '@' is behind it then */
    datum = rig_run(&rig, text, size);
    CHECK(!rig.eval.failed && datum.size == size - 15 + 2 && memcmp(datum.text, "x aa", 4) == 0);
    free(text);
    rig_close(&rig);
}

/* The bytes of a text out of few letters, so that most of what a pattern could see is seen. */
static void fill_text(char *text, size_t size, uint32_t *seed)
{
    for (size_t i = 0; i < size; i++) {
        *seed = *seed * 1664525 + 1013904223;
        text[i] = "ab@.-A@b"[*seed >> 29];
    }
    text[size] = '\0';
}

/* Both ways of searching find the same: a group around all of it hides how a pattern begins. */
static void test_a_run_before_a_byte_is_found_as_any_search_finds_it(void)
{
    static const char *const patterns[] = {
        "[a-z]+@b",    "[a-z]+@",      "[ab.]+@[a-z.]+\\.b",
        "\\w+\\.a*b",  "[a-z]+@b/i",   "[^@b]+@+[ab]",
        "[a]+-?b",     "[a-z]+@(?=b)", "[ab]+@(?<=b@)[ab]{2,}",
        "[a-b.]+\\b@", "[ab]+@$",      "[]a@-]+\\.",
        "[a-z@]+@b",   "[ab]++@b",     "[ab]+?@b",
        "\\S+@\\S*-",  "[^\\s@]+@a.",  "[[:alpha:]]+@",
    };
    char text[32], plain[128], hidden[128];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const char *flag = strchr(patterns[i], '/');
        const int size = flag != NULL ? (int)(flag - patterns[i]) : (int)strlen(patterns[i]);
        struct rig one, other;
        snprintf(plain, sizeof plain, "replace(.s, /%.*s/%s, \"<$0>\")", size, patterns[i], flag != NULL ? "i" : "");
        snprintf(hidden, sizeof hidden, "replace(.s, /(?:%.*s)/%s, \"<$0>\")", size, patterns[i],
                 flag != NULL ? "i" : "");
        CHECK(rig_open(&one, plain) && rig_open(&other, hidden));
        for (size_t round = 0; round < 2000; round++) {
            fill_text(text, round % 31, &seed);
            const struct datum a = rig_run(&one, text, round % 31), b = rig_run(&other, text, round % 31);
            if (!wp_datum_equal(a, b))
                fprintf(stderr, "%s of %s\n", plain, text);
            CHECK(wp_datum_equal(a, b));
        }
        rig_close(&one);
        rig_close(&other);
    }
}

/* A million '@', each of which could begin a search to the end of the text. */
static void test_many_places_to_begin_take_too_long_and_do_not_hang(void)
{
    struct rig rig;
    char *text = long_text('a', 1000000);
    for (size_t i = 1; i < 1000000; i += 2)
        text[i] = '@';
    CHECK(rig_open(&rig, ".s =~ /[a-z]+@[^#]*[!#]/"));
    (void)rig_run(&rig, text, 1000000);
    CHECK(rig.eval.failed);
    rig_close(&rig);
    free(text);
}

static void test_a_search_that_takes_too_long_fails_and_does_not_hang(void)
{
    struct rig rig;
    char *text = long_text('a', 1000000);
    CHECK(rig_open(&rig, ".s =~ /^(a+)+$/"));
    text[40] = '!';
    (void)rig_run(&rig, text, 41);
    CHECK(rig.eval.failed);
    CHECK_STR(rig.eval.reason, "the regular expression takes too long on this text");
    rig_close(&rig);
    text[40] = 'a';
    CHECK(rig_open(&rig, ".s =~ /a+[xy]/")); /* the square of the size, and no literal */
    (void)rig_run(&rig, text, 1000000);
    CHECK(rig.eval.failed);
    rig_close(&rig);
    free(text);
}

/* Cut into windows or not, the same is found, also by what looks back. */
static void test_a_match_far_into_a_long_text_is_found_where_it_is(void)
{
    static const char *const patterns[] = { "/b/", "/(?<=a)b/", "/\\bb|ab$/", "/b$/", "/[^a]/", "/a\\Kb/" };
    const size_t size = 600000;
    char *text = long_text('a', size);
    text[size - 1] = 'b';
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct rig rig;
        char expression[64];
        snprintf(expression, sizeof expression, "extract(.s, %s)", patterns[i]);
        CHECK(rig_open(&rig, expression));
        const struct datum datum = rig_run(&rig, text, size);
        CHECK(!rig.eval.failed && datum.kind == DATUM_STRING);
        CHECK(datum.text + datum.size == text + size);
        rig_close(&rig);
    }
    free(text);
}

/* What is known of how a match begins leaves out no place: beside a pattern of which nothing is known. */
static void test_a_long_text_is_searched_wherever_a_match_may_begin(void)
{
    static const char *const patterns[] = {
        "a@/i",      "[b@][a-]/", "(?i)a[.@]/", "(?<=A)@/",      "b?@[ab]/", "(b|@)A/",   "A\\K@/",
        "\\b[bA]/i", "@|$/",      "b|\\z/",     "(?=[@.])[^.]/", "[^x]b/",   "x*(?=@b)/", "(*NO_START_OPT)b@/",
    };
    const size_t size = 40000;
    char *text = long_text('x', size), plain[64], hidden[64];
    uint32_t seed = 1;
    for (size_t at = 40; at < size; at += 1 + (seed >> 24)) {
        char few[5];
        fill_text(few, 4, &seed);
        memcpy(text + at - 4, few, 4); /* NOLINT(bugprone-not-null-terminated-result): it goes on */
    }
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct rig one, other;
        const int bytes = (int)(strchr(patterns[i], '/') - patterns[i]);
        const char *verb = patterns[i][1] == '*' ? "" : "(*NO_START_OPT)";
        snprintf(plain, sizeof plain, "replace(.s, /%s, \"<$0>\")", patterns[i]);
        snprintf(hidden, sizeof hidden, "replace(.s, /%s%.*s%s, \"<$0>\")", verb, bytes, patterns[i],
                 patterns[i] + bytes);
        CHECK(rig_open(&one, plain) && rig_open(&other, hidden));
        const struct datum a = rig_run(&one, text, size), b = rig_run(&other, text, size);
        if (!wp_datum_equal(a, b))
            fprintf(stderr, "%s\n", plain);
        CHECK(a.size > size && wp_datum_equal(a, b));
        rig_close(&one);
        rig_close(&other);
    }
    free(text);
}

/* --- literals ----------------------------------------------------------------------------------------- */

/* `wanted`: with a space behind each. */
static void holds(const char *pattern, bool caseless, const char *wanted)
{
    struct regex_literal literals[REGEX_LITERALS_MAX];
    char all[REGEX_LITERALS_MAX * (REGEX_LITERAL_MAX + 1) + 1] = "";
    const unsigned count = wp_regex_literals(pattern, strlen(pattern), caseless, literals);
    for (unsigned i = 0; i < count; i++) {
        strncat(all, literals[i].bytes, literals[i].size);
        strcat(all, " ");
    }
    if (strcmp(all, wanted) != 0)
        fprintf(stderr, "%s\n", pattern);
    CHECK_STR(all, wanted);
}

static void test_literals_are_what_every_match_must_hold(void)
{
    holds("abc", false, "abc ");
    holds("[a-z]+@[a-z]+", false, "@ ");
    holds("ab?cde", false, "cde a ");
    holds("abc*", false, "ab ");
    holds("abc+d", false, "abc d ");
    holds("ab{0,3}cd", false, "cd a ");
    holds("a|bcd", false, "");
    holds("x(a|b)yz", false, "yz x ");
    holds("(?i)abc", false, "");
    holds("abc1-", true, "1- ");
    holds("a\\.b\\dcd", false, "a.b cd ");
    holds("\\Qa*b\\E", false, "");
    holds("[]a]bc", false, "bc ");
    holds("[[:alpha:]]bc", false, "bc ");
    holds("[[:^alpha:]x]bc", false, "bc ");
    holds("[[:[5[[:[:][[[(:]+]", false, ""); /* its first class ends at the first ']', which not everybody sees */
    holds("[[:alpha]bc", false, "");
    holds("[[.a.]]bc", false, "");
    holds("[[.alpha:]]bc", false, "");
    holds("(?=abc)de", false, "de ");
    holds("a.bc.def.gh.ijkl.m", false, "ijkl def bc gh "); /* the longest four, the first of two first */
    holds("ab.ab.c.ab", false, "ab c ");
    holds("\\x41bc", false, "");
    holds("(a)\\1bc", false, "");
    holds("a(*ACCEPT)bc", false, "");
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Where the engine finds a match, the literal is there, too, from where the search began. */
static void test_random_patterns_never_match_without_their_literal(void)
{
    static const char *const parts[] = {
        "a",       "b",       "ab",    "c",         "[ab]",   "[^a]",   "[]a]",    "[[:alpha:]b]", "(ab)",   "(a|bc)",
        "(?:b)",   "(?=a)",   "(?!b)", "(?<=a)",    "(?<!b)", "(?>ab)", "\\.",     "\\w",          "\\b",    ".",
        "^",       "$",       "*",     "+",         "?",      "{2}",    "{0,1}",   "{,2}",         "|",      "\\Qa\\E",
        "(?i)",    "(?i:b)",  "\\x61", "(?|a|b)",   "\\1",    "??",     "*+",      "{1,}?",        "(",      ")",
        "[\\]a]",  "\\K",     "{a",    "(*ACCEPT)", "(?#c)",  "\\n",    "[a-\\d]", "\\E",          "(?x) b", "\\N",
        "(?<n>a)", "\\g{-1}", "(?1)",  "C",         "\\\\",
    };
    uint64_t random = 7;
    unsigned compiled = 0, with_literal = 0, matched = 0;
    for (unsigned round = 0; round < 30000; round++) {
        char pattern[128] = "", text[12];
        struct regex_literal literals[REGEX_LITERALS_MAX];
        const unsigned count = 1 + (unsigned)(next_random(&random) % 6);
        for (unsigned i = 0; i < count; i++) {
            const char *part = parts[next_random(&random) % (sizeof parts / sizeof parts[0])];
            snprintf(pattern + strlen(pattern), sizeof pattern - strlen(pattern), "%s", part);
        }
        const bool caseless = next_random(&random) % 4 == 0;
        struct regex *plain;
        struct regex_fault fault;
        /* In a group of no effect there is no literal: the engine alone. */
        char alone[sizeof pattern + 8];
        snprintf(alone, sizeof alone, "(?:%s)", pattern);
        struct regex *filtered;
        if (wp_regex_create(pattern, strlen(pattern), caseless, &filtered, &fault) != 0)
            continue;
        if (wp_regex_create(alone, strlen(alone), caseless, &plain, &fault) != 0) {
            wp_regex_destroy(filtered);
            continue;
        }
        compiled++;
        const unsigned literal_count = wp_regex_literals(pattern, strlen(pattern), caseless, literals);
        with_literal += literal_count > 0;
        for (unsigned tries = 0; tries < 8; tries++) {
            const size_t size = next_random(&random) % sizeof text;
            for (size_t i = 0; i < size; i++)
                text[i] = "aabbcABC.\n{\\"[next_random(&random) % 12];
            const size_t from = size > 0 ? next_random(&random) % size : 0;
            const size_t *places;
            const int by_engine = wp_regex_find(plain, text, size, from, &places);
            const int with_filter = wp_regex_find(filtered, text, size, from, &places);
            if (by_engine != with_filter)
                fprintf(stderr, "/%s/ in \"%.*s\" from %zu\n", pattern, (int)size, text, from);
            CHECK_EQ(with_filter, by_engine);
            for (unsigned i = 0; by_engine == 1 && i < literal_count; i++)
                CHECK(memmem(text + from, size - from, literals[i].bytes, literals[i].size) != NULL);
            matched += by_engine == 1;
        }
        wp_regex_destroy(plain);
        wp_regex_destroy(filtered);
    }
    CHECK(compiled > 5000 && with_literal > 1000 && matched > 5000);
}

int main(void)
{
    if (strcmp(wp_regex_backend(), "none") == 0) {
        wants(".s =~ /a/", "",
              "x:1:7: this weir was built without PCRE2: it has no regular expressions\n    .s =~ /a/\n          ^~~\n"
              "    'weir --version' lists what it is made of; build it with -DWEIR_PCRE2=ON\n");
        return check_done();
    }
    RUN(test_a_match_is_true_or_false);
    RUN(test_replace_takes_every_match_and_its_groups);
    RUN(test_extract_gives_the_first_group_or_the_one_that_is_asked_for);
    RUN(test_split_takes_what_stands_between);
    RUN(test_a_fault_in_a_pattern_is_told_at_its_place);
    RUN(test_a_regular_expression_is_no_value);
    RUN(test_a_strict_call_fails_where_the_other_is_null);
    RUN(test_a_long_line_without_the_literal_is_no_work);
    RUN(test_a_run_before_a_byte_is_found_as_any_search_finds_it);
    RUN(test_a_long_text_is_searched_wherever_a_match_may_begin);
    RUN(test_many_places_to_begin_take_too_long_and_do_not_hang);
    RUN(test_a_search_that_takes_too_long_fails_and_does_not_hang);
    RUN(test_a_match_far_into_a_long_text_is_found_where_it_is);
    RUN(test_literals_are_what_every_match_must_hold);
    RUN(test_random_patterns_never_match_without_their_literal);
    return check_done();
}
