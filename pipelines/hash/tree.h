/*
 * tree.h - what there is to hash, what is being hashed, and what comes out next.
 *
 * A node is a directory (or a list of named files). Lanes take directories from
 * the frontier in the order of the sorted walk, claim their files in handfuls,
 * and leave a result for each; the emitter goes along behind them in exactly
 * that order, and frees what it has emitted.
 *
 * Memory is bounded: while the nodes not yet emitted hold more than
 * `ahead_max` bytes, only the directory that the emitter waits for is taken.
 */
#ifndef WP_TREE_H
#define WP_TREE_H

#include <pthread.h>
#include <sys/stat.h>

#include <weir/hash_job.h>
#include <weir/notify.h>
#include <weir/walk.h>

struct tree;
struct hash_cache;
struct sieve;
struct cache_key;

struct result {
    uint64_t size;
    int32_t error;    /* 0, or a negative errno; -ESTALE: it changed while it was read */
    bool is_known;    /* it was there before: nobody need read the file */
    bool is_left_out; /* it isn't emitted */
    bool is_rotten;   /* what was known of it is not so, though nobody changed it */
};

struct node {
    struct tree *tree;
    struct node *parent;        /* NULL: a root */
    struct node *next, *prev;   /* in the frontier, the list of roots */
    struct node *claim_next;    /* in the list of those with files to claim */
    weir_walk_node *place;      /* of a directory: the way to it */
    weir_dir *dir;              /* of a directory: NULL while it is unread, or if it can't be read */
    struct list_of_files *list; /* of a list */
    uint32_t root;              /* which of the roots it is below */
    uint32_t count;             /* entries */
    uint32_t *order;            /* indices of the files, by inode; NULL: as they come */
    uint32_t file_count;
    uint32_t claimed;  /* [lock] files given to lanes */
    uint32_t pending;  /* [atomic] 0: complete. Else files without a result, and more: see wp_node_done() */
    uint32_t fd_users; /* [atomic] who may still open something relative to the directory */
    uint32_t child_count;
    uint32_t child_taken;   /* [lock] */
    uint32_t child_entry;   /* [lock] where to look for the next child */
    uint32_t child_emitted; /* emitter's */
    uint32_t entry_emitted; /* emitter's */
    bool is_partial;        /* [lock] a directory in it could not be had */
    bool is_left;           /* emitter's: it was said that all of it is out */
    uint32_t large_run;     /* [atomic] files in a row that were larger than a slot */
    struct node **children;
    struct result *results; /* an entry each */
    const struct algo_set *algos;
    uint8_t *digests;       /* algos->digest_size an entry */
    struct cache_key *keys; /* an entry each, with a cache; else NULL */
    int64_t looked_ns;      /* the clock before the directory was read */
    size_t bytes;           /* counted in tree->ahead */
};

/* The digests that are wanted of a file. */
struct algo_set {
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    uint32_t count;
    uint32_t digest_size; /* of all together */
};

/* Files that were named one by one: relative to the working directory, links are followed. */
struct list_of_files {
    uint32_t count;
    const char **names;
    const struct algo_set *algos; /* NULL: the job's */
    const uint8_t *expected;      /* of a check: digest_size bytes a file; else NULL */
    bool regular;                 /* a walk found them: regular files, and no links */
    bool streams;                 /* read to their end, whatever they are ("-" is the standard input) */
    void (*free)(struct list_of_files *list);
};

/* Where roots come from: the command line, a list of names, a manifest. */
struct name_source {
    /* 1 and the next root; 0 at the end; or a negative errno, which ends the job. May block. */
    int (*next)(struct name_source *source, struct tree *tree, struct node **ret_root);
    void (*free)(struct name_source *source);
};

/* Files of the job itself: the manifest's, as it is and as it was, the cache's. */
#define OWN_FILES_MAX 4

