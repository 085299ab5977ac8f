/* tree.c - the frontier of the walk, the files to claim, the order of the output. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "hash/links.h"
#include "hash/recall.h"
#include "hash/sieve.h"

#define AHEAD_MAX (12u * 1024 * 1024)

static void changed(struct tree *tree)
{
    weir_notify_waiters(&tree->changed);
}

int wp_tree_init(struct tree *tree, struct name_source *source, const struct algo_set *algos,
                 weir_hash_counters *counters)
{
    *tree = (struct tree){ .source = source, .algos = algos, .counters = counters, .ahead_max = AHEAD_MAX };
    weir_notify_init(&tree->changed);
    weir_notify_init(&tree->completed);
    return -pthread_mutex_init(&tree->lock, NULL);
}

/* The directory stays open for its files and for its children, which are opened relative to it. */
static void fd_unuse(struct node *node)
{
    if (node->dir != NULL && __atomic_fetch_sub(&node->fd_users, 1, __ATOMIC_ACQ_REL) == 1)
        weir_dir_close_fd(node->dir);
}

static void node_free(struct node *node)
{
    if (node->list != NULL)
        node->list->free(node->list);
    weir_dir_free(node->dir);
    weir_walk_node_put(node->place);
    free(node->order);
    free(node->children);
    free(node->results);
    free(node->digests);
    free(node->keys);
    free(node);
}

/* With everything below it; without recursion, since a tree may be deeper than a stack. */
static void node_free_all(struct node *root)
{
    struct node *node = root;
    while (node != NULL) {
        struct node *child = NULL;
        while (node->child_taken > 0 && child == NULL) {
            child = node->children[--node->child_taken];
            node->children[node->child_taken] = NULL;
        }
        if (child != NULL) {
            node = child;
            continue;
        }
        struct node *parent = node == root ? NULL : node->parent;
        node_free(node);
        node = parent;
    }
}

void wp_tree_fini(struct tree *tree)
{
    while (tree->roots != NULL) {
        struct node *root = tree->roots;
        tree->roots = root->next;
        node_free_all(root);
    }
    (void)pthread_mutex_destroy(&tree->lock);
}

/* --- nodes --------------------------------------------------------------------- */

static struct node *node_create(struct tree *tree)
{
    struct node *node = calloc(1, sizeof *node);
    if (node == NULL)
        return NULL;
    node->tree = tree;
    node->root = tree->root_count;
    node->pending = 2; /* it is not open yet, and the last one cleans up */
    node->fd_users = 1;
    return node;
}

struct node *wp_node_dir(struct tree *tree, weir_walk_node *place)
{
    struct node *node = node_create(tree);
    if (node == NULL)
        weir_walk_node_put(place);
    else
        node->place = place;
    return node;
}

/*
 * The indices of the files that are to be read, by inode: cold reads go over the disk in one direction, warm ones don't
 * mind. Those of a list as they come.
 */
static int make_order(struct node *node)
{
    uint32_t to_read = 0, files = 0;
    for (uint32_t i = 0; i < node->count; i++)
        to_read += !wp_node_is_dir(node, i) && !node->results[i].is_known;
    node->file_count = to_read;
    if (to_read == 0 || (node->list != NULL && to_read == node->count))
        return 0;
    const uint32_t *by_inode = node->list == NULL ? weir_dir_by_inode(node->dir) : NULL;
    node->order = malloc(to_read * sizeof *node->order);
    if (node->order == NULL || (by_inode == NULL && node->list == NULL))
        return -ENOMEM;
    for (uint32_t k = 0; k < node->count; k++) {
        const uint32_t i = by_inode != NULL ? by_inode[k] : k;
        if (!wp_node_is_dir(node, i) && !node->results[i].is_known)
            node->order[files++] = i;
    }
    if (node->dir != NULL) {
        free(node->dir->by_inode);
        node->dir->by_inode = NULL;
    }
    return 0;
}

int wp_node_meta(const struct node *node, uint32_t i, weir_file_meta *ret_meta)
{
    const struct list_of_files *list = node->list;
    if (list != NULL)
        return weir_file_meta_at(AT_FDCWD, list->names[i], list->regular ? AT_SYMLINK_NOFOLLOW : 0, ret_meta);
    *ret_meta = node->dir->meta[i];
    return 0;
}

void wp_tree_own(struct tree *tree, const struct stat *file)
{
    tree->own[tree->own_count].dev = file->st_dev;
    tree->own[tree->own_count++].ino = file->st_ino;
}

