/*
 * hash_rig.h - the hashing job over a small tree that takes every way there is, and what must hold whatever goes wrong.
 *
 *     hash_rig_init();
 *     const int error = hash_rig_run(&hash_cases[i], &(struct hash_run){ .rings = ring_pool });
 *     hash_rig_check(&hash_cases[i], error);     absent or whole; every file in it, or reported; nothing left over
 *     hash_rig_fini();
 */
#ifndef HASH_RIG_H
#define HASH_RIG_H

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weir/hash_job.h>
#include <weir/io.h>
#include <weir/runtime.h>

#include "io_rig.h"
#include "ring_fail.h"
#include "temp_tree.h"

#include "../../io/ring_pool.h"

/* A commit waits for the disk: thousands of them need not. Tests say WRAPS: fsync. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

/* --- which ring --------------------------------------------------------------------- */

enum hash_rings { RINGS_URING, RINGS_POOL, RINGS_FAKE, RINGS };
static const char *const hash_ring_names[RINGS] = { "io_uring", "pool", "fake" };

static inline int hash_make_uring(struct ring **ret_ring)
{
#ifdef WEIR_URING
    return wi_ring_uring_create(64, ret_ring);
#else
    (void)ret_ring;
    return -EOPNOTSUPP;
#endif
}

static inline int hash_post(void *arg, weir_lane_job *job)
{
    (void)arg;
    weir_runtime *runtime = weir_runtime_current();
    return runtime == NULL ? -ECANCELED : weir_lane_post(runtime, WEIR_LANE_IO, job);
}

static inline int hash_make_pool(struct ring **ret_ring)
{
    return wi_ring_pool_create_on(&(struct pool_lane){ .post = hash_post }, ret_ring);
}

static inline int hash_make_fake(struct ring **ret_ring)
{
    return ring_fake_create(&(struct ring_fake_options){ .seed = 7, .delay_max = 3 }, NULL, ret_ring);
}

static int (*const hash_makers[RINGS])(struct ring **ret_ring) = { hash_make_uring, hash_make_pool, hash_make_fake };

/* False, and a printed reason: not here. */
static inline bool hash_has_ring(enum hash_rings rings)
{
    struct ring *ring;
    if (rings != RINGS_URING)
        return true;
    const int error = hash_make_uring(&ring);
    if (error == 0)
        wi_ring_retire(ring);
    else
        printf("skipped: no io_uring here: %s\n", strerror(-error));
    return error == 0;
}

/* --- what is hashed ------------------------------------------------------------------- */

struct hash_case {
    const char *name;
    const char *paths[4];
    const char *list_path, *check_path;
    const char *algos[3];
    weir_manifest_format format;
    weir_offload_mode offload;
    bool cold; /* the large file is not in the page cache */
    bool many; /* it has more files than a queue */
};

static const struct hash_case hash_cases[] = {
    { .name = "tree", .paths = { "tree", "named", "named_large" }, .algos = { "xxh128" } },
    { .name = "cold", .paths = { "tree/large" }, .algos = { "xxh3" }, .cold = true },
    { .name = "list", .list_path = "names", .algos = { "xxh64", "crc32" }, .format = WEIR_MANIFEST_JSON },
    { .name = "check", .check_path = "manifest" },
    { .name = "pool", .paths = { "tree" }, .algos = { "xxh32" }, .offload = WEIR_OFFLOAD_ALWAYS },
    { .name = "many", .paths = { "many" }, .algos = { "xxh64" }, .offload = WEIR_OFFLOAD_ALWAYS, .many = true },
};
#define HASH_CASES (sizeof hash_cases / sizeof hash_cases[0])

struct hash_reports {
    pthread_mutex_t lock;
    unsigned count;
    char paths[700][64];
    int errors[700];
};

static struct {
    struct temp_tree tree;
    char *expected[HASH_CASES];
    unsigned fds;
    weir_hash_counters counters;
    struct hash_reports reports;
} hash_rig = { .reports.lock = PTHREAD_MUTEX_INITIALIZER };

static inline void hash_write_file(const char *path, size_t size, bool sparse)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    char block[4096];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7 + size);
    for (size_t at = 0; !sparse && at < size; at += sizeof block)
        CHECK(pwrite(fd, block, size - at < sizeof block ? size - at : sizeof block, (off_t)at) > 0);
    if (sparse)
        CHECK(ftruncate(fd, (off_t)size) == 0 && pwrite(fd, "data", 4, (off_t)size / 2) == 4);
    CHECK_EQ(fdatasync(fd), 0);
    CHECK_EQ(close(fd), 0);
}

