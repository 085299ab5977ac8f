/* test_manifest_read.c - every line people's tools write is understood, everything else is reported with its number. */
#include <weir/manifest.h>

#include <errno.h>

#include "check.h"

#define MD5_OF_NOTHING "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1_OF_NOTHING "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA512_OF_NOTHING                                              \
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" \
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

static const weir_manifest_hints nothing_known;

/*
 * What a manifest says, in words: "LINE:NAME ALGO=HEX… " for each file,
 * "LINE!reason " for each bad line. Fed in windows of `window` bytes.
 */
static const char *read_in_windows(const weir_manifest_hints *hints, const char *manifest, size_t size, size_t window)
{
    static char words[1 << 16];
    char *at = words;
    weir_manifest_reader *reader = weir_manifest_reader_create(hints);
    CHECK(reader != NULL);
    weir_manifest_entry entry;
    size_t fed = 0;
    char *copy = NULL;
    words[0] = 0;
    for (;;) {
        const int result = weir_manifest_next(reader, &entry);
        if (result == WEIR_MANIFEST_MORE && fed == size && copy != NULL)
            break;
        CHECK(at - words < (int)sizeof(words) - 4096);
        if (result == WEIR_MANIFEST_MORE) {
            const size_t next = size - fed < window ? size - fed : window;
            free(copy);
            copy = malloc(next + 1);
            CHECK(copy != NULL);
            memcpy(copy, manifest + fed, next);
            fed += next;
            weir_manifest_feed(reader, copy, next, fed == size);
        } else if (result == WEIR_MANIFEST_BAD) {
            at += sprintf(at, "%" PRIu64 "!%s ", entry.line, entry.reason);
        } else {
            CHECK_EQ(result, WEIR_MANIFEST_ENTRY);
            CHECK_EQ(strlen(entry.name), entry.name_size);
            at += sprintf(at, "%" PRIu64 ":%s ", entry.line, entry.name);
            if (entry.size >= 0)
                at += sprintf(at, "size=%" PRId64 " ", entry.size);
            for (size_t i = 0; i < entry.count; i++) {
                at += sprintf(at, "%s=", entry.algos[i]->name);
                weir_digest_hex(entry.digests[i].bytes, 2, at);
                at += 4;
                *at++ = ' ';
            }
            at += sprintf(at, "%s%s", entry.guessed ? "guessed " : "", entry.binary ? "binary " : "");
        }
    }
    weir_manifest_reader_destroy(reader);
    free(copy);
    return words;
}

static const char *read_bytes(const weir_manifest_hints *hints, const char *manifest, size_t size)
{
    char *whole = strdup(read_in_windows(hints, manifest, size, size + 1));
    CHECK(whole != NULL);
    for (size_t window = 1; window <= 7; window++)
        CHECK_STR(read_in_windows(hints, manifest, size, window), whole);
    free(whole);
    return read_in_windows(hints, manifest, size, size + 1);
}

static const char *read_all(const char *manifest)
{
    return read_bytes(&nothing_known, manifest, strlen(manifest));
}

static const char *read_named(const char *file_name, const char *manifest)
{
    const weir_manifest_hints hints = { .file_name = file_name };
    return read_bytes(&hints, manifest, strlen(manifest));
}

static const char *read_hinted(const char *algo, const char *manifest)
{
    const weir_manifest_hints hints = { .algo = weir_digest_find(algo) };
    return read_bytes(&hints, manifest, strlen(manifest));
}

static void test_gnu_lines(void)
{
    CHECK_STR(read_all(SHA256_OF_NOTHING "  a b\n" SHA1_OF_NOTHING " *b\n"),
              "1:a b sha256=e3b0 guessed 2:b sha1=da39 binary ");
    CHECK_STR(read_all("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855   a  \n"),
              "1: a   sha256=e3b0 guessed ");
    CHECK_STR(read_all("ef46db3751d8e999  a\nXXH3_2d06800538d394c2  b\n"), "1:a xxh64=ef46 guessed 2:b xxh3=2d06 ");
    CHECK_STR(read_all(SHA1_OF_NOTHING "  last line without its end"), "1:last line without its end sha1=da39 ");
}

