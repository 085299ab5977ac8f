/* test_tail.c - files that grow, are rotated, cut, deleted and replaced: each line once, in order. */
#include "tail_rig.h"

#include <sys/resource.h>

#include "tail/tail_inside.h"

static struct tail_rig rig;

/* The first start reads what is there; what is appended follows. */
static void test_lines_follow_as_they_come(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\ntwo\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\ntwo\n");
    CHECK_STR(tail_drain(&rig), "");
    tail_append("x.log", "three\n");
    CHECK_STR(tail_drain(&rig), "three\n");
    tail_rig_fini(&rig);
}

/* A line is whole with its newline: half of one is nobody's business. */
static void test_a_line_waits_for_its_newline(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\ntw");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "o");
    CHECK_STR(tail_drain(&rig), "");
    tail_append("x.log", "\nthree\n");
    CHECK_STR(tail_drain(&rig), "two\nthree\n");
    tail_rig_fini(&rig);
}

/* Longer than the buffer, written piece by piece: read in one piece when its end is there. */
static void test_a_line_longer_than_the_buffer(void)
{
    char line[1001];
    memset(line, 'x', 1000);
    line[1000] = '\0';
    tail_rig_init(&rig);
    rig.buffer_size = 16;
    tail_rig_start(&rig, "x.log");
    for (size_t i = 0; i < 1000; i += 100) {
        char piece[101] = { 0 };
        memcpy(piece, line + i, 100);
        tail_append("x.log", piece);
        CHECK_STR(tail_drain(&rig), "");
    }
    tail_append("x.log", "\nshort\n");
    const char *text = tail_drain(&rig);
    CHECK_EQ(strlen(text), 1007);
    CHECK(memcmp(text, line, 1000) == 0);
    CHECK_STR(text + 1000, "\nshort\n");
    tail_rig_fini(&rig);
}

static void test_start_at_the_end_gives_what_comes_later(void)
{
    tail_rig_init(&rig);
    rig.options.from_end = true;
    tail_append("x.log", "old\nbegun ");
    tail_rig_start(&rig, "*.log");
    CHECK_STR(tail_drain(&rig), "");
    tail_append("x.log", "line\n"); /* whose beginning belongs to it */
    tail_append("y.log", "new file\n");
    CHECK_STR(tail_drain(&rig), "begun line\nnew file\n");
    tail_rig_fini(&rig);
}

/* --- rotation ---------------------------------------------------------------------------------------------- */

static void test_rotation_by_rename(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\n");
    tail_move("x.log", "x.log.1");
    tail_append("x.log.1", "three\n"); /* who writes notices later */
    tail_append("x.log", "four\n");
    CHECK_STR(tail_drain(&rig), "two\nthree\nfour\n");
    tail_append("x.log.1", "late\n");
    CHECK_STR(tail_drain(&rig), "late\n");
    tail_rig_fini(&rig);
}

/* Twice before anybody looked: the one in the middle never had a name that matches when somebody did. */
static void test_two_rotations_at_once(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\n");
    for (int i = 0; i < 3; i++) {
        char line[16];
        if (i > 1)
            tail_move("x.log.2", "x.log.3");
        if (i > 0)
            tail_move("x.log.1", "x.log.2");
        tail_move("x.log", "x.log.1");
        snprintf(line, sizeof line, "file %d\n", i);
        tail_append("x.log", line);
        tail_changed("x.log", i + 1); /* the kernel's clock has steps */
    }
    CHECK_STR(tail_drain(&rig), "two\nfile 0\nfile 1\nfile 2\n");
    tail_rig_fini(&rig);
}

static void test_a_rotated_file_that_matches_is_not_read_again(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log*");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_move("x.log", "x.log.1");
    tail_append("x.log", "two\n");
    CHECK_STR(tail_drain(&rig), "two\n");
    tail_rig_restart(&rig, "x.log*");
    CHECK_STR(tail_drain(&rig), "");
    tail_rig_fini(&rig);
}

