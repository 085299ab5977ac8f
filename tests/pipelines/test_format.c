/* test_format.c - the one layout: it means the same, keeps the comments, and is its own layout. */
#include <weir/reformat.h>

#include "random_text.h"

static weir_text format(const char *data, size_t size, int wanted)
{
    weir_text errors = { 0 }, out = { 0 };
    const weir_pipeline_text text = { .name = "t", .data = data, .size = size };
    const int error = weir_pipeline_format(&text, &errors, &out);
    if (error != wanted)
        fprintf(stderr, "%d for:\n%.*s\n%.*s\n", error, (int)size, data, (int)errors.size, errors.data);
    CHECK_EQ(error, wanted);
    weir_text_fini(&errors);
    CHECK(weir_text_append(&out, "", 1) == 0);
    out.size--;
    return out;
}

/* That it means the same and has all its comments is proved by the call itself: else it is -EBADMSG. */
static void twice(const char *data, size_t size)
{
    weir_text once = format(data, size, 0), again = format(once.data, once.size, 0);
    if (strcmp(once.data, again.data) != 0)
        fprintf(stderr, "first:\n%ssecond:\n%s", once.data, again.data);
    CHECK(strcmp(once.data, again.data) == 0);
    weir_text_fini(&once);
    weir_text_fini(&again);
}

static void gives(const char *text, const char *wanted)
{
    weir_text out = format(text, strlen(text), 0);
    CHECK_STR(out.data, wanted);
    weir_text_fini(&out);
    twice(text, strlen(text));
}

static void test_a_short_pipeline_is_a_line(void)
{
    gives("read   a|null", "read a | null\n");
    gives("\n\n  a:\n read \"x y\"  block = 1MiB\n|\nhash sha256 , xxh3 as   .h  @pool = cpu | write\tb atomic\n\n\n",
          "a: read \"x y\" block=1MiB | hash sha256,xxh3 as .h @pool=cpu | write b atomic\n");
    gives("let  x=5\r\nread a|null", "let x = 5\nread a | null\n");
    gives("files a|group .size,.dir>1|null", "files a | group .size,.dir > 1 | null\n");
}

static void test_expressions_have_single_blanks(void)
{
    gives("files a|where (.a==1&&!(.b=~/x  y|#/i))||-.c<- 5 - -.d|null",
          "files a | where (.a == 1 && !(.b =~ /x  y|#/i)) || -.c < -5 - -.d | null\n");
    gives("files a | where if .a in[1,\"  # \"]then true  else lower( .[\"o  d\"]??\"\" )!=\"x\" | null",
          "files a | where if .a in [1, \"  # \"] then true else lower(.[\"o  d\"] ?? \"\") != \"x\" | null\n");
    gives("stdin|lines|set .a=-.b+1 ,  .line   = replace(.x,/  =/,\"\")|rename .a=.b|print",
          "stdin | lines | set .a = -.b + 1, .line = replace(.x, /  =/, \"\") | rename .a = .b | print\n");
    gives("files a | where int!(.x)/2>3%2 | null", "files a | where int!(.x) / 2 > 3 % 2 | null\n");
}

static void test_names_of_results_stand_behind_them(void)
{
    gives("read a|lines|json|stats count , sum( .b )as .c,p99(.t)  by .f|print",
          "read a | lines | json | stats count, sum(.b) as .c, p99(.t) by .f | print\n");
}

static void test_a_long_pipeline_has_a_line_for_each_stage(void)
{
    gives("files \"/a/long/name/of/a/directory/somewhere\" | each { read block=1MiB | gunzip | zstd level=9 | write "
          "\"{.dir}/{.stem}.zst\" atomic verify } @par=cores | remove source",
          "files \"/a/long/name/of/a/directory/somewhere\"\n"
          "| each { read block=1MiB | gunzip | zstd level=9 | write \"{.dir}/{.stem}.zst\" atomic verify } @par=cores\n"
          "| remove source\n");
    gives(
        "files \"/a\" | each { read block=1MiB @name=reader | gunzip | zstd level=9 seekable=1MiB | write "
        "\"{.dir}/{.stem}.zst\" atomic verify } @par=cores | remove source",
        "files \"/a\"\n"
        "| each {\n"
        "    read block=1MiB @name=reader | gunzip | zstd level=9 seekable=1MiB | write \"{.dir}/{.stem}.zst\" atomic "
        "verify\n"
        "  } @par=cores\n"
        "| remove source\n");
}

static void test_comments_stay_where_they_were(void)
{
    gives("# head\n\n\n# of a\nlet a = 1 # one\nread x # two\n# three\n|null # four\n# end",
          "# head\n\n# of a\nlet a = 1  # one\nread x  # two\n# three\n| null  # four\n# end\n");
    gives("files a | each { # in\n read | null # last\n # tail\n} @par=2 # out",
          "files a\n| each {\n    # in\n    read | null  # last\n    # tail\n  } @par=2  # out\n");
    gives("files a | where .a == # why\n 1 | null", "files a\n| where .a == # why\n 1\n| null\n");
    gives("# only", "# only\n");
}

static void test_tests_have_a_line_for_each_clause(void)
{
    gives("read a|null test \"x\"{in {\"a\": 1}   # c\n out[0] .a==1&&.b\n count  out>=2 }",
          "read a | null\ntest \"x\" {\n  in {\"a\": 1}  # c\n  out[0] .a == 1 && .b\n  count out >= 2\n}\n");
}

static void test_what_is_no_pipeline_is_refused(void)
{
    weir_text out = format("read a | zsdt", 13, -EINVAL);
    CHECK_EQ(out.size, 0);
    weir_text_fini(&out);
}

static void test_any_text_keeps_its_meaning_and_its_layout(void)
{
    for (unsigned round = 0; round < 3000; round++) {
        weir_text text = random_text();
        twice(text.data, text.size);
        weir_text_fini(&text);
    }
}

int main(void)
{
    RUN(test_a_short_pipeline_is_a_line);
    RUN(test_expressions_have_single_blanks);
    RUN(test_names_of_results_stand_behind_them);
    RUN(test_a_long_pipeline_has_a_line_for_each_stage);
    RUN(test_comments_stay_where_they_were);
    RUN(test_tests_have_a_line_for_each_clause);
    RUN(test_what_is_no_pipeline_is_refused);
    RUN(test_any_text_keeps_its_meaning_and_its_layout);
    return check_done();
}
