/*
 * tail_inside.h - the follower's parts, and who does what.
 *
 *   tail_watch.c    directories, and what inotify says of them
 *   tail_roots.c    from a pattern to directories: links and what is missing on the way
 *   tail_look.c     names that may have changed: which file is it now
 *   tail_search.c   what was rotated while nobody looked, and the rest of what was truncated
 *   tail_stream.c   paths, and the files that were found under them
 *   tail_file.c     the follower itself, and its files: made, named, queued
 *   tail_open.c     opened and closed
 *   tail_read.c     lines
 *   tail_position.c where each stands, written down
 */
#ifndef WI_TAIL_INSIDE_H
#define WI_TAIL_INSIDE_H

#include <fcntl.h>
#include <weir/glob.h>
#include <weir/tail.h>

#include "nowait.h"
#include "tail/file_identity.h"
#include "tail/tail_table.h"

/* The first bytes of a file, by which it is known again. */
struct tail_head {
    uint64_t hash;
    uint32_t size; /* 0: none of it was read */
};

/* Where reading stood: what is written down, and what a file that was truncated leaves. */
struct tail_position {
    struct tail_position *next;
    char *path; /* by which the file was found */
    struct file_identity identity;
    struct tail_head head;
    uint64_t offset;
    uint64_t size;    /* as it was seen last; not written down */
    int64_t mtime_ns; /* when it had last changed, as far as that was seen */
    int64_t read_ns;  /* tail_stream.mtime_ns of its stream */
    uint32_t flags;
};

#define TAIL_PACKED 1u    /* its content is compressed; the offset is one of the content */
#define TAIL_TRUNCATED 2u /* the file itself is another now: its rest is in a copy, or nowhere */
#define TAIL_DONE 4u      /* nothing more will come of it */
#define TAIL_COPY 16u     /* it is a copy of a file that was truncated */
#define TAIL_BY_PATH 8u   /* of whichever file has the path: the user said so */

struct tail_dir {
    struct tail_link by_path, by_watch; /* by_watch only if watch >= 0 */
    struct tail_dir *next;
    char *path;
    int watch;    /* -1: it is polled */
    bool listed;  /* names in it may match a pattern; else only some are of interest */
    bool base;    /* a pattern's own directory: when it goes, the pattern is looked up again */
    bool whole;   /* all names are to be looked at */
    bool changed; /* in tail->changed */
    bool gone;
    struct tail_dir *next_changed;
    char **names; /* to be looked at */
    size_t name_count, name_room;
};

/* All files that were found under one path: the newest is what has the name now, or had it last. */
struct tail_stream {
    struct tail_link by_path;
    struct tail_stream *next;
    char *path;
    const char *shown;    /* the part of it that the user knows */
    struct tail_dir *dir; /* where its files lie, which a link may lead to; NULL: none was seen yet */
    char *name;           /* and how the newest was called there */
    struct weir_tail_file *files, *newest;
    int64_t mtime_ns;           /* the latest that a file of it had when it was read to its end */
    struct tail_position *lost; /* files whose rest is to be found */
    bool searches;              /* in tail->searching */
    bool known;                 /* some of it was read by an earlier run, */
    bool restoring;             /* and that run's files are still to be found */
    struct tail_stream *next_searching;
};

enum tail_queue { TAIL_IDLE, TAIL_OPEN_QUEUE, TAIL_CLOSED_QUEUE };

struct weir_tail_file {
    struct weir_tail_file *next, *prev;             /* of all */
    struct weir_tail_file *queue_next, *queue_prev; /* of a queue, or of those that are open and idle */
    struct weir_tail_file *stream_next;
    struct tail_link by_identity, by_name; /* by_name only if there is a name */
    struct weir_tail *tail;
    struct tail_stream *stream;
    struct tail_dir *dir; /* where it is, and how it is called; NULL: nobody knows */
    char *name;
    struct file_identity identity;
    struct tail_head head;
    uint64_t offset;     /* of the next line */
    uint64_t known;      /* bytes from there on that were read and have no newline */
    uint64_t line_bytes; /* of the next line, if that is known and more than fitted */
    uint64_t size;       /* as it was seen last */
    uint64_t shift;      /* bytes of the content that stand before what `fd` has: of one that was unpacked */
    int64_t mtime_ns;
    int64_t nameless_ns; /* since when it has no name; 0: it has one */
    int64_t partial_ns;  /* since when the line that was begun is waited for; 0: it isn't */
    uint64_t look;       /* in which it was seen last */
    int fd;
    enum tail_queue queue;
    bool in_queue;   /* in that, or in the list of idle ones */
    bool caught_up;  /* it was read to its end once, since it is what is read */
    bool held_ready; /* it is to be read once those before it were */
    bool packed;     /* it is compressed: its content is read from a copy */
    bool ignored;    /* it is compressed, and nobody asked for what is in it */
    bool done;       /* nothing more will come of it */
    bool dead;       /* it is to be freed */
    bool is_copy;    /* of a file that was truncated: what has no newline at its end is no line */
    bool verified;   /* since it was opened: it begins as it did */
    bool trimmed;    /* it began at its end, which is still to be moved back to where a line begins */
    bool ending;     /* the last line needs no newline any more */
    bool noted;      /* that it can't be read */
    bool blocked;    /* it can't be opened or read now, and is tried again each poll_ns */
};

