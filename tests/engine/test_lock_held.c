/* test_lock_held.c - a debug build ends a task that awaits with a lock of the system held, and says where. */
#include <weir/lock_held.h>
#include <weir/runtime.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static weir_sync_lock lock = WEIR_SYNC_LOCK_INIT, other = WEIR_SYNC_LOCK_INIT;

WEIR_ASYNC(careful, int, weir_yield yield;)
{
    WEIR_BEGIN
    weir_sync_lock_take(&lock);
    weir_sync_lock_take(&other);
    weir_sync_lock_give(&lock); /* in any order */
    weir_sync_lock_give(&other);
    AWAIT(self->yield, weir_yield_now());
    RETURN(5);
    WEIR_FINALLY
    WEIR_END
}

static void run_careful(void)
{
    const weir_runtime_options options = weir_runtime_current_thread();
    weir_runtime *runtime;
    int output = 0;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(careful), &output), 0);
    CHECK_EQ(output, 5);
    weir_runtime_destroy(runtime);
}

static void test_a_lock_that_is_given_back_before_the_await_is_no_fault(void)
{
    run_careful();
}

#ifdef WEIR_DEBUG
WEIR_ASYNC(careless, int, weir_never never;)
{
    WEIR_BEGIN
    weir_sync_lock_take(&lock);
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    weir_sync_lock_give(&lock);
    WEIR_END
}

static void run_careless(void)
{
    const weir_runtime_options options = weir_runtime_current_thread();
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    (void)weir_block_on(runtime, WEIR_CALL(careless), NULL);
}

static void test_a_lock_held_across_an_await_ends_the_process_with_both_places(void)
{
    int ends[2];
    char text[512] = "";
    CHECK_EQ(pipe(ends), 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        run_careless();
        _exit(0);
    }
    close(ends[1]);
    size_t size = 0;
    ssize_t more;
    while (size < sizeof text - 1 && (more = read(ends[0], text + size, sizeof text - 1 - size)) > 0)
        size += (size_t)more;
    close(ends[0]);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "'careless' awaits in careless (") != NULL);
    CHECK(strstr(text, "with a lock held, taken at ") != NULL);
}
#endif

int main(void)
{
    RUN(test_a_lock_that_is_given_back_before_the_await_is_no_fault);
#ifdef WEIR_DEBUG
    RUN(test_a_lock_held_across_an_await_ends_the_process_with_both_places);
#else
    printf("skipped: only a debug build looks after locks\n");
#endif
    return check_done();
}
