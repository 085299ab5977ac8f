/*
 * join_set.c - a set of tasks that are awaited as they end.
 *
 * A member of the set is the join waker of its task: the task's end wakes the
 * member, which moves itself to the list of the finished. So a task knows
 * nothing of sets.
 */
#include <weir/join_set.h>

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/lock.h"
#include "task_core.h"
#include "task_state.h"

struct member {
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
    size_t len;                           /* members */
    size_t reserved;                      /* room granted and not used yet */
    struct list running, finished, rooms; /* rooms: those who wait for room */
    weir_waker *next_waker;               /* of the join_next that waits; borrowed */
};

static void set_unref(struct weir_join_set *set)
{
    if (wi_fetch_sub(&set->refs, 1u, ACQ_REL) == 1)
        free(set);
}

static void member_unref(struct member *member)
{
    if (wi_fetch_sub(&member->refs, 1u, ACQ_REL) != 1)
        return;
    struct weir_join_set *set = member->set;
    free(member);
    set_unref(set);
}

static void finished_locked(struct member *member)
{
    struct weir_join_set *set = member->set;
    if (member->finished || !list_linked(&member->node))
        return;
    member->finished = true;
    list_remove(&member->node);
    list_push_back(&set->finished, &member->node);
    if (set->next_waker != NULL) {
        weir_wake(set->next_waker);
        set->next_waker = NULL;
    }
}

static void member_wake(weir_waker *waker)
{
    struct member *member = weir_container_of(waker, struct member, waker);
    struct weir_join_set *set = member->set;
    wi_lock(&set->lock);
    finished_locked(member);
    wi_unlock(&set->lock);
}

static void member_hold(weir_waker *waker)
{
    (void)wi_fetch_add(&weir_container_of(waker, struct member, waker)->refs, 1u, RELAXED);
}

static void member_release(weir_waker *waker)
{
    member_unref(weir_container_of(waker, struct member, waker));
}

static const weir_waker_type member_waker_type = { member_wake, member_hold, member_release };

int weir_join_set_create(size_t bound, weir_join_set **ret_set)
{
    if (bound == 0)
        return -EINVAL;
    struct weir_join_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return -ENOMEM;
    set->refs = 1;
    set->bound = bound;
    list_init(&set->running);
    list_init(&set->finished);
    list_init(&set->rooms);
    *ret_set = set;
    return 0;
}

/* --- room ---------------------------------------------------------------------- */

_Static_assert(sizeof(((weir_join_set_room *)0)->node) == sizeof(struct list_node), "the public node is a list node");

static struct list_node *room_node(weir_join_set_room *room)
{
    return (struct list_node *)(void *)&room->node;
}

static bool has_room_locked(const struct weir_join_set *set)
{
    return set->len + set->reserved < set->bound;
}

/* Hands free room to those who wait, in the order they came. */
static void grant_locked(struct weir_join_set *set)
{
    while (has_room_locked(set) && !list_empty(&set->rooms)) {
        weir_join_set_room *room = weir_container_of(list_pop_front(&set->rooms), weir_join_set_room, node);
        room->granted = true;
        set->reserved++;
        weir_wake(room->waker);
    }
}

static weir_poll room_poll(weir_future *future, weir_cx *cx)
{
    weir_join_set_room *self = (weir_join_set_room *)(void *)future;
    struct weir_join_set *set = self->set;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    wi_lock(&set->lock);
    bool granted = self->granted;
    if (!granted && !list_linked(room_node(self)) && list_empty(&set->rooms) && has_room_locked(set)) {
        granted = true;
        set->reserved++;
    }
    if (!granted) {
        self->waker = cx->waker;
        if (!list_linked(room_node(self)))
            list_push_back(&set->rooms, room_node(self));
        weir_budget_give_back(cx);
    }
    wi_unlock(&set->lock);
    return granted ? WEIR_READY : WEIR_PENDING;
}

void weir_join_set_unreserve(weir_join_set *set)
{
    wi_lock(&set->lock);
    set->reserved--;
    grant_locked(set);
    wi_unlock(&set->lock);
}

static void room_drop(weir_future *future)
{
    weir_join_set_room *self = (weir_join_set_room *)(void *)future;
    wi_lock(&self->set->lock);
    if (list_linked(room_node(self)))
        list_remove(room_node(self));
    else if (self->granted)
        self->set->reserved--;
    grant_locked(self->set);
    wi_unlock(&self->set->lock);
}

static const weir_future_type room_type =
    WEIR_FUTURE_TYPE(weir_join_set_room, "join_set_reserve", room_poll, room_drop);

weir_join_set_room weir_join_set_reserve(weir_join_set *set)
{
    return (weir_join_set_room){ .future = WEIR_FUTURE_INIT(&room_type), .set = set };
}