static void test_copytruncate(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\ntwo\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\ntwo\n");
    tail_copytruncate("x.log", "x.log.1");
    tail_append("x.log", "three\n");
    CHECK_STR(tail_drain(&rig), "three\n");
    tail_rig_fini(&rig);
}

/* What had not been read when the file was cut is in the copy. */
static void test_copytruncate_before_all_was_read(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\nthree\nhal");
    tail_copytruncate("x.log", "x.log.1");
    tail_append("x.log", "four\n");
    CHECK_STR(tail_drain(&rig), "two\nthree\nfour\n");
    tail_move("x.log.1", "x.log.2");
    CHECK_STR(tail_drain(&rig), "");
    weir_tail_stats stats;
    weir_tail_stats_get(rig.tail, &stats);
    CHECK_EQ(stats.truncations, 1);
    CHECK_EQ(stats.cut_bytes, 0);
    tail_rig_fini(&rig);
}

/* A copy was there before the truncation, and was taken for nothing new; then it is all that is left. */
static void test_copytruncate_of_a_file_that_nobody_has_read_yet(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\ntwo\n");
    tail_rig_start(&rig, "x.log"); /* which looks and doesn't read */
    tail_copy("x.log", "x.log.1");
    tail_look(&rig);
    CHECK_EQ(truncate("x.log", 0), 0);
    tail_append("x.log", "three\n");
    CHECK_STR(tail_drain(&rig), "one\ntwo\nthree\n");
    tail_rig_fini(&rig);
}

/* It was cut before it was renamed: what has its identity is not what was read. */
static void test_copytruncate_and_rename_while_nobody_looked(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\n");
    tail_rig_restart(&rig, "x.log");
    tail_copytruncate("x.log", "x.log.2");
    tail_changed("x.log.2", 1);
    tail_append("x.log", "three\n");
    tail_changed("x.log", 2);
    tail_move("x.log", "x.log.1");
    tail_append("x.log", "four\n");
    CHECK_STR(tail_drain(&rig), "two\nthree\nfour\n");
    tail_rig_fini(&rig);
}

/* Longer than before when it is looked at: its size says nothing, its beginning does. */
static void test_a_file_that_was_cut_and_has_grown_beyond(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    CHECK_EQ(truncate("x.log", 0), 0);
    tail_append("x.log", "two, longer than what was there\n");
    CHECK_STR(tail_drain(&rig), "two, longer than what was there\n");
    tail_rig_fini(&rig);
}

/* --- replaced, deleted, made later ------------------------------------------------------------------------ */