static inline void hash_make_tree(void)
{
    temp_tree_init(&hash_rig.tree);
    CHECK_EQ(chdir(hash_rig.tree.path), 0);
    for (const char *const *path = (const char *const[]){ "tree/a/one", "tree/a/two", "tree/a/b/c/deep", "tree/a.txt",
                                                          "tree/z/new\nline", "tree/z/z/z", "named", NULL };
         *path != NULL; path++)
        temp_tree_file(&hash_rig.tree, *path, *path);
    temp_tree_dir(&hash_rig.tree, "tree/empty");
    temp_tree_dir(&hash_rig.tree, "tree/m");
    temp_tree_dir(&hash_rig.tree, "many");
    temp_tree_dir(&hash_rig.tree, "out");
    temp_tree_link(&hash_rig.tree, "tree/link", "a");
    hash_write_file("tree/m/larger", 70000, false);
    hash_write_file("tree/a/b/larger", 150000, false);
    hash_write_file("named_large", 66000, false);
    hash_write_file("tree/large", (4u << 20) + 700001, false);
    hash_write_file("tree/m/sparse", 300000, true);
    char name[32];
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "many/%d", i);
        temp_tree_file(&hash_rig.tree, name, name);
    }
    temp_tree_file(&hash_rig.tree, "names", "tree/a/one\ntree/a/two\ntree/large\nnamed_large\ntree/m/sparse\nnamed\n");
}

static inline void hash_report(const char *path, size_t size, int error)
{
    struct hash_reports *reports = &hash_rig.reports;
    (void)pthread_mutex_lock(&reports->lock);
    CHECK(reports->count < sizeof reports->paths / sizeof reports->paths[0]);
    snprintf(reports->paths[reports->count], sizeof reports->paths[0], "%.*s", (int)size, path);
    reports->errors[reports->count++] = error;
    (void)pthread_mutex_unlock(&reports->lock);
}

static inline void hash_on_error(void *arg, const char *path, size_t size, int error)
{
    (void)arg;
    CHECK(error < 0);
    hash_report(path, size, error);
}

static inline void hash_on_note(void *arg, weir_note_kind kind, const char *path, size_t size, int error)
{
    (void)arg, (void)kind;
    hash_report(path, size, error);
}

static inline void hash_fill_options(const struct hash_case *one, weir_hash_options *options)
{
    static const weir_digest_algo *algos[3];
    hash_rig.counters = (weir_hash_counters){ 0 };
    hash_rig.reports.count = 0;
    *options = (weir_hash_options){ .paths = one->paths,
                                    .algos = algos,
                                    .list_path = one->list_path,
                                    .check_path = one->check_path,
                                    .format = one->format,
                                    .offload = one->offload,
                                    .out_path = "out/manifest",
                                    .counters = &hash_rig.counters,
                                    .on_error = hash_on_error,
                                    .on_note = hash_on_note };
    for (; options->algo_count < 3 && one->algos[options->algo_count] != NULL; options->algo_count++)
        algos[options->algo_count] = weir_digest_find(one->algos[options->algo_count]);
    while (options->path_count < 4 && one->paths[options->path_count] != NULL)
        options->path_count++;
}

/* Out of the page cache, where the file system has one. */
static inline void hash_make_cold(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    CHECK_EQ(close(fd), 0);
}

/* What comes after the nth: of a job that has thousands not each is tried. */
static inline uint32_t hash_next(const struct hash_case *one, uint32_t nth)
{
    return nth + (one->many && nth > 30 ? nth / 6 : 1);
}

/* --- a run ---------------------------------------------------------------------------- */

struct hash_run {
    struct ring_fail fail; /* .make is filled in */
    enum hash_rings rings;
    unsigned workers; /* 0: current-thread */
    size_t ahead_max; /* as the option */
    /* Run beside the job; when it is ready the job is dropped. NULL: nothing. */
    int (*main)(weir_runtime *runtime, const weir_hash_options *options);
};

static inline int hash_run_job(weir_runtime *runtime, const weir_hash_options *options)
{
    int output = 0;
    const int error = weir_block_on(runtime, weir_hash_job(options), &output);
    return error < 0 ? error : output;
}

/* Says at which step it hangs: ctest would only say that it does. */
static inline void hash_hangs(int signal)
{
    (void)signal;
    static const char text[] = "it hangs; the last line tells where\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    abort();
}

