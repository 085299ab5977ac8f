/*
 * test_hashing_bounded.c - the memory of a job is bounded by what may lie ahead of its output, not by what it hashes.
 * Each job is a process of its own, whose peak the kernel knows.
 * LABELS: memory
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/hash_job.h>
#include <weir/io.h>
#include <weir/runtime.h>

#include "check.h"
#include "temp_tree.h"

#define FEW 2000
#define MANY 20000
#define PER_DIR 100
#define AHEAD_BYTES (64u << 10)
/* What one run touches and another does not is 200 KiB at the most; a job that kept its directories takes 1700 more. */
#define SLACK_KIB 1024

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int run_job(const char *root, const char *out)
{
    weir_io_options io = { 0 };
    const weir_driver_factory drivers = weir_io_drivers(&io);
    static weir_hash_counters counters;
    static const weir_digest_algo *algos[1];
    algos[0] = weir_digest_find("xxh128");
    const weir_hash_options options = { .paths = &root,
                                        .path_count = 1,
                                        .algos = algos,
                                        .algo_count = 1,
                                        .out_path = out,
                                        .ahead_max = AHEAD_BYTES,
                                        .counters = &counters };
    weir_runtime_options how = weir_runtime_defaults();
    how.workers = 2;
    how.drivers = &drivers;
    weir_runtime *runtime;
    int output = -1;
    int error = weir_runtime_create(&how, &runtime);
    if (error == 0)
        error = weir_block_on(runtime, weir_hash_job(&options), &output);
    return error == 0 && output == 0 && counters.errors == 0 ? 0 : 1;
}

/* The most that the job had in memory, in KiB. */
static long peak_of(const char *root, const char *out)
{
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(run_job(root, out));
    int status = -1;
    struct rusage usage;
    CHECK_EQ(wait4(child, &status, 0, &usage), child);
    CHECK_EQ(status, 0);
    return usage.ru_maxrss;
}

/* Links to a few files: fast to make, and as good as files of their own. */
static void make_files(const struct temp_tree *tree, const char *root, unsigned count)
{
    char dir[64], name[128];
    for (unsigned i = 0; i < count; i++) {
        snprintf(dir, sizeof dir, "%s/%04u", root, i / PER_DIR);
        if (i % PER_DIR == 0)
            temp_tree_dir(tree, dir);
        snprintf(name, sizeof name, "%s/a-name-that-takes-as-much-room-as-most-names-do-%u", dir, i);
        CHECK_EQ(linkat(tree->fd, "one", tree->fd, name, 0), 0);
    }
}

static void test_ten_times_the_files_take_no_more_memory(void)
{
    CHECK(MANY >= 10 * FEW);
    if (SANITIZED) {
        printf("skipped: a sanitizer keeps what was freed\n");
        return;
    }
    struct temp_tree tree;
    temp_tree_init(&tree);
    temp_tree_file(&tree, "one", "content");
    make_files(&tree, "few", FEW);
    make_files(&tree, "many", MANY);
    CHECK_EQ(chdir(tree.path), 0);
    long worst = 0;
    for (int i = 0; i < 3; i++) {
        const long few = peak_of("few", "few.out"), many = peak_of("many", "many.out");
        printf("%d files %ld KiB, %d files %ld KiB\n", FEW, few, MANY, many);
        worst = many - few > worst ? many - few : worst;
    }
    CHECK(worst <= SLACK_KIB);
    CHECK_EQ(chdir("/"), 0);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_ten_times_the_files_take_no_more_memory);
    return check_done();
}