/* ext4 gives the inode's number to the next file at once. */
static void test_a_file_deleted_and_made_again(void)
{
    tail_rig_init(&rig);
    unsigned same = 0;
    tail_append("x.log", "file 0\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "file 0\n");
    for (int i = 1; i < 6; i++) {
        struct stat before, after;
        char line[16];
        CHECK_EQ(stat("x.log", &before), 0);
        CHECK_EQ(unlink("x.log"), 0);
        tail_drain(&rig);
        weir_tail_file *file = weir_tail_next(rig.tail);
        CHECK(file == NULL);
        snprintf(line, sizeof line, "file %d\n", i);
        tail_append("x.log", line);
        CHECK_EQ(stat("x.log", &after), 0);
        same += before.st_ino == after.st_ino;
        CHECK_STR(tail_drain(&rig), line);
    }
    printf("   (the same inode number %u times of 5)\n", same);
    tail_rig_fini(&rig);
}

/* Nobody has it open: so its inode is free, and the next file gets the number. It begins with the same line, too. */
static void test_a_file_with_the_same_inode_after_a_restart(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "start\nmore\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "start\nmore\n");
    tail_rig_restart(&rig, "x.log"); /* which hasn't opened it yet */
    struct stat before, after;
    CHECK_EQ(stat("x.log", &before), 0);
    CHECK_EQ(unlink("x.log"), 0);
    tail_append("x.log", "start\nanother\nand longer\n");
    CHECK_EQ(stat("x.log", &after), 0);
    printf("   (the inode number is %s)\n", before.st_ino == after.st_ino ? "the same" : "another");
    CHECK_STR(tail_drain(&rig), "start\nanother\nand longer\n");
    tail_rig_fini(&rig);
}

/* So is what is written to it afterwards, and its last line needs no newline. */
static void test_a_deleted_file_is_read_to_its_end(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    const int fd = open("x.log", O_WRONLY | O_APPEND | O_CLOEXEC);
    CHECK_EQ(write(fd, "two\n", 4), 4);
    CHECK_EQ(unlink("x.log"), 0);
    CHECK_STR(tail_drain(&rig), "two\n");
    CHECK_EQ(write(fd, "three", 5), 5);
    CHECK_EQ(close(fd), 0);
    rig.tail->options.linger_ns = 1; /* the time is over */
    char all[16] = "";
    for (unsigned i = 0; i < 10; i++)
        strcat(all, tail_drain(&rig));
    CHECK_STR(all, "three");
    weir_tail_stats stats;
    weir_tail_stats_get(rig.tail, &stats);
    CHECK_EQ(stats.files, 0);
    tail_rig_fini(&rig);
}

static void test_a_link_that_is_swapped(void)
{
    tail_rig_init(&rig);
    temp_tree_dir(&rig.tree, "pods/a");
    temp_tree_dir(&rig.tree, "pods/b");
    temp_tree_dir(&rig.tree, "logs");
    tail_append("pods/a/0.log", "a0\n");
    tail_append("pods/b/0.log", "b0\n");
    CHECK_EQ(symlink("../pods/a/0.log", "logs/x.log"), 0);
    tail_rig_start(&rig, "logs/*.log");
    CHECK_STR(tail_drain(&rig), "a0\n");
    tail_append("pods/a/0.log", "a1\n");
    CHECK_STR(tail_drain(&rig), "a1\n");
    tail_move("pods/a/0.log", "pods/a/0.log.1"); /* rotated where it is */
    tail_append("pods/a/0.log", "a2\n");
    CHECK_STR(tail_drain(&rig), "a2\n");
    CHECK_EQ(symlink("../pods/b/0.log", "logs/new"), 0);
    tail_append("pods/a/0.log", "a3\n");
    tail_move("logs/new", "logs/x.log");
    CHECK_STR(tail_drain(&rig), "a3\nb0\n");
    tail_append("pods/b/0.log", "b1\n");
    CHECK_STR(tail_drain(&rig), "b1\n");
    tail_rig_fini(&rig);
}

/* A link in the middle of the path: current -> releases/1. */
static void test_a_directory_link_that_is_swapped(void)
{
    tail_rig_init(&rig);
    temp_tree_dir(&rig.tree, "releases/1");
    temp_tree_dir(&rig.tree, "releases/2");
    tail_append("releases/1/x.log", "one\n");
    tail_append("releases/2/x.log", "two\n");
    CHECK_EQ(symlink("releases/1", "current"), 0);
    tail_rig_start(&rig, "current/x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    CHECK_EQ(symlink("releases/2", "new"), 0);
    tail_move("new", "current");
    CHECK_STR(tail_drain(&rig), "two\n");
    tail_append("releases/2/x.log", "three\n");
    CHECK_STR(tail_drain(&rig), "three\n");
    tail_rig_fini(&rig);
}

static void test_directories_that_come_later(void)
{
    tail_rig_init(&rig);
    tail_rig_start(&rig, "a/b/x.log");
    CHECK_STR(tail_drain(&rig), "");
    temp_tree_dir(&rig.tree, "a");
    CHECK_STR(tail_drain(&rig), "");
    temp_tree_dir(&rig.tree, "a/b");
    tail_append("a/b/x.log", "one\n");
    CHECK_STR(tail_drain(&rig), "one\n");
    CHECK_EQ(unlink("a/b/x.log"), 0);
    CHECK_EQ(rmdir("a/b"), 0);
    CHECK_EQ(rmdir("a"), 0);
    CHECK_STR(tail_drain(&rig), "");
    temp_tree_dir(&rig.tree, "a/b");
    tail_append("a/b/x.log", "two\n");
    CHECK_STR(tail_drain(&rig), "two\n");
    tail_rig_fini(&rig);
}

static void test_directories_below_a_pattern(void)
{
    tail_rig_init(&rig);
    temp_tree_dir(&rig.tree, "a/b");
    tail_append("a/b/x.log", "one\n");
    tail_rig_start(&rig, "**/*.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    temp_tree_dir(&rig.tree, "c/d/e");
    tail_append("c/d/e/y.log", "two\n");
    CHECK_STR(tail_drain(&rig), "two\n");
    tail_append("c/d/e/y.log", "three\n");
    CHECK_STR(tail_drain(&rig), "three\n");
    tail_rig_fini(&rig);
}

/* A directory becomes readable. Who is root may read all: then there is nothing to see. */
static void test_permission_that_is_granted_later(void)
{
    if (geteuid() == 0) {
        printf("   (skipped: root may read anything)\n");
        CHECK(true);
        return;
    }
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    CHECK_EQ(chmod("x.log", 0), 0);
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "");
    CHECK(rig.notes != NULL && strstr(rig.notes, "x.log: Permission denied") != NULL);
    CHECK_EQ(chmod("x.log", 0644), 0);
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_rig_fini(&rig);
}

/* --- restart ---------------------------------------------------------------------------------------------- */

static void test_a_restart_goes_on_where_it_was(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\nha");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "lf\n");
    tail_rig_restart(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "half\n");
    tail_rig_fini(&rig);
}

static void test_rotations_while_nobody_looked(void)
{
    tail_rig_init(&rig);
    tail_append("x.log.9", "too old\n");
    tail_changed("x.log.9", -10);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\n");
    tail_rig_restart(&rig, "x.log"); /* hasn't looked yet */
    tail_move("x.log", "x.log.3");
    tail_append("x.log.2", "three\n");
    tail_changed("x.log.2", 1);
    tail_append("x.log.1", "four\n");
    tail_changed("x.log.1", 2);
    tail_append("x.log", "five\n");
    CHECK_STR(tail_drain(&rig), "two\nthree\nfour\nfive\n");
    tail_rig_restart(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "");
    tail_rig_fini(&rig);
}

static void test_copytruncates_while_nobody_looked(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\n");
    tail_rig_restart(&rig, "x.log");
    tail_copytruncate("x.log", "x.log.2");
    tail_changed("x.log.2", 1);
    tail_append("x.log", "three\n");
    tail_copytruncate("x.log", "x.log.1");
    tail_changed("x.log.1", 2);
    tail_append("x.log", "four\n");
    CHECK_STR(tail_drain(&rig), "two\nthree\nfour\n");
    tail_rig_restart(&rig, "x.log");
    tail_move("x.log.2", "x.log.3");
    tail_move("x.log.1", "x.log.2");
    tail_append("x.log", "five\n");
    CHECK_STR(tail_drain(&rig), "five\n");
    tail_rig_fini(&rig);
}

/* A codec for tests: a gzip magic number, and the content behind it. */
static int unpack(void *arg, int fd, uint64_t skip, int to_fd, weir_tail_unpacked *ret_unpacked)
{
    (void)arg;
    char bytes[4096];
    const ssize_t got = pread(fd, bytes, sizeof bytes, 3);
    if (got < 0)
        return -errno;
    ret_unpacked->head_size = (size_t)got < WEIR_TAIL_HEAD_BYTES ? (size_t)got : WEIR_TAIL_HEAD_BYTES;
    memcpy(ret_unpacked->head, bytes, ret_unpacked->head_size);
    ret_unpacked->size = (uint64_t)got;
    if (to_fd >= 0 && (size_t)got > skip)
        CHECK_EQ(write(to_fd, bytes + skip, (size_t)got - skip), (ssize_t)((size_t)got - skip));
    return 0;
}

/* As gzip does: under another name, with the same time, and the file is gone. */
static void compress_file(const char *path)
{
    char packed[64], text[4096] = "\x1f\x8b\x08";
    struct stat meta;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, text + 3, sizeof text - 4) > 0 && fstat(fd, &meta) == 0);
    CHECK_EQ(close(fd), 0);
    snprintf(packed, sizeof packed, "%s.gz", path);
    tail_append(packed, text);
    const struct timespec times[2] = { meta.st_mtim, meta.st_mtim };
    CHECK_EQ(utimensat(AT_FDCWD, packed, times, 0), 0);
    CHECK_EQ(unlink(path), 0);
}

