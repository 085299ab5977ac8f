/* test_walk_rules.c - what a walk leaves out, and what it doesn't enter. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "temp_tree.h"
#include "walk_all.h"

static struct temp_tree tree;

static void make_tree(void)
{
    static const char *const files[] = { "a.c",       "a.tmp",       ".hid",     "src/a.c",     "src/a.h",
                                         "src/x/b.c", "src/x/b.tmp", ".cfg/a.c", "build/out.c", "doc/build/in.c" };
    temp_tree_init(&tree);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        temp_tree_file(&tree, files[i], files[i]);
}

static void expect(const weir_walk_rules *rules, const char *wanted)
{
    struct walked walked;
    walk_all(&walked, rules, tree.path);
    walked_expect(&walked, wanted);
    CHECK_EQ(walked.note_count, 0);
    walked_fini(&walked);
}

#define LIST(...) (const char *const[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)

static void expect_match(const char *const *match, size_t count, const char *wanted)
{
    expect(&(weir_walk_rules){ .match = match, .match_count = count }, wanted);
}

static void expect_exclude(const char *const *exclude, size_t count, const char *wanted)
{
    expect(&(weir_walk_rules){ .exclude = exclude, .exclude_count = count }, wanted);
}

/* find(1) shows hidden files, so a manifest has them; who doesn't want them says so. */
static void test_all_is_in_when_no_rule_says_otherwise(void)
{
    make_tree();
    expect(&(weir_walk_rules){ 0 },
           ".cfg/a.c .hid a.c a.tmp build/out.c doc/build/in.c src/a.c src/a.h src/x/b.c src/x/b.tmp");
    expect(&(weir_walk_rules){ .skip_hidden = true },
           "a.c a.tmp build/out.c doc/build/in.c src/a.c src/a.h src/x/b.c src/x/b.tmp");
    temp_tree_fini(&tree);
}

/* A root may be called .config, or be "." itself: what the user named is not hidden from him. */
static void test_a_hidden_root_is_walked(void)
{
    make_tree();
    char path[512];
    snprintf(path, sizeof path, "%s/.cfg", tree.path);
    struct walked walked;
    walk_all(&walked, &(weir_walk_rules){ .skip_hidden = true }, path);
    walked_expect(&walked, "a.c");
    walked_fini(&walked);
    temp_tree_fini(&tree);
}

static void test_match_chooses_by_name_or_by_path(void)
{
    make_tree();
    expect_match(LIST("*.h"), "src/a.h");
    expect_match(LIST("*.h", "*.tmp"), "a.tmp src/a.h src/x/b.tmp");
    expect_match(LIST("/*.c"), "a.c");
    expect_match(LIST("./*.c"), "a.c");
    expect_match(LIST("src/*.c"), "src/a.c");
    expect_match(LIST("**/x/*"), "src/x/b.c src/x/b.tmp");
    expect_match(LIST("{src,doc}/**/*.c"), "doc/build/in.c src/a.c src/x/b.c");
    expect_match(LIST("build/"), "build/out.c doc/build/in.c");
    expect_match(LIST("/build/"), "build/out.c");
    expect_match(LIST("doc/build/"), "doc/build/in.c");
    expect_match(LIST("nothing"), "");
    temp_tree_fini(&tree);
}

static void test_exclude_wins_and_keeps_out_of_directories(void)
{
    make_tree();
    expect_exclude(LIST("*.c", ".*"), "a.tmp src/a.h src/x/b.tmp");
    expect_exclude(LIST("src", ".cfg", "*.tmp"), ".hid a.c build/out.c doc/build/in.c");
    expect_exclude(LIST("/build", "src/x", ".*", "a.*"), "doc/build/in.c");
    expect_exclude(LIST("build/", "src/", ".cfg/"), ".hid a.c a.tmp");
    expect_exclude(LIST("a.c/", "**/build/**", "src", ".*"), "a.c a.tmp");
    expect(&(weir_walk_rules){ .match = (const char *[]){ "*.c" },
                               .match_count = 1,
                               .exclude = (const char *[]){ "src/x/**", "/build" },
                               .exclude_count = 2 },
           ".cfg/a.c a.c doc/build/in.c src/a.c");
    temp_tree_fini(&tree);
}

