/* test_manifest_write.c - what weir writes is what the tool of that format would have written, and what it reads. */
#include <weir/manifest.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* ---- lines ---- */

static weir_text text;

static const char *text_of(const weir_text *from)
{
    static char copy[1 << 16];
    CHECK(from->size < sizeof(copy));
    if (from->size > 0)
        memcpy(copy, from->data, from->size);
    copy[from->size] = 0;
    return copy;
}

static weir_manifest_style style_of(weir_manifest_format format, const weir_digest_algo **algos, size_t count)
{
    return (weir_manifest_style){ .format = format, .algos = algos, .algo_count = count };
}

static size_t packed_digests(const weir_manifest_style *style, const char *content, uint8_t *ret_packed)
{
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    for (size_t i = 0; i < style->algo_count; i++)
        CHECK_EQ(style->algos[i]->oneshot(content, strlen(content), digests[i].bytes), 0);
    return weir_digest_pack(style->algos, style->algo_count, digests, ret_packed);
}

/* The line for a file of this name with nothing in it. */
static const char *line(const weir_manifest_style *style, const char *name)
{
    uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
    packed_digests(style, "", packed);
    text.size = 0;
    CHECK_EQ(weir_manifest_write(&text, style, name, strlen(name), 0, packed), 0);
    return text_of(&text);
}

#define EMPTY_MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define EMPTY_XXH128 "99aa06d3014798d86001c324468d497f"

static const weir_digest_algo *md5, *xxh128, *xxh3, *crc32;

static void test_gnu_lines_escape_as_coreutils(void)
{
    weir_manifest_style style = style_of(WEIR_MANIFEST_GNU, &md5, 1);
    CHECK_STR(line(&style, "a b"), EMPTY_MD5 "  a b\n");
    CHECK_STR(line(&style, "a\nb\\c\rd"), "\\" EMPTY_MD5 "  a\\nb\\\\c\\rd\n");
    CHECK_STR(line(&style, "a\\b"), "\\" EMPTY_MD5 "  a\\\\b\n");
    style.binary = true;
    CHECK_STR(line(&style, "a"), EMPTY_MD5 " *a\n");
    style.zero = true;
    CHECK_STR(line(&style, "a\nb\\"), EMPTY_MD5 " *a\nb\\");
    CHECK_EQ(text.size, strlen(EMPTY_MD5 " *a\nb\\") + 1);
}

/* xxhsum 0.8.1 reads "a\b" as it stands, and knows neither escapes nor "XXH3_". */
static void test_xxh_lines_are_what_every_xxhsum_reads(void)
{
    weir_manifest_style style = style_of(WEIR_MANIFEST_GNU, &xxh128, 1);
    CHECK_STR(line(&style, "a\\b"), EMPTY_XXH128 "  a\\b\n");
    CHECK_STR(line(&style, "a\\b\n"), "\\" EMPTY_XXH128 "  a\\\\b\\n\n");
    style.algos = &xxh3;
    CHECK_STR(line(&style, "a"), "XXH3 (a) = 2d06800538d394c2\n");
    style.xxh3_prefix = true;
    CHECK_STR(line(&style, "a"), "XXH3_2d06800538d394c2  a\n");
    style.format = WEIR_MANIFEST_BSD;
    CHECK_STR(line(&style, "a"), "XXH3 (a) = 2d06800538d394c2\n");
}

static void test_bsd_lines_have_one_for_each_algorithm(void)
{
    const weir_digest_algo *algos[] = { md5, crc32 };
    weir_manifest_style style = style_of(WEIR_MANIFEST_BSD, algos, 2);
    CHECK_STR(line(&style, "a)\n"), "\\MD5 (a)\\n) = " EMPTY_MD5 "\n\\CRC32 (a)\\n) = 00000000\n");
}

