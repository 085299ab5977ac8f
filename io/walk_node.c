/* walk_node.c - the way from the root to a directory: paths, notes, opening it again. */
#include "walk_node.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gitignore.h"

int wi_node_create(weir_walk_node *parent, const char *name, size_t name_len, weir_walk_node **ret_node)
{
    weir_walk_node *const node = malloc(sizeof *node + name_len + 1);
    if (node == NULL)
        return -ENOMEM;
    *node = (weir_walk_node){ .refs = 1, .name_len = (uint32_t)name_len };
    memcpy(node->name, name, name_len);
    node->name[name_len] = 0;
    if (parent != NULL) {
        node->origin = parent->origin;
        node->parent = weir_walk_node_ref(parent);
        node->ignore = parent->ignore;
        node->depth = parent->depth + 1;
        node->prefix_len = parent->prefix_len + (uint32_t)name_len + 1;
    }
    *ret_node = node;
    return 0;
}

int weir_walk_child(const weir_dir *dir, const weir_entry *entry, weir_walk_node **ret_node)
{
    weir_walk_node *const parent = dir->node;
    const char *const name = weir_entry_name(dir, entry);
    if (parent->depth >= WALK_DEPTH_MAX || parent->prefix_len + entry->name_len + 1u > WALK_PATH_MAX) {
        weir_walk_tell(parent, WEIR_NOTE_TOO_LONG, name, entry->name_len, -ENAMETOOLONG);
        return -ENAMETOOLONG;
    }
    const int rc = wi_node_create(parent, name, entry->name_len, ret_node);
    if (rc == 0)
        (*ret_node)->is_link = (entry->flags & WEIR_ENTRY_LINK) != 0;
    return rc;
}

weir_walk_node *weir_walk_node_ref(weir_walk_node *node)
{
    __atomic_fetch_add(&node->refs, 1, __ATOMIC_RELAXED);
    return node;
}

static void destroy_origin(struct walk_origin *origin)
{
    for (struct gitignore *ignore = origin->outer_ignore; ignore != NULL;) {
        struct gitignore *const outer = ignore->outer;
        wi_gitignore_destroy(ignore);
        ignore = outer;
    }
    if (origin->fd >= 0)
        close(origin->fd);
    free(origin->outer);
    free(origin);
}

/* In a loop: the last reference to a deep directory lets go of all its ancestors. */
void weir_walk_node_put(weir_walk_node *node)
{
    while (node != NULL && __atomic_sub_fetch(&node->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        weir_walk_node *const parent = node->parent;
        if (node->owns_ignore)
            wi_gitignore_destroy(node->ignore);
        if (parent == NULL)
            destroy_origin(node->origin);
        free(node);
        node = parent;
    }
}

uint32_t weir_walk_depth(const weir_walk_node *node)
{
    return node->depth;
}

size_t weir_walk_root_len(const weir_walk_node *node)
{
    return node->origin->root_len;
}

void wi_node_put_below(const weir_walk_node *node, char *buffer)
{
    const size_t root_len = node->origin->root_len;
    for (; node->parent != NULL; node = node->parent) {
        char *const at = buffer + node->parent->prefix_len - root_len;
        memcpy(at, node->name, node->name_len);
        at[node->name_len] = '/';
    }
}

static const weir_walk_node *find_root(const weir_walk_node *node)
{
    while (node->parent != NULL)
        node = node->parent;
    return node;
}

size_t weir_walk_path(const weir_walk_node *node, const char *name, size_t name_len, char *buffer, size_t size)
{
    const weir_walk_node *const root = find_root(node);
    size_t len = node->prefix_len + name_len;
    if (name_len == 0)
        len = node == root ? root->name_len : node->prefix_len - 1;
    if (size == 0)
        return len;
    buffer[0] = 0;
    if (len >= size)
        return len;
    memcpy(buffer, root->name, root->name_len);
    if (len > root->name_len) {
        if (root->prefix_len > root->name_len)
            buffer[root->name_len] = '/';
        /* The '/' behind the last directory lies where the NUL or the name goes. */
        wi_node_put_below(node, buffer + root->prefix_len);
        if (name_len > 0)
            memcpy(buffer + node->prefix_len, name, name_len);
    }
    buffer[len] = 0;
    return len;
}

void weir_walk_tell(const weir_walk_node *node, weir_note_kind kind, const char *name, size_t name_len, int error)
{
    const struct weir_walk *const walk = node->origin->walk;
    if (walk->note == NULL)
        return;
    const size_t len = weir_walk_path(node, name, name_len, NULL, 0);
    char small[512];
    char *const large = len < sizeof small ? NULL : malloc(len + 1);
    if (len < sizeof small || large != NULL) {
        char *const path = large != NULL ? large : small;
        weir_walk_path(node, name, name_len, path, len + 1);
        walk->note(walk->note_arg, kind, path, len, error);
    } else { /* no memory: its last component is better than silence */
        const bool is_entry = name_len > 0;
        walk->note(walk->note_arg, kind, is_entry ? name : node->name, is_entry ? name_len : node->name_len, error);
    }
    free(large);
}

void weir_walk_tell_error(const weir_walk_node *node, const char *name, size_t name_len, int error)
{
    weir_note_kind kind = WEIR_NOTE_UNREADABLE;
    if (error == -ENOENT || error == -ESTALE)
        kind = WEIR_NOTE_VANISHED;
    else if (error == -ENOTDIR || error == -ELOOP)
        kind = WEIR_NOTE_SWAPPED;
    weir_walk_tell(node, kind, name, name_len, error);
}

static int open_component(int dir_fd, const weir_walk_node *node, int flags)
{
    int fd;
    do
        fd = openat(dir_fd, node->name, flags | O_DIRECTORY | O_CLOEXEC | (node->is_link ? 0 : O_NOFOLLOW));
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

static int open_root(const weir_walk_node *root)
{
    int fd;
    do
        fd = openat(root->origin->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

/* O_PATH on the way: it takes no right to read, and less time. */
static int open_from_root(const weir_walk_node *node)
{
    const size_t count = node->depth;
    const weir_walk_node **const way = malloc(count * sizeof(*way));
    if (way == NULL)
        return -ENOMEM;
    for (size_t i = count; i-- > 0; node = node->parent)
        way[i] = node;

    int fd = node->origin->fd;
    for (size_t i = 0; i < count && fd >= 0; i++) {
        const int next = open_component(fd, way[i], i + 1 == count ? O_RDONLY : O_PATH);
        if (i > 0)
            close(fd);
        fd = next;
    }
    free(way);
    return fd;
}

/* Directories on the way may have been renamed since: the one at its end has to be the one that was listed. */
static int check_same(const weir_walk_node *node, int fd)
{
    struct stat stat;
    if (!node->opened)
        return 0;
    if (fstat(fd, &stat) < 0)
        return -errno;
    return stat.st_dev == node->dev && stat.st_ino == node->ino ? 0 : -ESTALE;
}

int weir_walk_reopen(const weir_walk_node *node)
{
    const int fd = node->parent == NULL ? open_root(node) : open_from_root(node);
    if (fd < 0)
        return fd;
    const int rc = check_same(node, fd);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}

int wi_node_open(const weir_walk_node *node, int parent_fd)
{
    if (node->parent == NULL)
        return open_root(node);
    if (parent_fd >= 0)
        return open_component(parent_fd, node, O_RDONLY);
    const int reopened = weir_walk_reopen(node->parent);
    if (reopened < 0)
        return reopened;
    const int fd = open_component(reopened, node, O_RDONLY);
    close(reopened);
    return fd;
}
