/*
 * test_tail_faults.c - a file that can't be read for a moment is read when that is over, though nobody writes to it.
 * WRAPS: openat fstat fstatat pread preadv2 read lseek statx getdents64 syscall
 */
#include "fail_call.h"
#include "tail_rig.h"

static struct tail_rig rig;

static void fails_once(enum fail_call call, int error)
{
    tail_rig_init(&rig);
    rig.options.poll_ns = 1;
    tail_append("x.log", "one\n");
    tail_rig_start(&rig, "x.log");
    CHECK_STR(tail_drain(&rig), "one\n");
    tail_append("x.log", "two\nthree\n");
    fail_call_arm(call, 1, error);
    tail_look(&rig);
    char buffer[64];
    weir_tail_file *file = weir_tail_next(rig.tail);
    CHECK(file != NULL);
    CHECK_EQ(weir_tail_read(file, buffer, sizeof buffer, call == FAIL_PREAD), -error);
    CHECK(fail_call_disarm() > 0);
    CHECK(rig.notes != NULL && strstr(rig.notes, strerror(error)) != NULL);
    CHECK(weir_tail_due_ns(rig.tail) != INT64_MAX);
    CHECK_STR(tail_drain(&rig), "two\nthree\n");
    CHECK(weir_tail_due_ns(rig.tail) == INT64_MAX);
    tail_rig_fini(&rig);
}

static void test_a_read_that_fails_once(void)
{
    fails_once(FAIL_PREADV2, EIO);
    fails_once(FAIL_PREADV2, ESTALE);
    fails_once(FAIL_PREAD, EIO);
    fails_once(FAIL_FSTAT, EIO);
}

int main(void)
{
    RUN(test_a_read_that_fails_once);
    return check_done();
}
