/* test_walk_dir.c - reading directories: whole, in order, and never out of the tree. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "check.h"
#include "temp_tree.h"
#include "walk_all.h"

static struct temp_tree tree;
static const weir_walk_rules no_rules;

/* What `find ROOT -type f` prints, sorted with LC_ALL=C, is what a walk gives: files, order and spelling. */
static void expect_as_find_and_sort(const char *root, const struct walked *walked)
{
    char command[1200], got[4096];
    snprintf(command, sizeof command, "find '%s' -type f -print0 | LC_ALL=C sort -z", root);
    FILE *const lines = popen(command, "r");
    CHECK(lines != NULL);
    const char *const slash = root[strlen(root) - 1] == '/' ? "" : "/";
    for (size_t i = 0; i < walked->count; i++) {
        char wanted[4096];
        size_t len = 0;
        for (int byte; (byte = fgetc(lines)) > 0;)
            wanted[len++] = (char)byte;
        wanted[len] = 0;
        snprintf(got, sizeof got, "%s%s%s", root, slash, walked->paths[i]);
        CHECK_STR(got, wanted);
    }
    CHECK_EQ(fgetc(lines), EOF);
    pclose(lines);
}

static char name_255[256];

/* "a/x" goes behind "a-b" and before "a0": a directory sorts as its files' paths do, with a '/' behind it. */
static void make_names(void)
{
    static const char *const files[] = { "a-b",
                                         "a.b",
                                         "a/x",
                                         "a0",
                                         "ab",
                                         "a/b-c/y",
                                         "a/b/z",
                                         "b\nc",
                                         "b\\c",
                                         "b c",
                                         "\xff\xfe",
                                         "\x01",
                                         "\xc3\xa9",
                                         "-",
                                         "--help",
                                         "~",
                                         "b\rc",
                                         "A",
                                         "a-/q",
                                         "a!/r",
                                         "*",
                                         "\x1b[2J",
                                         "longlonglong1",
                                         "longlonglong2",
                                         "longlonglong",
                                         "longlonglong0/s" };
    temp_tree_init(&tree);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        temp_tree_file(&tree, files[i], "");
    memset(name_255, 'n', 255);
    temp_tree_file(&tree, name_255, "");
    name_255[254] = '\xfe';
    temp_tree_file(&tree, name_255, "");
}

static void test_files_come_as_find_and_sort_give_them(void)
{
    make_names();
    struct walked walked;
    walk_all(&walked, &no_rules, tree.path);
    CHECK_EQ(walked.count, 28);
    expect_as_find_and_sort(tree.path, &walked);
    walked_fini(&walked);
    temp_tree_fini(&tree);
}

/* The root is spelled as the user wrote it, whatever he wrote. */
static void test_roots_keep_their_spelling(void)
{
    make_names();
    CHECK_EQ(chdir(tree.path), 0);
    static const char *const roots[] = { ".", "./", "a", "a/", "a//", "./a", "a/../a", "a/.//b" };
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        struct walked walked;
        walk_all(&walked, &no_rules, roots[i]);
        CHECK(walked.count > 0);
        expect_as_find_and_sort(roots[i], &walked);
        walked_fini(&walked);
    }
    CHECK_EQ(chdir("/"), 0);
    temp_tree_fini(&tree);
}

