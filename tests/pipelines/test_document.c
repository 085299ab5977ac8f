/* test_document.c - the same pipeline in YAML and JSON: nothing is lost on the way, and no value is more than one. */
#include <weir/pipeline.h>
#include <weir/reformat.h>

#include "document/document.h"
#include "format/layout.h"
#include "random_text.h"

static bool has_yaml(void)
{
    return strcmp(weir_pipeline_documents(), "none") != 0;
}

/* A NUL stands behind it. */
static weir_text convert(const char *data, size_t size, weir_pipeline_language from, weir_pipeline_language to,
                         int wanted)
{
    weir_text errors = { 0 }, out = { 0 };
    const weir_pipeline_text text = { .name = "t", .data = data, .size = size, .language = from };
    const int error = weir_pipeline_convert(&text, to, &errors, &out);
    if (error != wanted)
        fprintf(stderr, "%d for:\n%.*s\n%.*s\n", error, (int)size, data, (int)errors.size, errors.data);
    CHECK_EQ(error, wanted);
    weir_text_fini(&errors);
    CHECK(weir_text_append(&out, "", 1) == 0);
    out.size--;
    return out;
}

static bool same_texts(const char *a, const char *b)
{
    const struct source sources[] = { { .name = "a", .text = a, .size = strlen(a) },
                                      { .name = "b", .text = b, .size = strlen(b) } };
    struct syntax trees[2];
    struct diags diags[2];
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(wp_parse(&sources[i], &trees[i], &diags[i]), 0);
    const bool same = wp_same_syntax(&trees[0], &trees[1]);
    for (unsigned i = 0; i < 2; i++) {
        wp_diag_fini(&diags[i]);
        wp_syntax_fini(&trees[i]);
    }
    return same;
}

/* Text to YAML to text is the same tree; the way over JSON ends in the same JSON, which is YAML, too. */
static void round_trip(const char *text)
{
    weir_text yaml = convert(text, strlen(text), WEIR_PIPELINE_TEXT, WEIR_PIPELINE_YAML, 0);
    weir_text back = convert(yaml.data, yaml.size, WEIR_PIPELINE_YAML, WEIR_PIPELINE_TEXT, 0);
    if (!same_texts(text, back.data))
        fprintf(stderr, "%s\n---\n%s\n---\n%s\n", text, yaml.data, back.data);
    CHECK(same_texts(text, back.data));
    weir_text json = convert(text, strlen(text), WEIR_PIPELINE_TEXT, WEIR_PIPELINE_JSON, 0);
    weir_text mid = convert(json.data, json.size, WEIR_PIPELINE_JSON, WEIR_PIPELINE_YAML, 0);
    weir_text again = convert(mid.data, mid.size, WEIR_PIPELINE_YAML, WEIR_PIPELINE_JSON, 0);
    if (strcmp(json.data, again.data) != 0)
        fprintf(stderr, "%s\n---\n%s\n---\n%s\n", json.data, mid.data, again.data);
    CHECK(strcmp(json.data, again.data) == 0);
    weir_text_fini(&yaml);
    weir_text_fini(&back);
    weir_text_fini(&json);
    weir_text_fini(&mid);
    weir_text_fini(&again);
}

