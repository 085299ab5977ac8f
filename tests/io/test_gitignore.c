/* test_gitignore.c - .gitignore files mean here what they mean to git. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "gitignore.h"
#include "temp_tree.h"
#include "walk_all.h"

static bool is_ignored_by(const char *lines, const char *path, bool is_dir)
{
    struct gitignore *ignore = NULL;
    unsigned bad_lines = 0;
    CHECK_EQ(wi_gitignore_parse(lines, strlen(lines), &ignore, &bad_lines), 0);
    CHECK_EQ(bad_lines, 0);
    const char *const slash = strrchr(path, '/');
    const size_t base = slash == NULL ? 0 : (size_t)(slash + 1 - path);
    const bool ignored = wi_gitignore_ignores(ignore, path, strlen(path), base, is_dir);
    wi_gitignore_destroy(ignore);
    return ignored;
}

static bool ignores(const char *lines, const char *path)
{
    return is_ignored_by(lines, path, false);
}

/* gitignore(5), sentence by sentence. */
static void test_lines_are_read_as_the_manual_says(void)
{
    CHECK(!ignores("\n#x\n", "x") && !ignores("#x", "#x") && ignores("\\#x", "#x"));
    CHECK(ignores("x  ", "x") && ignores("x\\ ", "x ") && !ignores("x\\ ", "x") && ignores("x\t", "x\t"));
    CHECK(ignores("*.o\n!a.o", "b.o") && !ignores("*.o\n!a.o", "a.o") && ignores("!a.o\n*.o", "a.o"));
    CHECK(ignores("\\!x", "!x"));
    CHECK(ignores("x", "a/b/x") && ignores("/x", "x") && !ignores("/x", "a/x"));
    CHECK(ignores("a/x", "a/x") && !ignores("a/x", "b/a/x") && ignores("**/a/x", "b/a/x"));
    CHECK(!ignores("x/", "x") && is_ignored_by("x/", "x", true) && is_ignored_by("x/", "a/x", true));
    CHECK(is_ignored_by("/a/x/", "a/x", true) && !is_ignored_by("/a/x/", "b/a/x", true));
    CHECK(ignores("x\r\n", "x") && ignores("\xef\xbb\xbfx\n", "x") && ignores("x\r", "x"));
    CHECK(!ignores("/", "x") && !ignores("!", "!") && !ignores("", "x") && !ignores("x\\", "x\\"));
}

/* What a stranger's tree may hold instead of the file. */
static void test_only_a_regular_file_is_read(void)
{
    struct temp_tree tree;
    temp_tree_init(&tree);
    struct gitignore *ignore = NULL;
    CHECK_EQ(wi_gitignore_load(tree.fd, ".gitignore", NULL, &ignore), -ENOENT);
    temp_tree_fifo(&tree, "fifo");
    CHECK_EQ(wi_gitignore_load(tree.fd, "fifo", NULL, &ignore), -EINVAL);
    temp_tree_file(&tree, "real", "x\n");
    temp_tree_link(&tree, "link", "real");
    CHECK_EQ(wi_gitignore_load(tree.fd, "link", NULL, &ignore), -EINVAL);
    temp_tree_dir(&tree, "dir");
    CHECK_EQ(wi_gitignore_load(tree.fd, "dir", NULL, &ignore), -EINVAL);
    CHECK(ignore == NULL);
    CHECK_EQ(wi_gitignore_load(tree.fd, "real", NULL, &ignore), 0);
    CHECK(ignore != NULL && wi_gitignore_ignores(ignore, "x", 1, 0, false));
    wi_gitignore_destroy(ignore);
    temp_tree_fini(&tree);
}

