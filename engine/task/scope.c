/* scope.c - a body and the tasks it spawns, until none of them is left. */
#include <weir/scope.h>

#include <stdlib.h>

struct weir_scope {
    weir_join_set *tasks;
};

int weir_scope_create(size_t bound, weir_scope **ret_scope)
{
    struct weir_scope *scope = calloc(1, sizeof *scope);
    if (scope == NULL)
        return -ENOMEM;
    const int error = weir_join_set_create(bound, &scope->tasks);
    if (error < 0) {
        free(scope);
        return error;
    }
    *ret_scope = scope;
    return 0;
}

void weir_scope_destroy(weir_scope *scope)
{
    if (scope == NULL)
        return;
    weir_join_set_destroy(scope->tasks);
    free(scope);
}

weir_join_set *weir_scope_tasks(weir_scope *scope)
{
    return scope->tasks;
}

/* Nobody polls a body that is done; dropping it then does nothing. */
static bool body_is_done(const weir_scope_run_future *self)
{
    return self->body->line == WEIR_AT_DONE;
}

static void fail(weir_scope_run_future *self, int status)
{
    if (self->output == 0)
        self->output = status;
    weir_future_drop(self->body);
    weir_join_set_abort_all(self->scope->tasks);
}

/* True: no task is left, for now. */
static bool poll_tasks(weir_scope_run_future *self, weir_cx *cx)
{
    while (weir_future_poll(WEIR_HEAD(self->next), cx) == WEIR_READY) {
        const bool none = self->next.output == 0;
        const int status = self->next.status;
        self->next = weir_join_next(self->scope->tasks, NULL);
        if (none)
            return true;
        if (status < 0)
            fail(self, status);
    }
    return false;
}

/*
 * The body first: a task that it spawns in this poll is waited for in this poll. With no task to wait for, and a body
 * that isn't ready, who wakes us is the body's business: it alone can spawn.
 */
static weir_poll run_poll(weir_future *future, weir_cx *cx)
{
    weir_scope_run_future *self = (weir_scope_run_future *)(void *)future;
    future->line = 1;
    future->awaiting = body_is_done(self) ? WEIR_HEAD(self->next) : self->body;
    if (!body_is_done(self) && weir_future_poll(self->body, cx) == WEIR_READY)
        self->body->line = WEIR_AT_DONE;
    if (!poll_tasks(self, cx) || !body_is_done(self))
        return WEIR_PENDING;
    future->awaiting = NULL;
    return WEIR_READY;
}

static void run_drop(weir_future *future)
{
    weir_scope_run_future *self = (weir_scope_run_future *)(void *)future;
    future->awaiting = NULL;
    weir_drop(self->next);
    weir_future_drop(self->body);
    weir_join_set_abort_all(self->scope->tasks);
}

static const weir_future_type run_type = WEIR_FUTURE_TYPE(weir_scope_run_future, "scope", run_poll, run_drop);

weir_scope_run_future weir_scope_run_frame(weir_scope *scope, weir_future *body)
{
    return (weir_scope_run_future){
        .future = WEIR_FUTURE_INIT(&run_type),
        .scope = scope,
        .body = body,
        .next = weir_join_next(scope->tasks, NULL),
    };
}
