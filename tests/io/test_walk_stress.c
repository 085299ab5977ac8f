/*
 * test_walk_stress.c - wide, deep, and from many threads.
 * LABELS: stress
 */
#include <fcntl.h>
#include <pthread.h>
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

/* In memory where there is some: the disk's speed is nobody's promise. */
static void make_tree(void)
{
    if (access("/dev/shm", W_OK) == 0 && getenv("TMPDIR") == NULL)
        setenv("TMPDIR", "/dev/shm", 0);
    temp_tree_init(&tree);
}

/* The order of creation is no help to the sort: the numbers are scrambled. */
static void make_files(const char *dir, unsigned count)
{
    const int fd = openat(tree.fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%06u", i * 7919u % count);
        CHECK_EQ(mknodat(fd, name, S_IFREG | 0600, 0), 0);
    }
    close(fd);
}

static void test_two_hundred_thousand_entries_are_sorted_and_small(void)
{
    enum { COUNT = 200000 };
    make_tree();
    make_files(".", COUNT);
    struct opened opened;
    opened_init(&opened, &no_rules, &tree);
    const weir_dir *const dir = opened.dir;
    CHECK_EQ(dir->count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "file-%06u", i);
        CHECK_STR(weir_entry_name(dir, &dir->entries[i]), wanted);
    }
    /* 16 bytes and the name. */
    CHECK(dir->bytes <= sizeof *dir + COUNT * (sizeof(weir_entry) + sizeof "file-000000"));
    const uint32_t *const order = weir_dir_by_inode(opened.dir);
    for (uint32_t i = 1; i < COUNT; i++)
        CHECK(dir->entries[order[i - 1]].ino < dir->entries[order[i]].ino);
    opened_fini(&opened);
    temp_tree_fini(&tree);
}

/* Returns the fd of the directory `depth` levels down. */
static int make_chain(unsigned depth)
{
    int fd = dup(tree.fd);
    for (unsigned i = 0; i < depth; i++) {
        const char *const name = "directory-";
        CHECK_EQ(mkdirat(fd, name, 0755), 0);
        const int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(next >= 0);
        if (i % 500 == 499) { /* siblings before and behind it, to come back to */
            CHECK_EQ(mkdirat(fd, "a", 0755) | mkdirat(fd, "z", 0755), 0);
            CHECK_EQ(mknodat(fd, "a/file", S_IFREG | 0600, 0) | mknodat(fd, "z/file", S_IFREG | 0600, 0), 0);
        }
        close(fd);
        fd = next;
    }
    return fd;
}

/* Five times PATH_MAX, with a handful of fds: nothing here ever hands the kernel a whole path. */
static void test_two_thousand_levels_need_no_fds_and_no_path_max(void)
{
    enum { DEPTH = 2000 };
    make_tree();
    const int deepest = make_chain(DEPTH);
    CHECK_EQ(mknodat(deepest, "file", S_IFREG | 0600, 0), 0);
    close(deepest);
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 24;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct walked walked = { .close_fds = true };
    walk_more(&walked, &(weir_walk_rules){ .exclude = (const char *[]){ "**/nothing" }, .exclude_count = 1 },
              tree.path);
    limit.rlim_cur = before;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);

    CHECK_EQ(walked.note_count, 0);
    CHECK_EQ(walked.count, 2 * DEPTH / 500 + 1);
    for (size_t i = 1; i < walked.count; i++)
        CHECK(strcmp(walked.paths[i - 1], walked.paths[i]) < 0);
    CHECK(walked.path_bytes_max > DEPTH * strlen("directory-/"));

    /* The path it gave can be used, in pieces, by the library: to open it, and as a root of a walk. */
    char *path = NULL;
    for (size_t i = 0; i < walked.count; i++)
        if (path == NULL || strlen(walked.paths[i]) > strlen(path) - strlen(tree.path)) {
            free(path);
            CHECK(asprintf(&path, "%s/%s", tree.path, walked.paths[i]) > 0);
        }
    walked_fini(&walked);
    const int fd = weir_open_long(path, O_RDONLY | O_NOFOLLOW);
    CHECK(fd >= 0);
    close(fd);
    weir_walk *walk;
    weir_root root;
    CHECK_EQ(weir_walk_create(&no_rules, NULL, NULL, &walk), 0);
    CHECK_EQ(weir_walk_root(walk, path, &root), 0);
    CHECK_EQ(root.kind, WEIR_ROOT_FILE);
    weir_walk_destroy(walk);

    strrchr(path, '/')[1] = 0;
    walk_all(&walked, &no_rules, path);
    walked_expect(&walked, "file");
    walked_fini(&walked);
    strcat(strrchr(path, '/'), "none");
    CHECK_EQ(weir_open_long(path, O_RDONLY), -ENOENT);
    memset(path, 'x', 5000);
    CHECK_EQ(weir_open_long(path, O_RDONLY), -ENAMETOOLONG);
    free(path);
    temp_tree_fini(&tree);
}

