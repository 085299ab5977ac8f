/* hash_values.c - the options of weir hash: their table, and what goes with what. */
#include "hash_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const format_names[] = { "auto", "gnu", "bsd", "json", "csv", "sfv", NULL };
static const char *const progress_names[] = { "auto", "always", "never", "plain", NULL };
static const char *const offload_names[] = { "auto", "always", "never", NULL };
static const char *const tree_names[] = { "no", "root", "dirs", "all", NULL };
static const char *const duplicates_names[] = { "no", "report", "hardlink", "reflink", "delete", NULL };
static const char *const keep_names[] = { "oldest", "newest", "first", NULL };
static const char *const io_names[] = { "auto", "uring", "epoll", NULL };

#define OPT(kind_, short_, name_, value_, field_, help_, ...)                        \
    {                                                                                \
        .kind = kind_, .short_name = short_, .name = name_, .value = value_,         \
        .offset = offsetof(struct hash_values, field_), .help = help_, ##__VA_ARGS__ \
    }
#define HEADING(text)                     \
    {                                     \
        .kind = ARG_HEADING, .name = text \
    }

static const struct arg_opt hash_opts[] = {
    HEADING("What is computed:"),
    OPT(ARG_STRING, 'a', "algo", "ALGO[,ALGO]", algos,
        "xxh128 (default), xxh3, xxh64, xxh32, sha256, sha512, blake2b, md5, crc32, ...; several in one read"),
    OPT(ARG_CHOICE, 0, "tree", "WHAT", tree,
        "a digest for each directory named and all below it; dirs: for those below, too; all: and for their files",
        .choices = tree_names, .alone = WEIR_TREE_ROOT),
    HEADING("What is hashed:"),
    OPT(ARG_STRING, 0, "files-from", "FILE", files_from, "the files named in FILE (- is stdin); with -0 NUL-separated"),
    OPT(ARG_STRINGS, 0, "exclude", "GLOB", exclude, "leave these out; a directory is not entered"),
    OPT(ARG_STRINGS, 0, "match", "GLOB", match, "only files like these"),
    OPT(ARG_FLAG, 0, "gitignore", NULL, gitignore, "obey .gitignore files"),
    OPT(ARG_FLAG, 0, "no-hidden", NULL, no_hidden, "leave out names that begin with a dot"),
    OPT(ARG_FLAG, 'L', "follow", NULL, follow, "symbolic links are what they point to"),
    OPT(ARG_FLAG, 'x', "xdev", NULL, xdev, "stay on the file system"),
    OPT(ARG_NUMBER, 0, "depth", "N", depth, "directories below the root to enter", .min = 1, .max = 1000000),
    OPT(ARG_SIZE, 0, "min", "SIZE", min, "only files of at least SIZE"),
    OPT(ARG_SIZE, 0, "max", "SIZE", max, "only files of at most SIZE"),
    HEADING("Output:"),
    OPT(ARG_STRING, 'o', "output", "FILE", output, "write FILE; it appears whole, at the end, or not at all"),
    OPT(ARG_CHOICE, 0, "format", "NAME", format,
        "gnu, bsd, json, csv or sfv; auto: gnu, or bsd with several algorithms", .choices = format_names),
    OPT(ARG_FLAG, '0', "zero", NULL, zero, "end lines with NUL and escape nothing"),
    OPT(ARG_CHOICE, 0, "progress", "WHEN", progress, "auto, always, never or plain (a line every 10 s)",
        .choices = progress_names),
    OPT(ARG_FLAG, 0, "report", NULL, report, "say at the end how files were read and where the time went"),
    OPT(ARG_STRING, 0, "trace", "FILE", trace, "what ran when, for ui.perfetto.dev; the last 262,144 events"),
    OPT(ARG_FLAG, 0, "explain", NULL, explain, "print the pipeline this runs, and don't run it"),
    HEADING("Again:"),
    OPT(ARG_STRING, 0, "cache", "FILE", cache,
        "files that look as they did (inode, size, times) aren't read again; FILE keeps what is found out"),
    OPT(ARG_STRING, 0, "paranoid", "N%", paranoid, "of those read so many all the same, and tell which differ"),
    OPT(ARG_FLAG, 0, "resume", NULL, resume, "keep a journal beside -o FILE, and go on from the one that is there"),
    HEADING("Duplicates:"),
    OPT(ARG_CHOICE, 0, "duplicates", "ACTION", duplicates,
        "groups of files with the same content; hardlink, reflink, delete: make them one, once their bytes are "
        "compared",
        .choices = duplicates_names, .alone = 1 + WEIR_DUPS_REPORT),
    OPT(ARG_CHOICE, 0, "keep", "WHICH", keep, "oldest, newest or first: the one that stays as it is",
        .choices = keep_names),
    OPT(ARG_FLAG, 0, "yes", NULL, yes, "do it: an action on duplicates wants this"),
    HEADING("Checking:"),
    OPT(ARG_STRING, 'c', "check", "FILE", check,
        "compare files with the manifest FILE (- is stdin), in any of the formats"),
    OPT(ARG_STRING, 0, "audit", "FILE", audit,
        "compare PATHs with the manifest FILE: which files are ok, changed, moved, new, missing"),
    OPT(ARG_ONE_OF, 0, "quiet", NULL, says, "no line for files that are OK", .alone = SAYS_QUIET),
    OPT(ARG_ONE_OF, 0, "status", NULL, says, "no output at all, only the exit code", .alone = SAYS_STATUS),
    OPT(ARG_FLAG, 0, "ignore-missing", NULL, ignore_missing, "don't mind files that are not there"),
    OPT(ARG_FLAG, 0, "strict", NULL, strict, "exit with 1 if a line of the manifest can't be understood"),
    OPT(ARG_ONE_OF, 'w', "warn", NULL, says, "say which lines can't be understood", .alone = SAYS_WARN),
    HEADING("How:"),
    OPT(ARG_NUMBER, 'j', "jobs", "N", jobs, "workers (default: one a core)", .min = 1, .max = 256),
    OPT(ARG_CHOICE, 0, "io", "HOW", io, "auto, uring or epoll", .choices = io_names),
    OPT(ARG_CHOICE, 0, "offload", "WHEN", offload, "auto, always or never: hash on the blocking pool",
        .choices = offload_names),
    { .name = NULL },
};