static void test_json_lines_keep_every_name(void)
{
    const weir_digest_algo *algos[] = { md5, crc32 };
    weir_manifest_style style = style_of(WEIR_MANIFEST_JSON, algos, 2);
    CHECK_STR(line(&style, "a \"b\"\\\n\x1b\x7f \xc3\xa9\xc2\x9b"),
              "{\"path\":\"a \\\"b\\\"\\\\\\n\\u001b\\u007f \xc3\xa9\\u009b\",\"size\":0,\"md5\":\"" EMPTY_MD5
              "\",\"crc32\":\"00000000\"}\n");
    style.algo_count = 1;
    CHECK_STR(line(&style, "bad\xff\xfeutf8"),
              "{\"path_b64\":\"YmFk//51dGY4\",\"size\":0,\"md5\":\"" EMPTY_MD5 "\"}\n");
    CHECK_STR(line(&style, "\xed\xa0\x80"), "{\"path_b64\":\"7aCA\",\"size\":0,\"md5\":\"" EMPTY_MD5 "\"}\n");

    uint8_t packed[64];
    packed_digests(&style, "", packed);
    text.size = 0;
    CHECK_EQ(weir_manifest_write(&text, &style, "a", 1, -1, packed), 0);
    CHECK_STR(text_of(&text), "{\"path\":\"a\",\"md5\":\"" EMPTY_MD5 "\"}\n");
}

static void test_csv_rows_follow_the_rfc(void)
{
    const weir_digest_algo *algos[] = { md5, crc32 };
    weir_manifest_style style = style_of(WEIR_MANIFEST_CSV, algos, 2);
    text.size = 0;
    CHECK_EQ(weir_manifest_write_head(&text, &style), 0);
    CHECK_STR(text_of(&text), "path,size,md5,crc32\r\n");
    CHECK_STR(line(&style, "a b"), "a b,0," EMPTY_MD5 ",00000000\r\n");
    CHECK_STR(line(&style, "a,\"b\"\n"), "\"a,\"\"b\"\"\n\",0," EMPTY_MD5 ",00000000\r\n");
    CHECK_STR(line(&style, " a"), "\" a\",0," EMPTY_MD5 ",00000000\r\n");
}

static void test_sfv_refuses_what_it_cannot_say(void)
{
    weir_manifest_style style = style_of(WEIR_MANIFEST_SFV, &crc32, 1);
    const char *reason = NULL;
    const uint8_t digest[4] = { 0 };
    CHECK_STR(line(&style, "a b"), "a b 00000000\n");
    CHECK_STR(line(&style, ";a"), "./;a 00000000\n");
    text.size = 0;
    CHECK_EQ(weir_manifest_write(&text, &style, "a\nb", 3, 0, digest), -EILSEQ);
    CHECK_EQ(weir_manifest_write(&text, &style, "a ", 2, 0, digest), -EILSEQ);
    CHECK_EQ(text.size, 0);
    CHECK_EQ(weir_manifest_style_check(&style, &reason), 0);
    style.algos = &md5;
    CHECK_EQ(weir_manifest_style_check(&style, &reason), -EINVAL);
    CHECK(strstr(reason, "crc32") != NULL);
    style = style_of(WEIR_MANIFEST_CSV, &md5, 1);
    style.zero = true;
    CHECK_EQ(weir_manifest_style_check(&style, &reason), -EINVAL);
    style.algo_count = 0;
    CHECK_EQ(weir_manifest_style_check(&style, &reason), -EINVAL);
}

static void test_no_name_and_a_name_with_nul_are_refused(void)
{
    weir_manifest_style style = style_of(WEIR_MANIFEST_GNU, &md5, 1);
    const uint8_t digest[16] = { 0 };
    CHECK_EQ(weir_manifest_write(&text, &style, "", 0, 0, digest), -EINVAL);
    CHECK_EQ(weir_manifest_write(&text, &style, "a\0b", 3, 0, digest), -EINVAL);
}

/* ---- the real programs, in a directory of hostile names ---- */