static void test_escaped_names(void)
{
    CHECK_STR(read_all("\\" SHA1_OF_NOTHING "  a\\nb\\\\c\\rd\n"), "1:a\nb\\c\rd sha1=da39 ");
    CHECK_STR(read_all("  \\" SHA1_OF_NOTHING " *a\\n\n"), "1:a\n sha1=da39 binary ");
    CHECK_STR(read_all(SHA1_OF_NOTHING "  a\\nb\n"), "1:a\\nb sha1=da39 ");
    CHECK_STR(read_all("\\" SHA1_OF_NOTHING "  a\\tb\n\\" SHA1_OF_NOTHING "  a\\\n"),
              "1!an escape that isn't \\\\, \\n or \\r 2!an escape that isn't \\\\, \\n or \\r ");
}

static void test_tagged_lines_of_coreutils_bsd_openssl_and_xxhsum(void)
{
    CHECK_STR(read_all("MD5 (a) = " MD5_OF_NOTHING "\n"), "1:a md5=d41d ");
    CHECK_STR(read_all("MD5(a)= " MD5_OF_NOTHING "\nSHA2-256(a)= " SHA256_OF_NOTHING "\n"),
              "1:a md5=d41d 2:a sha256=e3b0 ");
    CHECK_STR(read_all("SHA1 (a) = b) = " SHA1_OF_NOTHING "\n"), "1:a) = b sha1=da39 ");
    CHECK_STR(read_all("\\SHA1 (a\\nb) = " SHA1_OF_NOTHING "\n"), "1:a\nb sha1=da39 ");
    CHECK_STR(read_all("XXH32 (a\\b) = daa7a564\nXXH32_LE (a\\b) = 64a5a7da\n"),
              "1:a\\b xxh32=daa7 2:a\\b xxh32=daa7 ");
    CHECK_STR(read_all("BLAKE2b (a) = " SHA512_OF_NOTHING "\n"), "1:a blake2b=cf83 ");
    CHECK_STR(read_all("BLAKE2b-256 (a) = " SHA256_OF_NOTHING "\nSHA1 (a) = " MD5_OF_NOTHING
                       "\nSHA1 () = " SHA1_OF_NOTHING "\n"),
              "1!an unknown algorithm 2!a digest of the wrong length 3!no name ");
}

/* coreutils keeps to what the first line was, lest a file's name with a blank in front turn into another's. */
static void test_the_first_line_says_whether_one_blank_or_two(void)
{
    CHECK_STR(read_all(SHA1_OF_NOTHING " a\n" SHA1_OF_NOTHING "  b\n" SHA1_OF_NOTHING " *c\n"),
              "1:a sha1=da39 2: b sha1=da39 3:*c sha1=da39 ");
    CHECK_STR(read_all(SHA1_OF_NOTHING "  a\n" SHA1_OF_NOTHING " b\n"),
              "1:a sha1=da39 2!one blank before the name, where other lines have two ");
}

static void test_sfv_lines(void)
{
    CHECK_STR(read_all("; by WIN-SFV32\r\n\r\nfile_one.zip   c45ad668\r\nb c.zip 7903B8E6\r\n"),
              "3:file_one.zip crc32=c45a 4:b c.zip crc32=7903 ");
    CHECK_STR(read_named("d/X.SFV", "#1 c45ad668\n20240131 a.jpg 7903b8e6\ndeadbeef  x 00000000\n{} 00000001\n"),
              "1:#1 crc32=c45a 2:20240131 a.jpg crc32=7903 3:deadbeef  x crc32=0000 4:{} crc32=0000 ");
    CHECK_STR(read_all("20240131 a.jpg 7903b8e6\n"), "1:20240131 a.jpg crc32=7903 ");
    /* in a manifest of another kind such a line is a bad one, and no file called "not a" */
    CHECK_STR(read_all(SHA1_OF_NOTHING "  a\nnot a deadbeef\n"), "1:a sha1=da39 2!not a line of a manifest ");
}