/* The tree must not decide how much memory its ignore files take: the bound is for all that apply at once. */
static void test_ignore_files_have_a_limit_together(void)
{
    struct temp_tree tree;
    temp_tree_init(&tree);
    temp_tree_file(&tree, "huge", "");
    CHECK_EQ(truncate(strcat(strcpy((char[512]){ 0 }, tree.path), "/huge"), GITIGNORE_CHAIN_MAX + 1), 0);
    struct gitignore *ignore = NULL;
    CHECK_EQ(wi_gitignore_load(tree.fd, "huge", NULL, &ignore), -EFBIG);
    const struct gitignore outer = { .chain_bytes = GITIGNORE_CHAIN_MAX - 3 };
    temp_tree_file(&tree, "four", "a*b\n");
    temp_tree_file(&tree, "three", "a*b");
    CHECK_EQ(wi_gitignore_load(tree.fd, "four", &outer, &ignore), -EFBIG);
    CHECK_EQ(wi_gitignore_load(tree.fd, "three", &outer, &ignore), 0);
    CHECK(ignore != NULL && ignore->chain_bytes == GITIGNORE_CHAIN_MAX);
    wi_gitignore_destroy(ignore);
    temp_tree_fini(&tree);
}

/* A line too long to compile doesn't take the others with it, and doesn't go unsaid. */
static void test_a_bad_line_is_told_and_the_rest_holds(void)
{
    struct temp_tree tree;
    temp_tree_init(&tree);
    char *const lines = malloc(6000);
    memset(lines, '?', 5000);
    strcpy(lines + 5000, "\n*.o\n");
    temp_tree_file(&tree, ".gitignore", lines);
    temp_tree_file(&tree, "a.o", "");
    temp_tree_file(&tree, "a.c", "");
    free(lines);
    struct walked walked;
    walk_all(&walked, &(weir_walk_rules){ .gitignore = true }, tree.path);
    walked_expect(&walked, ".gitignore a.c");
    const struct walked_note *const note = walked_find_note(&walked, WEIR_NOTE_IGNORE_FILE, ".gitignore");
    CHECK(note != NULL && note->error == -E2BIG);
    walked_fini(&walked);
    temp_tree_fini(&tree);
}

