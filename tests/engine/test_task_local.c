/* test_task_local.c - what a future and all it awaits can see, in polls and in drops. */
#include <weir/join_set.h>
#include <weir/local_set.h>
#include <weir/task_local.h>

#include "runtime_rig.h"

static const weir_task_local name_key = { "name" }, other_key = { "other" };

/* What FINALLYs saw, one letter each. */
static char seen[64];
static uint32_t seen_count;
static void see(void)
{
    const char *name = weir_local_get(&name_key);
    seen[wi_fetch_add(&seen_count, 1u, ACQ_REL)] = name == NULL ? '-' : name[0];
}
static const char *seen_so_far(void)
{
    seen[wi_load(&seen_count, ACQUIRE)] = '\0';
    return seen;
}
static void forget_seen(void)
{
    wi_store(&seen_count, 0u, RELEASE);
}

WEIR_ASYNC(looks, int, const char *wanted; int naps; weir_yield nap;)
{
    WEIR_BEGIN
    for (; self->naps > 0; self->naps--) {
        CHECK(weir_local_get(&name_key) == self->wanted);
        AWAIT(self->nap, weir_yield_now());
    }
    CHECK(weir_local_get(&name_key) == self->wanted);
    WEIR_FINALLY
    see();
    WEIR_END
}
WEIR_ASYNC(nests, int, struct looks looks; weir_with_local_future scope;)
{
    WEIR_BEGIN
    CHECK_STR(weir_local_get(&name_key), "outer");
    CHECK(weir_local_get(&other_key) == NULL);
    self->looks = WEIR_CALL(looks, .wanted = "inner", .naps = 3);
    AWAIT(self->scope, weir_with_local(&name_key, "inner", &self->looks));
    CHECK_STR(weir_local_get(&name_key), "outer");
    self->looks = WEIR_CALL(looks, .wanted = weir_local_get(&name_key), .naps = 1);
    AWAIT(self->scope, weir_with_local(&other_key, "x", &self->looks));
    WEIR_FINALLY
    see();
    WEIR_END
}
WEIR_ASYNC(sets_outer, int, struct nests nests; weir_with_local_future scope;)
{
    WEIR_BEGIN
    CHECK(weir_local_get(&name_key) == NULL);
    self->nests = WEIR_CALL(nests);
    AWAIT(self->scope, weir_with_local(&name_key, "outer", &self->nests));
    CHECK(weir_local_get(&name_key) == NULL);
    WEIR_FINALLY
    see();
    WEIR_END
}

static void test_scopes_nest(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        forget_seen();
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(sets_outer), NULL), 0);
        CHECK_STR(seen_so_far(), "ioo-");
    }
}

WEIR_ASYNC(two_tasks, int, struct looks looks; const char *name; weir_with_local_future scope;)
{
    WEIR_BEGIN
    self->looks = WEIR_CALL(looks, .wanted = self->name, .naps = 50);
    AWAIT(self->scope, weir_with_local(&name_key, (void *)(uintptr_t)self->name, &self->looks));
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(without, int, int naps; weir_yield nap;)
{
    WEIR_BEGIN
    for (; self->naps > 0; self->naps--) {
        CHECK(weir_local_get(&name_key) == NULL);
        AWAIT(self->nap, weir_yield_now());
    }
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(spawns_some, int, weir_join_set *set; weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(9, &self->set), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(two_tasks, .name = "a")), 0);
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(two_tasks, .name = "b")), 0);
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(without, .naps = 50)), 0);
    }
    AWAIT(self->all, weir_join_set_all(self->set, NULL));
    CHECK_EQ(self->all.output, 9);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* Values belong to futures, not to threads: tasks that take turns see each its own, those spawned inside none. */
static void test_tasks_that_take_turns_see_their_own(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        forget_seen();
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_some), NULL), 0);
    }
}

WEIR_ASYNC(waits_inside, int, struct rig_for_ever never; uint32_t *entered;)
{
    WEIR_BEGIN
    AWAIT(self->never, WEIR_CALL(rig_for_ever, .entered = self->entered));
    WEIR_FINALLY
    see();
    WEIR_END
}
WEIR_ASYNC(waits, int, struct waits_inside inside; weir_with_local_future scope; uint32_t *entered;)
{
    WEIR_BEGIN
    self->inside = WEIR_CALL(waits_inside, .entered = self->entered);
    AWAIT(self->scope, weir_with_local(&name_key, "waits", &self->inside));
    WEIR_FINALLY
    see();
    WEIR_END
}

/* 13: in a destructor that an abort runs, and in one that the end of the runtime does. */
static void test_a_value_is_there_in_destructors(void)
{
    for (unsigned i = 0; i < 6; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i % 3]);
        uint32_t entered = 0;
        forget_seen();
        const weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(waits, .entered = &entered));
        rig_wait(runtime, &entered, 1);
        if (i < 3) {
            weir_abort(handle);
            CHECK_EQ(rig_join_on(runtime, handle), -ECANCELED);
        }
        weir_runtime_destroy(runtime);
        if (i >= 3)
            weir_detach(handle);
        CHECK_STR(seen_so_far(), "w-");
    }
}

/* And in one of a future that was never polled. */
static void test_a_value_is_there_when_nothing_has_run(void)
{
    forget_seen();
    struct looks looks = WEIR_CALL(looks);
    weir_with_local_future scope = weir_with_local(&name_key, "never", &looks);
    weir_drop(scope);
    CHECK_STR(seen_so_far(), "n");
    CHECK(weir_local_get(&name_key) == NULL);
}

WEIR_ASYNC(panics_inside, int, int x;)
{
    WEIR_BEGIN
    weir_panic("%s", (const char *)weir_local_get(&name_key));
    WEIR_FINALLY
    see();
    WEIR_END
}
WEIR_ASYNC(panics, int, struct panics_inside inside; weir_with_local_future scope;)
{
    WEIR_BEGIN
    self->inside = WEIR_CALL(panics_inside);
    AWAIT(self->scope, weir_with_local(&name_key, "panics", &self->inside));
    WEIR_FINALLY
    see();
    WEIR_END
}
static void ignore_panic(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    CHECK_STR(message, "panics");
}

/* The scope that a panic leaves is left: who is polled next on that thread doesn't see it. */
static void test_a_panic_leaves_the_scope(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.on_panic = ignore_panic;
        weir_runtime *runtime = rig_create(&options);
        forget_seen();
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(panics), NULL), -ENOTRECOVERABLE);
        for (int k = 0; k < 8; k++)
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(without, .naps = 2), NULL), 0);
        CHECK_STR(seen_so_far(), "p-");
        weir_runtime_destroy(runtime);
    }
}

static void is_inside(void *arg)
{
    CHECK(weir_local_get(&name_key) == arg);
    see();
}

static void test_a_call_can_be_inside_too(void)
{
    forget_seen();
    static char name[] = "call";
    weir_with_local_call(&name_key, name, is_inside, name);
    CHECK(weir_local_get(&name_key) == NULL);
    CHECK_STR(seen_so_far(), "c");
}

int main(void)
{
    RUN(test_scopes_nest);
    RUN(test_tasks_that_take_turns_see_their_own);
    RUN(test_a_value_is_there_in_destructors);
    RUN(test_a_value_is_there_when_nothing_has_run);
    RUN(test_a_panic_leaves_the_scope);
    RUN(test_a_call_can_be_inside_too);
    return check_done();
}
