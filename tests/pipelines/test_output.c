/*
 * test_output.c - a file that appears whole or not at all, on file systems that know files without names and on others.
 * WRAPS: openat fsync
 */
#include "output_at.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "io_rig.h"
#include "temp_tree.h"

static bool without_tmpfile;
static int sync_error;

int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_fsync(int fd);

int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = (mode_t)va_arg(args, int);
    va_end(args);
    if (without_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return __real_openat(dir_fd, path, flags, mode);
}

int __wrap_fsync(int fd)
{
    (void)fd;
    errno = sync_error;
    return sync_error == 0 ? 0 : -1;
}

static struct temp_tree tree;

static void write_some(weir_output *output, const char *text)
{
    CHECK_EQ(pwrite(output->fd, text, strlen(text), (off_t)output->offset), strlen(text));
    output->offset += strlen(text);
}

static unsigned count_names(void)
{
    unsigned count = 0;
    DIR *dir = opendir(tree.path);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

static void expect_text(const char *path, const char *wanted)
{
    char text[64] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, text, sizeof text - 1) >= 0);
    close(fd);
    CHECK_STR(text, wanted);
}

/* Run for both kinds of file systems, in an empty directory that is the working one. */
static void for_both(void (*run)(void))
{
    for (int i = 0; i < 2; i++) {
        const unsigned fds = io_rig_open_fds();
        without_tmpfile = i == 1;
        temp_tree_init(&tree);
        CHECK_EQ(chdir(tree.path), 0);
        run();
        CHECK_EQ(chdir("/"), 0);
        temp_tree_fini(&tree);
        CHECK_EQ(io_rig_open_fds(), fds);
    }
    without_tmpfile = false;
}

static void appear(void)
{
    weir_output output;
    CHECK_EQ(weir_output_open(&output, "new"), 0);
    write_some(&output, "all of it");
    CHECK(access("new", F_OK) < 0);
    CHECK_EQ(count_names(), without_tmpfile ? 1 : 0);
    CHECK_EQ(weir_output_commit(&output), 0);
    expect_text("new", "all of it");
    CHECK_EQ(count_names(), 1);
    CHECK_EQ(weir_output_commit(&output), 0); /* again: nothing to do */
    weir_output_discard(&output);
    expect_text("new", "all of it");
}

static void test_it_appears_with_the_commit(void)
{
    for_both(appear);
}

static void replace(void)
{
    weir_output output;
    temp_tree_file(&tree, "there", "old");
    char path[sizeof tree.path + 8];
    snprintf(path, sizeof path, "%s/there", tree.path);
    CHECK_EQ(weir_output_open(&output, path), 0);
    write_some(&output, "new");
    expect_text("there", "old");
    CHECK_EQ(weir_output_commit(&output), 0);
    expect_text("there", "new");
    CHECK_EQ(count_names(), 1);
    weir_output_discard(&output);
}

static void test_what_was_there_is_replaced_at_once(void)
{
    for_both(replace);
}

static void leave(void)
{
    weir_output output;
    CHECK_EQ(weir_output_open(&output, "new"), 0);
    write_some(&output, "half");
    wp_output_withdraw(&output);
    CHECK_EQ(count_names(), 0);
    write_some(&output, "a write that was under way");
    weir_output_discard(&output);
    weir_output_discard(&output);
    CHECK_EQ(count_names(), 0);
}

static void test_what_is_not_committed_leaves_nothing(void)
{
    for_both(leave);
}

static void fail_to_commit(void)
{
    weir_output output;
    CHECK_EQ(weir_output_open(&output, "new"), 0);
    sync_error = EIO;
    CHECK_EQ(weir_output_commit(&output), -EIO);
    sync_error = 0;
    weir_output_discard(&output);
    CHECK_EQ(count_names(), 0);

    CHECK_EQ(weir_output_open(&output, "dir"), 0); /* a directory comes in its way */
    temp_tree_file(&tree, "dir/file", "");
    CHECK(weir_output_commit(&output) < 0);
    weir_output_discard(&output);
    CHECK_EQ(count_names(), 1);
    CHECK_EQ(weir_output_open(&output, "no/such/dir"), -ENOENT);
}

static void test_a_commit_that_fails_leaves_nothing(void)
{
    for_both(fail_to_commit);
}

/* It can't be replaced, and must not be. */
static void test_what_is_no_regular_file_is_a_stream(void)
{
    weir_output output;
    CHECK_EQ(weir_output_open(&output, "/dev/null"), 0);
    CHECK(output.offset == UINT64_MAX && output.path == NULL);
    CHECK_EQ(weir_output_commit(&output), 0);
    weir_output_discard(&output);
    CHECK_EQ(weir_output_open(&output, NULL), 0);
    CHECK_EQ(output.fd, STDOUT_FILENO);
    weir_output_discard(&output);
    CHECK(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
}

static void replace_linked(void)
{
    struct stat meta;
    const int fd = open("old", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && weir_write_all(fd, "what was there", 14) == 0 && fchmod(fd, 04751) == 0);
    close(fd);
    CHECK_EQ(symlink("old", "link"), 0);
    CHECK_EQ(weir_output_replace("link", "new", 3), 0);
    expect_text("old", "new");
    CHECK(lstat("link", &meta) == 0 && S_ISLNK(meta.st_mode));
    CHECK(stat("old", &meta) == 0 && (meta.st_mode & 07777) == 04751);
    sync_error = EIO;
    CHECK_EQ(weir_output_replace("old", "half", 4), -EIO);
    sync_error = 0;
    expect_text("old", "new");
    CHECK_EQ(count_names(), 2);
}

static void test_what_a_link_leads_to_is_replaced_and_keeps_its_mode(void)
{
    for_both(replace_linked);
}

static void test_only_a_plain_file_is_replaced(void)
{
    CHECK_EQ(weir_output_replace("/dev/null", "x", 1), -EINVAL);
    CHECK_EQ(weir_output_replace("/no/such/file", "x", 1), -ENOENT);
}

int main(void)
{
    RUN(test_it_appears_with_the_commit);
    RUN(test_what_was_there_is_replaced_at_once);
    RUN(test_what_is_not_committed_leaves_nothing);
    RUN(test_a_commit_that_fails_leaves_nothing);
    RUN(test_what_is_no_regular_file_is_a_stream);
    RUN(test_what_a_link_leads_to_is_replaced_and_keeps_its_mode);
    RUN(test_only_a_plain_file_is_replaced);
    return check_done();
}