static void test_the_rest_of_a_file_that_was_compressed(void)
{
    tail_rig_init(&rig);
    rig.options.unpack = unpack;
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log*"); /* which matches compressed files, too */
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\nthree\n");
    tail_rig_restart(&rig, "x.log*");
    tail_move("x.log", "x.log.2");
    compress_file("x.log.2");
    tail_append("x.log.1", "four\n");
    tail_changed("x.log.1", 1);
    compress_file("x.log.1");
    tail_append("x.log", "five\n");
    CHECK_STR(tail_drain(&rig), "two\nthree\nfour\nfive\n");
    tail_rig_restart(&rig, "x.log*");
    CHECK_STR(tail_drain(&rig), "");
    tail_rig_fini(&rig);
}

static void test_compressed_files_are_no_text(void)
{
    tail_rig_init(&rig);
    tail_append("x.log", "one\n");
    compress_file("x.log");
    tail_append("y.log", "two\n");
    tail_rig_start(&rig, "*");
    CHECK_STR(tail_drain(&rig), "two\n");
    tail_append("y.log.1", "\x28\xb5\x2f\xfd and so on\n");
    CHECK_STR(tail_drain(&rig), "");
    tail_rig_fini(&rig);
}

/* --- many files, and what the kernel forgets -------------------------------------------------------------- */

