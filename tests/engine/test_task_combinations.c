/*
 * test_task_combinations.c - every way in which a task may live and end, one by one. Row 15 of tests/CASES.md.
 *
 * What must hold in all of them: FINALLY runs once for each frame, the handle
 * says what happened, and nothing is left (which a build with ASan sees).
 */
#include <weir/local_set.h>

#include <sched.h>

#include "mock_task.h"
#include "runtime_rig.h"

enum course_where { IN_CURRENT_THREAD, IN_LOCAL_SET, IN_ONE_WORKER, IN_TWO_WORKERS, WHERES };
enum course_fails { FAILS_NOT, FAILS_IN_POLL, FAILS_IN_DROP, FAILS_IN_BOTH, FAILS };
/* When the task is asked to end. */
enum course_aborts {
    ABORTS_NEVER,
    ABORTS_AT_ONCE,
    ABORTS_IN_FIRST_POLL,
    ABORTS_AFTER_FIRST_POLL,
    ABORTS_AT_END,
    ABORTS
};
enum course_by { BY_JOIN_HANDLE, BY_ABORT_HANDLE, BYS };
/* What becomes of the join handle. */
enum course_handle { IS_JOINED, IS_JOINED_FROM_THE_START, IS_DROPPED_AT_ONCE, IS_DROPPED_AT_END, HANDLES };

struct plan {
    enum course_where where;
    enum course_fails fails;
    enum course_aborts aborts;
    enum course_by by;
    enum course_handle handle;
};

/* Of the task that is tried: what it has done, and what it waits for. */
struct course {
    struct plan plan;
    uint32_t polls;
    uint32_t go;
    uint32_t begun;    /* the outer frame was polled, so there is an inner one */
    uint32_t finallys; /* of both frames */
    weir_abort_handle abort_handle;
    uint32_t has_abort_handle;
};

static void abort_myself(struct course *course)
{
    while (wi_load(&course->has_abort_handle, ACQUIRE) == 0)
        wi_relax();
    weir_abort_handle_abort(course->abort_handle);
}

