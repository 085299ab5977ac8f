/* test_panic.c - weir_panic(): where it lands, what it says, and what happens where nobody catches it. */
#include "task/panic.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void sink(int depth)
{
    if (depth < 0)
        return;
    if (depth == 0)
        weir_panic("from the deep, %s", "as it were");
    sink(depth - 1);
}

/* One landing serves many panics: it stays laid out. */
static void test_a_landing_catches_one_panic_after_the_other(void)
{
    struct panic_landing landing;
    struct panic_landing *const outer = wi_panic_landing;
    wi_panic_landing = &landing;
    static int landed;
    landed = 0;
    if (wi_panic_land(&landing) != 0) {
        landed++;
        CHECK_STR(landing.message, "from the deep, as it were");
        CHECK(strstr(landing.file, "test_panic.c") != NULL);
        CHECK(landing.line > 0);
    }
    if (landed < 3)
        sink(landed);
    wi_panic_landing = outer;
    CHECK_EQ(landed, 3);
}

/* A block_on inside of a job: the inner one catches, and the outer one catches again afterwards. */
static void test_the_innermost_landing_catches(void)
{
    struct panic_landing outside, inside;
    static int outside_landed, inside_landed;
    outside_landed = inside_landed = 0;
    wi_panic_landing = &outside;
    if (wi_panic_land(&outside) != 0) {
        outside_landed++;
    } else {
        wi_panic_landing = &inside;
        if (wi_panic_land(&inside) != 0)
            inside_landed++;
        else
            weir_panic("inside");
        wi_panic_landing = &outside;
        weir_panic("outside after \"%s\"", inside.message);
    }
    wi_panic_landing = NULL;
    CHECK_EQ(inside_landed, 1);
    CHECK_EQ(outside_landed, 1);
    CHECK_STR(outside.message, "outside after \"inside\"");
}

/* Messages are cut, never overrun; and one may quote the one before it. */
static void test_a_message_is_cut_and_may_quote_the_last_one(void)
{
    struct panic_landing landing;
    static int landed;
    landed = 0;
    wi_panic_landing = &landing;
    (void)wi_panic_land(&landing);
    switch (landed++) {
    case 0:
        weir_panic("%0*d", PANIC_MESSAGE_MAX + 100, 7);
    case 1:
        CHECK_EQ(strlen(landing.message), PANIC_MESSAGE_MAX - 1);
        weir_panic("again: %s", landing.message);
    default:
        wi_panic_landing = NULL;
        CHECK_EQ(strlen(landing.message), PANIC_MESSAGE_MAX - 1);
        CHECK(strncmp(landing.message, "again: 00", 9) == 0);
    }
}

/* A failed assertion is a panic that quotes the condition. */
static void test_an_assertion_that_fails_quotes_itself(void)
{
    struct panic_landing landing;
    wi_panic_landing = &landing;
    if (wi_panic_land(&landing) == 0) {
        weir_assert(wi_panic_landing != NULL);
        weir_assert(1 + 1 == 3);
    }
    wi_panic_landing = NULL;
    CHECK_STR(landing.message, "assertion failed: 1 + 1 == 3");
}

/* Outside of a task or a job nobody can go on: the last words, then abort(3). */
static void test_without_a_landing_the_process_ends_and_says_why(void)
{
    int words[2];
    CHECK_EQ(pipe(words), 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(words[1], STDERR_FILENO);
        weir_panic("nobody is left, %d", 7);
    }
    (void)close(words[1]);
    char said[256] = "";
    size_t length = 0;
    ssize_t got;
    while ((got = read(words[0], said + length, sizeof said - 1 - length)) > 0)
        length += (size_t)got;
    (void)close(words[0]);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(said, "test_panic.c:") != NULL);
    CHECK(strstr(said, ": nobody is left, 7\n") != NULL);
}

int main(void)
{
    RUN(test_a_landing_catches_one_panic_after_the_other);
    RUN(test_the_innermost_landing_catches);
    RUN(test_a_message_is_cut_and_may_quote_the_last_one);
    RUN(test_an_assertion_that_fails_quotes_itself);
    RUN(test_without_a_landing_the_process_ends_and_says_why);
    return check_done();
}