/* Nobody can read it, nobody has to: an excluded or hopeless directory isn't even opened. */
static void test_a_directory_that_is_out_is_not_opened(void)
{
    make_tree();
    struct walked walked;
    weir_walk *walk;
    weir_root root;
    weir_dir *dir;
    const weir_walk_rules rules = { .match = (const char *[]){ "src/*.c", "build/**" },
                                    .match_count = 2,
                                    .exclude = (const char *[]){ "build" },
                                    .exclude_count = 1 };
    walked = (struct walked){ 0 };
    CHECK_EQ(weir_walk_create(&rules, walked_note_fn, &walked, &walk), 0);
    CHECK_EQ(weir_walk_root(walk, tree.path, &root), 0);
    CHECK_EQ(weir_dir_read(root.node, -1, &dir), 0);
    CHECK_EQ(dir->count, 1);
    CHECK_STR(weir_entry_name(dir, &dir->entries[0]), "src");
    CHECK_EQ(dir->entries[0].kind, WEIR_ENTRY_DIR);
    weir_dir_free(dir);
    weir_walk_node_put(root.node);
    weir_walk_destroy(walk);
    temp_tree_fini(&tree);
}

static void test_depth_counts_from_the_root(void)
{
    make_tree();
    expect(&(weir_walk_rules){ .depth_max = 1 }, ".hid a.c a.tmp");
    expect(&(weir_walk_rules){ .depth_max = 2 }, ".cfg/a.c .hid a.c a.tmp build/out.c src/a.c src/a.h");
    expect(&(weir_walk_rules){ .depth_max = 3, .match = (const char *[]){ "*.tmp" }, .match_count = 1 },
           "a.tmp src/x/b.tmp");
    temp_tree_fini(&tree);
}

/* Sizes are inclusive at both ends; a maximum of 0 asks for empty files. */
static void test_sizes_bound_files_and_not_directories(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "0", "");
    temp_tree_file(&tree, "d/3", "abc");
    temp_tree_file(&tree, "d/5", "abcde");
    expect(&(weir_walk_rules){ .size_min = 1 }, "d/3 d/5");
    expect(&(weir_walk_rules){ .size_min = 3, .size_max = 3, .has_size_max = true }, "d/3");
    expect(&(weir_walk_rules){ .size_max = 0, .has_size_max = true }, "0");
    temp_tree_fini(&tree);
}

static void test_newer_asks_for_files_modified_later(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "d/new", "");
    temp_tree_file(&tree, "d/old", "");
    temp_tree_file(&tree, "d/same", "");
    const struct timespec times[3][2] = { { { 0, UTIME_OMIT }, { 1000, 501 } },
                                          { { 0, UTIME_OMIT }, { 999, 999999999 } },
                                          { { 0, UTIME_OMIT }, { 1000, 500 } } };
    CHECK_EQ(utimensat(tree.fd, "d/new", times[0], 0), 0);
    CHECK_EQ(utimensat(tree.fd, "d/old", times[1], 0), 0);
    CHECK_EQ(utimensat(tree.fd, "d/same", times[2], 0), 0);
    expect(&(weir_walk_rules){ .newer_ns = 1000 * INT64_C(1000000000) + 500, .has_newer = true }, "d/new");
    temp_tree_fini(&tree);
}

/* The stat that a rule took is not taken again by who wants to know more. */
static void test_meta_is_what_stat_says_in_the_order_of_the_entries(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "b", "22");
    temp_tree_file(&tree, "a", "1");
    temp_tree_file(&tree, "c", "");
    temp_tree_dir(&tree, "bb");
    weir_walk *walk;
    weir_root root;
    weir_dir *dir;
    CHECK_EQ(weir_walk_create(&(weir_walk_rules){ .meta = true, .size_min = 1 }, NULL, NULL, &walk), 0);
    CHECK_EQ(weir_walk_root(walk, tree.path, &root), 0);
    CHECK_EQ(weir_dir_read(root.node, -1, &dir), 0);
    CHECK_EQ(dir->count, 3);
    static const char *const names[] = { "a", "b", "bb" };
    for (uint32_t i = 0; i < 3; i++) {
        struct stat stat;
        CHECK_STR(weir_entry_name(dir, &dir->entries[i]), names[i]);
        CHECK_EQ(fstatat(tree.fd, names[i], &stat, 0), 0);
        CHECK_EQ(dir->entries[i].ino, stat.st_ino);
        if (i == 2)
            break;
        CHECK_EQ(dir->meta[i].ino, stat.st_ino);
        CHECK_EQ(dir->meta[i].size, i + 1);
        CHECK_EQ(dir->meta[i].mode, stat.st_mode);
        CHECK_EQ(dir->meta[i].mtime_ns, stat.st_mtim.tv_sec * INT64_C(1000000000) + stat.st_mtim.tv_nsec);
    }
    CHECK_EQ(dir->meta[2].ino, 0);
    weir_dir_free(dir);
    weir_walk_node_put(root.node);
    weir_walk_destroy(walk);
    temp_tree_fini(&tree);
}

