/* test_trace.c - a trace has every poll with its task, as JSON; and it ends while workers go on. */
#include <weir/blocking.h>
#include <weir/join_set.h>
#include <weir/runtime.h>
#include <weir/time.h>
#include <weir/trace.h>

#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

WEIR_ASYNC(three_polls, int, int i; weir_yield yield;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 2; self->i++)
        AWAIT(self->yield, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(run_some, int, int i; int count; weir_join_handle handle; weir_join_future join; weir_sleep nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < self->count; self->i++) {
        self->handle = weir_spawn(WEIR_CALL(three_polls));
        AWAIT(self->join, weir_join(self->handle, NULL));
    }
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(2)));
    WEIR_FINALLY
    WEIR_END
}

static weir_runtime *make(unsigned workers)
{
    weir_runtime_options options = workers > 0 ? weir_runtime_defaults() : weir_runtime_current_thread();
    options.workers = workers;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    return runtime;
}

static weir_trace_kept kept; /* by the last one */

static char *stop_text(weir_runtime *runtime)
{
    const int fd = memfd_create("trace", 0);
    CHECK(fd >= 0);
    CHECK_EQ(weir_trace_stop(runtime, fd, &kept), 0);
    const off_t size = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    CHECK(text != NULL);
    CHECK_EQ(pread(fd, text, (size_t)size, 0), size);
    close(fd);
    return text;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

static void test_every_poll_is_there_with_its_end(void)
{
    for (unsigned workers = 0; workers <= 2; workers++) {
        weir_runtime *runtime = make(workers);
        CHECK_EQ(weir_trace_start(runtime, 0), 0);
        CHECK_EQ(weir_trace_start(runtime, 0), -EALREADY);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(run_some, .count = 10), NULL), 0);
        char *text = stop_text(runtime);
        CHECK_EQ(count_of(text, "{\"name\":\"three_polls\",\"cat\":\"poll\""), 30);
        CHECK_EQ(count_of(text, "{\"name\":\"three_polls\",\"cat\":\"spawn\""), 10);
        CHECK_EQ(count_of(text, "\"end\":\"yields\""), 20);
        CHECK(count_of(text, "\"cat\":\"park\"") > 0);
        CHECK(strncmp(text, "{\"displayTimeUnit\"", 18) == 0);
        CHECK(strcmp(text + strlen(text) - 3, "}}\n") == 0);
        free(text);
        CHECK_EQ(weir_trace_stop(runtime, STDERR_FILENO, NULL), -EINVAL);
        weir_runtime_destroy(runtime);
    }
}

static void test_only_the_last_events_are_kept(void)
{
    weir_runtime *runtime = make(0);
    CHECK_EQ(weir_trace_start(runtime, 16), 0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(run_some, .count = 100), NULL), 0);
    char *text = stop_text(runtime);
    CHECK_EQ(count_of(text, "\"ts\":"), 16);
    CHECK_EQ(kept.events, 16);
    CHECK(kept.dropped > 500);
    char told[64];
    snprintf(told, sizeof told, "\"dropped\":%llu", (unsigned long long)kept.dropped);
    CHECK_EQ(count_of(text, told), 1);
    free(text);
    weir_runtime_destroy(runtime);
}

static int64_t work_a_while(void *arg, weir_job *job)
{
    (void)arg;
    (void)job;
    weir_trace_step("kneading", 0);
    return 0;
}

WEIR_ASYNC(bake, int, weir_offload_future job;)
{
    WEIR_BEGIN
    weir_trace_step("weighing", 0);
    AWAIT(self->job, weir_offload(WEIR_LANE_CPU, work_a_while, NULL, NULL));
    weir_trace_wait("oven", self, WEIR_TRACE_FOR_ROOM, WEIR_MS(1));
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(bakery, int, weir_join_set *set; int status; weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(1, &self->set), 0);
    weir_join_set_name(self->set, "a \"baker\"");
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(bake)), 0);
    AWAIT(self->next, weir_join_next(self->set, &self->status));
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* What a task is called in the trace is what the program calls it, its jobs in the pool and their parts included. */
static void test_jobs_steps_and_waits_bear_names(void)
{
    weir_runtime *runtime = make(1);
    weir_trace_step("nobody is asked", 0); /* neither poll nor trace */
    CHECK_EQ(weir_trace_start(runtime, 0), 0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(bakery), NULL), 0);
    weir_trace_step("nobody is asked", 0);
    weir_trace_track(runtime, 3, "the shop", WEIR_MS(2));
    char *text = stop_text(runtime);
    CHECK_EQ(count_of(text, "{\"name\":\"a \\\"baker\\\"\",\"cat\":\"poll\""), 2);
    CHECK_EQ(count_of(text, "{\"name\":\"a \\\"baker\\\"\",\"cat\":\"job\""), 1);
    CHECK_EQ(count_of(text, "{\"name\":\"weighing\",\"cat\":\"step\""), 1);
    CHECK_EQ(count_of(text, "{\"name\":\"kneading\",\"cat\":\"step\""), 1);
    CHECK_EQ(count_of(text, "{\"name\":\"oven waits for room\",\"cat\":\"wait\""), 2);
    CHECK_EQ(count_of(text, "{\"name\":\"the shop\",\"cat\":\"stage\""), 1);
    CHECK_EQ(count_of(text, "nobody is asked"), 0);
    CHECK_EQ(kept.dropped, 0);
    free(text);
    weir_runtime_destroy(runtime);
}

/* It begins and ends in the middle of polls, again and again. */
static void test_workers_go_on_while_traces_come_and_go(void)
{
    weir_runtime *runtime = make(2);
    weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(run_some, .count = 20000));
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(weir_trace_start(runtime, 64), 0);
        free(stop_text(runtime));
    }
    weir_abort(handle);
    weir_detach(handle);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_every_poll_is_there_with_its_end);
    RUN(test_jobs_steps_and_waits_bear_names);
    RUN(test_only_the_last_events_are_kept);
    RUN(test_workers_go_on_while_traces_come_and_go);
    return check_done();
}