/* Nearer files win, and what lies in an ignored directory stays out. */
static void test_nested_files_override_outer_ones(void)
{
    struct temp_tree tree;
    temp_tree_init(&tree);
    temp_tree_file(&tree, ".gitignore", "*.log\nbuild/\n/top\n");
    temp_tree_file(&tree, "a/.gitignore", "!keep.log\nb/only\n");
    temp_tree_file(&tree, "build/.gitignore", "!*\n");
    static const char *const files[] = { "x.log",    "a/x.log",    "a/keep.log",  "a/b/keep.log",
                                         "a/b/only", "a/c/b/only", "build/in",    "a/build/in",
                                         "top",      "a/top",      ".git/config", "a/.git" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        temp_tree_file(&tree, files[i], "");
    struct walked walked;
    walk_all(&walked, &(weir_walk_rules){ .gitignore = true }, tree.path);
    walked_expect(&walked, ".gitignore a/.gitignore a/b/keep.log a/c/b/only a/keep.log a/top");
    walked_fini(&walked);
    temp_tree_fini(&tree);
}

/* `files "repo/src" gitignore` obeys repo/.gitignore; what lies above repo is no part of it. */
static void test_a_root_inside_a_repository_obeys_the_files_above_it(void)
{
    struct temp_tree tree;
    temp_tree_init(&tree);
    temp_tree_file(&tree, ".gitignore", "*.c\n");
    temp_tree_dir(&tree, "repo/.git");
    temp_tree_file(&tree, "repo/.gitignore", "*.o\n/src/gen\nsub/deep/x\n");
    temp_tree_file(&tree, "repo/src/.gitignore", "/sub/y\n");
    static const char *const files[] = { "a.c", "a.o", "gen/a.c", "sub/gen/a.c", "sub/y", "sub/deep/x", "sub/deep/z" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64];
        snprintf(path, sizeof path, "repo/src/%s", files[i]);
        temp_tree_file(&tree, path, "");
    }
    char root[512];
    struct walked walked;
    const weir_walk_rules rules = { .gitignore = true };
    snprintf(root, sizeof root, "%s/repo/src", tree.path);
    walk_all(&walked, &rules, root);
    walked_expect(&walked, ".gitignore a.c sub/deep/x sub/deep/z sub/gen/a.c");
    walked_fini(&walked);

    temp_tree_file(&tree, "repo/.gitignore", "*.o\n/src/gen\nsrc/sub/deep/x\n");
    strcat(root, "/./");
    walk_all(&walked, &rules, root);
    walked_expect(&walked, ".gitignore a.c sub/deep/z sub/gen/a.c");
    walked_fini(&walked);

    /* A file between the top and the root: its patterns begin at its own directory. */
    temp_tree_file(&tree, "repo/src/.gitignore", "/sub/y\n/sub/deep/w\n");
    temp_tree_file(&tree, "repo/src/sub/deep/w", "");
    temp_tree_file(&tree, "repo/src/sub/deep/y", "");
    snprintf(root, sizeof root, "%s/repo/src/sub/deep", tree.path);
    walk_all(&walked, &rules, root);
    walked_expect(&walked, "y z");
    walked_fini(&walked);
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

/*
 * "a**" + "/b" is left out, where the star of a component is not all of it: git up
 * to 2.51 took it for "**" + "/b" behind a literal prefix, which it never was by the manual.
 */
static void random_line(char *line)
{
    static const char *const words[] = { "**",  "***", "a",  "b",    "ab",    "a.o",         "b.c", "*",      "*.o",
                                         "*.c", "a*",  "?",  "[ab]", "[!a]*", "[a-",         "\\a", "a\\",    "a**b",
                                         "\\*", "*a",  "b?", "[]a]", "a b",   "[[:alpha:]]", "\\ ", "[^.]*.o" };
    enum { WORDS = sizeof words / sizeof *words };
    line[0] = 0;
    if (pick(5) == 0)
        strcat(line, "!");
    if (pick(4) == 0)
        strcat(line, "/");
    for (unsigned parts = 1 + pick(3); parts-- > 0;) {
        strcat(line, words[pick(WORDS)]);
        const char *const more = words[2 + pick(WORDS - 2)];
        if (pick(8) == 0 && more[0] != '*')
            strcat(line, more);
        if (parts > 0)
            strcat(line, "/");
    }
    if (pick(4) == 0)
        strcat(line, "/");
    if (pick(10) == 0)
        strcat(line, pick(2) == 0 ? "  " : "\r");
    if (pick(20) == 0)
        strcpy(line, pick(2) == 0 ? "#a" : "");
}

static void random_ignore_file(const struct temp_tree *tree, const char *dir)
{
    char path[128], lines[1024] = "";
    for (unsigned count = 1 + pick(5); count-- > 0;) {
        random_line(lines + strlen(lines));
        if (count > 0 || pick(4) > 0)
            strcat(lines, "\n");
    }
    snprintf(path, sizeof path, "%s/.gitignore", dir);
    temp_tree_file(tree, path, lines);
}

static void random_case(const struct temp_tree *tree, unsigned number)
{
    static const char *const dirs[] = { "a", "b", "ab", "a.o", "*" };
    static const char *const files[] = { "a", "b", "ab", "a.o", "b.c", "abb", ".o", "a b", "a ", "-" };
    char dir[256], path[320];
    snprintf(dir, sizeof dir, "case%u", number);
    temp_tree_dir(tree, dir);
    random_ignore_file(tree, dir);
    for (unsigned i = 0; i < 12; i++) {
        snprintf(dir, sizeof dir, "case%u", number);
        for (unsigned depth = pick(4); depth-- > 0;)
            snprintf(dir + strlen(dir), sizeof dir - strlen(dir), "/%s", dirs[pick(5)]);
        snprintf(path, sizeof path, "%s/%s", dir, files[pick(10)]);
        struct stat stat;
        bool blocked = false;
        for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
            *slash = 0;
            blocked |= fstatat(tree->fd, path, &stat, 0) == 0 && !S_ISDIR(stat.st_mode);
            *slash = '/';
        }
        if (blocked || fstatat(tree->fd, path, &stat, 0) == 0)
            continue;
        temp_tree_file(tree, path, "");
        if (pick(4) == 0)
            random_ignore_file(tree, dir);
    }
}

