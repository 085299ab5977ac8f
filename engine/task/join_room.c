/* join_room.c - the bound of a join set: who wants room waits for it, in the order they came. */
#include "join_members.h"

_Static_assert(sizeof(((weir_join_set_room *)0)->node) == sizeof(struct list_node), "the public node is a list node");

static struct list_node *room_node(weir_join_set_room *room)
{
    return (struct list_node *)(void *)&room->node;
}

static bool has_room_locked(const struct weir_join_set *set)
{
    return set->len + set->reserved < set->bound;
}

void wi_join_grant_locked(struct weir_join_set *set)
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
    wi_join_grant_locked(set);
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
    wi_join_grant_locked(self->set);
    wi_unlock(&self->set->lock);
}

static const weir_future_type room_type =
    WEIR_FUTURE_TYPE(weir_join_set_room, "join_set_reserve", room_poll, room_drop);

weir_join_set_room weir_join_set_reserve(weir_join_set *set)
{
    return (weir_join_set_room){ .future = WEIR_FUTURE_INIT(&room_type), .set = set };
}