/* --- spawn --------------------------------------------------------------------- */

static int take_room(struct weir_join_set *set)
{
    int error = 0;
    wi_lock(&set->lock);
    if (set->reserved > 0)
        set->reserved--;
    else if (!has_room_locked(set) || !list_empty(&set->rooms))
        error = -EAGAIN;
    if (error == 0)
        set->len++;
    wi_unlock(&set->lock);
    return error;
}

static void leave_room(struct weir_join_set *set)
{
    wi_lock(&set->lock);
    set->len--;
    grant_locked(set);
    wi_unlock(&set->lock);
}

int weir_join_set_spawn_frame(weir_join_set *set, weir_future *frame)
{
    const int error = take_room(set);
    struct member *member = error == 0 ? calloc(1, sizeof *member) : NULL;
    if (member == NULL) {
        weir_future_drop(frame);
        if (error == 0)
            leave_room(set);
        return error == 0 ? -ENOMEM : error;
    }
    const weir_join_handle handle = weir_spawn_frame(weir_runtime_current(), frame);
    if (handle.task == NULL) {
        free(member);
        leave_room(set);
        return handle.error;
    }
    *member = (struct member){ .waker = { &member_waker_type }, .set = set, .handle = handle, .refs = 2 };
    (void)wi_fetch_add(&set->refs, 1u, RELAXED);
    wi_lock(&set->lock);
    list_push_back(&set->running, &member->node);
    wi_unlock(&set->lock);
    handle.task->join_waker = &member->waker;
    if (!state_set_join_waker(&handle.task->state)) {
        member_wake(&member->waker);
        member_unref(member);
    }
    return 0;
}

/* --- join ---------------------------------------------------------------------- */

static struct member *pop_finished_locked(struct weir_join_set *set)
{
    struct list_node *node = list_pop_front(&set->finished);
    if (node == NULL)
        return NULL;
    set->len--;
    grant_locked(set);
    return weir_container_of(node, struct member, node);
}

static weir_poll next_poll(weir_future *future, weir_cx *cx)
{
    weir_join_next_future *self = (weir_join_next_future *)(void *)future;
    struct weir_join_set *set = self->set;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    wi_lock(&set->lock);
    struct member *member = pop_finished_locked(set);
    const bool empty = member == NULL && set->len == 0;
    set->next_waker = member == NULL && !empty ? cx->waker : NULL;
    wi_unlock(&set->lock);
    if (member == NULL && !empty) {
        future->line = 1;
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    if (member != NULL) {
        self->id = member->handle.task->id;
        self->status = wi_task_take(member->handle.task, self->ret_output);
        member_unref(member);
    }
    self->output = empty ? 0 : 1;
    return WEIR_READY;
}

static void next_drop(weir_future *future)
{
    weir_join_next_future *self = (weir_join_next_future *)(void *)future;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(&self->set->lock);
    self->set->next_waker = NULL;
    wi_unlock(&self->set->lock);
}

static const weir_future_type next_type = WEIR_FUTURE_TYPE(weir_join_next_future, "join_next", next_poll, next_drop);

weir_join_next_future weir_join_next(weir_join_set *set, void *ret_output)
{
    return (weir_join_next_future){ .future = WEIR_FUTURE_INIT(&next_type), .set = set, .ret_output = ret_output };
}

size_t weir_join_set_len(weir_join_set *set)
{
    wi_lock(&set->lock);
    const size_t len = set->len;
    wi_unlock(&set->lock);
    return len;
}

void weir_join_set_abort_all(weir_join_set *set)
{
    wi_lock(&set->lock);
    for (struct list_node *node = set->running.head.next; node != &set->running.head; node = node->next)
        weir_abort(weir_container_of(node, struct member, node)->handle);
    wi_unlock(&set->lock);
}

void weir_join_set_detach_all(weir_join_set *set)
{
    struct list members;
    list_init(&members);
    wi_lock(&set->lock);
    list_splice(&members, &set->running);
    list_splice(&members, &set->finished);
    for (struct list_node *node = members.head.next; node != &members.head; node = node->next)
        weir_container_of(node, struct member, node)->finished = true;
    set->len = 0;
    grant_locked(set);
    wi_unlock(&set->lock);
    for (struct list_node *node; (node = list_pop_front(&members)) != NULL;) {
        struct member *member = weir_container_of(node, struct member, node);
        /* False: the task ends at this moment, and its completer has the waker and releases it. */
        if (state_unset_join_waker(&member->handle.task->state))
            member_unref(member);
        weir_detach(member->handle);
        member_unref(member);
    }
}

void weir_join_set_destroy(weir_join_set *set)
{
    if (set == NULL)
        return;
    weir_join_set_abort_all(set);
    weir_join_set_detach_all(set);
    set_unref(set);
}
