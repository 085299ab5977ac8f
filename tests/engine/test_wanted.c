/* test_wanted.c - a task may ask whether others wait for its worker, and nobody else could take them. */
#include "runtime_rig.h"

WEIR_ASYNC(asks, int, weir_join_handle other; weir_join_future join; weir_yield yield;)
{
    WEIR_BEGIN
    CHECK(!weir_worker_is_wanted());
    self->other = weir_spawn(WEIR_CALL(rig_add_one, .x = 1));
    CHECK(weir_worker_is_wanted());
    AWAIT(self->yield, weir_yield_now());
    CHECK(!weir_worker_is_wanted());
    AWAIT(self->join, weir_join(self->other, NULL));
    RETURN(self->join.output);
    WEIR_FINALLY
    WEIR_END
}

static void test_a_task_that_waits_wants_the_worker(void)
{
    weir_runtime *runtime = rig_runtime(0);
    int status = -1;
    CHECK(!weir_worker_is_wanted());
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(asks), &status), 0);
    CHECK_EQ(status, 0);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_a_task_that_waits_wants_the_worker);
    return check_done();
}
