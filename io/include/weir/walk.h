/*
 * walk.h - trees of strangers, a directory at a time.
 *
 *     weir_walk_root(walk, "data", &root);                   what the user named
 *     weir_dir_read(root.node, -1, &dir);                    its entries: chosen, sorted
 *     openat(dir->fd, weir_entry_name(dir, entry), weir_entry_open_flags(entry))
 *     weir_walk_child(dir, entry, &node);                    for an entry that is a directory
 *     weir_dir_read(node, dir->fd, &child_dir);              relative to its parent's fd
 *
 * Everything here is synchronous; a directory is the unit of work, and which
 * thread does it is the caller's choice. Each call takes a node or a directory
 * that no other thread changes meanwhile; different ones go in parallel.
 *
 * Names are bytes. Read in pre-order (an entry that is a directory replaced by
 * what is in it), the files come in the order `LC_ALL=C sort` gives their paths.
 *
 * Safety: every open is of one component, relative to the fd of the directory
 * it was listed in, and with O_NOFOLLOW. A component of a listing is never "",
 * "." or "..", nor has it a '/' (one that has is refused), so there is nothing
 * in it to resolve but the last step, and O_NOFOLLOW refuses a symbolic link
 * there: what openat2(RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS) promises, on every
 * kernel and under every seccomp filter. A directory that was swapped for a
 * link is an error, not a way out. (A directory that is moved while it is read
 * is read on where it went: no flag prevents that.)
 */
#ifndef WEIR_WALK_H
#define WEIR_WALK_H

#include <weir/base.h>

#include <fcntl.h>

typedef struct weir_walk weir_walk;
typedef struct weir_walk_node weir_walk_node;

/*
 * What is in. All zero: every file and directory, hidden ones too, no link followed.
 *
 * A pattern (glob.h) without a '/' is matched against the name, at any depth;
 * one that has a '/' in front or inside against the path relative to the root.
 * A '/' at the end: only directories (in `match`: the files below them). A
 * leading "./" or "/" anchors at the root and is no part of the path.
 */
typedef struct weir_walk_rules {
    const char *const *match;   /* NULL: all; else files must match one of match_count */
    const char *const *exclude; /* wins over `match`; an excluded directory is not entered */
    size_t match_count;
    size_t exclude_count;
    uint64_t size_min;
    uint64_t size_max;  /* with has_size_max */
    int64_t newer_ns;   /* with has_newer: modified after this time (CLOCK_REALTIME) */
    uint32_t depth_max; /* 0: any; 1: the root's own entries */
    bool has_size_max;
    bool has_newer;
    bool skip_hidden; /* names that begin with '.', but not a root's */
    bool same_device; /* don't enter a directory on another device than its root's ("xdev") */
    bool follow;      /* symbolic links are what they point to */
    bool gitignore;   /* obey .gitignore files, those above the root in its repository too; leave out .git */
    bool links;       /* without follow: symbolic links are entries, too, of WEIR_ENTRY_SYMLINK */
    bool meta;        /* fill in weir_dir.meta: a stat for each file */
} weir_walk_rules;

/* What a walk tells beside its entries. All but the last two mean that something is missing from the result. */
typedef enum weir_note_kind {
    WEIR_NOTE_UNREADABLE,      /* error says why */
    WEIR_NOTE_VANISHED,        /* it was in its directory's listing, and is gone */
    WEIR_NOTE_SWAPPED,         /* a directory or file that is something else by now: a link, say */
    WEIR_NOTE_LOOP,            /* a directory that is its own ancestor; not entered */
    WEIR_NOTE_DANGLING,        /* with follow: a link to nothing */
    WEIR_NOTE_TOO_LONG,        /* a path of more than 16 MiB, or more than 32,768 directories deep */
    WEIR_NOTE_IGNORE_FILE,     /* a .gitignore that could not be read, or a line of it (-E2BIG) */
    WEIR_NOTE_SPECIAL_SKIPPED, /* a FIFO, socket or device */
    WEIR_NOTE_OTHER_DEVICE,    /* with same_device: not entered */
} weir_note_kind;

/*
 * `path` is what find(1) would print; it ends in a NUL and may hold any other
 * byte. `error` is 0 or a negative errno. Called by the thread that reads the
 * directory, in the middle of it: don't call the walk from here.
 */
typedef void (*weir_note_fn)(void *arg, weir_note_kind kind, const char *path, size_t len, int error);

