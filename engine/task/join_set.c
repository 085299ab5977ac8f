/* join_set.c - a set of tasks: its beginning, its members, its end. */
#include <stdlib.h>

#include "join_members.h"
#include "task_core.h"
#include "task_state.h"

static void set_unref(struct weir_join_set *set)
{
    if (wi_fetch_sub(&set->refs, 1u, ACQ_REL) == 1)
        free(set);
}

void wi_join_member_unref(struct join_member *member)
{
    if (wi_fetch_sub(&member->refs, 1u, ACQ_REL) != 1)
        return;
    struct weir_join_set *set = member->set;
    free(member);
    set_unref(set);
}

static void member_wake(weir_waker *waker)
{
    struct join_member *member = weir_container_of(waker, struct join_member, waker);
    struct weir_join_set *set = member->set;
    wi_lock(&set->lock);
    if (!member->finished && wi_join_finished_locked(member) && set->next_waker != NULL) {
        weir_wake(set->next_waker);
        set->next_waker = NULL;
    }
    wi_unlock(&set->lock);
}

static void member_hold(weir_waker *waker)
{
    (void)wi_fetch_add(&weir_container_of(waker, struct join_member, waker)->refs, 1u, RELAXED);
}

static void member_release(weir_waker *waker)
{
    wi_join_member_unref(weir_container_of(waker, struct join_member, waker));
}

static const weir_waker_type member_waker_type = { member_wake, member_hold, member_release };

static int create(size_t bound, bool ordered, weir_join_set **ret_set)
{
    if (bound == 0)
        return -EINVAL;
    struct weir_join_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return -ENOMEM;
    set->refs = 1;
    set->bound = bound;
    set->ordered = ordered;
    list_init(&set->running);
    list_init(&set->finished);
    list_init(&set->rooms);
    *ret_set = set;
    return 0;
}

int weir_join_set_create(size_t bound, weir_join_set **ret_set)
{
    return create(bound, false, ret_set);
}

int weir_join_set_create_ordered(size_t bound, weir_join_set **ret_set)
{
    return create(bound, true, ret_set);
}

/* --- spawn --------------------------------------------------------------------- */

static int take_room(struct weir_join_set *set)
{
    int error = 0;
    wi_lock(&set->lock);
    if (set->reserved > 0)
        set->reserved--;
    else if (set->len + set->reserved >= set->bound || !list_empty(&set->rooms))
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
    wi_join_grant_locked(set);
    wi_unlock(&set->lock);
}

/* The task, whose room was taken, is a member from now on; or the error of its spawn. */
static int add(struct weir_join_set *set, struct join_member *member, weir_join_handle handle,
               weir_abort_handle *ret_abort)
{
    if (handle.task == NULL) {
        free(member);
        leave_room(set);
        return handle.error;
    }
    *member = (struct join_member){ .waker = { &member_waker_type }, .set = set, .handle = handle, .refs = 2 };
    if (ret_abort != NULL)
        *ret_abort = weir_abort_handle_of(handle);
    (void)wi_fetch_add(&set->refs, 1u, RELAXED);
    wi_lock(&set->lock);
    list_push_back(&set->running, &member->node);
    wi_unlock(&set->lock);
    handle.task->join_waker = &member->waker;
    if (!state_set_join_waker(&handle.task->state)) {
        member_wake(&member->waker);
        wi_join_member_unref(member);
    }
    return 0;
}

int wi_join_set_spawn_by(weir_join_set *set, weir_join_handle (*spawn)(void *arg, weir_future *frame), void *arg,
                         weir_future *frame, weir_abort_handle *ret_abort)
{
    const int error = take_room(set);
    struct join_member *member = error == 0 ? calloc(1, sizeof *member) : NULL;
    if (member == NULL) {
        weir_future_drop(frame);
        if (error == 0)
            leave_room(set);
        return error == 0 ? -ENOMEM : error;
    }
    return add(set, member, spawn(arg, frame), ret_abort);
}

struct spawn_on {
    weir_runtime *runtime;
    const char *name;
};

static weir_join_handle spawn_on(void *arg, weir_future *frame)
{
    const struct spawn_on *on = arg;
    return weir_spawn_frame_named(on->runtime, frame, on->name);
}

int weir_join_set_spawn_frame(weir_join_set *set, weir_runtime *runtime, weir_future *frame,
                              weir_abort_handle *ret_abort)
{
    struct spawn_on on = { runtime, set->name };
    return wi_join_set_spawn_by(set, spawn_on, &on, frame, ret_abort);
}

void weir_join_set_name(weir_join_set *set, const char *name)
{
    set->name = name;
}

/* --- the end ------------------------------------------------------------------- */

size_t weir_join_set_len(weir_join_set *set)
{
    wi_lock(&set->lock);
    const size_t len = set->len;
    wi_unlock(&set->lock);
    return len;
}

bool weir_join_set_is_empty(weir_join_set *set)
{
    return weir_join_set_len(set) == 0;
}

void weir_join_set_abort_all(weir_join_set *set)
{
    wi_lock(&set->lock);
    for (struct list_node *node = set->running.head.next; node != &set->running.head; node = node->next)
        weir_abort(weir_container_of(node, struct join_member, node)->handle);
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
        weir_container_of(node, struct join_member, node)->finished = true;
    set->len = 0;
    set->ready = 0;
    set->blocked_since_ns = 0;
    wi_join_grant_locked(set);
    wi_unlock(&set->lock);
    for (struct list_node *node; (node = list_pop_front(&members)) != NULL;) {
        struct join_member *member = weir_container_of(node, struct join_member, node);
        /* False: the task ends at this moment, and its completer has the waker and releases it. */
        if (state_unset_join_waker(&member->handle.task->state))
            wi_join_member_unref(member);
        weir_detach(member->handle);
        wi_join_member_unref(member);
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