static const struct arg_section hash_sections[] = {
    { .title = "OUTPUT",
      .text =
          "A line a file, in the order of LC_ALL=C sort on the paths, whatever the number of workers: byte for byte "
          "what sha256sum, md5sum, b2sum or xxhsum print and check. With several algorithms, or --format bsd: "
          "ALGO (NAME) = DIGEST. A name that holds a newline, a carriage return or a backslash is escaped as "
          "coreutils does it. json is one object a line, whose path_b64 has a name that is not UTF-8; csv is RFC "
          "4180; sfv is for crc32.\n\nSymbolic links below PATH are not followed; FIFOs, sockets and devices "
          "are skipped with a note. What can't be read, has vanished, or changes while it is read is reported, "
          "and the rest is done. The manifest itself (the one "
          "that it replaces, too), the file of --cache and the journal of --resume are left out where PATH has them." },
    { .title = "DIRECTORIES",
      .text =
          "--tree prints one digest for a directory, made of the names and contents of all below it, with links for "
          "what they say, whatever the order of the walk or the number of workers; docs/formats.md has it exactly. "
          "Owners, modes and times are no part of it. The name ends in '/'. --tree=dirs prints each directory, those "
          "inside first; where two machines differ, so do the lines of the directories on the way to the difference: "
          "--tree --check FILE says which. Use a cryptographic algorithm where somebody may want to deceive." },
    { .title = "AUDIT",
      .text =
          "Each file below PATH is OK, CHANGED (listed with another content), MOVED (not listed, but its content is, "
          "for a place where it isn't any more) or NEW; what is listed and not met is MISSING. Moved, new and missing "
          "files are said at the end. A \"./\" in front of a path doesn't matter. The manifest itself isn't new. The "
          "exit code is 0 when all are OK." },
    { .title = "DUPLICATES",
      .text =
          "--duplicates prints a path a line and an empty line behind each group, as fdupes and jdupes do; json is an "
          "object a group, csv a row a path. Files are told apart by size, then by a digest of their first 16 KiB, "
          "then "
          "of all of them. Names of one file (hard links) are one file, and empty files are none. With an action and "
          "--yes each duplicate is compared byte by byte with the one that stays, then replaced by a link (in one "
          "step: "
          "its name is never without a file), by shared blocks, or removed; never for one on another file system, and "
          "not if it has changed meanwhile." },
    { .title = "AGAIN",
      .text =
          "--cache FILE keeps the digests of all files by file system, inode, time of birth, size, mtime and ctime. "
          "What still looks the same isn't opened again. A file that was changed in the very tick of the clock in "
          "which "
          "it was looked at isn't kept, since it could change once more and look the same. Several runs may use one "
          "cache at once, and a killed one loses nothing. What the same command, started in the same directory, "
          "doesn't meet any more is dropped. Bytes that change on the disk by themselves change no time: --paranoid "
          "5% reads 5 of 100 known files all the same, others each time; one that differs is said, and the exit code "
          "is 1.\n\n--resume keeps the same in FILE.weir-journal until -o FILE is there. After an interruption, kill "
          "-9 "
          "included, the same command reads only what the journal doesn't have, and what has changed since." },
    { .title = "CHECKING",
      .text =
          "As sha256sum does it: of --quiet, --status and --warn the last one counts. json and csv give a path and a "
          "state a line: ok, changed, missing, unreadable." },
    { .title = "EXIT STATUS",
      .text =
          "0: done. 1: a file differs, or could not be read, or changed meanwhile. 2: usage. 130, 143: interrupted; "
          "with -o nothing was written (but the journal, with --resume)." },
    { .title = "ENVIRONMENT",
      .text = "NO_COLOR turns colours off, COLUMNS is the width of the terminal where the terminal doesn't say." },
    { .title = "EXAMPLES",
      .verbatim = true,
      .text =
          "weir hash -a sha256 src -o SHA256SUMS\nweir hash -c SHA256SUMS --quiet\nweir hash -a xxh3,sha256 --format "
          "json /data >data.jsonl\nweir hash --audit SHA256SUMS src\nweir hash -a "
          "sha256 --tree=dirs src -o src.tree\nweir hash --tree -c src.tree --quiet\nweir hash /data -o data.xxh128 "
          "--resume\nweir hash /data -o data.xxh128 --cache ~/.cache/data.weir --paranoid 1%\nfind . -name '*.c' "
          "-print0 | weir hash -0 --files-from -\nweir hash --report "
          "/usr/share >/dev/null" },
    { .title = NULL },
};

