/* test_walk_strange.c - links, loops, FIFOs, locked doors, and what changes under the walk's feet. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "temp_tree.h"
#include "walk_all.h"

static struct temp_tree tree;
static const weir_walk_rules no_rules;

static void make_links(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "a/file", "content");
    temp_tree_link(&tree, "a/up", "..");
    temp_tree_link(&tree, "dangling", "nowhere");
    temp_tree_link(&tree, "link", "a/file");
    temp_tree_link(&tree, "self", "self");
    temp_tree_link(&tree, "to_a", "a");
    temp_tree_link(&tree, "special", "/dev/null");
}

static void test_links_are_not_followed_by_default(void)
{
    make_links();
    struct walked walked;
    walk_all(&walked, &no_rules, tree.path);
    walked_expect(&walked, "a/file");
    CHECK_EQ(walked.note_count, 0);
    walked_fini(&walked);
    struct opened opened;
    opened_init(&opened, &no_rules, &tree);
    CHECK_EQ(opened.dir->links_skipped, 5);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

/* With follow a link is what it points to; what points to its own ancestor is told, not entered. */
static void test_follow_enters_links_and_reports_loops(void)
{
    make_links();
    struct walked walked;
    walk_all(&walked, &(weir_walk_rules){ .follow = true }, tree.path);
    walked_expect(&walked, "a/file link to_a/file");
    CHECK_EQ(walked.note_count, 5);
    CHECK(walked_find_note(&walked, WEIR_NOTE_LOOP, "a/up") != NULL);
    CHECK(walked_find_note(&walked, WEIR_NOTE_LOOP, "to_a/up") != NULL);
    CHECK(walked_find_note(&walked, WEIR_NOTE_LOOP, "self") != NULL);
    CHECK(walked_find_note(&walked, WEIR_NOTE_DANGLING, "dangling") != NULL);
    CHECK(walked_find_note(&walked, WEIR_NOTE_SPECIAL_SKIPPED, "special") != NULL);
    walked_fini(&walked);

    struct opened opened;
    struct stat stat;
    opened_init(&opened, &(weir_walk_rules){ .follow = true }, &tree);
    const weir_entry *const link = find_entry(opened.dir, "link");
    CHECK(link != NULL && link->kind == WEIR_ENTRY_FILE && (link->flags & WEIR_ENTRY_LINK) != 0);
    CHECK((weir_entry_open_flags(link) & O_NOFOLLOW) == 0);
    CHECK(fstatat(tree.fd, "a/file", &stat, 0) == 0 && link->ino == stat.st_ino);
    const int fd = weir_dir_open_file(opened.dir, link);
    char content[16] = "";
    CHECK_EQ(read(fd, content, sizeof content), 7);
    close(fd);
    CHECK((weir_entry_open_flags(find_entry(opened.dir, "a")) & O_NOFOLLOW) != 0);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

/* What the rules leave out is not worth a word. */
static void test_excluded_oddities_are_not_told(void)
{
    make_links();
    temp_tree_fifo(&tree, "fifo");
    struct walked walked;
    const char *const exclude[] = { "dang*", "s*", "fifo", "up" };
    walk_all(&walked, &(weir_walk_rules){ .follow = true, .exclude = exclude, .exclude_count = 4 }, tree.path);
    walked_expect(&walked, "a/file link to_a/file");
    CHECK_EQ(walked.note_count, 0);
    walked_fini(&walked);
    temp_tree_fini(&tree);
}

/* Opening a FIFO would hang for ever, a device may do anything: neither is even touched. */
static void test_fifos_sockets_and_devices_are_skipped_with_a_word(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "d/file", "");
    temp_tree_fifo(&tree, "d/fifo");
    const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "d/sock" };
    const int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(fchdir(tree.fd), 0);
    CHECK_EQ(bind(sock, (const struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(chdir("/"), 0);
    const bool device = mknodat(tree.fd, "d/null", S_IFCHR | 0666, 0x103) == 0;
    if (!device)
        printf("skipped: no right to make a device here\n");

    struct walked walked;
    walk_all(&walked, &no_rules, tree.path);
    walked_expect(&walked, "d/file");
    CHECK_EQ(walked.note_count, 2u + device);
    CHECK(walked_find_note(&walked, WEIR_NOTE_SPECIAL_SKIPPED, "d/fifo") != NULL);
    CHECK(walked_find_note(&walked, WEIR_NOTE_SPECIAL_SKIPPED, "d/sock") != NULL);
    CHECK(!device || walked_find_note(&walked, WEIR_NOTE_SPECIAL_SKIPPED, "d/null") != NULL);
    walked_fini(&walked);
    close(sock);
    temp_tree_fini(&tree);
}

/* As a child that is not root: root may read all. */
static int walk_unreadable(void)
{
    if (geteuid() == 0 && (setegid(65534) < 0 || seteuid(65534) < 0))
        return 77;
    struct walked walked;
    walk_all(&walked, &no_rules, tree.path);
    walked_expect(&walked, "a z");
    CHECK_EQ(walked.note_count, 1);
    const struct walked_note *const note = walked_find_note(&walked, WEIR_NOTE_UNREADABLE, "locked");
    CHECK(note != NULL && note->error == -EACCES);
    walked_fini(&walked);

    /* The root itself: its path as the user wrote it. */
    char path[512];
    snprintf(path, sizeof path, "%s/locked", tree.path);
    walk_all(&walked, &no_rules, path);
    CHECK_EQ(walked.note_count, 1);
    CHECK(walked_find_note(&walked, WEIR_NOTE_UNREADABLE, ".") != NULL);
    walked_fini(&walked);
    return 0;
}

static void test_an_unreadable_directory_is_told_and_the_walk_goes_on(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "a", "");
    temp_tree_file(&tree, "locked/in", "");
    temp_tree_file(&tree, "z", "");
    CHECK_EQ(fchmod(tree.fd, 0755), 0);
    CHECK_EQ(fchmodat(tree.fd, "locked", 0, 0), 0);
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        _exit(walk_unreadable());
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        printf("skipped: can't become another user here\n");
    else
        CHECK_EQ(WEXITSTATUS(status), 0);
    temp_tree_fini(&tree);
}

/* The classic way out of a tree: a directory becomes a link between listing and opening. */
static void test_a_directory_swapped_for_a_link_is_an_error(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "victim/secret", "");
    temp_tree_dir(&tree, "d");
    temp_tree_file(&tree, "f", "");
    temp_tree_file(&tree, "p", "");
    struct opened opened;
    opened_init(&opened, &(weir_walk_rules){ .follow = true }, &tree);
    weir_walk_node *const node = child_of(opened.dir, "d");
    CHECK_EQ(unlinkat(tree.fd, "d", AT_REMOVEDIR), 0);
    temp_tree_link(&tree, "d", "victim");
    weir_dir *dir = NULL;
    CHECK_EQ(weir_dir_read(node, opened.dir->fd, &dir), -ENOTDIR);
    CHECK(dir == NULL && was_told(&opened, WEIR_NOTE_SWAPPED, "d"));
    weir_walk_node_put(node);

    /* Files too: a link is not followed, a FIFO doesn't hang. */
    CHECK_EQ(unlinkat(tree.fd, "f", 0), 0);
    temp_tree_link(&tree, "f", "victim/secret");
    CHECK_EQ(unlinkat(tree.fd, "p", 0), 0);
    temp_tree_fifo(&tree, "p");
    CHECK_EQ(weir_dir_open_file(opened.dir, find_entry(opened.dir, "f")), -ELOOP);
    CHECK_EQ(weir_dir_open_file(opened.dir, find_entry(opened.dir, "p")), -ESTALE);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

static void test_a_vanished_directory_is_told_as_such(void)
{
    temp_tree_init(&tree);
    temp_tree_dir(&tree, "d");
    temp_tree_file(&tree, "f", "");
    struct opened opened;
    opened_init(&opened, &no_rules, &tree);
    weir_walk_node *const node = child_of(opened.dir, "d");
    CHECK_EQ(unlinkat(tree.fd, "d", AT_REMOVEDIR), 0);
    CHECK_EQ(unlinkat(tree.fd, "f", 0), 0);
    weir_dir *dir;
    CHECK_EQ(weir_dir_read(node, opened.dir->fd, &dir), -ENOENT);
    CHECK(was_told(&opened, WEIR_NOTE_VANISHED, "d"));
    CHECK_EQ(weir_dir_open_file(opened.dir, find_entry(opened.dir, "f")), -ENOENT);
    weir_walk_tell_error(opened.dir->node, "f", 1, -ENOENT);
    CHECK(walked_find_note(&opened.told, WEIR_NOTE_VANISHED, "f") != NULL);
    weir_walk_node_put(node);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_links_are_not_followed_by_default);
    RUN(test_follow_enters_links_and_reports_loops);
    RUN(test_excluded_oddities_are_not_told);
    RUN(test_fifos_sockets_and_devices_are_skipped_with_a_word);
    RUN(test_an_unreadable_directory_is_told_and_the_walk_goes_on);
    RUN(test_a_directory_swapped_for_a_link_is_an_error);
    RUN(test_a_vanished_directory_is_told_as_such);
    return check_done();
}
