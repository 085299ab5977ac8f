/*
 * test_walk_hostile.c - a kernel that lists what no honest one does, and memory that runs out anywhere.
 * WRAPS: malloc calloc realloc aligned_alloc posix_memalign free mmap munmap pthread_create
 * WRAPS: strdup strndup realpath asprintf
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "fail_alloc.h"
#include "temp_tree.h"
#include "walk_all.h"

static struct temp_tree tree;
static const weir_walk_rules no_rules;

/* What the next listings give; the library's calls come here. */
static struct {
    const char *const *names; /* NULL-terminated; instead of the real ones */
    unsigned char type;
    bool types_unknown; /* the real ones, as file systems without d_type give them */
    int error;          /* at the end */
    bool listed;
} kernel;

ssize_t getdents64(int fd, void *buffer, size_t size)
{
    if (kernel.names == NULL && !kernel.types_unknown && kernel.error == 0)
        return syscall(SYS_getdents64, fd, buffer, size);
    size_t len = 0;
    if (kernel.types_unknown) {
        const ssize_t got = syscall(SYS_getdents64, fd, buffer, size);
        for (ssize_t at = 0; at < got; at += ((struct dirent64 *)((char *)buffer + at))->d_reclen)
            ((struct dirent64 *)((char *)buffer + at))->d_type = DT_UNKNOWN;
        return got;
    }
    for (const char *const *name = kernel.names; !kernel.listed && name != NULL && *name != NULL; name++) {
        struct dirent64 *const dirent = (struct dirent64 *)((char *)buffer + len);
        const size_t reclen = (offsetof(struct dirent64, d_name) + strlen(*name) + 8) / 8 * 8;
        dirent->d_ino = len + 1;
        dirent->d_reclen = (unsigned short)reclen;
        dirent->d_type = kernel.type;
        strcpy(dirent->d_name, *name);
        len += reclen;
    }
    kernel.listed = true;
    if (len > 0 || kernel.error == 0)
        return (ssize_t)len;
    errno = kernel.error;
    return -1;
}

static void reset_kernel(void)
{
    memset(&kernel, 0, sizeof kernel);
}

/* A name that leads somewhere is the way out of the tree; one without bytes is the directory itself. */
static void test_names_that_are_paths_are_refused(void)
{
    temp_tree_init(&tree);
    const char *const names[] = { "ok", "../out", "a/b", "", "/etc", ".", "..", "...", NULL };
    kernel.names = names;
    kernel.type = DT_REG;
    struct walked walked;
    walk_all(&walked, &no_rules, tree.path);
    walked_expect(&walked, "... ok");
    CHECK_EQ(walked.note_count, 4);
    for (size_t i = 0; i < walked.note_count; i++)
        CHECK(walked.notes[i].kind == WEIR_NOTE_UNREADABLE && walked.notes[i].error == -EIO);
    CHECK(walked_find_note(&walked, WEIR_NOTE_UNREADABLE, "../out") != NULL);
    walked_fini(&walked);
    reset_kernel();
    temp_tree_fini(&tree);
}

/* What was listed before a bad block is not thrown away, and the rest is not passed over in silence. */
static void test_a_listing_that_breaks_off_keeps_what_it_gave(void)
{
    temp_tree_init(&tree);
    const char *const names[] = { "b", "a", NULL };
    kernel.names = names;
    kernel.type = DT_REG;
    kernel.error = EIO;
    struct opened opened;
    opened_init(&opened, &no_rules, &tree);
    CHECK_EQ(opened.dir->count, 2);
    CHECK_EQ(opened.dir->error, -EIO);
    CHECK(was_told(&opened, WEIR_NOTE_UNREADABLE, "."));
    reset_kernel();

    weir_dir *dir = NULL;
    kernel.error = EIO;
    CHECK_EQ(weir_dir_read(opened.dir->node, -1, &dir), -EIO);
    CHECK_EQ(opened.told.note_count, 2);
    kernel.error = ENOENT; /* removed after it was opened */
    CHECK_EQ(weir_dir_read(opened.dir->node, -1, &dir), -ENOENT);
    CHECK(walked_find_note(&opened.told, WEIR_NOTE_VANISHED, ".") != NULL);
    CHECK(dir == NULL);
    reset_kernel();
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

static void make_mixed_tree(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "a/file", "x");
    temp_tree_file(&tree, ".gitignore", "*.o\n/dirs/\n");
    temp_tree_file(&tree, "b.o", "");
    temp_tree_file(&tree, "dirs/x", "");
    temp_tree_fifo(&tree, "fifo");
    temp_tree_link(&tree, "link", "a");
    temp_tree_link(&tree, "link_to_file", "a/file");
    temp_tree_link(&tree, "nowhere", "none");
}

/* Some file systems don't say what an entry is: the same comes out, by asking for each. */
static void test_unknown_types_are_looked_up(void)
{
    make_mixed_tree();
    for (unsigned follow = 0; follow < 2; follow++) {
        for (unsigned unknown = 0; unknown < 2; unknown++) {
            kernel.types_unknown = unknown != 0;
            struct walked walked;
            walk_all(&walked, &(weir_walk_rules){ .follow = follow != 0, .gitignore = true, .size_min = 1 }, tree.path);
            walked_expect(&walked, follow ? ".gitignore a/file link/file link_to_file" : ".gitignore a/file");
            CHECK_EQ(walked.note_count, 1 + follow);
            CHECK(walked_find_note(&walked, WEIR_NOTE_SPECIAL_SKIPPED, "fifo") != NULL);
            CHECK(!follow || walked_find_note(&walked, WEIR_NOTE_DANGLING, "nowhere") != NULL);
            walked_fini(&walked);
            struct opened opened;
            opened_init(&opened, &(weir_walk_rules){ .follow = follow != 0 }, &tree);
            CHECK_EQ(opened.dir->links_skipped, follow ? 0 : 3);
            opened_fini(&opened);
        }
    }
    reset_kernel();
    temp_tree_fini(&tree);
}

