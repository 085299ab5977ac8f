/*
 * manifest.h - manifests: files with the digests of files, in the formats people have.
 *
 *   gnu   d41d8cd98f00b204e9800998ecf8427e  name      md5sum, sha256sum, b2sum, xxhsum
 *   bsd   MD5 (name) = d41d8cd98f00b204e9800998ecf8427e
 *   json  {"path":"name","size":0,"md5":"d41d…"}      a line for each file
 *   csv   path,size,md5 and a row for each file       RFC 4180, with a header
 *   sfv   name 00000000                               CRC-32
 *
 * Names are bytes, whatever they look like. Nothing here opens a file.
 */
#ifndef WEIR_MANIFEST_H
#define WEIR_MANIFEST_H

#include <weir/digest.h>
#include <weir/text.h>

#pragma GCC visibility push(default)

typedef enum weir_manifest_format {
    WEIR_MANIFEST_GNU,
    WEIR_MANIFEST_BSD,
    WEIR_MANIFEST_JSON,
    WEIR_MANIFEST_CSV,
    WEIR_MANIFEST_SFV,
} weir_manifest_format;

/* In the order of the enumeration, NULL at the end. */
extern const char *const weir_manifest_format_names[];

/* ---- writing ---- */

/* How a manifest is written. The same for all of its lines. */
typedef struct weir_manifest_style {
    weir_manifest_format format;
    const weir_digest_algo *const *algos; /* the caller's, alive while the style is used */
    size_t algo_count;
    bool zero;   /* NUL ends a line, and nothing is escaped: `sha256sum -z` */
    bool binary; /* gnu: '*' before the name: `sha256sum -b` */
    /*
     * gnu: XXH3 as "XXH3_hex  name", as xxhsum prints it since 0.8.2. Without
     * it the line is BSD's, which is what older ones print and every one reads.
     */
    bool xxh3_prefix;
} weir_manifest_style;

/*
 * weir_manifest_style_check() - can such a manifest be written?
 *
 * Returns 0 or -EINVAL; then `*ret_reason` says why, in the user's words: sfv
 * with anything but crc32 alone, NUL-terminated csv or sfv, no algorithm.
 */
int weir_manifest_style_check(const weir_manifest_style *style, const char **ret_reason);

/* weir_manifest_write_head() - appends what comes before the first file: csv's header. Returns 0 or -ENOMEM. */
WEIR_MUST_USE int weir_manifest_write_head(weir_text *text, const weir_manifest_style *style);

/*
 * weir_manifest_write() - appends the line of one file, or in gnu and bsd one
 * for each algorithm.
 *
 * `digests` are the digests of the style's algorithms, one behind the other
 * without gaps (weir_digest_pack()); `size` is the file's, or -1 if unknown.
 *
 * In the text formats a name with a newline, a carriage return or a backslash
 * is escaped as coreutils does, the line then begins with a backslash. For the
 * XXH family a backslash alone isn't reason enough: the xxhsum of Debian 12
 * knows no escapes, and every version reads such a name as it stands. In JSON
 * a name that isn't UTF-8 stands as "path_b64" in place of "path".
 *
 * Returns 0, -ENOMEM, -EINVAL (an empty name, or a NUL in it) or -EILSEQ (sfv
 * has no way to write this name: a line break, or a blank at its end); nothing
 * has been appended then.
 */
WEIR_MUST_USE int weir_manifest_write(weir_text *text, const weir_manifest_style *style, const char *name,
                                      size_t name_size, int64_t size, const uint8_t *digests);

/* ---- reading ---- */

/* What is known before the first line is read. All zeros: nothing. */
typedef struct weir_manifest_hints {
    const weir_digest_algo *algo; /* of lines that don't say (-a), or NULL */
    const char *file_name;        /* of the manifest: "MD5SUMS", "x.sfv"; or NULL */
    bool zero;                    /* NUL ends a line; without it the first line's end decides */
    size_t line_size_max;         /* longer lines are reported and skipped; 0 is 1 MiB */
} weir_manifest_hints;

/*
 * weir_manifest_algo_of() - the algorithm that a manifest of this name holds:
 * "MD5SUMS", "sha256sum.txt", "backup.xxh128", "disc.sfv"; NULL if it doesn't say.
 */
const weir_digest_algo *weir_manifest_algo_of(const char *file_name);

/* A file of the manifest. Valid until the next call with this reader. */
typedef struct weir_manifest_entry {
    uint64_t line; /* the first of it, from 1 */

    const char *name; /* NUL-terminated and without another NUL; never empty, otherwise anything: absolute, "..", "-" */
    size_t name_size;
    int64_t size; /* -1: not said */
    weir_manifest_format format;
    bool binary;
    /*
     * The algorithm is a guess by the number of digits, and weir_digest_at()
     * has others of that digest_size: md5 and xxh128, sha512 and blake2b...
     */
    bool guessed;
    size_t count;
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];

    const char *reason; /* of a bad line: why, in a few words */
} weir_manifest_entry;

/* What weir_manifest_next() returns. */
enum {
    WEIR_MANIFEST_MORE = 0,  /* the window is used up: feed the next, or it was the last */
    WEIR_MANIFEST_ENTRY = 1, /* a file */
    WEIR_MANIFEST_BAD = 2,   /* a line that can't be understood: `line` and `reason` are set; go on */
};

typedef struct weir_manifest_reader weir_manifest_reader;

/* weir_manifest_reader_create() - NULL when there is no memory. The hints are copied, but not the algorithm. */
weir_manifest_reader *weir_manifest_reader_create(const weir_manifest_hints *hints);
void weir_manifest_reader_destroy(weir_manifest_reader *self);

/*
 * weir_manifest_feed() - the next bytes of the manifest, cut anywhere; `last`
 * when none follow. They stay the caller's, unchanged until next() has
 * returned WEIR_MANIFEST_MORE. With `last`, feed no more after that.
 */
void weir_manifest_feed(weir_manifest_reader *self, const void *data, size_t size, bool last);

/*
 * weir_manifest_next() - the next file or bad line.
 *
 * Every line may have a format of its own; blank lines and comments are
 * passed over, CRLF is taken for a line's end. The algorithm of a line is what
 * it says itself (tag, "XXH3_", key, column), else the hinted one if the
 * number of digits fits, else what the manifest's name says, else the most
 * likely of that length. Memory is bounded by the longest line allowed.
 *
 * Returns one of the above, or -ENOMEM, after which the reader is of no use.
 */
WEIR_MUST_USE int weir_manifest_next(weir_manifest_reader *self, weir_manifest_entry *ret_entry);

#pragma GCC visibility pop

#endif