/* An event of this name in this directory concerns another path: a link was crossed there, or something is missing. */
struct tail_alias {
    struct tail_link by_name;
    struct tail_alias *next;
    struct tail_dir *dir;
    char *name;
    struct tail_root *root;  /* to be looked up again, or NULL: */
    struct tail_dir *to_dir; /* this name is to be looked at */
    char *to_name;
};

struct tail_root {
    struct tail_root *next;
    char *pattern; /* absolute */
    char *base;    /* the directory before the first wildcard, or of the file */
    bool relative; /* as it was given */
    bool is_glob;
    weir_glob *glob;
    bool look;    /* it is to be looked up */
    bool missing; /* something on its way is not there, or may not be read */
};

struct tail_list {
    struct weir_tail_file *first, *last;
};

struct weir_tail {
    weir_tail_options options;
    char *cwd;
    int notify_fd; /* -1: no inotify */
    bool first_look_done;
    bool roots_changed;
    struct tail_root *roots;
    struct tail_dir *dirs, *changed;
    struct tail_table dirs_by_path, dirs_by_watch, files_by_identity, files_by_name, streams_by_path, aliases_by_name;
    struct tail_alias *aliases;
    struct tail_stream *streams, *searching;
    struct weir_tail_file *files;
    struct tail_list open_queue, closed_queue, idle; /* idle: open ones, the longest idle first */
    struct tail_position *loaded;                    /* that no file was found for yet */
    size_t open_count, file_count, dir_count, polled_count;
    size_t waiting_count; /* files that something is due for: without a name, or with a line that was begun */
    size_t blocked_count, dead_count;
    bool unsure;       /* something that may be there couldn't be seen */
    bool unsure_noted; /* that was told */
    struct nowait nowait;
    uint64_t look;
    int64_t polled_ns;
    weir_tail_stats stats;
};

/* --- tail_watch.c */
/* The directory with this path, watched; made if need be. NULL: no memory. */
struct tail_dir *wi_tail_dir(struct weir_tail *tail, const char *path);
/* A name in it is to be looked at; without memory all are. */
void wi_tail_dir_changed(struct tail_dir *dir, struct weir_tail *tail, const char *name);
void wi_tail_dir_whole(struct tail_dir *dir, struct weir_tail *tail);
void wi_tail_dir_clear(struct tail_dir *dir);
struct inotify_event;
/* What one event says, as weir_tail_hear() does for each. */
void wi_tail_event(struct weir_tail *tail, const struct inotify_event *event);
void wi_tail_dirs_fini(struct weir_tail *tail);

/* --- tail_roots.c */
int wi_tail_root_look(struct weir_tail *tail, struct tail_root *root);
bool wi_tail_matches(const struct weir_tail *tail, const char *path);
/* A directory below a pattern's: it and what is below it, where names could match. 0 or -ENOMEM. */
int wi_tail_descend(struct weir_tail *tail, const char *path);
/* The links on the way to what `path` is lead to looking at it again. *ret_target: where it ends, to be freed; NULL:
 * nowhere yet. 0 or -ENOMEM. */
int wi_tail_links(struct weir_tail *tail, const char *path, struct tail_root *root, struct tail_dir *dir,
                  const char *name, char **ret_target);
void wi_tail_alias_event(struct weir_tail *tail, struct tail_dir *dir, const char *name);
uint64_t wi_tail_name_hash(const struct tail_dir *dir, const char *name);
void wi_tail_roots_fini(struct weir_tail *tail);

