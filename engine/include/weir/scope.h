/*
 * scope.h - structured tasks: a scope is left only when all its tasks are gone.
 *
 *     CHECK(weir_scope_create(16, &self->scope) == 0);
 *     self->body = WEIR_CALL(crawl, .scope = self->scope);        it calls weir_scope_spawn()
 *     AWAIT(self->run, weir_scope_run(self->scope, &self->body));
 *     if (self->run.output < 0) -> what went wrong first
 *
 * As soon as one task fails, or is aborted, the others and the body are cancelled
 * with it.
 */
#ifndef WEIR_SCOPE_H
#define WEIR_SCOPE_H

#include <weir/combine.h>
#include <weir/join_set.h>

typedef struct weir_scope weir_scope;

/* A scope with at most `bound` tasks at a time. Returns 0, -EINVAL (bound 0) or -ENOMEM. */
WEIR_MUST_USE int weir_scope_create(size_t bound, weir_scope **ret_scope);
/* Aborts what tasks are left, without waiting, and frees it. Takes NULL. For FINALLY. */
void weir_scope_destroy(weir_scope *scope);

/* As weir_join_set_spawn(). By the body, and by whoever runs it. */
#define weir_scope_spawn(scope, ...) weir_join_set_spawn(weir_scope_tasks(scope), __VA_ARGS__)
/* Its tasks, for weir_join_set_reserve() and AWAIT_SPAWN(). Their results are the scope's. */
weir_join_set *weir_scope_tasks(weir_scope *scope);

/*
 * weir_scope_run() - await the future in *slot, the body, and all tasks of the scope.
 *
 * Resolves, when none of them is left, to 0, or to the status (as weir_join()) of
 * the first task that failed: then the body was dropped if it wasn't ready, and
 * the other tasks were aborted. The field is a weir_scope_run_future, with
 * _local_, _lossy_ or _local_lossy_ after weir as *slot is.
 *
 * Ownership:   owns what is in the slot: drops it when it is itself dropped.
 * Cancel safe: as *slot is. A drop can't wait: it drops the body and aborts the
 *              tasks, which are gone soon after. So tasks own what they use, or
 *              hold a reference to it.
 */
#define weir_scope_run(scope, slot_ptr)                                                \
    WEIR_COMBINATOR_(scope_run, WEIR_IS_SEND(*(slot_ptr)), WEIR_IS_LOSSY(*(slot_ptr)), \
                     weir_scope_run_frame((scope), WEIR_HEAD(*(slot_ptr))))

WEIR_COMBINATOR_TYPES_(scope_run, int output; weir_scope * scope; weir_future * body; weir_join_next_future next;);
WEIR_MUST_USE weir_scope_run_future weir_scope_run_frame(weir_scope *scope, weir_future *body);

#endif