WEIR_ASYNC(inner, int, struct course *course; weir_yield nap;)
{
    WEIR_BEGIN
    if (self->course->plan.aborts == ABORTS_IN_FIRST_POLL)
        abort_myself(self->course);
    while (wi_load(&self->course->go, ACQUIRE) == 0) {
        (void)wi_fetch_add(&self->course->polls, 1u, ACQ_REL);
        AWAIT(self->nap, weir_yield_now());
    }
    if (self->course->plan.fails == FAILS_IN_POLL || self->course->plan.fails == FAILS_IN_BOTH)
        weir_panic("in its poll");
    RETURN(7);
    WEIR_FINALLY(void)
    wi_fetch_add(&self->course->finallys, 1u, ACQ_REL);
    if (self->course->plan.fails == FAILS_IN_DROP || self->course->plan.fails == FAILS_IN_BOTH)
        weir_panic("in its FINALLY");
    WEIR_END
}
WEIR_ASYNC(outer, int, struct course *course; struct inner inner;)
{
    WEIR_BEGIN
    wi_store(&self->course->begun, 1u, RELEASE);
    AWAIT(self->inner, WEIR_CALL(inner, .course = self->course));
    RETURN(self->inner.output);
    WEIR_FINALLY(void)
    wi_fetch_add(&self->course->finallys, 1u, ACQ_REL);
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

/* --- a place for the task to live in ------------------------------------------------- */

struct bed {
    enum course_where where;
    weir_runtime *runtime;
    weir_local_set *set;
    weir_local_run_future run;
    bool run_is_over;
    struct mock_task runner;
};

static void bed_make(struct bed *bed, enum course_where where)
{
    *bed = (struct bed){ .where = where };
    if (where == IN_LOCAL_SET) {
        CHECK_EQ(weir_local_set_create(&bed->set), 0);
        mock_task_init(&bed->runner);
        bed->run = weir_local_run(bed->set);
        return;
    }
    static const unsigned workers[] = { [IN_CURRENT_THREAD] = 0, [IN_ONE_WORKER] = 1, [IN_TWO_WORKERS] = 2 };
    weir_runtime_options options = rig_options(workers[where]);
    options.on_panic = ignore_panic;
    bed->runtime = rig_create(&options);
}

static void bed_end(struct bed *bed)
{
    if (bed->set != NULL) {
        if (!bed->run_is_over)
            weir_drop(bed->run);
        weir_local_set_destroy(bed->set);
    } else {
        weir_runtime_destroy(bed->runtime);
    }
}

static weir_join_handle bed_spawn(struct bed *bed, struct course *course)
{
    return bed->set != NULL ? weir_local_set_spawn(bed->set, WEIR_CALL(outer, .course = course))
                            : weir_spawn_on(bed->runtime, WEIR_CALL(outer, .course = course));
}

/* Lets the task go on, if it is one that needs us for that. */
static void bed_turn(struct bed *bed)
{
    static const uint32_t zero;
    if (bed->where == IN_LOCAL_SET)
        bed->run_is_over = bed->run_is_over || mock_task_poll(&bed->runner, WEIR_HEAD(bed->run)) == WEIR_READY;
    else if (bed->where == IN_CURRENT_THREAD)
        rig_wait(bed->runtime, &zero, 0);
    else
        (void)sched_yield();
}

/* --- one course ------------------------------------------------------------------------ */

static bool may_be(int status, int output, enum course_where where, const struct plan *plan)
{
    /* Where other threads poll, "at once" may already be in the middle of the first poll. */
    const bool before_any_poll =
        plan->aborts == ABORTS_AT_ONCE && (where == IN_LOCAL_SET || where == IN_CURRENT_THREAD);
    const bool aborted_early = plan->aborts != ABORTS_NEVER && plan->aborts != ABORTS_AT_END;
    switch (status) {
    case 0: /* an abort in the middle may come too late, one before the first poll may not */
        return output == 7 && plan->fails == FAILS_NOT && !before_any_poll;
    case -ECANCELED:
        return aborted_early;
    case -ENOTRECOVERABLE:
        return plan->fails != FAILS_NOT;
    default:
        return false;
    }
}

static void abort_by(struct course *course, weir_join_handle handle)
{
    if (course->plan.by == BY_JOIN_HANDLE && course->plan.handle != IS_DROPPED_AT_ONCE)
        weir_abort(handle);
    else
        weir_abort_handle_abort(course->abort_handle);
}

static void run_course(struct bed *bed, const struct plan *plan)
{
    struct course course = { .plan = *plan };
    int output = 0;
    struct mock_task joiner;
    mock_task_init(&joiner);
    const weir_join_handle handle = bed_spawn(bed, &course);
    weir_join_future join = weir_join(handle, &output);
    course.abort_handle = weir_abort_handle_of(handle);
    bool joined = false;
    if (plan->handle == IS_JOINED_FROM_THE_START) /* its waker lies in the task from here on */
        joined = mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_READY;
    if (plan->aborts == ABORTS_AT_ONCE)
        abort_by(&course, handle);
    if (plan->handle == IS_DROPPED_AT_ONCE)
        weir_drop(join);
    wi_store(&course.has_abort_handle, 1u, RELEASE);
    if (plan->aborts == ABORTS_AFTER_FIRST_POLL) {
        while (wi_load(&course.polls, ACQUIRE) == 0)
            bed_turn(bed);
        abort_by(&course, handle);
    }
    wi_store(&course.go, 1u, RELEASE);
    while (!weir_abort_handle_is_finished(course.abort_handle))
        bed_turn(bed);
    if (plan->aborts == ABORTS_AT_END)
        abort_by(&course, handle);
    if (plan->handle == IS_DROPPED_AT_END)
        weir_drop(join);
    if (plan->handle == IS_JOINED || plan->handle == IS_JOINED_FROM_THE_START) {
        CHECK(joined || mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_READY);
        CHECK(may_be(join.output, output, bed->where, plan));
    }
    CHECK_EQ(wi_load(&course.finallys, ACQUIRE), 1 + wi_load(&course.begun, ACQUIRE));
    weir_abort_handle_drop(course.abort_handle);
    while (mock_task_holds(&joiner) != 0) /* whoever woke it has it in hand for an instant */
        bed_turn(bed);
}

static void test_every_course_ends_in_one_finally_a_frame(void)
{
    unsigned count = 0;
    for (enum course_where w = 0; w < WHERES; w++)
        for (enum course_fails f = 0; f < FAILS; f++)
            for (enum course_aborts a = 0; a < ABORTS; a++)
                for (enum course_by b = 0; b < BYS; b++)
                    for (enum course_handle h = 0; h < HANDLES; h++) {
                        struct bed bed;
                        bed_make(&bed, w);
                        run_course(&bed, &(struct plan){ w, f, a, b, h });
                        bed_end(&bed);
                        count++;
                    }
    CHECK_EQ(count, WHERES * FAILS * ABORTS * BYS * HANDLES);
    printf("%u courses\n", count);
}

int main(void)
{
    RUN(test_every_course_ends_in_one_finally_a_frame);
    return check_done();
}