static void test_json_lines(void)
{
    CHECK_STR(read_all("{\"path\":\"a\\u00e9\\ud83d\\ude00\\n\\/\",\"size\":12,\"md5\":\"" MD5_OF_NOTHING
                       "\",\"crc32\":\"00000000\"}\n"),
              "1:a\xc3\xa9\xf0\x9f\x98\x80\n/ size=12 md5=d41d crc32=0000 ");
    CHECK_STR(read_all(" {\"path\":\"a\",\"md5\":\"" MD5_OF_NOTHING "\"}\n"), "1!not a line of a manifest ");
    CHECK_STR(read_all("{ \"x\" : [1,{\"y\":\"]}\"},[]] , \"z\":null,\"path\" : \"a\", \"md5\" : \"" MD5_OF_NOTHING
                       "\", \"t\":-1.5e3 }\r\n"),
              "1:a md5=d41d ");
    CHECK_STR(read_all("{\"path_b64\":\"YmFk//51dGY4\",\"crc32\":\"00000000\"}\n"), "1:bad\xff\xfeutf8 crc32=0000 ");
}

static void test_json_that_could_mean_two_things_is_refused(void)
{
    static const struct {
        const char *line, *reason;
    } cases[] = {
        { "{\"path\":\"a\",\"path\":\"b\",\"crc32\":\"00000000\"}", "two names" },
        { "{\"path\":\"a\",\"crc32\":\"00000000\",\"crc32\":\"00000001\"}", "the same digest twice" },
        { "{\"path\":\"a\"}", "no digest" },
        { "{\"crc32\":\"00000000\"}", "no name" },
        { "{\"path\":\"\",\"crc32\":\"00000000\"}", "no name" },
        { "{\"path\":\"a\",\"crc32\":\"0000000\"}", "a digest of the wrong length" },
        { "{\"path\":\"a\",\"crc32\":\"0000000g\"}", "a digest that isn't hexadecimal" },
        { "{\"path\":\"a\",\"size\":-1,\"crc32\":\"00000000\"}", "a size that isn't a number" },
        { "{\"path\":\"a\",\"size\":9223372036854775808,\"crc32\":\"00000000\"}", "a size that isn't a number" },
        { "{\"path_b64\":\"YQB\",\"crc32\":\"00000000\"}", NULL },
        { "{\"path_b64\":\"YR==\",\"crc32\":\"00000000\"}", NULL },
        { "{\"path_b64\":\"YQBi\",\"crc32\":\"00000000\"}", "a NUL byte in the name" },
        { "{\"path\":\"a\\u0000b\",\"crc32\":\"00000000\"}", NULL },
        { "{\"path\":\"\\ud800\",\"crc32\":\"00000000\"}", NULL },
        { "{\"path\":\"\\ude00\",\"crc32\":\"00000000\"}", NULL },
        { "{\"path\":\"\\ud800\\u0041\",\"crc32\":\"00000000\"}", NULL },
        { "{\"path\":\"\\x\",\"crc32\":\"00000000\"}", NULL },
        { "{\"path\":\"a\",\"crc32\":\"00000000\"} x", NULL },
        { "{\"path\":\"a\",\"crc32\":\"00000000\",}", NULL },
        { "{\"path\":\"a\",\"x\":[},\"crc32\":\"00000000\"}", NULL },
        { "{\"path\":\"a\",\"x\":,\"crc32\":\"00000000\"}", NULL },
        { "{\"path\":\"a\"", NULL },
        { "{\"path\":\"a", NULL },
        { "{", NULL },
        { "{}", NULL },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char wanted[128];
        snprintf(wanted, sizeof(wanted), "1!%s ",
                 cases[i].reason != NULL ? cases[i].reason : "not a JSON object as weir writes them");
        CHECK_STR(read_all(cases[i].line), wanted);
    }
}

/* Nesting costs depth, not stack, and has an end. */
static void test_deep_nesting_is_refused_without_recursion(void)
{
    static char deep[200000];
    char *at = deep + sprintf(deep, "{\"path\":\"a\",\"x\":");
    memset(at, '[', 100000);
    at[100000] = 0;
    CHECK_STR(read_in_windows(&nothing_known, deep, strlen(deep), 4096), "1!not a JSON object as weir writes them ");
}