static const char *const names[] = {
    "plain",
    " lead",
    "trail ",
    "new\nline",
    "cr\rname",
    "back\\slash",
    "*star",
    "-dash",
    "q\"uo'te",
    "bad\xff\xfeutf8",
    "esc\x1b[31mred",
    "(paren) = x",
    "a)",
    "\xc3\xa9\xe2\x82\xac",
    "#hash",
    ";semi",
    "a\\nb",
    "\\\\",
    "end\\",
    "a,b",
    "{}",
    "d41d8cd98f00b204e9800998ecf8427e  x",
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

static char directory[4096];

static void make_files(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%s/weir-manifest-XXXXXX", parent != NULL ? parent : "/tmp");
    CHECK(mkdtemp(directory) != NULL);
    CHECK_EQ(chdir(directory), 0);
    for (size_t i = 0; i < NAMES; i++) {
        const int fd = open(names[i], O_CREAT | O_WRONLY | O_EXCL, 0600);
        CHECK(fd >= 0);
        CHECK_EQ(write(fd, names[i], strlen(names[i])), (ssize_t)strlen(names[i]));
        close(fd);
    }
}

static void remove_files(void)
{
    for (size_t i = 0; i < NAMES; i++)
        (void)unlink(names[i]);
    (void)unlink("manifest");
    CHECK_EQ(chdir("/"), 0);
    CHECK_EQ(rmdir(directory), 0);
}

/* Runs a program; its output goes to `text`. Returns the exit code, 127 when it isn't there. */
static int run(const char *const *argv)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* xxhsum draws its progress there */
        close(ends[0]);
        close(ends[1]);
        setenv("LC_ALL", "C", 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(ends[1]);
    char buffer[4096];
    ssize_t size;
    text.size = 0;
    while ((size = read(ends[0], buffer, sizeof(buffer))) > 0)
        CHECK_EQ(weir_text_append(&text, buffer, (size_t)size), 0);
    close(ends[0]);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool is_there(const char *program)
{
    const char *const argv[] = { program, "--version", NULL };
    if (run(argv) != 127)
        return true;
    printf("   skipped: no %s here\n", program);
    return false;
}

/* Names that hold none of the letters of `without`. */
static weir_text manifest_of(const weir_manifest_style *style, const char *without)
{
    weir_text manifest = { 0 };
    CHECK_EQ(weir_manifest_write_head(&manifest, style), 0);
    for (size_t i = 0; i < NAMES; i++) {
        uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
        packed_digests(style, names[i], packed);
        if (strpbrk(names[i], without) == NULL)
            CHECK_EQ(
                weir_manifest_write(&manifest, style, names[i], strlen(names[i]), (int64_t)strlen(names[i]), packed),
                0);
    }
    return manifest;
}

static void check_same_output(const char *program, const char *option, const weir_manifest_style *style,
                              const char *without)
{
    const char *argv[NAMES + 4] = { program, option != NULL ? option : "--", "--" };
    size_t count = option != NULL ? 3 : 2;
    for (size_t i = 0; i < NAMES; i++)
        if (strpbrk(names[i], without) == NULL)
            argv[count++] = names[i];
    CHECK_EQ(run(argv), 0);
    weir_text ours = manifest_of(style, without);
    CHECK_EQ(ours.size, text.size);
    CHECK(memcmp(ours.data, text.data, text.size) == 0);
    weir_text_fini(&ours);
}

static void save(const weir_text *manifest)
{
    const int fd = open("manifest", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, manifest->data, manifest->size), (ssize_t)manifest->size);
    close(fd);
}

static void check_accepted(const char *program, const weir_manifest_style *style, const char *without)
{
    weir_text ours = manifest_of(style, without);
    save(&ours);
    weir_text_fini(&ours);
    const char *const argv[] = { program, "--check", "--strict", "--quiet", "manifest", NULL };
    CHECK_EQ(run(argv), 0);
    CHECK_STR(text_of(&text), "");
}

static void test_the_same_bytes_as_coreutils_and_they_check_ours(void)
{
    static const struct {
        const char *program, *algo;
    } tools[] = {
        { "sha256sum", "sha256" }, { "sha512sum", "sha512" }, { "sha1sum", "sha1" },  { "sha224sum", "sha224" },
        { "sha384sum", "sha384" }, { "md5sum", "md5" },       { "b2sum", "blake2b" },
    };
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        if (!is_there(tools[i].program))
            continue;
        const weir_digest_algo *algo = weir_digest_find(tools[i].algo);
        weir_manifest_style style = style_of(WEIR_MANIFEST_GNU, &algo, 1);
        check_same_output(tools[i].program, NULL, &style, "");
        check_accepted(tools[i].program, &style, "");
        style.binary = true;
        check_same_output(tools[i].program, "--binary", &style, "");
        check_accepted(tools[i].program, &style, "");
        style = style_of(WEIR_MANIFEST_BSD, &algo, 1);
        check_same_output(tools[i].program, "--tag", &style, "");
        check_accepted(tools[i].program, &style, "");
        style.zero = true;
        style.format = WEIR_MANIFEST_GNU;
        check_same_output(tools[i].program, "--zero", &style, "");
    }
}

