/* test_verdict.c - which stage a pipeline waits for. */
#include <weir/verdict.h>

#include "check.h"

#define SECOND UINT64_C(1000000000)

static bool near(double a, double b)
{
    return a - b < 0.001 && b - a < 0.001;
}

/* Half of 0.9 s is less than the reader's 0.5 s: that one is the next bound, so the whole takes 0.6 s, not 0.55 s. */
static void test_the_gain_ends_at_the_next_stage(void)
{
    const weir_pipeline_stage stages[] = { { .busy_ns = SECOND / 2 }, { .busy_ns = SECOND * 9 / 10 }, { 0 } };
    const weir_verdict verdict = weir_verdict_of(stages, 3, SECOND, SECOND, 8);
    CHECK(verdict.limit == WEIR_LIMIT_STAGE && verdict.stage == 1);
    CHECK(near(verdict.busy, 0.9));
    CHECK(near(verdict.gain, 1 / 0.6));
    CHECK(near(verdict.par_gain, 1 / 0.6));
}

/* Two lanes that are busy half of the time are no limit; one beside them that is busy longer is. */
static void test_work_is_shared_by_the_lanes(void)
{
    const weir_pipeline_stage stages[] = { { .busy_ns = SECOND, .lanes = 2 }, { .busy_ns = SECOND * 8 / 10 } };
    const weir_verdict verdict = weir_verdict_of(stages, 2, SECOND, SECOND, 16);
    CHECK(verdict.limit == WEIR_LIMIT_STAGE && verdict.stage == 1);
    CHECK(near(verdict.gain, 1 / 0.7));
}

/* Where the cores have no time left another lane gains nothing. */
static void test_busy_cores_are_the_limit(void)
{
    const weir_pipeline_stage stages[] = { { .busy_ns = SECOND * 8 / 10 }, { .busy_ns = SECOND * 6 / 10 } };
    const weir_verdict verdict = weir_verdict_of(stages, 2, SECOND, SECOND, 1);
    CHECK(verdict.limit == WEIR_LIMIT_CORES && verdict.stage == 0);
    CHECK(near(verdict.par_gain, 1));
    CHECK(near(verdict.gain, 1 / 0.6));
}

static void test_who_only_waits_has_no_limit_among_the_stages(void)
{
    const weir_pipeline_stage stages[] = { { .busy_ns = SECOND / 10 }, { .busy_ns = SECOND / 5 } };
    const weir_verdict verdict = weir_verdict_of(stages, 2, SECOND, SECOND / 3, 4);
    CHECK(verdict.limit == WEIR_LIMIT_NONE && verdict.stage == 1);
    CHECK(weir_verdict_of(stages, 0, SECOND, 0, 4).limit == WEIR_LIMIT_NONE);
    CHECK(weir_verdict_of(stages, 2, 0, 0, 0).limit == WEIR_LIMIT_NONE);
}

/* `each` is as busy as its block, whose stages are told by themselves. */
static void test_a_stage_with_a_block_is_not_blamed(void)
{
    const weir_pipeline_stage stages[] = { { .busy_ns = SECOND, .has_block = true }, { .busy_ns = SECOND * 7 / 10 } };
    CHECK(weir_verdict_of(stages, 2, SECOND, SECOND, 8).stage == 1);
}

int main(void)
{
    RUN(test_the_gain_ends_at_the_next_stage);
    RUN(test_work_is_shared_by_the_lanes);
    RUN(test_busy_cores_are_the_limit);
    RUN(test_who_only_waits_has_no_limit_among_the_stages);
    RUN(test_a_stage_with_a_block_is_not_blamed);
    return check_done();
}
