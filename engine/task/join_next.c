/* join_next.c - the results of a join set, one by one or all. */
#include <weir/time.h>

#include "join_members.h"
#include "task_core.h"

/* --- which one is next ---------------------------------------------------------- */

static struct join_member *member_of(struct list_node *node)
{
    return node == NULL ? NULL : weir_container_of(node, struct join_member, node);
}

/* The time that results of an ordered set wait because those before them aren't there. */
static void count_blocked_locked(struct weir_join_set *set)
{
    const struct join_member *front = member_of(list_front(&set->running));
    const bool blocked = set->ready > 0 && !front->finished;
    if (blocked && set->blocked_since_ns == 0)
        set->blocked_since_ns = weir_now_ns();
    if (!blocked && set->blocked_since_ns != 0) {
        set->blocked_ns += weir_now_ns() - set->blocked_since_ns;
        set->blocked_since_ns = 0;
    }
}

bool wi_join_finished_locked(struct join_member *member)
{
    struct weir_join_set *set = member->set;
    member->finished = true;
    if (!set->ordered) {
        list_remove(&member->node);
        list_push_back(&set->finished, &member->node);
        return true;
    }
    set->ready++;
    count_blocked_locked(set);
    return list_front(&set->running) == &member->node;
}

struct join_member *wi_join_pop_locked(struct weir_join_set *set)
{
    struct list *from = set->ordered ? &set->running : &set->finished;
    struct join_member *member = member_of(list_front(from));
    if (member == NULL || !member->finished)
        return NULL;
    list_remove(&member->node);
    set->len--;
    if (set->ordered) {
        set->ready--;
        count_blocked_locked(set);
    }
    wi_join_grant_locked(set);
    return member;
}

weir_join_set_blocked weir_join_set_blocked_get(weir_join_set *set)
{
    wi_lock(&set->lock);
    const int64_t since_ns = set->blocked_since_ns;
    const weir_join_set_blocked blocked = {
        .results = since_ns != 0 ? set->ready : 0,
        .ns = set->blocked_ns + (since_ns != 0 ? weir_now_ns() - since_ns : 0),
    };
    wi_unlock(&set->lock);
    return blocked;
}

/* --- one ------------------------------------------------------------------------ */

static void take(struct join_member *member, weir_join_result *ret_result, void *ret_output)
{
    ret_result->id = wi_task_id(member->handle.task);
    ret_result->status = wi_task_take(member->handle.task, ret_output);
    wi_join_member_unref(member);
}

/* 1, 0 (the set is empty) or -EAGAIN; then `waker` (may be NULL) will be woken. */
static int take_next(struct weir_join_set *set, weir_waker *waker, weir_join_result *ret_result, void *ret_output)
{
    wi_lock(&set->lock);
    struct join_member *member = wi_join_pop_locked(set);
    const bool empty = member == NULL && set->len == 0;
    set->next_waker = member == NULL && !empty ? waker : NULL;
    wi_unlock(&set->lock);
    if (member == NULL)
        return empty ? 0 : -EAGAIN;
    take(member, ret_result, ret_output);
    return 1;
}

int weir_join_set_try_next(weir_join_set *set, weir_join_result *ret_result, void *ret_output)
{
    return take_next(set, NULL, ret_result, ret_output);
}

static weir_poll next_poll(weir_future *future, weir_cx *cx)
{
    weir_join_next_future *self = (weir_join_next_future *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    weir_join_result result = { 0 };
    future->line = 1;
    self->output = take_next(self->set, cx->waker, &result, self->ret_output);
    if (self->output == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->status = result.status;
    self->id = result.id;
    return WEIR_READY;
}

static void forget_waker(struct weir_join_set *set)
{
    wi_lock(&set->lock);
    set->next_waker = NULL;
    wi_unlock(&set->lock);
}

static void next_drop(weir_future *future)
{
    if (future->line != WEIR_AT_START)
        forget_waker(((weir_join_next_future *)(void *)future)->set);
}

static const weir_future_type next_type = WEIR_FUTURE_TYPE(weir_join_next_future, "join_next", next_poll, next_drop);

weir_join_next_future weir_join_next(weir_join_set *set, void *ret_output)
{
    return (weir_join_next_future){ .future = WEIR_FUTURE_INIT(&next_type), .set = set, .ret_output = ret_output };
}

/* --- all ------------------------------------------------------------------------ */

static weir_poll all_poll(weir_future *future, weir_cx *cx)
{
    weir_join_set_all_future *self = (weir_join_set_all_future *)(void *)future;
    for (;;) {
        if (!weir_budget_take(cx))
            return WEIR_PENDING;
        future->line = 1;
        weir_join_result result = { 0 };
        void *to = self->ret_outputs == NULL ? NULL : (char *)self->ret_outputs + self->count * self->output_size;
        const int next = take_next(self->set, cx->waker, &result, to);
        if (next == -EAGAIN) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (next == 0 || result.status < 0) {
            if (result.status < 0)
                weir_join_set_abort_all(self->set);
            self->output = next == 0 ? (int64_t)self->count : result.status;
            return WEIR_READY;
        }
        self->count++;
    }
}

static void all_drop(weir_future *future)
{
    if (future->line != WEIR_AT_START)
        forget_waker(((weir_join_set_all_future *)(void *)future)->set);
}

static const weir_future_type all_type = WEIR_FUTURE_TYPE(weir_join_set_all_future, "join_set_all", all_poll, all_drop);

weir_join_set_all_future weir_join_set_all_sized(weir_join_set *set, void *ret_outputs, size_t output_size)
{
    return (weir_join_set_all_future){
        .future = { WEIR_FUTURE_INIT(&all_type) },
        .set = set,
        .ret_outputs = ret_outputs,
        .output_size = output_size,
    };
}

/* --- the end -------------------------------------------------------------------- */

static weir_poll shutdown_poll(weir_future *future, weir_cx *cx)
{
    weir_join_set_shutdown_future *self = (weir_join_set_shutdown_future *)(void *)future;
    if (future->line == WEIR_AT_START)
        weir_join_set_abort_all(self->set);
    future->line = 1;
    for (;;) {
        if (!weir_budget_take(cx))
            return WEIR_PENDING;
        weir_join_result result;
        const int next = take_next(self->set, cx->waker, &result, NULL);
        if (next == 0)
            return WEIR_READY;
        if (next == -EAGAIN) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        self->output++;
    }
}

static void shutdown_drop(weir_future *future)
{
    struct weir_join_set *set = ((weir_join_set_shutdown_future *)(void *)future)->set;
    if (future->line == WEIR_AT_START)
        weir_join_set_abort_all(set);
    else
        forget_waker(set);
}

static const weir_future_type shutdown_type =
    WEIR_FUTURE_TYPE(weir_join_set_shutdown_future, "join_set_shutdown", shutdown_poll, shutdown_drop);

weir_join_set_shutdown_future weir_join_set_shutdown(weir_join_set *set)
{
    return (weir_join_set_shutdown_future){ .future = WEIR_FUTURE_INIT(&shutdown_type), .set = set };
}