static void test_ten_thousand_files_with_few_descriptors(void)
{
    const struct rlimit few = { 256, 256 };
    struct rlimit before;
    char name[32], line[32];
    tail_rig_init(&rig);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "%05d.log", i);
        tail_append(name, "one\n");
    }
    const struct rlimit limit = { few.rlim_cur, before.rlim_max };
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    tail_rig_start(&rig, "*.log");
    CHECK_EQ(strlen(tail_drain(&rig)), 40000);
    for (int round = 0; round < 3; round++) {
        for (int i = round; i < 10000; i += 7) {
            snprintf(name, sizeof name, "%05d.log", i);
            snprintf(line, sizeof line, "%05d\n", i);
            tail_append(name, line);
        }
        const char *text = tail_drain(&rig);
        CHECK_EQ(strlen(text), (size_t)((10000 - round + 6) / 7) * 6);
    }
    weir_tail_stats stats;
    weir_tail_stats_get(rig.tail, &stats);
    CHECK_EQ(stats.files, 10000);
    CHECK(stats.open <= 64);
    tail_rig_fini(&rig);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* A huge file doesn't keep the others waiting: they come after one buffer of it. */
static void test_a_huge_file_takes_turns_with_small_ones(void)
{
    tail_rig_init(&rig);
    for (int i = 0; i < 1000; i++)
        tail_append("huge.log", "0123456789012345678901234567890123456789012345678901234567890123456789012345678\n");
    tail_append("small.log", "small\n");
    tail_rig_start(&rig, "*.log");
    const char *at = strstr(tail_drain(&rig), "small\n");
    CHECK(at != NULL && at - rig.text <= 4096);
    CHECK_EQ(rig.size, 80006);
    tail_rig_fini(&rig);
}

static void test_a_line_without_newline_after_a_while(void)
{
    tail_rig_init(&rig);
    rig.options.flush_ns = 1;
    tail_rig_start(&rig, "x.log");
    tail_append("x.log", "one\nprompt> ");
    char all[64] = "";
    for (int i = 0; i < 5; i++)
        strcat(all, tail_drain(&rig));
    CHECK_STR(all, "one\nprompt> ");
    tail_append("x.log", "typed\n");
    CHECK_STR(tail_drain(&rig), "typed\n");
    tail_rig_fini(&rig);
}

