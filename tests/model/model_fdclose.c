/*
 * model_fdclose.c - each descriptor is closed once, whoever marks and flushes at the same moment.
 *
 * The kernel is a word: which numbers are open, and which of them somebody is
 * still using. The lowest free number is given out, as in Linux, so numbers come
 * back at once. Two words of two bits stand for 1024 words of 64.
 *
 * ENGINE:
 */
#include "explorer.h"

#include <unistd.h>

#define FDCLOSE_WORDS 2u
#define FDCLOSE_BITS 2u
#define FDCLOSE_TOUCHED_MAX 1u
typedef uint8_t fdclose_word;

enum { USED = 8 }; /* bit fd: open; bit USED + fd: somebody's own */
static uint32_t kernel;
static uint32_t closes;
static bool has_close_range;

static int fake_close(int fd)
{
    const uint32_t before = wi_fetch_and(&kernel, ~(1u << fd), RELAXED);
    MODEL_CHECK(before & 1u << fd);             /* or it is closed twice */
    MODEL_CHECK(!(before & 1u << (USED + fd))); /* or it is somebody else's by now */
    (void)wi_fetch_add(&closes, 1, RELAXED);
    return 0;
}

/* Goes upwards, a number at a time, past those that aren't open. */
static long fake_close_range(unsigned first, unsigned last)
{
    if (!has_close_range)
        return -1;
    for (unsigned fd = first; fd <= last; fd++)
        if (wi_load(&kernel, RELAXED) & 1u << fd)
            fake_close((int)fd);
    return 0;
}

#define close(fd) fake_close(fd)
#define syscall(number, first, last, flags) fake_close_range((first), (last))
#include "../../io/fdclose.c"

static int fake_open(void)
{
    uint32_t now = wi_load(&kernel, RELAXED);
    for (;;) {
        const int fd = __builtin_ctz(~now);
        if (wi_cas(&kernel, &now, now | 1u << fd | 1u << (USED + fd), ACQ_REL))
            return fd;
    }
}

static void give_up(int fd)
{
    (void)wi_fetch_and(&kernel, ~(1u << (USED + fd)), RELAXED);
    wi_fd_close_later(fd);
}

static void reset(void)
{
    kernel = closes = 0;
    pending[0] = pending[1] = 0;
    touched = 0;
    one_by_one = false;
    has_close_range = true;
    model_name(&kernel, sizeof kernel, "kernel");
    model_name(pending, sizeof pending, "pending");
    model_name(&touched, sizeof touched, "touched");
}

static void reset_old_kernel(void)
{
    reset();
    has_close_range = false;
}

static void two_files(void)
{
    const int one = fake_open();
    const int two = fake_open();
    give_up(one);
    give_up(two);
}

static void one_file_twice(void)
{
    give_up(fake_open());
    give_up(fake_open());
}

static void flush(void)
{
    (void)wi_fd_close_flush();
}

static void check_4(void)
{
    (void)wi_fd_close_flush();
    MODEL_CHECK_EQ(kernel, 0);
    MODEL_CHECK_EQ(closes, 4);
    MODEL_CHECK_EQ(touched, 0);
}

/* Two threads complete each other's words; numbers are reused as soon as they are free. */
static void test_two_who_mark(void)
{
    MODEL_PASSES(.preemptions = 4, .setup = reset, .threads = { two_files, two_files }, .check = check_4);
    MODEL_PASSES(.preemptions = 4, .setup = reset, .threads = { one_file_twice, two_files }, .check = check_4);
    MODEL_PASSES(.preemptions = 4, .setup = reset_old_kernel, .threads = { one_file_twice, two_files },
                 .check = check_4);
}

/* A flush in the middle of it takes what there is; a word it emptied half-way is full for nobody. */
static void test_two_who_mark_and_a_flush(void)
{
    MODEL_PASSES(.preemptions = 4, .setup = reset, .threads = { one_file_twice, two_files, flush }, .check = check_4);
}

int main(void)
{
    RUN(test_two_who_mark);
    RUN(test_two_who_mark_and_a_flush);
    return check_done();
}