static void test_names_are_bytes_and_up_to_255_of_them(void)
{
    make_names();
    struct opened opened;
    opened_init(&opened, &no_rules, &tree);
    static const char *const names[] = { "b\nc", "b\\c", "\xff\xfe", "\x1b[2J", "--help" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(find_entry(opened.dir, names[i]) != NULL);
    const weir_entry *const longest = find_entry(opened.dir, name_255);
    CHECK(longest != NULL && longest->name_len == 255);
    const int fd = weir_dir_open_file(opened.dir, longest);
    CHECK(fd >= 0);
    close(fd);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

/* A fixed sequence: a failure comes again. */
static uint64_t random_state = 88172645463325252u;
static unsigned pick(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

/* Few different bytes and long common beginnings: the keys of the sort are often equal. */
static void test_random_names_are_sorted_by_path(void)
{
    static const char alphabet[] = "a-0.~/";
    for (unsigned round = 0; round < 6; round++) {
        temp_tree_init(&tree);
        for (unsigned i = 0; i < 150; i++) {
            char name[64] = "";
            size_t len = pick(2) * 9;
            memset(name, 'p', len);
            for (size_t end = len + 1 + pick(12); len < end; len++)
                name[len] = alphabet[pick(sizeof alphabet - 2)];
            if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                continue;
            struct stat stat;
            if (fstatat(tree.fd, name, &stat, 0) == 0)
                continue;
            if (pick(3) == 0)
                strcat(name, "/x");
            temp_tree_file(&tree, name, "");
        }
        struct walked walked;
        walk_all(&walked, &no_rules, tree.path);
        CHECK(walked.count > 50);
        for (size_t i = 1; i < walked.count; i++)
            CHECK(strcmp(walked.paths[i - 1], walked.paths[i]) < 0);
        expect_as_find_and_sort(tree.path, &walked);
        walked_fini(&walked);
        temp_tree_fini(&tree);
    }
}

static void test_inode_order_is_a_permutation_by_inode(void)
{
    make_names();
    struct opened opened;
    opened_init(&opened, &no_rules, &tree);
    weir_dir *const dir = opened.dir;
    const uint32_t *const order = weir_dir_by_inode(dir);
    CHECK(order != NULL && weir_dir_by_inode(dir) == order);
    bool seen[64] = { false };
    CHECK(dir->count > 20 && dir->count < 64);
    for (uint32_t i = 0; i < dir->count; i++) {
        CHECK(order[i] < dir->count && !seen[order[i]]);
        seen[order[i]] = true;
        CHECK(i == 0 || dir->entries[order[i - 1]].ino < dir->entries[order[i]].ino);
    }
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

/* A walk may close directories and come back to them, by the same safe way. */
static void test_closed_directories_are_reopened_from_the_root(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "a/b/c/file", "");
    temp_tree_file(&tree, "a/b2/file", "");
    temp_tree_file(&tree, "z/file", "");
    struct walked walked = { .close_fds = true };
    walk_more(&walked, &no_rules, tree.path);
    walked_expect(&walked, "a/b/c/file a/b2/file z/file");
    walked_fini(&walked);

    struct opened opened;
    weir_dir *a, *b, *c;
    opened_init(&opened, &no_rules, &tree);
    weir_walk_node *const a_node = child_of(opened.dir, "a");
    CHECK_EQ(weir_dir_read(a_node, opened.dir->fd, &a), 0);
    weir_dir_close_fd(opened.dir);
    weir_walk_node *const b_node = child_of(a, "b");
    weir_dir_close_fd(a);
    CHECK_EQ(weir_dir_read(b_node, -1, &b), 0);
    weir_walk_node *const c_node = child_of(b, "c");
    weir_dir_close_fd(b);
    CHECK_EQ(weir_dir_read(c_node, -1, &c), 0);
    CHECK(find_entry(c, "file") != NULL);
    weir_dir_close_fd(c);
    CHECK_EQ(weir_dir_reopen_fd(c), 0);
    CHECK(c->fd >= 0);
    weir_dir_close_fd(c);

    /* Another directory of the same name is not the one that was listed, a link on the way is no way. */
    CHECK_EQ(renameat(tree.fd, "a/b", tree.fd, "a/moved"), 0);
    CHECK_EQ(weir_dir_reopen_fd(c), -ENOENT);
    temp_tree_dir(&tree, "a/b/c");
    CHECK_EQ(weir_dir_reopen_fd(c), -ESTALE);
    CHECK_EQ(unlinkat(tree.fd, "a/b/c", AT_REMOVEDIR) | unlinkat(tree.fd, "a/b", AT_REMOVEDIR), 0);
    temp_tree_link(&tree, "a/b", "moved");
    CHECK_EQ(weir_dir_reopen_fd(c), -ENOTDIR);
    CHECK_EQ(c->fd, -1);

    weir_dir_free(c);
    weir_dir_free(b);
    weir_dir_free(a);
    weir_walk_node_put(c_node);
    weir_walk_node_put(b_node);
    weir_walk_node_put(a_node);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

static weir_root_kind kind_of(const char *name)
{
    char path[512];
    weir_walk *walk;
    weir_root root;
    snprintf(path, sizeof path, "%s/%s", tree.path, name);
    CHECK_EQ(weir_walk_create(&no_rules, NULL, NULL, &walk), 0);
    CHECK_EQ(weir_walk_root(walk, name[0] == '/' ? name : path, &root), 0);
    CHECK((root.node != NULL) == (root.kind == WEIR_ROOT_DIR));
    weir_walk_node_put(root.node);
    weir_walk_destroy(walk);
    return root.kind;
}

/* `weir hash <(command)` names a pipe: the user gets what he asked for, and a link of his is followed. */
static void test_roots_are_what_the_user_named(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "d/file", "");
    temp_tree_link(&tree, "to_d", "d");
    temp_tree_link(&tree, "to_file", "d/file");
    temp_tree_fifo(&tree, "fifo");
    CHECK_EQ(kind_of("d"), WEIR_ROOT_DIR);
    CHECK_EQ(kind_of("to_d"), WEIR_ROOT_DIR);
    CHECK_EQ(kind_of("to_d/"), WEIR_ROOT_DIR);
    CHECK_EQ(kind_of("d/file"), WEIR_ROOT_FILE);
    CHECK_EQ(kind_of("to_file"), WEIR_ROOT_FILE);
    CHECK_EQ(kind_of("fifo"), WEIR_ROOT_STREAM);
    CHECK_EQ(kind_of("/dev/null"), WEIR_ROOT_STREAM);
    CHECK_EQ(kind_of("/"), WEIR_ROOT_DIR);

    struct walked walked = { 0 };
    char path[512];
    static const char *const bad[] = { "/none", "/d/file/", "/d/file/x" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", tree.path, bad[i]);
        walk_more(&walked, &no_rules, path);
        CHECK_EQ(walked.note_count, i + 1);
        CHECK_EQ(walked.notes[i].kind, WEIR_NOTE_UNREADABLE);
        CHECK_EQ(walked.notes[i].error, i == 0 ? -ENOENT : -ENOTDIR);
    }
    walk_more(&walked, &no_rules, "");
    CHECK_EQ(walked.notes[3].error, -ENOENT);
    walked_fini(&walked);

    snprintf(path, sizeof path, "%s/to_d", tree.path);
    walk_all(&walked, &no_rules, path);
    walked_expect(&walked, "file");
    walked_fini(&walked);
    temp_tree_fini(&tree);
}

/* "/" ends in a slash already: "/etc", not "//etc". */
static void test_the_root_directory_is_no_double_slash(void)
{
    weir_walk *walk;
    weir_root root;
    char path[16] = "dirty";
    CHECK_EQ(weir_walk_create(&no_rules, NULL, NULL, &walk), 0);
    CHECK_EQ(weir_walk_root(walk, "/", &root), 0);
    CHECK_EQ(weir_walk_path(root.node, NULL, 0, path, sizeof path), 1);
    CHECK_STR(path, "/");
    CHECK_EQ(weir_walk_path(root.node, "etc", 3, path, sizeof path), 4);
    CHECK_STR(path, "/etc");
    CHECK_EQ(weir_walk_path(root.node, "etc", 3, path, 5), 4);
    CHECK_EQ(weir_walk_path(root.node, "etc", 3, path, 4), 4);
    CHECK_STR(path, "");
    weir_walk_node_put(root.node);
    weir_walk_destroy(walk);
}

/* Out of fds is the caller's to mend: nothing is lost, nothing told, and the same call works later. */
static int read_without_fds(struct opened *opened, weir_walk_node *node)
{
    struct rlimit limit;
    weir_dir *dir;
    weir_root root;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)opened->dir->fd + 1;
    /* Fill the holes below. */
    int fds[64], count = 0;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (count < 64 && (fds[count] = open("/", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    CHECK_EQ(weir_dir_read(node, opened->dir->fd, &dir), -EMFILE);
    CHECK_EQ(weir_dir_read(node, -1, &dir), -EMFILE);
    CHECK_EQ(weir_walk_root(opened->walk, tree.path, &root), -EMFILE);
    CHECK_EQ(opened->told.note_count, 0);
    while (count-- > 0)
        close(fds[count]);
    limit.rlim_cur = before;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ(weir_dir_read(node, opened->dir->fd, &dir), 0);
    weir_dir_free(dir);
    return 0;
}

static void test_running_out_of_fds_is_not_the_trees_fault(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "d/file", "");
    struct opened opened;
    opened_init(&opened, &no_rules, &tree);
    weir_walk_node *const node = child_of(opened.dir, "d");
    read_without_fds(&opened, node);
    weir_walk_node_put(node);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

/* A tree may grow downwards while it is walked, and may be read twice. */
static void test_a_directory_may_be_read_again(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, ".gitignore", "*.o\n");
    temp_tree_file(&tree, "a", "");
    struct opened opened;
    weir_dir *again;
    opened_init(&opened, &(weir_walk_rules){ .gitignore = true }, &tree);
    temp_tree_file(&tree, "b", "");
    temp_tree_file(&tree, "b.o", "");
    CHECK_EQ(weir_dir_read(opened.dir->node, -1, &again), 0);
    CHECK_EQ(opened.dir->count, 2);
    CHECK_EQ(again->count, 3);
    weir_dir_free(again);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

static void test_short_reads_end_files_only_where_that_is_known(void)
{
    const int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statfs fs;
    if (proc >= 0 && fstatfs(proc, &fs) == 0 && fs.f_type == 0x9fa0)
        CHECK(!weir_fs_short_read_is_eof(proc));
    CHECK(proc < 0 || !weir_fs_in_memory(proc));
    close(proc);
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    CHECK(!weir_fs_short_read_is_eof(ends[0]));
    close(ends[0]);
    close(ends[1]);
    CHECK(!weir_fs_short_read_is_eof(-1));
    CHECK(!weir_fs_in_memory(-1));

    temp_tree_init(&tree);
    temp_tree_dir(&tree, "d");
    struct opened opened;
    weir_dir *dir;
    opened_init(&opened, &no_rules, &tree);
    CHECK_EQ(opened.dir->short_read_is_eof, weir_fs_short_read_is_eof(tree.fd));
    weir_walk_node *const node = child_of(opened.dir, "d");
    CHECK_EQ(weir_dir_read(node, opened.dir->fd, &dir), 0);
    CHECK_EQ(dir->short_read_is_eof, opened.dir->short_read_is_eof);
    CHECK_EQ(opened.dir->in_memory, weir_fs_in_memory(tree.fd));
    CHECK_EQ(dir->in_memory, opened.dir->in_memory);
    weir_dir_free(dir);
    weir_walk_node_put(node);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_files_come_as_find_and_sort_give_them);
    RUN(test_roots_keep_their_spelling);
    RUN(test_names_are_bytes_and_up_to_255_of_them);
    RUN(test_random_names_are_sorted_by_path);
    RUN(test_inode_order_is_a_permutation_by_inode);
    RUN(test_closed_directories_are_reopened_from_the_root);
    RUN(test_roots_are_what_the_user_named);
    RUN(test_the_root_directory_is_no_double_slash);
    RUN(test_running_out_of_fds_is_not_the_trees_fault);
    RUN(test_a_directory_may_be_read_again);
    RUN(test_short_reads_end_files_only_where_that_is_known);
    return check_done();
}
