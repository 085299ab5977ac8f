/* test_join_map.c - a set of tasks by key. */
#include <weir/join_map.h>

#include "runtime_rig.h"

WEIR_ASYNC(gives, int, int x;)
{
    WEIR_BEGIN
    RETURN(self->x);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(uses_keys, int, weir_join_map *map; int i; int out; uint64_t seen; weir_join_map_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_map_create(64, &self->map), 0);
    for (int i = 0; i < 64; i++)
        CHECK_EQ(weir_join_map_spawn(self->map, &i, sizeof i, WEIR_CALL(gives, .x = 100 + i)), 0);
    CHECK_EQ(weir_join_map_len(self->map), 64);
    for (self->i = 0; self->i < 64; self->i++) {
        AWAIT(self->next, weir_join_map_next(self->map, &self->out));
        CHECK_EQ(self->next.output, 1);
        CHECK_EQ(self->next.status, 0);
        CHECK_EQ(self->next.key_size, sizeof(int));
        const int key = *(const int *)self->next.key;
        CHECK_EQ(self->out, 100 + key);
        CHECK(!weir_join_map_contains(self->map, &key, sizeof key));
        self->seen |= UINT64_C(1) << key;
        CHECK_EQ(weir_join_map_len(self->map), 63 - self->i);
    }
    CHECK_EQ(self->seen, UINT64_MAX);
    AWAIT(self->next, weir_join_map_next(self->map, &self->out));
    CHECK_EQ(self->next.output, 0);
    WEIR_FINALLY
    weir_join_map_destroy(self->map);
    WEIR_END
}

static void test_a_result_comes_with_its_key(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(uses_keys), NULL), 0);
    }
}

WEIR_ASYNC(replaces, int, weir_join_map *map; int out; weir_join_map_next_future next;)
{
    WEIR_BEGIN
    wi_store(&rig_finallys, 0u, RELEASE);
    CHECK_EQ(weir_join_map_create(4, &self->map), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "a", 1, WEIR_CALL(rig_for_ever)), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "b", 1, WEIR_CALL(rig_for_ever)), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "a", 1, WEIR_CALL(gives, .x = 2)), 0);
    CHECK_EQ(weir_join_map_len(self->map), 2);
    AWAIT(self->next, weir_join_map_next(self->map, &self->out));
    CHECK_EQ(self->next.output, 1);
    CHECK_EQ(self->next.status, 0);
    CHECK_EQ(self->out, 2);
    CHECK_EQ(self->next.key_size, 1);
    CHECK(*(const char *)self->next.key == 'a');
    CHECK_EQ(weir_join_map_len(self->map), 1);
    CHECK(weir_join_map_abort(self->map, "b", 1));
    CHECK(!weir_join_map_abort(self->map, "a", 1));
    AWAIT(self->next, weir_join_map_next(self->map, &self->out));
    CHECK_EQ(self->next.status, -ECANCELED);
    CHECK(*(const char *)self->next.key == 'b');
    AWAIT(self->next, weir_join_map_next(self->map, &self->out));
    CHECK_EQ(self->next.output, 0);
    CHECK_EQ(wi_load(&rig_finallys, ACQUIRE), 2);
    WEIR_FINALLY
    weir_join_map_destroy(self->map);
    WEIR_END
}

/* 82: by key; and the result of a task that was replaced never comes. */
static void test_a_key_has_one_task(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(replaces), NULL), 0);
    }
}

static bool is_long(void *arg, const void *key, size_t key_size)
{
    (void)key;
    return key_size > *(const size_t *)arg;
}
WEIR_ASYNC(aborts_some, int, weir_join_map *map; size_t limit; int cancelled; weir_join_map_next_future next;
           weir_join_set_room room;)
{
    WEIR_BEGIN
    wi_store(&rig_finallys, 0u, RELEASE);
    CHECK_EQ(weir_join_map_create(4, &self->map), 0);
    AWAIT(self->room, weir_join_map_reserve(self->map));
    CHECK_EQ(weir_join_map_spawn(self->map, "", 0, WEIR_CALL(rig_for_ever)), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "long", 4, WEIR_CALL(rig_for_ever)), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "longer", 6, WEIR_CALL(rig_for_ever)), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "so", 2, WEIR_CALL(rig_for_ever)), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "more", 4, WEIR_CALL(rig_for_ever)), -EAGAIN);
    CHECK(!weir_join_map_contains(self->map, "more", 4));
    self->limit = 3;
    CHECK_EQ(weir_join_map_abort_matching(self->map, is_long, &self->limit), 2);
    for (self->cancelled = 0; self->cancelled < 2; self->cancelled++) {
        AWAIT(self->next, weir_join_map_next(self->map, NULL));
        CHECK_EQ(self->next.status, -ECANCELED);
        CHECK(self->next.key_size > 3);
    }
    CHECK(weir_join_map_contains(self->map, "", 0));
    CHECK(weir_join_map_contains(self->map, "so", 2));
    weir_join_map_abort_all(self->map);
    AWAIT(self->next, weir_join_map_next(self->map, NULL));
    CHECK_EQ(self->next.status, -ECANCELED);
    weir_join_map_detach_all(self->map);
    CHECK_EQ(weir_join_map_len(self->map), 0);
    CHECK_EQ(weir_join_map_spawn(self->map, "so", 2, WEIR_CALL(rig_for_ever)), 0);
    WEIR_FINALLY
    weir_join_map_destroy(self->map); /* with one that runs */
    WEIR_END
}

static void test_tasks_are_aborted_by_what_their_key_says(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(aborts_some), NULL), 0);
    }
}

static void test_a_map_without_room_is_refused(void)
{
    weir_join_map *map = NULL;
    CHECK_EQ(weir_join_map_create(0, &map), -EINVAL);
    CHECK(map == NULL);
    weir_join_map_destroy(NULL);
}

int main(void)
{
    RUN(test_a_result_comes_with_its_key);
    RUN(test_a_key_has_one_task);
    RUN(test_tasks_are_aborted_by_what_their_key_says);
    RUN(test_a_map_without_room_is_refused);
    return check_done();
}