static bool is_own(const struct node *node, uint32_t i)
{
    const struct tree *tree = node->tree;
    const weir_entry *entry = &node->dir->entries[i];
    weir_file_meta meta;
    for (uint32_t k = 0; k < tree->own_count; k++)
        if (entry->ino == tree->own[k].ino && !wp_node_is_dir(node, i) &&
            weir_file_meta_at(node->dir->fd, wp_node_name(node, i),
                              (entry->flags & WEIR_ENTRY_LINK) != 0 ? 0 : AT_SYMLINK_NOFOLLOW, &meta) == 0 &&
            meta.dev == tree->own[k].dev && meta.ino == tree->own[k].ino)
            return true;
    return false;
}

/* A manifest that lists what it replaces, or a journal that goes with it, would never check. */
static void leave_out_own(struct node *node)
{
    for (uint32_t i = 0; node->dir != NULL && node->tree->own_count > 0 && i < node->count; i++)
        if (is_own(node, i))
            node->results[i] = (struct result){ .is_known = true, .is_left_out = true };
}

/* What needn't be read is known then, the rest is in order. */
static int find_out(struct node *node)
{
    wp_links_read(node);
    leave_out_own(node);
    int error = node->tree->sieve != NULL ? wp_sieve_node(node->tree->sieve, node) : 0;
    if (error == 0)
        error = wp_recall(node);
    return error < 0 ? error : make_order(node);
}

/* Its entries are known: makes room for what will be found out about them. */
static int node_open(struct node *node)
{
    for (uint32_t i = 0; i < node->count; i++)
        node->child_count += wp_node_is_dir(node, i);
    node->algos = node->list != NULL && node->list->algos != NULL ? node->list->algos : node->tree->algos;
    const size_t digest_size = node->algos->digest_size;
    node->results = calloc(node->count + 1, sizeof *node->results);
    node->digests = malloc(node->count * digest_size + 1);
    node->children = calloc(node->child_count + 1, sizeof(struct node *));
    if (node->results == NULL || node->digests == NULL || node->children == NULL || find_out(node) < 0) {
        node->count = node->file_count = node->child_count = 0; /* there is nothing to claim or to emit */
        return -ENOMEM;
    }
    node->bytes = sizeof *node + (node->dir != NULL ? node->dir->bytes : 0) +
                  node->child_count * sizeof(struct node *) +
                  node->count * (sizeof *node->results + digest_size + sizeof *node->order) +
                  (node->keys != NULL ? node->count * sizeof *node->keys : 0);
    /* The emitter looks at it already: the one that this call stands for keeps it from 0. */
    (void)__atomic_fetch_add(&node->pending, node->file_count, __ATOMIC_RELAXED);
    node->fd_users += node->child_count;
    return 0;
}

struct node *wp_node_list(struct tree *tree, struct list_of_files *list)
{
    struct node *node = node_create(tree);
    if (node == NULL) {
        list->free(list);
        return NULL;
    }
    node->list = list;
    node->count = list->count;
    if (node_open(node) < 0) {
        node_free(node);
        return NULL;
    }
    return node;
}

/* --- the frontier: [lock] ------------------------------------------------------ */

static void frontier_push(struct tree *tree, struct node *node)
{
    node->prev = NULL;
    node->next = tree->frontier;
    if (node->next != NULL)
        node->next->prev = node;
    tree->frontier = node;
}

static void frontier_remove(struct tree *tree, struct node *node)
{
    if (node->prev != NULL)
        node->prev->next = node->next;
    else
        tree->frontier = node->next;
    if (node->next != NULL)
        node->next->prev = node->prev;
    node->next = NULL;
    node->prev = NULL;
}

static void count_unclaimed(struct tree *tree, uint32_t change)
{
    __atomic_store_n(&tree->unclaimed, tree->unclaimed + change, __ATOMIC_RELAXED);
}

static void claimable_push(struct tree *tree, struct node *node)
{
    node->claim_next = NULL;
    if (tree->claimable == NULL)
        tree->claimable = node;
    else
        tree->claimable_last->claim_next = node;
    tree->claimable_last = node;
}

static void claim(struct tree *tree, uint32_t max, struct claim *ret_claim)
{
    struct node *node = tree->claimable;
    uint32_t to = node->claimed + max;
    if (to >= node->file_count) {
        to = node->file_count;
        tree->claimable = node->claim_next;
    }
    *ret_claim = (struct claim){ node, node->claimed, to };
    count_unclaimed(tree, node->claimed - to);
    node->claimed = to;
}

/* The next child of a node, as a node of its own. NULL: no memory, or a path too long (noted): *ret_error. */
static struct node *take_child(struct node *node, int *ret_error)
{
    while (!wp_node_is_dir(node, node->child_entry))
        node->child_entry++;
    weir_walk_node *place;
    *ret_error = weir_walk_child(node->dir, &node->dir->entries[node->child_entry++], &place);
    struct node *child = *ret_error < 0 ? NULL : wp_node_dir(node->tree, place);
    if (child == NULL) {
        *ret_error = *ret_error < 0 ? *ret_error : -ENOMEM;
        node->is_partial = true;
        node->child_taken++; /* its place stays empty: the emitter passes it over */
        fd_unuse(node);
        return NULL;
    }
    child->parent = node;
    child->root = node->root;
    node->children[node->child_taken++] = child;
    return child;
}