/* Runs git in the tree, with nothing of the user's configuration, stdin and stdout being files of it. */
static int run_git(const struct temp_tree *tree, const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command,
             "cd '%s' && GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null XDG_CONFIG_HOME=/dev/null HOME=/dev/null "
             "git %s 2>/dev/null",
             tree->path, arguments);
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static char *read_file(const struct temp_tree *tree, const char *path, size_t *ret_len)
{
    const int fd = openat(tree->fd, path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    CHECK(fd >= 0 && fstat(fd, &stat) == 0);
    char *const text = calloc(1, (size_t)stat.st_size + 1);
    CHECK_EQ(read(fd, text, (size_t)stat.st_size), stat.st_size);
    *ret_len = (size_t)stat.st_size;
    close(fd);
    return text;
}

/* Every file of the walk without gitignore is either in the walk with it, or git says that it is ignored. */
static void compare_with_git(const struct temp_tree *tree, unsigned *ret_ignored)
{
    struct walked all, kept;
    walk_all(&all,
             &(weir_walk_rules){ .exclude = (const char *[]){ "/.git", "/list", "/ignored" }, .exclude_count = 3 },
             tree->path);
    const int list = openat(tree->fd, "list", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    FILE *const stream = fdopen(list, "w");
    for (size_t i = 0; i < all.count; i++)
        fwrite(all.paths[i], 1, strlen(all.paths[i]) + 1, stream);
    fclose(stream);
    CHECK(run_git(tree, "check-ignore --no-index -z --stdin <list >ignored") <= 1);

    size_t len, at = 0, next_kept = 0;
    char *const ignored = read_file(tree, "ignored", &len);
    walk_all(&kept, &(weir_walk_rules){ .gitignore = true }, tree->path);
    for (size_t i = 0; i < all.count; i++) {
        while (next_kept < kept.count && strncmp(kept.paths[next_kept], "case", 4) != 0)
            next_kept++;
        const bool git_ignores = at < len && strcmp(ignored + at, all.paths[i]) == 0;
        const bool we_keep = next_kept < kept.count && strcmp(kept.paths[next_kept], all.paths[i]) == 0;
        if (git_ignores)
            at += strlen(ignored + at) + 1;
        next_kept += we_keep;
        *ret_ignored += git_ignores;
        if (git_ignores == we_keep)
            fprintf(stderr, "%s/%s: git %s it\n", tree->path, all.paths[i], git_ignores ? "ignores" : "keeps");
        CHECK(git_ignores != we_keep);
    }
    CHECK_EQ(at, len);
    free(ignored);
    walked_fini(&all);
    walked_fini(&kept);
}

static void test_generated_cases_agree_with_git(void)
{
    struct temp_tree tree;
    temp_tree_init(&tree);
    if (run_git(&tree, "init -q .") != 0) {
        printf("skipped: no git here\n");
        temp_tree_fini(&tree);
        return;
    }
    unsigned ignored = 0;
    for (unsigned i = 0; i < 150; i++)
        random_case(&tree, i);
    compare_with_git(&tree, &ignored);
    CHECK(ignored > 150);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_lines_are_read_as_the_manual_says);
    RUN(test_only_a_regular_file_is_read);
    RUN(test_ignore_files_have_a_limit_together);
    RUN(test_a_bad_line_is_told_and_the_rest_holds);
    RUN(test_nested_files_override_outer_ones);
    RUN(test_a_root_inside_a_repository_obeys_the_files_above_it);
    RUN(test_generated_cases_agree_with_git);
    return check_done();
}
