/*
 * hash_job.h - batch hashing: trees and lists of files in, a manifest or a
 * verdict out, in the order of the sorted walk whatever the parallelism.
 */
#ifndef WEIR_HASH_JOB_H
#define WEIR_HASH_JOB_H

#include <weir/blocking.h>
#include <weir/digest.h>
#include <weir/manifest.h>
#include <weir/pipeline.h>
#include <weir/task.h>
#include <weir/walk.h>

#pragma GCC visibility push(default)

/* What the job did, for progress and reports. Written with relaxed atomics while it runs; read them likewise. */
typedef struct weir_hash_counters {
    uint64_t files_found, files, bytes, errors;
    uint64_t walk_done;          /* 1: files_found is final */
    uint64_t slurped;            /* small files, read in one go through the ring */
    uint64_t whole;              /* whole files on the cpu lane */
    uint64_t relayed;            /* large files, on two threads in turn */
    uint64_t direct;             /* files past the page cache */
    uint64_t inlined, offloaded; /* hash steps run where the data was, and handed over */
    uint64_t ns_per_mib;         /* the estimate that decided it */
    uint64_t recalled;           /* files whose digests were known */
    uint64_t reread;             /* known files that were read all the same (paranoid) */
    uint64_t rotten;             /* of those: whose content is another one, though it looks unchanged */
    /* of a check (mismatched: also of an audit, whose files have changed): */
    uint64_t listed, ok, mismatched, missing, unreadable, malformed;
    /* of an audit; of a check of directories `added` alone: */
    uint64_t moved, added,
        copied; /* copied: those of the added whose content is listed for another file that is there */
    /* Where the time of lanes and of the pool's threads went, all together: reading directories, reading files or
     * waiting for that, hashing; no file was known to them (starved), or results lay too far ahead of the output. */
    uint64_t walk_ns, read_ns, hash_ns, starved_ns, blocked_ns;
    uint64_t emit_ns, emit_starved_ns; /* of the emitter */
    uint64_t out_bytes;                /* written */
    uint64_t ahead, ahead_max;         /* bytes of directories and results that lie ahead of the output now */
    uint64_t ahead_sum, ahead_looks;   /* what they were whenever the emitter looked */
} weir_hash_counters;

typedef enum weir_offload_mode { WEIR_OFFLOAD_AUTO, WEIR_OFFLOAD_ALWAYS, WEIR_OFFLOAD_NEVER } weir_offload_mode;

/* How a file of a check came out, for the sink's lines. */
typedef enum weir_check_state {
    WEIR_CHECK_OK,
    WEIR_CHECK_MISMATCH,
    WEIR_CHECK_MISSING,
    WEIR_CHECK_UNREADABLE,
} weir_check_state;

/* Of which the digests come out: of the roots, of all directories, of their files, too. */
typedef enum weir_tree_mode { WEIR_TREE_NONE, WEIR_TREE_ROOT, WEIR_TREE_DIRS, WEIR_TREE_ALL } weir_tree_mode;

struct run_node;
struct dup_finder;
struct dup_search;

typedef struct weir_hash_options {
    const weir_digest_algo *const *algos; /* at least one; of a check: the hint for lines that don't say */
    size_t algo_count;

    /* What to hash: paths, or the names in a file; or, with check_path, what a manifest lists. */
    const char *const *paths;
    size_t path_count;
    const char *list_path;  /* "-": standard input */
    bool list_nul;          /* names in the list end in NUL, not in newline */
    const char *check_path; /* with `tree`: directories of that manifest, too */
    const char *audit_path; /* a manifest that the paths are compared with: ok, changed, moved, new, missing */
    weir_tree_mode tree;    /* digests of directories; one algorithm */
    weir_walk_rules rules;

    /* What comes out. */
    weir_manifest_format format;
    bool nul;             /* lines end in NUL, names are not escaped */
    const char *out_path; /* NULL: standard output. Else a new file that appears whole, by rename */
    /* In a pipeline: the output goes into this node's edge, a line of JSON a file, of a check the files themselves with
     * .expected and .state, and the end is left to you. -EPIPE: nobody wants more. NULL: the two above say where it
     * goes. */
    struct run_node *edge;
    struct dup_finder *finder; /* a phase of weir_dups_job() */
    const char *digest_name;   /* in those lines, of the only digest; NULL: its algorithm's */
    bool quiet, status_only, ignore_missing, strict, warn; /* of a check, as coreutils has them */

    /*
     * What need not be read again. With `cache_path` the digests are kept in that file, with `resume` in
     * out_path.weir-journal until the manifest is there. Not for checks. `paranoid` of a million known files
     * are read all the same.
     */
    const char *cache_path;
    bool resume;
    uint32_t paranoid;

    unsigned lanes;   /* 0: as many as workers */
    size_t ahead_max; /* bytes of directories and results that may lie ahead of the output; 0: 12 MiB */
    weir_offload_mode offload;
    weir_hash_counters *counters; /* never NULL; zeroed by you */

    /* Told of what went wrong with one file, in the order of the output; `path` may hold any byte but NUL. -ESTALE: it
     * changed while it was read; -EBADE: its content isn't what the cache says, though it looks unchanged; -ENODATA: a
     * directory that has no digest, since something in it could not be read. */
    void (*on_error)(void *arg, const char *path, size_t path_len, int error);
    /* Told of what the walk left out (special files, other devices, ...). Any thread. */
    weir_note_fn on_note;
    /* Told of each line of a manifest that is none. */
    void (*on_bad_line)(void *arg, const char *path, uint64_t line, const char *why);
    /* Told what is wrong with the cache or journal: it can't be used, and the job `ends` with that error; or it can't
     * be written any more, and the job goes on. -EBADMSG: it is none; -EPROTONOSUPPORT: a later weir's; -EMEDIUMTYPE:
     * of other algorithms. Any thread. */
    void (*on_cache)(void *arg, const char *path, int error, bool ends);
    /* Told before (`begins`) and after something is written to a standard output that is a terminal. Any thread. */
    void (*on_output)(void *arg, bool begins);
    void *hook_arg;
} weir_hash_options;