/* The next directory to read: of the frontier, or, when too much lies ahead of the emitter, the one it waits for. */
static struct node *take_dir(struct tree *tree, int *ret_error)
{
    struct node *node = tree->ahead < tree->ahead_max ? tree->frontier : tree->blocked;
    *ret_error = 0;
    if (node == NULL)
        return NULL;
    struct node *child = take_child(node, ret_error);
    if (node == tree->blocked)
        tree->blocked = NULL;
    if (node->child_taken == node->child_count)
        frontier_remove(tree, node);
    return child;
}

/* --- what lanes call ------------------------------------------------------------- */

/* [lock] The node's entries are known (or never will be): its files can be claimed, its children taken. */
static void add_open(struct tree *tree, struct node *node)
{
    tree->ahead += node->bytes;
    __atomic_store_n(&tree->counters->ahead, tree->ahead, __ATOMIC_RELAXED);
    (void)__atomic_fetch_add(&tree->counters->files_found, node->file_count, __ATOMIC_RELAXED);
    count_unclaimed(tree, node->file_count);
    if (node->file_count > 0)
        claimable_push(tree, node);
    if (node->child_count > 0)
        frontier_push(tree, node);
}

static int parent_fd(const struct node *node)
{
    return node->parent != NULL && node->parent->dir != NULL ? node->parent->dir->fd : -1;
}

/* Without the lock: reads the directory. An error other than of this machine's limits was noted by the walk. */
static int read_dir(struct node *node)
{
    node->looked_ns = wp_hash_cache_clock();
    const int error = weir_dir_read(node->place, parent_fd(node), &node->dir);
    if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
        return error;
    if (error < 0) {
        node->dir = NULL;
        return 0;
    }
    node->count = node->dir->count;
    return node_open(node);
}

/* [lock, given up meanwhile] */
static void read_next(struct tree *tree, struct node *node)
{
    tree->busy++;
    (void)pthread_mutex_unlock(&tree->lock);
    const int error = read_dir(node);
    fd_unuse(node->parent);
    (void)pthread_mutex_lock(&tree->lock);
    tree->busy--;
    if (error < 0 && tree->error == 0)
        tree->error = error;
    add_open(tree, node);
}

/* [lock, given up meanwhile] */
static struct node *fetch_root(struct tree *tree)
{
    struct node *root = NULL;
    tree->sourcing = true;
    tree->busy++;
    (void)pthread_mutex_unlock(&tree->lock);
    int got = tree->source->next(tree->source, tree, &root);
    if (got > 0 && root->list == NULL && (got = read_dir(root)) == 0)
        got = 1;
    (void)pthread_mutex_lock(&tree->lock);
    tree->busy--;
    tree->sourcing = false;
    tree->root_wanted = false;
    tree->root_count++;
    if (got <= 0)
        tree->source_done = true;
    if (got < 0 && tree->error == 0)
        tree->error = got;
    if (root == NULL)
        return NULL;
    if (tree->roots == NULL)
        tree->roots = root;
    else
        tree->roots_last->next = root;
    tree->roots_last = root;
    add_open(tree, root);
    return root;
}

/* [lock, may be given up meanwhile] True: a directory was read (*ret_opened, NULL if it could not be). */
static bool open_next(struct tree *tree, struct node **ret_opened)
{
    int error;
    struct node *node = take_dir(tree, &error);
    if (node != NULL)
        read_next(tree, node);
    else if (error == -ENOMEM)
        tree->error = error;
    *ret_opened = node;
    return node != NULL || error != 0;
}

/* A node lost the one pending that stood for "not open yet". NULL: the source has ended, or a child can't be had. */
static void tell_opened(struct tree *tree, struct node *opened)
{
    if (opened != NULL)
        wp_node_done(opened);
    else
        weir_notify_one(&tree->completed); /* that may be what the emitter waits for */
    changed(tree);
}

/* [lock, may be given up meanwhile] */
static enum tree_step next_locked(struct tree *tree, uint32_t max, struct claim *ret_claim, struct node **ret_opened)
{
    if (tree->error != 0)
        return TREE_END;
    if (tree->claimable != NULL) {
        claim(tree, max, ret_claim);
        return TREE_FILES;
    }
    if (open_next(tree, ret_opened))
        return TREE_AGAIN;
    if (!tree->source_done && !tree->sourcing && tree->frontier == NULL &&
        (tree->ahead < tree->ahead_max || tree->root_wanted)) {
        *ret_opened = fetch_root(tree);
        return TREE_AGAIN;
    }
    if (!tree->source_done || tree->busy > 0 || tree->frontier != NULL)
        return TREE_WAIT;
    __atomic_store_n(&tree->counters->walk_done, 1, __ATOMIC_RELAXED);
    return TREE_END;
}

