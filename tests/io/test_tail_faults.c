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

/* What has been read is handed over to a new tail. */
static void restart(void)
{
    weir_tail *before = rig.tail;
    tail_rig_open(&rig, "x.log");
    CHECK_EQ(weir_tail_save(before, tail_rig_hand_over, rig.tail), 0);
    weir_tail_destroy(before);
}

/* A restart behind a rotation: whichever look fails, what was rotated is found later, and none of it is read twice. */
static void test_a_look_that_fails_once(void)
{
    for (uint32_t nth = 1; nth <= 6; nth++) {
        tail_rig_init(&rig);
        rig.options.poll_ns = 1;
        tail_append("x.log", "one\n");
        tail_rig_start(&rig, "x.log");
        CHECK_STR(tail_drain(&rig), "one\n");
        tail_append("x.log", "two\n");
        tail_move("x.log", "x.log.1");
        tail_append("x.log", "three\n");
        restart();
        fail_call_arm(FAIL_STATX, nth, EIO);
        CHECK_EQ(weir_tail_look(rig.tail), 0);
        const bool failed = fail_call_disarm() >= nth;
        const char *text = tail_drain(&rig);
        CHECK(strstr(text, "two\n") != NULL && strstr(text, "three\n") != NULL && strlen(text) == 10);
        CHECK(nth > 1 || (failed && rig.notes != NULL && strstr(rig.notes, strerror(EIO)) != NULL));
        tail_rig_fini(&rig);
    }
}

/* A restart: the file that an earlier run has read can't be seen at first. It isn't read from its beginning. */
static void test_a_first_look_that_fails(void)
{
    for (uint32_t nth = 1; nth <= 3; nth++) {
        tail_rig_init(&rig);
        rig.options.poll_ns = 1;
        tail_append("x.log", "one\n");
        tail_rig_start(&rig, "x.log");
        CHECK_STR(tail_drain(&rig), "one\n");
        tail_append("x.log", "two\n");
        restart();
        fail_call_arm(FAIL_STATX, nth, EIO);
        CHECK_EQ(weir_tail_look(rig.tail), 0);
        (void)fail_call_disarm();
        CHECK_STR(tail_drain(&rig), "two\n");
        tail_rig_fini(&rig);
    }
}

int main(void)
{
    RUN(test_a_read_that_fails_once);
    RUN(test_a_look_that_fails_once);
    RUN(test_a_first_look_that_fails);
    return check_done();
}