/* --- tail_look.c */
/* dir/name, to be freed; NULL: no memory. */
char *wi_tail_join(const char *dir, const char *name);
void wi_tail_note(const struct weir_tail *tail, const char *path, const char *what);
/* What may be there couldn't be seen: told once, and looked at again each poll_ns. What isn't there, or may not be
 * read, is heard of when that changes. */
void wi_tail_unsure(struct weir_tail *tail, const char *path, int error);
struct weir_tail_file *wi_tail_find(const struct weir_tail *tail, const struct file_identity *identity);

/* --- tail_stream.c */
/* The stream of this path, made if need be. NULL: no memory. */
struct tail_stream *wi_tail_stream(struct weir_tail *tail, const char *path);
/* The stream of which this may be a rotated file, or NULL. */
struct tail_stream *wi_tail_stream_of_rotated(struct weir_tail *tail, const struct tail_dir *dir, const char *name);
/* Its newest file lies there, under this name. 0 or -ENOMEM. */
int wi_tail_stream_at(struct tail_stream *stream, struct tail_dir *dir, const char *name);
/* Takes the position of this file, or of whichever has this path, out of those that were loaded; NULL: there is none.
 */
struct tail_position *wi_tail_take_loaded(struct weir_tail *tail, const struct file_identity *identity,
                                          const char *path);

/* --- tail_search.c */
void wi_tail_search_later(struct tail_stream *stream, struct weir_tail *tail);
/* 0 or -ENOMEM. */
int wi_tail_search(struct weir_tail *tail, struct tail_stream *stream);

/* --- tail_file.c */
struct weir_tail_file *wi_tail_file_create(struct weir_tail *tail, struct tail_stream *stream,
                                           const struct file_identity *identity);
void wi_tail_file_free(struct weir_tail_file *file);
/* It is called this now. 0 or -ENOMEM. */
int wi_tail_file_place(struct weir_tail_file *file, struct tail_dir *dir, const char *name);
/* Its name is gone or another file's. */
void wi_tail_file_unname(struct weir_tail_file *file);
void wi_tail_file_wake(struct weir_tail_file *file);
/* There is more in it: when the others have had their turn. */
void wi_tail_file_requeue(struct weir_tail_file *file);
/* It was read to its end for now. */
void wi_tail_file_rest(struct weir_tail_file *file);
/* Others of its stream come first, until they were read to their ends. */
bool wi_tail_file_is_held(const struct weir_tail_file *file);
/* Those of the stream that were held may look again. */
void wi_tail_file_release(struct tail_stream *stream);
/* It goes on from there. */
void wi_tail_file_set(struct weir_tail_file *file, const struct tail_position *position);
/* It will be freed by wi_tail_file_reap(). */
void wi_tail_file_end(struct weir_tail_file *file);
void wi_tail_file_reap(struct weir_tail *tail);
/* Out of its queue; an open file with a name may be closed then, when others need its descriptor. */
void wi_tail_file_dequeue(struct weir_tail_file *file);
/* Nobody can read it, unless its name is found again. */
bool wi_tail_is_out_of_reach(const struct weir_tail_file *file);
/* It begins anew, as it is now, and its rest is looked for. 0 or -ENOMEM. */
int wi_tail_file_truncated(struct weir_tail_file *file, const struct stat *meta);
static inline int64_t wi_stat_mtime_ns(const struct stat *meta)
{
    return meta->st_mtim.tv_sec * INT64_C(1000000000) + meta->st_mtim.tv_nsec;
}
void wi_tail_position_free(struct tail_position *position);

/* --- tail_open.c */
void wi_tail_file_close(struct weir_tail_file *file);
/* It can't be opened or read now: that is told once, those behind it are held no longer, and it is tried again. */
void wi_tail_file_block(struct weir_tail_file *file, int error);
/* Of unpacking: no room for what comes out, say. What is damaged stays so. */
bool wi_tail_may_pass(int error);
/* Opens those that wait for it, as many as may be open. Blocks. 0 or -ENOMEM. */
int wi_tail_open_queued(struct weir_tail *tail);
bool wi_tail_can_open(const struct weir_tail *tail);
/* It begins anew if it was truncated since it was read, as wi_tail_file_truncated() does. 0 or -ENOMEM. Blocks. */
int wi_tail_file_check(struct weir_tail_file *file);

/* --- tail_read.c */
/* Do these bytes, the first of a file, begin as that? */
bool wi_tail_head_is(const void *bytes, size_t size, const struct tail_head *head);
/* Blocking: bytes, fewer only at the end, or a negative errno. */
int64_t wi_tail_pread(int fd, void *buffer, size_t size, uint64_t offset);

#endif