/*
 * weir_walk_create() - compile the rules.
 *
 * Returns 0, -E2BIG (a pattern: see weir_glob_create(), which tells which one)
 * or -ENOMEM.
 *
 * Ownership: the rules are copied. weir_walk_destroy() after the last node.
 */
WEIR_MUST_USE int weir_walk_create(const weir_walk_rules *rules, weir_note_fn note, void *note_arg,
                                   weir_walk **ret_walk);
void weir_walk_destroy(weir_walk *walk);

/* What stat(2) says, when somebody asked. */
typedef struct weir_file_meta {
    uint64_t dev, ino, size;
    int64_t mtime_ns, ctime_ns;
    int64_t btime_ns; /* of birth; 0: the file system doesn't say, or nobody asked */
    uint32_t mode, uid, gid, nlink;
} weir_file_meta;

/* Of a name, as statx(2) does it: `flags` are AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, ... Returns 0 or a negative errno.
 */
WEIR_MUST_USE int weir_file_meta_at(int dir_fd, const char *name, int flags, weir_file_meta *ret_meta);

typedef enum weir_root_kind {
    WEIR_ROOT_DIR,
    WEIR_ROOT_FILE,
    WEIR_ROOT_STREAM,   /* a FIFO or character device: to be read to its end, if that is wanted */
    WEIR_ROOT_BLOCK,    /* a block device */
    WEIR_ROOT_EXCLUDED, /* a file that the rules leave out */
} weir_root_kind;

typedef struct weir_root {
    weir_root_kind kind;
    weir_walk_node *node; /* of a directory: one reference, the caller's. Else NULL. */
    weir_file_meta meta;
} weir_root;

/*
 * weir_walk_root() - what the user named: `path` is followed if it is a link,
 * and kept as it was written.
 *
 * Paths of entries are `path`, a '/' unless it ends in one, and what comes
 * below: "data" gives "data/x", "./data/" "./data/x", "data//" "data//x", "/"
 * "/x", as find(1) prints them. The path may be longer than PATH_MAX.
 *
 * A file is looked at by `match`, `exclude` (with its last component for name
 * and path), the sizes and times; a directory is always in. Returns 0;
 * -EMFILE, -ENFILE or -ENOMEM, which were not noted: make room and call again;
 * or another negative errno, which was noted as UNREADABLE.
 */
WEIR_MUST_USE int weir_walk_root(weir_walk *walk, const char *path, weir_root *ret_root);

typedef enum weir_entry_kind { WEIR_ENTRY_FILE, WEIR_ENTRY_DIR, WEIR_ENTRY_SYMLINK } weir_entry_kind;

#define WEIR_ENTRY_LINK 1u /* with follow: the name is a symbolic link; opened without O_NOFOLLOW */

typedef struct weir_entry {
    uint64_t ino;      /* as listed; of what it points to, for a link */
    uint32_t name;     /* where in names it begins */
    uint16_t name_len; /* a NUL follows */
    uint8_t kind;
    uint8_t flags;
} weir_entry;

_Static_assert(sizeof(weir_entry) == 16, "a directory of a million entries is held in memory");

/* A directory that was read. One allocation: entries, meta and names lie behind it. */
typedef struct weir_dir {
    weir_walk_node *node; /* a reference of the directory's own */
    int fd;               /* -1 when closed */
    int error;            /* 0, or what ended the listing too early (noted): the entries are those before it */
    uint32_t count;
    uint32_t links_skipped; /* symbolic links, without follow */
    bool short_read_is_eof; /* see weir_fs_short_read_is_eof() */
    bool in_memory;         /* see weir_fs_in_memory() */
    weir_entry *entries;
    weir_file_meta *meta; /* NULL unless the rules want it; one for each entry, zero for directories and links */
    const char *names;
    size_t bytes; /* of memory, by_inode not counted */
    uint32_t *by_inode;
} weir_dir;

/*
 * weir_dir_read() - open the directory and list what the rules let through.
 *
 * `parent_fd` is the fd of the directory it was listed in; with -1 the way from
 * the root is opened again, component by component. A root needs none.
 *
 * Returns 0; -EMFILE, -ENFILE or -ENOMEM, which were not noted: close some fds
 * and call again; or another negative errno, which was noted and leaves nothing
 * to do: -ELOOP, -EXDEV, -ENOENT, -ENOTDIR, -EACCES, ...
 *
 * Ownership: the directory keeps its node; weir_dir_free() closes the fd
 * unless weir_dir_close_fd() did.
 */