static void test_what_was_saved_is_looked_at_before_it_is_used(void)
{
    char bytes[128] = { 0 };
    tail_rig_init(&rig);
    tail_rig_start(&rig, "x.log");
    weir_tail_position position = { .path = "/x.log", .identity = bytes };
    for (position.identity_size = 0; position.identity_size < sizeof bytes; position.identity_size++)
        CHECK_EQ(weir_tail_load(rig.tail, &position), -EBADMSG);
    position.identity = NULL;
    position.path = "x.log";
    CHECK_EQ(weir_tail_load(rig.tail, &position), -EBADMSG);
    tail_rig_fini(&rig);
}

/* As `weir state rewind` has it: whichever file has the path, from there. */
static void test_a_position_without_identity_is_of_the_path(void)
{
    char path[512];
    tail_rig_init(&rig);
    tail_append("x.log.1", "old\n");
    tail_append("x.log", "one\ntwo\n");
    tail_rig_open(&rig, "x.log");
    snprintf(path, sizeof path, "%s/x.log", rig.tree.path);
    const weir_tail_position position = { .path = path, .offset = 4 };
    CHECK_EQ(weir_tail_load(rig.tail, &position), 0);
    CHECK_STR(tail_drain(&rig), "two\n");
    tail_rig_fini(&rig);
}

/* A name that looks like a rotated one's, and matches: a file of its own, unless it is a copy. */
static void test_files_that_are_called_like_rotated_ones(void)
{
    tail_rig_init(&rig);
    tail_append("worker.log", "one\n");
    tail_append("worker-1.log", "two\n");
    tail_rig_start(&rig, "worker*");
    CHECK_EQ(strlen(tail_drain(&rig)), 8);
    tail_append("worker-2.log", "");
    CHECK_STR(tail_drain(&rig), "");
    tail_append("worker.log", "three\n");
    CHECK_STR(tail_drain(&rig), "three\n");
    tail_append("worker-2.log", "four\n");
    CHECK_STR(tail_drain(&rig), "four\n");
    tail_append("worker.log", "five\n");
    tail_copy("worker.log", "worker.log.1"); /* the first half of a copytruncate */
    CHECK_STR(tail_drain(&rig), "five\n");
    CHECK_EQ(truncate("worker.log", 0), 0);
    tail_append("worker.log", "six\n");
    CHECK_STR(tail_drain(&rig), "six\n");
    tail_rig_fini(&rig);
}

int main(void)
{
    RUN(test_lines_follow_as_they_come);
    RUN(test_a_line_waits_for_its_newline);
    RUN(test_a_line_longer_than_the_buffer);
    RUN(test_start_at_the_end_gives_what_comes_later);
    RUN(test_rotation_by_rename);
    RUN(test_two_rotations_at_once);
    RUN(test_a_rotated_file_that_matches_is_not_read_again);
    RUN(test_copytruncate);
    RUN(test_copytruncate_before_all_was_read);
    RUN(test_copytruncate_of_a_file_that_nobody_has_read_yet);
    RUN(test_copytruncate_and_rename_while_nobody_looked);
    RUN(test_a_file_that_was_cut_and_has_grown_beyond);
    RUN(test_a_file_deleted_and_made_again);
    RUN(test_a_file_with_the_same_inode_after_a_restart);
    RUN(test_a_deleted_file_is_read_to_its_end);
    RUN(test_a_link_that_is_swapped);
    RUN(test_a_directory_link_that_is_swapped);
    RUN(test_directories_that_come_later);
    RUN(test_directories_below_a_pattern);
    RUN(test_permission_that_is_granted_later);
    RUN(test_a_restart_goes_on_where_it_was);
    RUN(test_rotations_while_nobody_looked);
    RUN(test_copytruncates_while_nobody_looked);
    RUN(test_the_rest_of_a_file_that_was_compressed);
    RUN(test_compressed_files_are_no_text);
    RUN(test_ten_thousand_files_with_few_descriptors);
    RUN(test_a_huge_file_takes_turns_with_small_ones);
    RUN(test_a_line_without_newline_after_a_while);
    RUN(test_what_was_saved_is_looked_at_before_it_is_used);
    RUN(test_a_position_without_identity_is_of_the_path);
    RUN(test_files_that_are_called_like_rotated_ones);
    return check_done();
}