static inline int hash_rig_run(const struct hash_case *one, struct hash_run *run)
{
    weir_hash_options options;
    hash_fill_options(one, &options);
    options.ahead_max = run->ahead_max;
    if (one->cold)
        hash_make_cold("tree/large");
    (void)unlink("out/manifest");
    run->fail.make = hash_makers[run->rings];
    const weir_driver_factory drivers = ring_fail_drivers(&run->fail);
    weir_runtime_options how = run->workers == 0 ? weir_runtime_current_thread() : weir_runtime_defaults();
    how.workers = run->workers;
    how.drivers = &drivers;
    weir_runtime *runtime;
    int error = weir_runtime_create(&how, &runtime);
    if (error < 0)
        return error;
    (void)alarm(60);
    error = (run->main != NULL ? run->main : hash_run_job)(runtime, &options);
    weir_runtime_destroy(runtime);
    (void)alarm(0);
    weir_chunk_trim();
    return error;
}

/* --- what must hold --------------------------------------------------------------------- */

/* The whole file; NULL: there is none. */
static inline char *hash_read_file(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    const off_t size = lseek(fd, 0, SEEK_END);
    char *text = malloc((size_t)size + 1);
    CHECK(text != NULL && pread(fd, text, (size_t)size, 0) == size);
    text[size] = '\0';
    CHECK_EQ(close(fd), 0);
    return text;
}

static inline bool hash_has_line(const char *text, const char *line, size_t size)
{
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
        if ((at == text || at[-1] == '\n') && at[size - 1] == '\n')
            return true;
    return false;
}

/* A file of this line, or a directory above it, was reported. */
static inline bool hash_is_reported(const char *line)
{
    for (unsigned i = 0; i < hash_rig.reports.count; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s", hash_rig.reports.paths[i]);
        path[strcspn(path, "\n")] = '\0'; /* escaped in the line */
        if (strstr(line, path) != NULL)
            return true;
    }
    return false;
}

/* Calls fn for each line, which ends in its newline and a NUL. */
static inline void hash_each_line(const char *text, const char *other, void (*fn)(const char *line, const char *other))
{
    char line[512];
    while (*text != '\0') {
        const size_t size = strcspn(text, "\n") + 1;
        CHECK(size < sizeof line && text[size - 1] == '\n');
        memcpy(line, text, size);
        line[size] = '\0';
        fn(line, other);
        text += size;
    }
}

static inline void hash_line_is_right(const char *line, const char *expected)
{
    if (hash_has_line(expected, line, strlen(line)))
        return;
    const bool said = strstr(line, ": FAILED open or read") != NULL && hash_is_reported(line);
    if (!said)
        fprintf(stderr, "a wrong line: %s", line);
    CHECK(said);
}

static inline void hash_line_is_there(const char *line, const char *got)
{
    if (hash_has_line(got, line, strlen(line)))
        return;
    if (!hash_is_reported(line))
        fprintf(stderr, "a line is missing, and nobody said why: %s", line);
    CHECK(hash_is_reported(line));
}

static inline unsigned hash_count_out(void)
{
    unsigned count = 0;
    DIR *dir = opendir("out");
    CHECK(dir != NULL);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    CHECK_EQ(closedir(dir), 0);
    return count;
}

static inline void hash_rig_check(const struct hash_case *one, int error)
{
    weir_chunk_stats stats;
    weir_chunk_stats_get(&stats);
    CHECK(stats.used == 0 && stats.waiting == 0);
    CHECK_EQ(io_rig_open_fds(), hash_rig.fds);
    CHECK_EQ(hash_count_out(), error == 0 ? 1 : 0);
    char *got = hash_read_file("out/manifest");
    CHECK((got != NULL) == (error == 0));
    if (got == NULL)
        return;
    const char *expected = hash_rig.expected[one - hash_cases];
    hash_each_line(got, expected, hash_line_is_right);
    hash_each_line(expected, got, hash_line_is_there);
    free(got);
}

/* The digests of a check come from a run over other rings than most are tested with. */
static inline void hash_rig_init(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGALRM, hash_hangs);
    hash_make_tree();
    hash_rig.fds = io_rig_open_fds();
    for (size_t i = 0; i < HASH_CASES; i++) {
        struct hash_run run = { .rings = RINGS_POOL, .workers = 1 };
        CHECK_EQ(hash_rig_run(&hash_cases[i], &run), 0);
        hash_rig.expected[i] = hash_read_file("out/manifest");
        CHECK(hash_rig.expected[i] != NULL);
        CHECK_EQ(hash_rig.reports.count, 0);
        if (i == 0)
            CHECK_EQ(rename("out/manifest", "manifest"), 0);
        if (hash_cases[i].cold && hash_rig.counters.direct == 0)
            printf("skipped: O_DIRECT, which this file system has not, or caches all the same\n");
        hash_rig_check(&hash_cases[i], 0 - (i == 0));
    }
}

static inline void hash_rig_fini(void)
{
    for (size_t i = 0; i < HASH_CASES; i++)
        free(hash_rig.expected[i]);
    CHECK_EQ(chdir("/"), 0);
    temp_tree_fini(&hash_rig.tree);
}

#endif
