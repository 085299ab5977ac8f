/*
 * cancel.c - a tree of tokens under one lock.
 *
 * A tree has one lock for its links and for all who wait, in a small object of
 * its own, since any token may go first. `cancelled` is stored under it, after
 * the wake-ups (waiters.h, rule 2) and below before above, and read without.
 *
 * A cancelled token is out of the tree: nothing more will happen to it.
 */
#include <weir/cancel.h>

#include <stdlib.h>

#include "sync/waiters.h"

struct cancel_tree {
    struct lock lock;
    uint32_t tokens;
};

struct weir_cancel_token {
    struct cancel_tree *tree;
    uint32_t refs;
    uint32_t cancelled;
    weir_cancel_token *parent; /* NULL: none, or out of the tree */
    struct list children;
    struct list_node sibling;
    struct list queue;
};

static int token_create(struct cancel_tree *tree, weir_cancel_token **ret_token)
{
    weir_cancel_token *token = malloc(sizeof *token);
    if (token == NULL)
        return -ENOMEM;
    *token = (weir_cancel_token){ .tree = tree, .refs = 1 };
    list_init(&token->children);
    list_init(&token->queue);
    *ret_token = token;
    return 0;
}

int weir_cancel_create(weir_cancel_token **ret_token)
{
    struct cancel_tree *tree = malloc(sizeof *tree);
    if (tree == NULL)
        return -ENOMEM;
    *tree = (struct cancel_tree){ .tokens = 1 };
    const int error = token_create(tree, ret_token);
    if (error != 0)
        free(tree);
    return error;
}

int weir_cancel_child(weir_cancel_token *parent, weir_cancel_token **ret_token)
{
    struct cancel_tree *tree = parent->tree;
    weir_cancel_token *token;
    const int error = token_create(tree, &token);
    if (error != 0)
        return error;
    wi_lock(&tree->lock);
    tree->tokens++;
    if (wi_load(&parent->cancelled, RELAXED) != 0) {
        wi_store(&token->cancelled, 1u, RELAXED);
    } else {
        token->parent = parent;
        list_push_back(&parent->children, &token->sibling);
    }
    wi_unlock(&tree->lock);
    *ret_token = token;
    return 0;
}

weir_cancel_token *weir_cancel_ref(weir_cancel_token *token)
{
    (void)wi_fetch_add(&token->refs, 1u, RELAXED);
    return token;
}

/* The children of a token that goes belong to its parent, or to nobody. [lock] */
static void leave_tree(weir_cancel_token *token)
{
    weir_cancel_token *parent = token->parent;
    for (struct list_node *node; (node = list_pop_front(&token->children)) != NULL;) {
        weir_cancel_token *child = weir_container_of(node, weir_cancel_token, sibling);
        child->parent = parent;
        if (parent != NULL)
            list_push_back(&parent->children, &child->sibling);
    }
    if (parent != NULL)
        list_remove(&token->sibling);
}

void weir_cancel_unref(weir_cancel_token *token)
{
    if (token == NULL || wi_fetch_sub(&token->refs, 1u, ACQ_REL) != 1)
        return;
    struct cancel_tree *tree = token->tree;
    wi_lock(&tree->lock);
    leave_tree(token);
    const bool last = --tree->tokens == 0;
    wi_unlock(&tree->lock);
    free(token);
    if (last)
        free(tree);
}

/* Cancels a token that has nothing below it any more. [lock] */
static void cancel_one(weir_cancel_token *token)
{
    if (token->parent != NULL)
        list_remove(&token->sibling);
    token->parent = NULL;
    waiter_settle_all(&token->queue, WAITER_TOLD);
    wi_store(&token->cancelled, 1u, RELEASE);
}

/* From the leaves up, without recursion: a tree may be as deep as its user likes. [lock] */
static void cancel_subtree(weir_cancel_token *top)
{
    weir_cancel_token *token = top;
    for (;;) {
        struct list_node *node = list_front(&token->children);
        if (node != NULL) {
            token = weir_container_of(node, weir_cancel_token, sibling);
            continue;
        }
        weir_cancel_token *above = token->parent;
        cancel_one(token);
        if (token == top)
            return;
        token = above;
    }
}

void weir_cancel(weir_cancel_token *token)
{
    if (weir_cancel_is_cancelled(token))
        return;
    wi_lock(&token->tree->lock);
    if (wi_load(&token->cancelled, RELAXED) == 0)
        cancel_subtree(token);
    wi_unlock(&token->tree->lock);
}

bool weir_cancel_is_cancelled(const weir_cancel_token *token)
{
    return wi_load(&token->cancelled, ACQUIRE) != 0;
}

static weir_poll cancelled_poll(weir_future *future, weir_cx *cx)
{
    weir_cancelled_future *self = (weir_cancelled_future *)(void *)future;
    weir_cancel_token *token = self->token;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    if (weir_cancel_is_cancelled(token))
        return WEIR_READY;

    wi_lock(&token->tree->lock);
    const bool cancelled = weir_cancel_is_cancelled(token);
    if (!cancelled && future->line == WEIR_AT_START) {
        future->line = 1;
        waiter_enqueue(&token->queue, &self->waiter, cx);
    } else if (!cancelled) {
        self->waiter.waker = cx->waker;
    }
    wi_unlock(&token->tree->lock);
    if (cancelled)
        return WEIR_READY;
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}

static void cancelled_drop(weir_future *future)
{
    weir_cancelled_future *self = (weir_cancelled_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        waiter_leave(&self->token->tree->lock, &self->waiter);
}

static const weir_future_type cancelled_type =
    WEIR_FUTURE_TYPE(weir_cancelled_future, "cancelled", cancelled_poll, cancelled_drop);

weir_cancelled_future weir_cancelled(weir_cancel_token *token)
{
    return (weir_cancelled_future){ .future = WEIR_FUTURE_INIT(&cancelled_type), .token = token };
}

weir_cancel_guard weir_cancel_guard_of(weir_cancel_token *token)
{
    return (weir_cancel_guard){ .token = token };
}

void weir_cancel_guard_drop(weir_cancel_guard *guard)
{
    weir_cancel_token *token = weir_cancel_guard_disarm(guard);
    if (token == NULL)
        return;
    weir_cancel(token);
    weir_cancel_unref(token);
}

weir_cancel_token *weir_cancel_guard_disarm(weir_cancel_guard *guard)
{
    weir_cancel_token *token = guard->token;
    guard->token = NULL;
    return token;
}