const struct args hash_args = {
    .command = "weir hash",
    .brief = "hash files and trees; check manifests",
    .sections = hash_sections,
    .usage = "[OPTION...] [PATH...]",
    .operands = ARGS_FILES,
    .summary = "Hashes files and whole trees (default: the current directory) and prints a\n"
               "manifest that xxhsum -c, sha256sum -c and the like read.\n",
    .footer = "Exit code: 0 done; 1 a file differs, or could not be read; 2 usage.\n",
    .opts = hash_opts,
};

int hash_values_algos(const struct hash_values *values, const weir_digest_algo **ret_algos)
{
    const char *text = values->algos;
    int count = 0;
    if (text == NULL && (values->check != NULL || values->audit != NULL))
        return 0; /* the manifest says */
    if (text == NULL)
        text = "xxh128";
    while (*text != '\0') {
        const size_t size = strcspn(text, ",");
        const weir_digest_algo *algo = weir_digest_find_n(text, size);
        if (algo == NULL) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)size, text);
            const char *meant = weir_digest_suggest(name);
            fprintf(stderr, "weir hash: unknown algorithm '%s'%s%s%s\n", name, meant != NULL ? " (did you mean '" : "",
                    meant != NULL ? meant : "", meant != NULL ? "'?)" : "");
            return -1;
        }
        if (count == WEIR_HASHER_ALGOS_MAX) {
            fprintf(stderr, "weir hash: more than %d algorithms\n", WEIR_HASHER_ALGOS_MAX);
            return -1;
        }
        ret_algos[count++] = algo;
        text += size + (text[size] == ',');
    }
    return count;
}