/* Before 0.8.2 xxhsum escapes nothing: names with line breaks are beyond it, and its output isn't ours for them. */
static bool xxhsum_escapes(void)
{
    static const char *const argv[] = { "xxhsum", "-H1", "new\nline", NULL };
    CHECK_EQ(run(argv), 0);
    return text.data[0] == '\\';
}

static void test_the_same_bytes_as_xxhsum_and_it_checks_ours(void)
{
    static const struct {
        const char *option, *algo;
    } tools[] = { { "-H0", "xxh32" }, { "-H1", "xxh64" }, { "-H2", "xxh128" }, { "-H3", "xxh3" } };
    if (!is_there("xxhsum"))
        return;
    const bool escapes = xxhsum_escapes();
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        const weir_digest_algo *algo = weir_digest_find(tools[i].algo);
        weir_manifest_style style = style_of(WEIR_MANIFEST_GNU, &algo, 1);
        style.xxh3_prefix = escapes;
        check_same_output("xxhsum", tools[i].option, &style, escapes ? "\\" : "\n\r");
        for (int prefix = 0; prefix <= (int)escapes; prefix++) {
            style.xxh3_prefix = prefix != 0;
            check_accepted("xxhsum", &style, escapes ? "" : "\n\r");
        }
        style.format = WEIR_MANIFEST_BSD;
        check_accepted("xxhsum", &style, escapes ? "" : "\n\r");
    }
}

/* rhash reads all three; it takes a backslash for a separator of paths, and controls for the sign of a binary. */
static void test_rhash_checks_ours(void)
{
    static const struct {
        const char *algo;
        weir_manifest_format format;
    } cases[] = {
        { "crc32", WEIR_MANIFEST_SFV }, { "sha256", WEIR_MANIFEST_GNU },   { "crc32", WEIR_MANIFEST_BSD },
        { "md5", WEIR_MANIFEST_BSD },   { "sha3-256", WEIR_MANIFEST_BSD },
    };
    if (!is_there("rhash"))
        return;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const weir_digest_algo *algo = weir_digest_find(cases[i].algo);
        weir_manifest_style style = style_of(cases[i].format, &algo, 1);
        weir_text ours = manifest_of(&style, "\n\r\\\x1b #;*){");
        save(&ours);
        weir_text_fini(&ours);
        const char *const argv[] = { "rhash", "--check", "manifest", NULL };
        CHECK_EQ(run(argv), 0);
    }
}

int main(void)
{
    md5 = weir_digest_find("md5");
    xxh128 = weir_digest_find("xxh128");
    xxh3 = weir_digest_find("xxh3");
    crc32 = weir_digest_find("crc32");
    RUN(test_gnu_lines_escape_as_coreutils);
    RUN(test_xxh_lines_are_what_every_xxhsum_reads);
    RUN(test_bsd_lines_have_one_for_each_algorithm);
    RUN(test_json_lines_keep_every_name);
    RUN(test_csv_rows_follow_the_rfc);
    RUN(test_sfv_refuses_what_it_cannot_say);
    RUN(test_no_name_and_a_name_with_nul_are_refused);
    make_files();
    RUN(test_the_same_bytes_as_coreutils_and_they_check_ours);
    RUN(test_the_same_bytes_as_xxhsum_and_it_checks_ours);
    RUN(test_rhash_checks_ours);
    remove_files();
    weir_text_fini(&text);
    return check_done();
}