static void test_csv_rows(void)
{
    CHECK_STR(
        read_all("path,size,md5,crc32\r\n\"a,\"\"b\"\"\n,c\",3," MD5_OF_NOTHING ",00000000\r\nplain,,,02cc5d05\r\n"),
        "2:a,\"b\"\n,c size=3 md5=d41d crc32=0000 4:plain crc32=02cc ");
    CHECK_STR(read_all("# made by hand\n\nnote,SHA-1,path\nx," SHA1_OF_NOTHING ",#a\n"), "4:#a sha1=da39 ");
    CHECK_STR(read_all("path,crc32\na\na,00000000,\n,00000000\na,\n\"a\"b,00000000\na\"b,00000000\na,x\n"),
              "2!fewer fields than the header has 3!more fields than the header has 4!no name 5!no digest "
              "6!quotes that don't match 7!quotes that don't match 8!a digest of the wrong length ");
    CHECK_STR(read_all("path,size,crc32\na,1x,00000000\n"), "2!a size that isn't a number ");
}

/* A name is the attacker's choice: this one must not turn the whole manifest into csv. */
static void test_a_name_like_a_header_is_a_name(void)
{
    CHECK_STR(read_all(SHA1_OF_NOTHING "  x,path,md5\n"), "1:x,path,md5 sha1=da39 ");
    CHECK_STR(read_named("x.sfv", "path,md5 00000000\n"), "1:path,md5 crc32=0000 ");
}

static void test_comments_blank_lines_crlf_and_byte_order_marks(void)
{
    CHECK_STR(read_all("\xef\xbb\xbf# comment\r\n\r\n  \t\n; another\n" SHA1_OF_NOTHING "  a\r\n"), "5:a sha1=da39 ");
    CHECK_STR(read_all("\xef\xbb\xbf" SHA1_OF_NOTHING "  a\n"), "1:a sha1=da39 ");
    CHECK_STR(read_all(""), "");
    CHECK_STR(read_all("\n"), "");
}

static void test_nul_ends_lines_when_told_or_when_the_first_is_ended_so(void)
{
    static const char manifest[] = SHA1_OF_NOTHING "  a\\\0" SHA1_OF_NOTHING " *b\nc\r\0SHA1 (\n) = " SHA1_OF_NOTHING;
    CHECK_STR(read_bytes(&nothing_known, manifest, sizeof(manifest)),
              "1:a\\ sha1=da39 2:b\nc\r sha1=da39 binary 3:\n sha1=da39 ");
    static const char first[] = SHA1_OF_NOTHING "  a\nb";
    const weir_manifest_hints hints = { .zero = true };
    CHECK_STR(read_bytes(&hints, first, sizeof(first)), "1:a\nb sha1=da39 ");
    static const char stray[] = SHA1_OF_NOTHING "  a\n" SHA1_OF_NOTHING "  b\0c\n";
    CHECK_STR(read_bytes(&nothing_known, stray, sizeof(stray) - 1), "1:a sha1=da39 2!a NUL byte in the line ");
}

/* 32 digits are md5's and xxh128's: the hint decides, then the manifest's name, then what weir itself writes. */
static void test_ambiguous_lengths_go_by_hint_then_name_then_likelihood(void)
{
    CHECK_STR(read_all(MD5_OF_NOTHING "  a\n"), "1:a xxh128=d41d guessed ");
    CHECK_STR(read_named("/x/MD5SUMS", MD5_OF_NOTHING "  a\n"), "1:a md5=d41d ");
    CHECK_STR(read_hinted("md5", MD5_OF_NOTHING "  a\n"), "1:a md5=d41d ");
    const weir_manifest_hints both = { .algo = weir_digest_find("xxh128"), .file_name = "a.md5" };
    CHECK_STR(read_bytes(&both, MD5_OF_NOTHING "  a\n", strlen(MD5_OF_NOTHING "  a\n")), "1:a xxh128=d41d ");
    CHECK_STR(read_all(SHA512_OF_NOTHING "  a\n"), "1:a sha512=cf83 guessed ");
    CHECK_STR(read_named("b2sums.txt", SHA512_OF_NOTHING "  a\n"), "1:a blake2b=cf83 ");
    CHECK_STR(read_hinted("xxh3", "2d06800538d394c2  a\n"), "1:a xxh3=2d06 ");
    CHECK_STR(read_all("00000000  a\n"), "1:a xxh32=0000 guessed ");
    CHECK_STR(read_hinted("crc32", "00000000  a\n"), "1:a crc32=0000 ");
    CHECK_STR(read_hinted("crc32", "00000000 a\n"), "1:a crc32=0000 ");
    /* a hint that can't be meant is none */
    CHECK_STR(read_hinted("md5", SHA256_OF_NOTHING "  a\n"), "1:a sha256=e3b0 guessed ");
    CHECK_STR(read_all("0123456789  a\n"), "1!no digest has that many digits ");
}

