/*
 * temp_tree.h - a directory for one test, with what it needs in it.
 *
 *     struct temp_tree tree;
 *     temp_tree_init(&tree);
 *     temp_tree_file(&tree, "a/b/x", "content");    makes a and a/b too
 *     ... tree.path, tree.fd ...
 *     temp_tree_fini(&tree);                        however deep it has become
 *
 * What can't be made ends the test program.
 */
#ifndef TEMP_TREE_H
#define TEMP_TREE_H

struct temp_tree {
    char path[256];
    int fd;
};

void temp_tree_init(struct temp_tree *tree);
void temp_tree_fini(struct temp_tree *tree);

void temp_tree_dir(const struct temp_tree *tree, const char *path);
void temp_tree_file(const struct temp_tree *tree, const char *path, const char *content);
void temp_tree_link(const struct temp_tree *tree, const char *path, const char *target);
void temp_tree_fifo(const struct temp_tree *tree, const char *path);

/* Removes all that is in it, and leaves the directory. */
void temp_tree_clear(const struct temp_tree *tree);

#endif