enum tree_step wp_tree_next(struct tree *tree, uint32_t max, struct claim *ret_claim)
{
    struct node *opened = NULL;
    (void)pthread_mutex_lock(&tree->lock);
    const enum tree_step step = next_locked(tree, max, ret_claim, &opened);
    (void)pthread_mutex_unlock(&tree->lock);
    if (step == TREE_AGAIN)
        tell_opened(tree, opened);
    return step;
}

bool wp_tree_walk(struct tree *tree, uint32_t enough)
{
    struct node *opened = NULL;
    (void)pthread_mutex_lock(&tree->lock);
    const bool read = tree->error == 0 && tree->unclaimed < enough && open_next(tree, &opened);
    (void)pthread_mutex_unlock(&tree->lock);
    if (read)
        tell_opened(tree, opened);
    return read;
}

void wp_node_done(struct node *node)
{
    struct tree *tree = node->tree;
    if (__atomic_fetch_sub(&node->pending, 1, __ATOMIC_ACQ_REL) != 2)
        return;
    fd_unuse(node);
    /* From here on the emitter may free the node. */
    __atomic_store_n(&node->pending, 0, __ATOMIC_RELEASE);
    weir_notify_one(&tree->completed);
}

int wp_tree_error(struct tree *tree)
{
    (void)pthread_mutex_lock(&tree->lock);
    const int error = tree->error;
    (void)pthread_mutex_unlock(&tree->lock);
    return error;
}

/* --- what the emitter calls -------------------------------------------------------- */

/* The first root that was not emitted; NULL: wait, or *ret_end. */
static struct node *first_root(struct tree *tree, bool *ret_end)
{
    (void)pthread_mutex_lock(&tree->lock);
    struct node *root = tree->roots;
    const bool end = root == NULL && tree->source_done;
    const bool wanted = root == NULL && !end && !tree->root_wanted;
    tree->root_wanted |= wanted;
    (void)pthread_mutex_unlock(&tree->lock);
    if (wanted)
        changed(tree);
    *ret_end = end;
    return root;
}

/* True: *ret_child is next (NULL: it could not be had). False: nobody took it yet, now somebody will. */
static bool next_child(struct node *node, struct node **ret_child)
{
    struct tree *tree = node->tree;
    (void)pthread_mutex_lock(&tree->lock);
    const bool taken = node->child_emitted < node->child_taken;
    if (taken)
        *ret_child = node->children[node->child_emitted];
    else
        tree->blocked = node;
    (void)pthread_mutex_unlock(&tree->lock);
    if (!taken)
        changed(tree);
    return taken;
}

/* Everything of this node is out. Returns where to go on. */
static struct node *leave(struct tree *tree, struct node *node)
{
    struct node *parent = node->parent;
    (void)pthread_mutex_lock(&tree->lock);
    const bool was_full = tree->ahead >= tree->ahead_max;
    tree->ahead -= node->bytes;
    __atomic_store_n(&tree->counters->ahead, tree->ahead, __ATOMIC_RELAXED);
    if (parent == NULL) {
        tree->roots = node->next;
    } else {
        parent->children[parent->child_emitted - 1] = NULL;
    }
    (void)pthread_mutex_unlock(&tree->lock);
    node_free(node);
    if (was_full)
        changed(tree);
    return parent;
}

struct node *wp_tree_emit_next(struct tree *tree, uint32_t *ret_entry, bool *ret_end)
{
    *ret_end = false;
    for (;;) {
        if (tree->emitting == NULL)
            tree->emitting = first_root(tree, ret_end);
        struct node *node = tree->emitting;
        if (node == NULL || __atomic_load_n(&node->pending, __ATOMIC_ACQUIRE) != 0)
            return NULL;
        if (node->entry_emitted == node->count && !node->is_left && node->list == NULL) {
            node->is_left = true;
            *ret_entry = node->count;
            return node;
        }
        if (node->entry_emitted == node->count) {
            tree->emitting = leave(tree, node);
            continue;
        }
        const uint32_t i = node->entry_emitted;
        if (!wp_node_is_dir(node, i)) {
            node->entry_emitted++;
            *ret_entry = i;
            return node;
        }
        struct node *child;
        if (!next_child(node, &child))
            return NULL;
        node->entry_emitted++;
        node->child_emitted++;
        if (child != NULL)
            tree->emitting = child;
    }
}