/* A file that the user named goes through match, exclude and size; a directory that he named is in. */
static void test_rules_look_at_named_files_too(void)
{
    make_tree();
    char file[512], dir[512];
    snprintf(file, sizeof file, "%s/src/a.c", tree.path);
    snprintf(dir, sizeof dir, "%s/build/", tree.path);
    static const struct {
        const char *match, *exclude;
        uint64_t size_min;
        weir_root_kind wanted;
    } cases[] = {
        { NULL, NULL, 0, WEIR_ROOT_FILE },      { "*.c", NULL, 0, WEIR_ROOT_FILE },
        { "*.h", NULL, 0, WEIR_ROOT_EXCLUDED }, { NULL, "a.*", 0, WEIR_ROOT_EXCLUDED },
        { NULL, "a.*/", 0, WEIR_ROOT_FILE },    { NULL, NULL, 8, WEIR_ROOT_EXCLUDED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_walk *walk;
        weir_root root;
        const weir_walk_rules rules = { .match = &cases[i].match,
                                        .match_count = cases[i].match != NULL,
                                        .exclude = &cases[i].exclude,
                                        .exclude_count = cases[i].exclude != NULL,
                                        .size_min = cases[i].size_min };
        CHECK_EQ(weir_walk_create(&rules, NULL, NULL, &walk), 0);
        CHECK_EQ(weir_walk_root(walk, file, &root), 0);
        CHECK_EQ(root.kind, cases[i].wanted);
        CHECK_EQ(root.meta.size, 7);
        CHECK_EQ(weir_walk_root(walk, dir, &root), 0);
        CHECK_EQ(root.kind, WEIR_ROOT_DIR);
        weir_walk_node_put(root.node);
        weir_walk_destroy(walk);
    }
    temp_tree_fini(&tree);
}

static void test_a_pattern_that_does_not_compile_is_refused(void)
{
    char *const pattern = malloc(5001);
    memset(pattern, 'a', 5000);
    pattern[5000] = 0;
    weir_walk *walk = NULL;
    const char *const good_and_bad[] = { "*.c", pattern };
    CHECK_EQ(weir_walk_create(&(weir_walk_rules){ .match = good_and_bad, .match_count = 2 }, NULL, NULL, &walk),
             -E2BIG);
    CHECK_EQ(
        weir_walk_create(
            &(weir_walk_rules){ .match = good_and_bad, .match_count = 1, .exclude = good_and_bad, .exclude_count = 2 },
            NULL, NULL, &walk),
        -E2BIG);
    CHECK(walk == NULL);
    weir_walk_destroy(walk);
    free(pattern);
}

/* In a child with mounts of its own. Returns what to exit with. */
static int walk_over_a_mount(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/m", tree.path);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", path, "tmpfs", 0, "size=64k") < 0)
        return 77;
    tree.fd = open(tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* the one from before sees no mount of ours */
    temp_tree_file(&tree, "m/other", "");
    temp_tree_dir(&tree, "m/home");
    expect(&(weir_walk_rules){ 0 }, "a m/other z");

    struct walked walked;
    walk_all(&walked, &(weir_walk_rules){ .same_device = true }, tree.path);
    walked_expect(&walked, "a z");
    CHECK_EQ(walked.note_count, 1);
    CHECK(walked_find_note(&walked, WEIR_NOTE_OTHER_DEVICE, "m") != NULL);
    walked_fini(&walked);

    /* And a mount of the root inside itself is a loop without any link. */
    snprintf(path, sizeof path, "%s/m/home", tree.path);
    if (mount(tree.path, path, NULL, MS_BIND, NULL) < 0)
        return 77;
    walk_all(&walked, &(weir_walk_rules){ 0 }, tree.path);
    walked_expect(&walked, "a m/other z");
    CHECK(walked_find_note(&walked, WEIR_NOTE_LOOP, "m/home") != NULL);
    walked_fini(&walked);
    return 0;
}

static void test_same_device_stays_on_the_roots_and_a_bind_mount_of_it_is_a_loop(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "a", "");
    temp_tree_dir(&tree, "m");
    temp_tree_file(&tree, "z", "");
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        _exit(walk_over_a_mount());
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        printf("skipped: no right to mount here\n");
    else
        CHECK_EQ(WEXITSTATUS(status), 0);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_all_is_in_when_no_rule_says_otherwise);
    RUN(test_a_hidden_root_is_walked);
    RUN(test_match_chooses_by_name_or_by_path);
    RUN(test_exclude_wins_and_keeps_out_of_directories);
    RUN(test_a_directory_that_is_out_is_not_opened);
    RUN(test_depth_counts_from_the_root);
    RUN(test_sizes_bound_files_and_not_directories);
    RUN(test_newer_asks_for_files_modified_later);
    RUN(test_meta_is_what_stat_says_in_the_order_of_the_entries);
    RUN(test_rules_look_at_named_files_too);
    RUN(test_a_pattern_that_does_not_compile_is_refused);
    RUN(test_same_device_stays_on_the_roots_and_a_bind_mount_of_it_is_a_loop);
    return check_done();
}