static void test_what_looks_like_something_else_stays_what_it_is(void)
{
    static const char *const texts[] = {
        "read - | null",
        "read \"-\" | null",
        "read ~/a.b | null",
        "read \"~/a.b\" | null",
        "read path=direct block=1MiB | null",
        "files a, \"b c\", 0644, true, null, x:y, 10k/s | null",
        "read a\\b | null",
        "read \"\" | null",
        "read \"a\\\"b\\\\\" | null",
        "read \"\\{a\\} ${env.X} \\$ \\u{7f} \\u{85} \\n\\t 'q' # no: comment\" | null",
        "read \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\" | null",
        "write \"{.dir}/{%Y}\" format=\"gnu\" mode=0644",
        "files a | where .a == \"|\" || .b =~ /x'\"#: /i | null",
        "files a | where .a == # why\n 1 | null",
        "files a | fail-if any",
        "files a | fail-if .any",
        "files a | group .[\"odd key\"], .b[0] > 2 | null",
        "files a | each { read @name=\"in\" | null @order=key(.f) @onerror=dead(x) } @par=cores @rate=10k/s | null",
        "let a = 1 let b = \"1\" let c = x/y let d = 10k/s let e = \"${a}\" read a | null",
        "a: read x | null let y = 1 read z | null",
        "a: read x | null test \"t\" { in \"x\" count out == 0 } read z | null",
        "read a | null dead bad -> lines | print",
        "stdin | lines | print test \"a \\\"b\\\" ${c}\" { in {\"a\": [1, 2.50, {}]} in \"{\" out[12] true }",
        "stdin | lines | print test \"y\" { in \"[1]\" count out != 0 }",
        "stdin | lines | print test \"x\" { in \"x\" in \"-\" count out >= 1 out[0] .a == 1 }",
        "stdin | lines | tee { to raw | write a } { print }",
        "b: merge a, c | print",
        "stdin | lines | json | stats count, sum(.b) as .c, p99(.t) by .f | sort .count desc, .f | print",
        "stdin | lines | json | count by .f, .g | head 5 | print",
        "stdin | lines | json | sample 1/100 | last 3 | drop .a, .b.c | rename .a=.b | print",
        "read a | hash xxh128 head=6 md5 | null",
        "stdin | lines | route { .a > 1 -> { null } .b =~ /->/ # x -> {\n -> { to raw | null } else -> { print } }",
        "stdin | lines | multiline start=/a: #/i | route { true -> { null } } @name=r",
        "stdin | lines | set .a = .b + 1, .c.d = \"x: y\" | print",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        round_trip(texts[i]);
}

static void test_any_text_survives_the_way_there_and_back(void)
{
    for (unsigned round = 0; round < 500; round++) {
        weir_text text = random_text();
        CHECK(weir_text_append(&text, "", 1) == 0);
        weir_text laid_out = convert(text.data, text.size - 1, WEIR_PIPELINE_TEXT, WEIR_PIPELINE_TEXT, 0);
        if (laid_out.size > 0 && strchr(laid_out.data, '|') != NULL)
            round_trip(laid_out.data);
        weir_text_fini(&laid_out);
        weir_text_fini(&text);
    }
}

/* --- what people write ---------------------------------------------------------------------------- */

static void says(const char *yaml, const char *wanted)
{
    weir_text text = convert(yaml, strlen(yaml), WEIR_PIPELINE_YAML, WEIR_PIPELINE_TEXT, 0);
    CHECK_STR(text.data, wanted);
    weir_text_fini(&text);
}

static void test_what_people_write(void)
{
    says("stages: [{read: a.log}, {hash: [xxh3, sha256]}, null]", "read a.log | hash xxh3,sha256 | null\n");
    says("# c\nstages:\n- read: {path: \"a b\", block: 1MiB}\n- zstd: {level: 9, \"@par\": 2}\n- write: {path: b, "
         "atomic: true}\n",
         "read \"a b\" block=1MiB | zstd level=9 @par=2 | write b atomic\n");
    says("{\"stages\": [{\"files\": \"d\"}, {\"each\": [\"read\", \"gunzip\", \"null\"]}, {\"remove\": \"source\"}]}",
         "files \"d\" | each { read | gunzip | null } | remove source\n");
    says("stages:\n- files: d\n- hash: {algo: xxh128, as: .h}\n- group: {by: [.size, .h], more: 1}\n- print:\n",
         "files d | hash xxh128 as .h | group .size,.h > 1 | print\n");
    says("stages: [{stdin: {}}, lines, {print: null}]\ntests:\n- name: x\n  steps:\n  - in: {a: 1.50, b: [x, true]}\n  "
         "- count: == 1\n",
         "stdin | lines | print\n\ntest \"x\" {\n  in {\"a\":1.50,\"b\":[\"x\",true]}\n  count out == 1\n}\n");
    says("stages: [stdin, lines, {route: [{when: .a, block: [null]}, {block: [print]}]}]",
         "stdin | lines | route { .a -> { null } else -> { print } }\n");
    says("stages:\n- read: |\n    two\n    lines\n- null\n", "read \"two\\nlines\\n\" | null\n");
}

/* --- faults ------------------------------------------------------------------------------------------- */

static void refuses(const char *yaml, const char *wanted)
{
    weir_text errors = { 0 };
    weir_pipeline *pipeline;
    const weir_pipeline_text text = { .name = "t", .data = yaml, .size = strlen(yaml), .language = WEIR_PIPELINE_YAML };
    CHECK_EQ(weir_pipeline_create(&text, NULL, 0, &errors, &pipeline), -EINVAL);
    CHECK(weir_text_append(&errors, "", 1) == 0);
    if (strstr(errors.data, wanted) == NULL)
        fprintf(stderr, "%s", errors.data);
    CHECK(strstr(errors.data, wanted) != NULL);
    weir_text_fini(&errors);
}

static void test_faults_have_their_place_in_the_document(void)
{
    refuses("stages:\n- read: a\n- zsdt\n- null\n", "t:3:3: unknown stage 'zsdt' (did you mean 'zstd'?)\n    - zsdt\n");
    refuses("stages:\n- read: a\n- zstd: {lvel: 4}\n- null\n", "t:3:10: zstd has no option 'lvel'");
    refuses("stages:\n- read: a\n- zstd: {level: 40}\n- null\n", "t:3:17: zstd: level must be");
    refuses("stages:\n- read: a\n- zstd: {level: [1, 2]}\n- null\n", "level is given twice");
    refuses("stages:\n- read: \"${x}\"\n- null\n", "t:2:10: unknown variable 'x'");
    refuses("stages:\n- read: 'a\\q'\n- null\n", "t:2:11: unknown escape");
    refuses("stages:\n- read: 'a\\'\n- null\n", "is written twice");
    refuses("stages:\n- files: a\n- where: .a == lowr(.b)\n- print\n", "t:3:16: unknown function 'lowr'");
    refuses("stages:\n- files: a\n- where: .a | null\n", "t:3:13: the value ends before '|'");
    refuses("stages:\n- files: a\n- where: '.a) | (.b'\n", "the value ends before ')'");
    refuses("stages:\n- {read: a, lines: b}\n", "t:2:3: a stage is its name, or");
    refuses("stages:\n- each: {block: {}}\n", "a list of stages is wanted here");
    refuses("stages:\n- stdin\n- lines\n- route: [{when: .a, block: [null], x: 1}]\n", "t:4:11: a case is a mapping");
    refuses("stages:\n- stdin\n- lines\n- route: [{when: .a -> .b, block: [null]}]\n", "the value ends before");
    refuses("stages: {}\n", "a list of stages is wanted here");
    refuses("stages:\n- 'read a | null'\n", "is no name of a stage");
    refuses("stages:\n- lines: a\n", "lines takes no value without a name");
    refuses("stage: []\n", "t:1:1: a pipeline's document has no 'stage' (did you mean 'stages'?)");
    refuses("pipelines:\n- stages: [{read: a}, null]\n- stages: [{read: b}, null]\n", "needs a name");
    refuses("pipelines:\n- name: 'a: read x | null b'\n  stages: [{read: a}, null]\n", "is no name of a pipeline");
    refuses("let: {a: 1, a: 2}\nstages: []\n", "t:1:13: this key stands here twice");
    refuses("let: [a]\nstages: [null]\n", "'let' is a mapping");
    refuses("a: &x b\n", "anchors are no part");
    refuses("a: *x\n", "aliases are no part");
    refuses("a: !!str x\n", "tags are no part");
    refuses("stages: [stdin]\n---\na: b\n", "a second document begins here");
    refuses("? [a]\n: b\n", "a key is a word");
    refuses("stages: [\n", "this is no YAML: ");
    refuses("a: \"x\n", "t:1:5: this is no YAML: double-quoted scalar without closing quote");
    refuses("a: \x01\n", "t:1:4: there is a byte here that is no text");
    refuses("a: \xff\n", "t:1:4: there is a byte here that is no text");
    refuses("a: \"\\0\"\n", "there is a NUL byte");
    refuses("", "there is no pipeline here");
    refuses("# only\n", "there is no pipeline here");
    refuses("stages: [stdin, lines, print]\ntests: [{name: x, steps: [{out: .a}]}]\n", "a step of a test is");
    refuses("stages: [stdin, lines, print]\ntests: [{name: x, steps: [{'out[0]': .a}, {count: 3}]}]\n",
            "a comparison is missing");
}

static void test_what_yaml_cannot_hold_is_refused(void)
{
    weir_text out = convert("read \"\xff\" | null", 15, WEIR_PIPELINE_TEXT, WEIR_PIPELINE_YAML, -EINVAL);
    CHECK_EQ(out.size, 0);
    weir_text_fini(&out);
    out = convert("read a | zstd @par=1 @par=2 | null", 34, WEIR_PIPELINE_TEXT, WEIR_PIPELINE_YAML, -EINVAL);
    weir_text_fini(&out);
    out = convert("let a = 1 let a = 2 read a | null", 33, WEIR_PIPELINE_TEXT, WEIR_PIPELINE_JSON, -EINVAL);
    weir_text_fini(&out);
}

int main(void)
{
    if (!has_yaml()) {
        puts("skipped: this weir has no YAML");
        return 0;
    }
    RUN(test_what_looks_like_something_else_stays_what_it_is);
    RUN(test_any_text_survives_the_way_there_and_back);
    RUN(test_what_people_write);
    RUN(test_faults_have_their_place_in_the_document);
    RUN(test_what_yaml_cannot_hold_is_refused);
    return check_done();
}
