/* test_scope.c - a scope is left only when its tasks are gone. */
#include <weir/scope.h>
#include <weir/time.h>

#include "runtime_rig.h"

/* Counts itself in and out, so that who is left behind shows. */
static uint32_t alive;
WEIR_ASYNC(lives, int, int naps; int status; weir_yield nap;)
{
    WEIR_BEGIN(void)
    wi_fetch_add(&alive, 1u, ACQ_REL);
    for (; self->naps > 0; self->naps--)
        AWAIT(self->nap, weir_yield_now());
    if (self->status < 0)
        weir_panic("it fails");
    WEIR_FINALLY(void)
    wi_fetch_sub(&alive, 1u, ACQ_REL);
    WEIR_END
}
WEIR_ASYNC(body, int, weir_scope *scope; int naps; weir_yield nap; weir_join_set_room room; int i;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 20; self->i++) {
        AWAIT_SPAWN(self->room, weir_scope_tasks(self->scope), WEIR_CALL(lives, .naps = 5 + self->i));
        CHECK_EQ(self->room.output, 0);
    }
    for (; self->naps > 0; self->naps--)
        AWAIT(self->nap, weir_yield_now());
    RETURN(7);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(runs, int, int naps; weir_scope *scope; struct body body; weir_scope_run_future run;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_scope_create(4, &self->scope), 0);
    self->body = WEIR_CALL(body, .scope = self->scope, .naps = self->naps);
    AWAIT(self->run, weir_scope_run(self->scope, &self->body));
    CHECK_EQ(self->run.output, 0);
    CHECK_EQ(self->body.output, 7);
    CHECK_EQ(wi_load(&alive, ACQUIRE), 0);
    WEIR_FINALLY
    weir_scope_destroy(self->scope);
    WEIR_END
}

/* Whether the body ends before its tasks or after them; and a bound of 4 holds nothing up for ever. */
static void test_a_scope_outlasts_its_tasks(void)
{
    for (int naps = 0; naps <= 100; naps += 50)
        FOR_EACH_FLAVOUR(runtime)
        {
            alive = 0;
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(runs, .naps = naps), NULL), 0);
        }
}

WEIR_ASYNC(body_that_waits, int, weir_scope *scope; uint32_t entered; struct rig_until until; struct rig_for_ever wait;)
{
    WEIR_BEGIN
    for (int i = 0; i < 3; i++)
        CHECK_EQ(weir_scope_spawn(self->scope, WEIR_CALL(rig_for_ever, .entered = &self->entered)), 0);
    AWAIT(self->until, WEIR_CALL(rig_until, .word = &self->entered, .wanted = 3));
    CHECK_EQ(weir_scope_spawn(self->scope, WEIR_CALL(lives, .naps = 3, .status = -1)), 0);
    AWAIT(self->wait, WEIR_CALL(rig_for_ever));
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(runs_one_that_fails, int, weir_scope *scope; struct body_that_waits body; weir_scope_run_future run;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_scope_create(4, &self->scope), 0);
    self->body = WEIR_CALL(body_that_waits, .scope = self->scope);
    AWAIT(self->run, weir_scope_run(self->scope, &self->body));
    CHECK_EQ(self->run.output, -ENOTRECOVERABLE);
    CHECK_EQ(wi_load(&rig_finallys, ACQUIRE), 4);
    WEIR_FINALLY
    weir_scope_destroy(self->scope);
    WEIR_END
}
static void ignore_panic(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    (void)message;
}

/* One that fails takes the others and the body with it, and when the scope is left they are gone, FINALLYs and all. */
static void test_one_that_fails_ends_the_scope(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.on_panic = ignore_panic;
        weir_runtime *runtime = rig_create(&options);
        rig_finallys = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(runs_one_that_fails), NULL), 0);
        weir_runtime_destroy(runtime);
    }
}

WEIR_ASYNC(holds_a_scope, int, weir_scope *scope; uint32_t *entered; struct rig_for_ever body;
           weir_scope_run_future run;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_scope_create(4, &self->scope), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(weir_scope_spawn(self->scope, WEIR_CALL(rig_for_ever, .entered = self->entered)), 0);
    self->body = WEIR_CALL(rig_for_ever, .entered = self->entered);
    AWAIT(self->run, weir_scope_run(self->scope, &self->body));
    WEIR_FINALLY
    weir_scope_destroy(self->scope);
    WEIR_END
}

/* A drop doesn't wait, but it leaves nobody behind who would run on. */
static void test_a_dropped_scope_aborts_its_tasks(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        rig_finallys = 0;
        uint32_t entered = 0;
        const weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(holds_a_scope, .entered = &entered));
        rig_wait(runtime, &entered, 4);
        weir_abort(handle);
        CHECK_EQ(rig_join_on(runtime, handle), -ECANCELED);
        rig_wait(runtime, &rig_finallys, 4);
    }
}

static void test_a_scope_without_room_is_refused(void)
{
    weir_scope *scope = NULL;
    CHECK_EQ(weir_scope_create(0, &scope), -EINVAL);
    CHECK(scope == NULL);
    weir_scope_destroy(NULL);
}

int main(void)
{
    RUN(test_a_scope_outlasts_its_tasks);
    RUN(test_one_that_fails_ends_the_scope);
    RUN(test_a_dropped_scope_aborts_its_tasks);
    RUN(test_a_scope_without_room_is_refused);
    return check_done();
}