static void test_names_of_manifests_tell_their_algorithm(void)
{
    static const char *const cases[][2] = {
        { "MD5SUMS", "md5" },           { "md5sum.txt", "md5" },       { "/a.sha1/SHA256SUMS.asc", "sha256" },
        { "x.sha512", "sha512" },       { "backup.xxh128", "xxh128" }, { "data.xxh3", "xxh3" },
        { "B2SUMS", "blake2b" },        { "x.SFV", "crc32" },          { "sha3-256.sums", "sha3-256" },
        { "x.blake2b.txt", "blake2b" }, { "x.sha256sum", "sha256" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(weir_manifest_algo_of(cases[i][0]) != NULL);
        CHECK_STR(weir_manifest_algo_of(cases[i][0])->name, cases[i][1]);
    }
    static const char *const silent[] = { "", "checksums", "sum", "manifest.json", "md5/x", ".txt" };
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
        CHECK(weir_manifest_algo_of(silent[i]) == NULL);
}

/* A line without end may not take memory without end; and the one after it is read. */
static void test_too_long_lines_are_reported_and_skipped(void)
{
    const weir_manifest_hints hints = { .line_size_max = 50 };
    static const char manifest[] = SHA1_OF_NOTHING "  12345678\n" SHA1_OF_NOTHING "  123456789\n" SHA1_OF_NOTHING
                                                   "  a\n" SHA1_OF_NOTHING "  123456789";
    CHECK_STR(read_bytes(&hints, manifest, strlen(manifest)),
              "1:12345678 sha1=da39 2!the line is too long 3:a sha1=da39 4!the line is too long ");
    /* a stray quote swallows no more than that either */
    static const char csv[] = "path,crc32\n\"a,00000000\nb,00000000\nc,00000000\nd,00000000\nlonger name,00000000\n"
                              "e,00000000\n\"f,00000000\n";
    CHECK_STR(read_bytes(&hints, csv, strlen(csv)), "2!the line is too long 7:e crc32=0000 8!quotes that don't match ");
}

/* ---- what is written is read ---- */

static const char *const names[] = {
    "plain",
    " lead",
    "trail ",
    "\ttabs\t",
    "new\nline",
    "\n",
    "cr\rname",
    "crlf\r\n",
    "back\\slash",
    "\\",
    "a\\nb",
    "*star",
    " *",
    "-dash",
    "q\"uo'te",
    "\"",
    "bad\xff\xfeutf8",
    "\xef\xbb\xbf",
    "esc\x1b[31mred",
    "(paren) = x",
    "a)",
    ") = " MD5_OF_NOTHING,
    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
    "\xed\xa0\x80",
    "#hash",
    ";semi",
    "a,b",
    ",",
    "{}",
    "../..",
    "/abs",
    MD5_OF_NOTHING "  x",
    "XXH3_",
    "x deadbeef",
    "path,size,md5",
};

static void check_round_trip(weir_manifest_style style, const char *file_name)
{
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    weir_text text = { 0 };
    uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
    for (size_t i = 0; i < sizeof(packed); i++)
        packed[i] = (uint8_t)(i * 37);
    CHECK_EQ(weir_manifest_write_head(&text, &style), 0);
    bool written[NAMES];
    for (size_t i = 0; i < NAMES; i++) {
        const int error = weir_manifest_write(&text, &style, names[i], strlen(names[i]), (int64_t)i, packed);
        CHECK(error == 0 || (error == -EILSEQ && style.format == WEIR_MANIFEST_SFV));
        written[i] = error == 0;
    }
    const weir_manifest_hints hints = { .algo = style.algos[0], .file_name = file_name, .zero = style.zero };
    weir_manifest_reader *reader = weir_manifest_reader_create(&hints);
    CHECK(reader != NULL);
    weir_manifest_feed(reader, text.data, text.size, true);
    weir_manifest_entry entry;
    for (size_t i = 0; i < NAMES; i++) {
        if (!written[i])
            continue;
        CHECK_EQ(weir_manifest_next(reader, &entry), WEIR_MANIFEST_ENTRY);
        const bool prefixed = style.format == WEIR_MANIFEST_SFV && strncmp(entry.name, "./", 2) == 0;
        CHECK_STR(entry.name + (prefixed ? 2 : 0), names[i]);
        CHECK_EQ(entry.count, style.algo_count);
        CHECK(memcmp(entry.digests[0].bytes, packed, style.algos[0]->digest_size) == 0);
        for (size_t j = 0; j < style.algo_count; j++)
            CHECK(entry.algos[j] == style.algos[j]);
        if (style.format == WEIR_MANIFEST_JSON || style.format == WEIR_MANIFEST_CSV)
            CHECK_EQ(entry.size, i);
        CHECK(!entry.guessed);
    }
    CHECK_EQ(weir_manifest_next(reader, &entry), WEIR_MANIFEST_MORE);
    weir_manifest_reader_destroy(reader);
    weir_text_fini(&text);
}

static void test_hostile_names_come_back_from_every_format(void)
{
    const weir_digest_algo *all[WEIR_HASHER_ALGOS_MAX];
    size_t count = 0;
    while ((all[count] = weir_digest_at(count)) != NULL)
        count++;
    for (size_t i = 0; i < count; i++) {
        for (int options = 0; options < 8; options++) {
            weir_manifest_style style = { .format = WEIR_MANIFEST_GNU,
                                          .algos = &all[i],
                                          .algo_count = 1,
                                          .zero = (options & 1) != 0,
                                          .binary = (options & 2) != 0,
                                          .xxh3_prefix = (options & 4) != 0 };
            check_round_trip(style, NULL);
            style.format = WEIR_MANIFEST_BSD;
            check_round_trip(style, NULL);
        }
    }
    check_round_trip((weir_manifest_style){ .format = WEIR_MANIFEST_JSON, .algos = all, .algo_count = count }, NULL);
    check_round_trip((weir_manifest_style){ .format = WEIR_MANIFEST_JSON, .algos = all, .algo_count = 1, .zero = true },
                     NULL);
    check_round_trip((weir_manifest_style){ .format = WEIR_MANIFEST_CSV, .algos = all, .algo_count = count }, NULL);
    const weir_digest_algo *crc32 = weir_digest_find("crc32");
    check_round_trip((weir_manifest_style){ .format = WEIR_MANIFEST_SFV, .algos = &crc32, .algo_count = 1 }, "x.sfv");
}

int main(void)
{
    RUN(test_gnu_lines);
    RUN(test_escaped_names);
    RUN(test_tagged_lines_of_coreutils_bsd_openssl_and_xxhsum);
    RUN(test_the_first_line_says_whether_one_blank_or_two);
    RUN(test_sfv_lines);
    RUN(test_json_lines);
    RUN(test_json_that_could_mean_two_things_is_refused);
    RUN(test_deep_nesting_is_refused_without_recursion);
    RUN(test_csv_rows);
    RUN(test_a_name_like_a_header_is_a_name);
    RUN(test_comments_blank_lines_crlf_and_byte_order_marks);
    RUN(test_nul_ends_lines_when_told_or_when_the_first_is_ended_so);
    RUN(test_ambiguous_lengths_go_by_hint_then_name_then_likelihood);
    RUN(test_names_of_manifests_tell_their_algorithm);
    RUN(test_too_long_lines_are_reported_and_skipped);
    RUN(test_hostile_names_come_back_from_every_format);
    return check_done();
}