struct tree {
    pthread_mutex_t lock;
    struct name_source *source;
    weir_notify changed;   /* lanes: there may be something to do, or nothing more ever */
    weir_notify completed; /* emitter: a node is complete */
    const struct algo_set *algos;
    size_t ahead, ahead_max;
    struct node *frontier;           /* nodes with children nobody took; deepest and latest first */
    struct node *roots, *roots_last; /* not emitted yet */
    struct node *emitting;           /* emitter's: where it is */
    struct node *claimable, *claimable_last;
    uint32_t unclaimed;   /* files of those; written under the lock, read by whoever is curious */
    struct node *blocked; /* the emitter waits for this node's next child, which nobody took */
    uint32_t root_count;  /* fetched so far; of whoever fetches */
    uint32_t busy;        /* lanes that read a directory or fetch a root */
    bool sourcing, source_done, root_wanted;
    weir_hash_counters *counters;
    struct {
        uint64_t dev, ino;
    } own[OWN_FILES_MAX]; /* a walk that meets them leaves them out */
    uint32_t own_count;
    struct hash_cache *cache; /* NULL: everything is read */
    struct sieve *sieve;      /* NULL: nothing is left out */
    size_t head;              /* files of so many bytes or more are read by their heads alone; 0: all are read whole */
    int error;
};

int wp_tree_init(struct tree *tree, struct name_source *source, const struct algo_set *algos,
                 weir_hash_counters *counters);
/* Frees what is left. No lane, no emitter any more. */
void wp_tree_fini(struct tree *tree);

/* Before the first root: this file is the job's own. */
void wp_tree_own(struct tree *tree, const struct stat *file);

/* For sources: a root that is a directory yet to be read, or a list of files. Both take their argument; NULL: no
 * memory. */
struct node *wp_node_dir(struct tree *tree, weir_walk_node *place);
struct node *wp_node_list(struct tree *tree, struct list_of_files *list);

/* Some files of a node, `from` <= i < `to` of its order. */
struct claim {
    struct node *node;
    uint32_t from, to;
};

enum tree_step {
    TREE_FILES, /* here are some */
    TREE_AGAIN, /* a directory was read: ask again */
    TREE_WAIT,  /* nothing now: wait for `changed` */
    TREE_END,   /* nothing ever again */
};

/*
 * The next handful of files, at most `max`. May read a directory, which is a
 * matter of microseconds when it is cached. Before TREE_WAIT is acted on,
 * construct the wait for `changed` and call again: see weir_notify_wait().
 */
enum tree_step wp_tree_next(struct tree *tree, uint32_t max, struct claim *ret_claim);

/* Files that can be claimed now. A hint: it changes all the time. */
static inline uint32_t wp_tree_unclaimed(const struct tree *tree)
{
    return __atomic_load_n(&tree->unclaimed, __ATOMIC_RELAXED);
}

/*
 * Reads one directory, unless there are `enough` files to claim already. False:
 * there are, or there is none to read. Any thread that may block.
 */
bool wp_tree_walk(struct tree *tree, uint32_t enough);

/* The result of one more file of the node is in its place. Any thread; the node may be gone afterwards. */
void wp_node_done(struct node *node);

static inline const char *wp_node_name(const struct node *node, uint32_t i)
{
    return node->list != NULL ? node->list->names[i] : weir_entry_name(node->dir, &node->dir->entries[i]);
}

static inline bool wp_node_is_dir(const struct node *node, uint32_t i)
{
    return node->list == NULL && node->dir->entries[i].kind == WEIR_ENTRY_DIR;
}

static inline bool wp_node_is_link(const struct node *node, uint32_t i)
{
    return node->list == NULL && node->dir->entries[i].kind == WEIR_ENTRY_SYMLINK;
}

/* What the entry's name is relative to. */
static inline int wp_node_fd(const struct node *node)
{
    return node->list != NULL ? AT_FDCWD : node->dir->fd;
}

/* What the entry looks like, if it isn't a directory: as the walk saw it, or as it is now. 0 or a negative errno. */
WEIR_MUST_USE int wp_node_meta(const struct node *node, uint32_t i, weir_file_meta *ret_meta);

/* Where the digests of entry `i` go. */
static inline uint8_t *wp_node_digests(const struct node *node, uint32_t i)
{
    return node->digests + (size_t)i * node->algos->digest_size;
}

/*
 * The next entry in order, its node complete; node->count for *ret_entry: all of this directory is out. NULL: wait for
 * `completed`; or *ret_end. Frees nodes behind it.
 */
struct node *wp_tree_emit_next(struct tree *tree, uint32_t *ret_entry, bool *ret_end);

/* After TREE_END: 0, or why it came early. */
int wp_tree_error(struct tree *tree);

#endif