/* Listed, and gone or another thing when it is looked at. */
static void test_what_a_listing_claims_need_not_be_there(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "file", "");
    temp_tree_fifo(&tree, "fifo");
    temp_tree_file(&tree, "twin", "");
    const char *const names[] = { "file", "fifo", "gone", "twin", "twin", NULL };
    kernel.names = names;
    kernel.type = DT_UNKNOWN;
    struct walked walked;
    walk_all(&walked, &no_rules, tree.path);
    walked_expect(&walked, "file twin twin");
    CHECK_EQ(walked.note_count, 2);
    CHECK(walked_find_note(&walked, WEIR_NOTE_VANISHED, "gone") != NULL);
    walked_fini(&walked);

    kernel.listed = false;
    kernel.type = DT_REG;
    walk_all(&walked, &(weir_walk_rules){ .meta = true }, tree.path);
    walked_expect(&walked, "file twin twin");
    CHECK_EQ(walked.note_count, 2);
    CHECK(walked_find_note(&walked, WEIR_NOTE_SWAPPED, "fifo") != NULL);
    CHECK(walked_find_note(&walked, WEIR_NOTE_VANISHED, "gone") != NULL);
    walked_fini(&walked);

    kernel.listed = false;
    kernel.type = DT_DIR;
    walk_all(&walked, &no_rules, tree.path);
    walked_expect(&walked, "");
    CHECK_EQ(walked.note_count, 5);
    CHECK(walked_find_note(&walked, WEIR_NOTE_SWAPPED, "file") != NULL);
    CHECK(walked_find_note(&walked, WEIR_NOTE_VANISHED, "gone") != NULL);
    walked_fini(&walked);
    reset_kernel();
    temp_tree_fini(&tree);
}

static unsigned notes;
static void count_note(void *arg, weir_note_kind kind, const char *path, size_t len, int error)
{
    (void)arg, (void)kind, (void)path, (void)len, (void)error;
    notes++;
}

/* Create, root, read, child, read, the way back. 0 or the first -ENOMEM; all else is a failure. */
static int walk_some(void)
{
    const weir_walk_rules rules = { .match = (const char *[]){ "**/*[a-z]*", "{x,y}/" },
                                    .match_count = 2,
                                    .exclude = (const char *[]){ "none" },
                                    .exclude_count = 1,
                                    .gitignore = true,
                                    .meta = true };
    weir_walk *walk = NULL;
    weir_root root = { 0 };
    weir_dir *dir = NULL, *child = NULL;
    weir_walk_node *node = NULL;
    int rc = weir_walk_create(&rules, count_note, NULL, &walk);
    if (rc == 0)
        rc = weir_walk_root(walk, tree.path, &root);
    if (rc == 0)
        rc = weir_dir_read(root.node, -1, &dir);
    if (rc == 0)
        rc = weir_walk_child(dir, find_entry(dir, "a"), &node);
    if (rc == 0)
        rc = weir_dir_read(node, -1, &child);
    if (rc == 0) {
        weir_dir_close_fd(child);
        rc = weir_dir_reopen_fd(child);
    }
    if (rc == 0 && weir_dir_by_inode(dir) == NULL)
        rc = -ENOMEM;
    if (rc == 0)
        rc = find_entry(child, "file") == NULL ? -ENOENT : 0;
    weir_dir_free(child);
    weir_dir_free(dir);
    weir_walk_node_put(node);
    weir_walk_node_put(root.node);
    weir_walk_destroy(walk);
    return rc;
}

/* Each allocation fails once: the answer is -ENOMEM, nothing leaks, and the next walk is a good one. */
static void *fail_each_allocation(void *arg)
{
    unsigned *const ret_failures = arg;
    const unsigned fds = count_fds();
    bool failed = true;
    for (long nth = 1; failed; nth++) {
        fail_alloc_arm(nth, false);
        const int rc = walk_some();
        failed = fail_alloc_disarm() >= nth;
        CHECK(rc == 0 || rc == -ENOMEM);
        CHECK_EQ(count_fds(), fds);
        *ret_failures += rc != 0;
    }
    /* The thread's own buffers are still there, and nothing that grows. */
    const size_t kept = fail_alloc_outstanding();
    CHECK_EQ(walk_some(), 0);
    CHECK_EQ(fail_alloc_outstanding(), kept);
    return NULL;
}

static void test_each_allocation_may_fail(void)
{
    make_mixed_tree();
    unlinkat(tree.fd, "fifo", 0);
    temp_tree_dir(&tree, ".git");
    temp_tree_file(&tree, "a/b/.gitignore", "x*[a-c]\n");
    unsigned failures = 0;
    const size_t before = fail_alloc_outstanding();
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, fail_each_allocation, &failures), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(fail_alloc_outstanding(), before); /* nor are the buffers, with the thread */
    CHECK(failures >= 20);
    CHECK_EQ(notes, 0);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_names_that_are_paths_are_refused);
    RUN(test_a_listing_that_breaks_off_keeps_what_it_gave);
    RUN(test_unknown_types_are_looked_up);
    RUN(test_what_a_listing_claims_need_not_be_there);
    RUN(test_each_allocation_may_fail);
    return check_done();
}