WEIR_MUST_USE int weir_dir_read(weir_walk_node *node, int parent_fd, weir_dir **ret_dir);
void weir_dir_free(weir_dir *dir);
void weir_dir_close_fd(weir_dir *dir);

/* Opens the fd again, on the same safe way from the root. Returns 0 or a negative errno (-ESTALE: it isn't the same).
 */
WEIR_MUST_USE int weir_dir_reopen_fd(weir_dir *dir);

/*
 * The order in which a cold disk likes to be asked: indices of the entries by
 * inode number. Made at the first call and kept; NULL without memory. The
 * caller is the directory's only user at that moment.
 */
const uint32_t *weir_dir_by_inode(weir_dir *dir);

static inline const char *weir_entry_name(const weir_dir *dir, const weir_entry *entry)
{
    return dir->names + entry->name;
}

/*
 * For the one who opens entries by himself. Nothing here keeps him from a FIFO
 * that took the file's place since: add O_NONBLOCK and look with fstat, or
 * open where a hang is harmless.
 */
static inline int weir_entry_open_flags(const weir_entry *entry)
{
    return O_RDONLY | O_CLOEXEC | O_NOCTTY | ((entry->flags & WEIR_ENTRY_LINK) != 0 ? 0 : O_NOFOLLOW);
}

/*
 * weir_dir_open_file() - open an entry that is a file, with the directory's fd open.
 *
 * Returns an fd of a regular file or a negative errno; a FIFO or device in its
 * place doesn't block and gives -ESTALE, a link -ELOOP. Tells nobody:
 * weir_walk_tell_error() does.
 */
WEIR_MUST_USE int weir_dir_open_file(const weir_dir *dir, const weir_entry *entry);

/*
 * Nodes: the way from the root, a component each. A child keeps its parent, a
 * million files need a node for each directory at work. References may be
 * taken and put by any thread.
 */

/*
 * weir_walk_child() - the node of an entry that is a directory.
 *
 * Returns 0, -ENOMEM, or -ENAMETOOLONG, which was noted.
 * Ownership: weir_walk_node_put() takes back the one reference, and takes NULL.
 */
WEIR_MUST_USE int weir_walk_child(const weir_dir *dir, const weir_entry *entry, weir_walk_node **ret_node);
weir_walk_node *weir_walk_node_ref(weir_walk_node *node);
void weir_walk_node_put(weir_walk_node *node);

/* An fd of a directory that was read before, opened from its root's fd down; or a negative errno. */
WEIR_MUST_USE int weir_walk_reopen(const weir_walk_node *node);

/*
 * The path of `name` in the directory (of the directory itself when name_len
 * is 0), as snprintf does it: returns its length, writes what fits and a NUL.
 * A path is at most 16 MiB long.
 */
size_t weir_walk_path(const weir_walk_node *node, const char *name, size_t name_len, char *buffer, size_t size);

/* How many bytes of such a path name the root, '/' included: the rest is the path relative to it. */
size_t weir_walk_root_len(const weir_walk_node *node);

/* 0 for a root. */
uint32_t weir_walk_depth(const weir_walk_node *node);

/* Tells the walk's note function of an entry, for those who open and read it. */
void weir_walk_tell(const weir_walk_node *node, weir_note_kind kind, const char *name, size_t name_len, int error);

/* The same, with the kind that the error of an open or read means. */
void weir_walk_tell_error(const weir_walk_node *node, const char *name, size_t name_len, int error);

/*
 * Whether, for regular files on this file system, a read that gives less than
 * was asked for has reached the end: true for those that read local disks
 * through the page cache (and tmpfs, overlayfs, zfs), false for /proc, the
 * network, FUSE and whatever isn't known. A file that is mounted over a name
 * isn't seen by asking its directory.
 */
bool weir_fs_short_read_is_eof(int fd);

/* Whether regular files on this file system lie in memory (tmpfs, ramfs): reading one waits for nothing. */
bool weir_fs_in_memory(int fd);

/* open(2) of a path of any length, flags as given, O_CLOEXEC added. Returns the fd or a negative errno. */
WEIR_MUST_USE int weir_open_long(const char *path, int flags);

#endif