static int complain(const char *text)
{
    fprintf(stderr, "weir hash: %s\n", text);
    return -1;
}

/* "5%", "0.1%", "5": files of a million. */
static int parse_sample(struct hash_values *values)
{
    const char *text = values->paranoid;
    char *end;
    if (text == NULL)
        return 0;
    const double percent = strtod(text, &end);
    if (*text < '0' || *text > '9' || strcmp(end + (*end == '%'), "") != 0 || percent > 100) {
        fprintf(stderr, "weir hash: --paranoid wants a percentage such as 5%%, not '%s'\n", text);
        return -1;
    }
    values->sample = (uint32_t)(percent * 10000 + 0.5);
    return 0;
}

/* A manifest that grows where it is has no moment at which its journal could go. */
static int check_resume(const struct hash_values *values)
{
    struct stat meta;
    if (!values->resume)
        return 0;
    if (values->output == NULL || (stat(values->output, &meta) == 0 && !S_ISREG(meta.st_mode)))
        return complain("--resume goes on with a manifest: say which file it is (-o FILE)");
    return 0;
}

static int check_duplicates(const struct hash_values *values, bool is_check, size_t algo_count)
{
    const bool acts = values->duplicates > 1 + WEIR_DUPS_REPORT;
    if (values->duplicates == 0)
        return values->yes || values->keep != 0 ? complain("--yes and --keep are for --duplicates=ACTION") : 0;
    if (is_check || values->tree != WEIR_TREE_NONE || values->files_from != NULL || values->resume)
        return complain("--duplicates doesn't go with --check, --audit, --tree, --files-from or --resume");
    if (algo_count > 1)
        return complain("--duplicates wants one algorithm");
    if (values->format == 1 + WEIR_MANIFEST_SFV || values->format == 1 + WEIR_MANIFEST_BSD || values->zero)
        return complain("--duplicates prints text (--format gnu), json or csv");
    if (acts && !values->yes) {
        fprintf(stderr, "weir hash: --duplicates=%s changes files: look at --duplicates first, then add --yes\n",
                duplicates_names[values->duplicates]);
        return -1;
    }
    return acts || (!values->yes && values->keep == 0) ? 0 : complain("--yes and --keep are for --duplicates=ACTION");
}

int hash_values_check(struct hash_values *values, int path_count, size_t algo_count)
{
    const bool is_check = values->check != NULL || values->audit != NULL;
    if (values->check != NULL && (path_count > 0 || values->files_from != NULL))
        return complain("--check takes the files from the manifest: name no others");
    if (values->files_from != NULL && path_count > 0)
        return complain("--files-from and paths can't go together");
    if (values->check != NULL && values->audit != NULL)
        return complain(
            "--check takes the files from the manifest, --audit compares other files with it: one of the two");
    if (is_check && algo_count > 1)
        return complain("--check and --audit want one algorithm at most");
    if (check_duplicates(values, is_check, algo_count) < 0)
        return -1;
    if (values->tree != WEIR_TREE_NONE && algo_count > 1)
        return complain("--tree hashes digests with the algorithm they are of: name one");
    if (values->tree != WEIR_TREE_NONE && (values->audit != NULL || values->files_from != NULL))
        return complain("--tree is for directories: --audit and --files-from are for files");
    if (values->tree != WEIR_TREE_NONE && values->format == 1 + WEIR_MANIFEST_SFV)
        return complain("sfv has no lines for directories");
    if (is_check && values->format == 1 + WEIR_MANIFEST_SFV)
        return complain("sfv has no place for a verdict: take gnu, json or csv");
    if (!is_check && ((values->says != SAYS_ALL && !(values->says == SAYS_QUIET && values->duplicates != 0)) ||
                      values->ignore_missing || values->strict))
        return complain("--quiet, --status, --ignore-missing, --strict and --warn are for --check and --audit");
    if (values->check != NULL && (values->cache != NULL || values->resume))
        return complain("--check reads the files, whatever --cache or --resume know");
    if (values->paranoid != NULL && values->cache == NULL)
        return complain("--paranoid is a part of what --cache FILE knows: name the cache");
    return check_resume(values) < 0 ? -1 : parse_sample(values);
}
