/* walk_node.h - what the files of the walk share: the walk, its nodes, a thread's buffers. */
#ifndef WI_WALK_NODE_H
#define WI_WALK_NODE_H

#include <weir/walk.h>

#include <sys/stat.h>

#include "walk_rules.h"

#define WALK_PATH_MAX (16u << 20)
/* Also bounds the search for loops, which goes through all ancestors for each directory. */
#define WALK_DEPTH_MAX 32768u

struct gitignore;

struct weir_walk {
    struct walk_rules rules;
    weir_note_fn note;
    void *note_arg;
};

/* What all nodes below one root share; it goes with the root's node. */
struct walk_origin {
    const struct weir_walk *walk;
    int fd; /* O_PATH: where reopening begins */
    uint32_t root_len;
    uint64_t dev;
    struct gitignore *outer_ignore; /* the files above the root, see walk_outer.c */
    char *outer;                    /* the root relative to its repository: "" or "a/b/" */
    size_t outer_len;
};

struct weir_walk_node {
    struct walk_origin *origin;
    struct weir_walk_node *parent; /* NULL: a root */
    struct gitignore *ignore;      /* the nearest file that applies in here; its own one if owns_ignore */
    uint64_t dev, ino;             /* once it was opened */
    uint32_t refs;
    uint32_t depth;
    uint32_t prefix_len; /* bytes of a path that name this directory, '/' included */
    uint32_t name_len;   /* of a root: of the path as it was written */
    bool opened;
    bool is_link;
    bool ignore_read; /* its own file was looked for */
    bool owns_ignore;
    bool short_read_is_eof;
    bool in_memory;
    char name[];
};

/* Not the tree's fault: the caller makes room and tries again. */
static inline bool is_shortage(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

int wi_node_create(weir_walk_node *parent, const char *name, size_t name_len, weir_walk_node **ret_node);

/* Writes the directory's path relative to its root, with a '/' at the end: prefix_len - root_len bytes. */
void wi_node_put_below(const weir_walk_node *node, char *buffer);

/* Opens the directory itself, relative to parent_fd or, if that is -1, on the way from the root. */
int wi_node_open(const weir_walk_node *node, int parent_fd);

/* The ignore files above the root, as far as its repository goes: sets origin->outer and outer_ignore. */
int wi_outer_ignores_load(struct walk_origin *origin, const char *root_path);

void wi_meta_from_stat(const struct stat *stat, weir_file_meta *ret_meta);

#endif