/*
 * weir_hash_job() - run it.
 *
 * Resolves to 0 when the job was done (what went wrong with single files is in
 * the counters), or a negative errno: -EPIPE, -ENOSPC, ... of the output, -ENOMEM,
 * -EMFILE, or of a list that can't be read.
 *
 * Ownership:   everything in `options` is borrowed until it is ready or dropped
 *              *and* the runtime's blocking pool has ended.
 * Cancel safe: dropping it leaves nothing half-written: out_path appears by
 *              rename at the end or not at all.
 */
typedef struct weir_hash_job_future {
    weir_future future;
    int output;
    weir_hash_options options;
    weir_join_handle handle;
    weir_join_future join;
    int result;
} weir_hash_job_future;

WEIR_MUST_USE weir_hash_job_future weir_hash_job(const weir_hash_options *options);

/*
 * weir_hash_stages() - what a job does or did, told as a pipeline tells it: `files`, `read`, `hash` and `last`, which
 * is what becomes of the digests. A lane does the first three in turn: while it is busy with one, those before it are
 * blocked and those behind it starved.
 *
 * `lanes` are those of the job, or its workers. Any thread, also while it runs.
 * Ownership: the last stage's name is `last`, which stays yours.
 */
#define WEIR_HASH_STAGES 4
void weir_hash_stages(const weir_hash_counters *counters, unsigned lanes, const char *last,
                      weir_pipeline_stage ret_stages[WEIR_HASH_STAGES]);

/* ---- duplicates ---- */

typedef enum weir_dups_action {
    WEIR_DUPS_REPORT,
    WEIR_DUPS_HARDLINK, /* the others become names of the one that stays */
    WEIR_DUPS_REFLINK,  /* they share its blocks, where the file system can */
    WEIR_DUPS_DELETE,
} weir_dups_action;

typedef enum weir_dups_keep { WEIR_DUPS_OLDEST, WEIR_DUPS_NEWEST, WEIR_DUPS_FIRST } weir_dups_keep;

typedef struct weir_dups_counters {
    uint64_t groups, duplicates; /* a group of n different files has n - 1 duplicates */
    uint64_t links;              /* other names of files that are in a group */
    uint64_t wasted_bytes;
    uint64_t done, done_bytes; /* duplicates that were dealt with, and what that frees */
} weir_dups_counters;

typedef struct weir_dups_options {
    weir_hash_options hash; /* paths, rules, one algorithm, the output: gnu stands for plain text */
    weir_dups_action action;
    weir_dups_keep keep;
    weir_dups_counters *counters; /* never NULL; zeroed by you */
} weir_dups_options;

/*
 * weir_dups_job() - files with the same content below the paths; empty ones aside.
 *
 * By size, then by a digest of their beginnings, then of all of them. With an
 * action each is compared byte by byte with the one that stays, and replaced
 * atomically; never for one on another device.
 *
 * Resolves to 0, or as weir_hash_job(). Ownership as there. Cancel safe: what was done to single files stands.
 */
WEIR_ASYNC_DECLARE(weir_dups_job, int, weir_dups_options options; struct dup_search *search; weir_hash_job_future job;
                   weir_offload_future conclude; int phase; int error;);

#pragma GCC visibility pop

#endif