/* One walk, its directories read by several threads at once, ignore files and long paths included. */
struct crew {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    weir_walk_node *nodes[4096];
    size_t waiting;
    size_t at_work;
    size_t files;
};

static weir_walk_node *take_node(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    while (crew->waiting == 0 && crew->at_work > 0)
        pthread_cond_wait(&crew->changed, &crew->mutex);
    weir_walk_node *const node = crew->waiting > 0 ? crew->nodes[--crew->waiting] : NULL;
    crew->at_work += node != NULL;
    pthread_mutex_unlock(&crew->mutex);
    return node;
}

static void *work(void *arg)
{
    struct crew *const crew = arg;
    for (weir_walk_node *node; (node = take_node(crew)) != NULL;) {
        weir_dir *dir;
        CHECK_EQ(weir_dir_read(node, -1, &dir), 0);
        CHECK(weir_dir_by_inode(dir) != NULL);
        pthread_mutex_lock(&crew->mutex);
        for (uint32_t i = 0; i < dir->count; i++) {
            if (dir->entries[i].kind == WEIR_ENTRY_DIR)
                CHECK_EQ(weir_walk_child(dir, &dir->entries[i], &crew->nodes[crew->waiting++]), 0);
            else
                crew->files++;
        }
        crew->at_work--;
        pthread_cond_broadcast(&crew->changed);
        pthread_mutex_unlock(&crew->mutex);
        weir_dir_free(dir);
        weir_walk_node_put(node);
    }
    return NULL;
}

static void test_threads_read_directories_of_one_walk_at_once(void)
{
    enum { THREADS = 4 };
    make_tree();
    temp_tree_file(&tree, ".gitignore", "*.o\n");
    for (unsigned i = 0; i < 300; i++) {
        char path[64];
        snprintf(path, sizeof path, "%u/%u/a.c", i % 10, i);
        temp_tree_file(&tree, path, "");
        snprintf(path, sizeof path, "%u/%u/a.o", i % 10, i);
        temp_tree_file(&tree, path, "");
        snprintf(path, sizeof path, "%u/.gitignore", i % 10);
        temp_tree_file(&tree, path, "!1/*.o\n");
    }
    static struct crew crew = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    weir_walk *walk;
    weir_root root;
    CHECK_EQ(weir_walk_create(&(weir_walk_rules){ .gitignore = true }, NULL, NULL, &walk), 0);
    CHECK_EQ(weir_walk_root(walk, tree.path, &root), 0);
    crew.nodes[crew.waiting++] = root.node;
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, work, &crew), 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(crew.files, 300 + 11 + 1);
    weir_walk_destroy(walk);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_two_hundred_thousand_entries_are_sorted_and_small);
    RUN(test_two_thousand_levels_need_no_fds_and_no_path_max);
    RUN(test_threads_read_directories_of_one_walk_at_once);
    return check_done();
}
