/*
 * join_members.h - the inside of a join set, for the files that share it:
 * join_set.c (spawning, the end), join_room.c (the bound), join_next.c (results).
 *
 * A member is the join waker of its task: the task's end wakes the member, which
 * is then among the finished. So a task knows nothing of sets.
 */
#ifndef WI_JOIN_MEMBERS_H
#define WI_JOIN_MEMBERS_H

#include <weir/join_set.h>

#include "base/list.h"
#include "base/lock.h"

struct join_member {
    weir_waker waker; /* first: what the task wakes */
    struct weir_join_set *set;
    struct list_node node; /* in `running` or `finished` */
    weir_join_handle handle;
    uint32_t refs; /* the set's list, and the task as long as it has the waker */
    bool finished;
};

struct weir_join_set {
    struct lock lock;
    uint32_t refs; /* the owner, and each member */
    size_t bound;
    const char *name; /* of tasks to come; NULL: that of their root future */
    size_t len;       /* members */
    size_t reserved;  /* room granted and not used yet */
    bool ordered;     /* a finished member stays in `running`, where those spawned before it come first */
    struct list running;
    struct list finished;
    struct list rooms;      /* those who wait for room */
    weir_waker *next_waker; /* of the join_next that waits; borrowed */
    /* Of an ordered set. */
    size_t ready;             /* finished and not taken */
    int64_t blocked_since_ns; /* some are ready, and the first one isn't; 0: not so */
    int64_t blocked_ns;
};

/* Behind weir_join_set_spawn(): spawn(arg, frame) makes the task, or drops the frame and says why not. */
int wi_join_set_spawn_by(struct weir_join_set *set, weir_join_handle (*spawn)(void *arg, weir_future *frame), void *arg,
                         weir_future *frame, weir_abort_handle *ret_abort);

void wi_join_member_unref(struct join_member *member);

/* [lock] Hands free room to those who wait, in the order they came. */
void wi_join_grant_locked(struct weir_join_set *set);
/* [lock] The result that is next, taken out of the set; NULL: none yet. */
struct join_member *wi_join_pop_locked(struct weir_join_set *set);
/* [lock] This one has finished just now. True: it can be taken. */
bool wi_join_finished_locked(struct join_member *member);

#endif
