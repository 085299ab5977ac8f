/*
 * model_op.c - io/op: whoever waits for an operation is woken or goes, and it is put back once, when nobody needs it.
 *
 * The ring here completes one operation and has one letter box; what is real is
 * the hand-over of op.c between future, reaper and owner.
 *
 * ENGINE: base/lock.c
 * IO: op.c
 */
#include <weir/chunk.h>

#include "explorer.h"
#include "op.h"
#include "ring.h"
#include "atomics/stdatomic.h" /* as op.h does */

#define A_DESCRIPTOR 1000

#define MAIL_NONE 0u
#define MAIL_CANCEL 1u
#define MAIL_NOT_NEEDED 2u

static struct op op;
static struct ring ring;
static uint32_t mail;
static bool ring_has_ended, is_owner; /* of who drops */
static bool taken;                    /* its result, by who waited */
static int put_back, closed, asked;   /* how often */

static struct model_waker {
    weir_waker waker;
    uint32_t holds, woken;
} wakers[2];

/* --- what op.c asks for ------------------------------------------------------------------------- */

static struct model_waker *from_waker(weir_waker *waker)
{
    return weir_container_of(waker, struct model_waker, waker);
}

static void waker_wake(weir_waker *waker)
{
    MODEL_CHECK(wi_load(&from_waker(waker)->holds, ACQUIRE) > 0);
    wi_store(&from_waker(waker)->woken, 1u, RELEASE);
    wi_futex_wake(&from_waker(waker)->woken, 1);
}

static void waker_hold(weir_waker *waker)
{
    (void)wi_fetch_add(&from_waker(waker)->holds, 1u, ACQ_REL);
}

static void waker_release(weir_waker *waker)
{
    MODEL_CHECK(wi_fetch_sub(&from_waker(waker)->holds, 1u, ACQ_REL) > 0);
}

static const weir_waker_type waker_type = { waker_wake, waker_hold, waker_release };

static void is_still_there(void)
{
    MODEL_CHECK_EQ(put_back, 0);
}

void wi_op_put(struct op *of)
{
    MODEL_CHECK(of == &op);
    is_still_there();
    put_back++;
}

void weir_chunk_put(weir_chunk *chunk)
{
    MODEL_CHECK(chunk == NULL);
}

/* op.c closes what nobody takes. */
int close(int fd);
int close(int fd)
{
    MODEL_CHECK_EQ(fd, A_DESCRIPTOR);
    closed++;
    return 0;
}

bool wi_ring_is_owner(const struct ring *of)
{
    MODEL_CHECK(of == &ring);
    return is_owner;
}

void wi_ring_cancel(struct ring *of, struct op *which)
{
    MODEL_CHECK(of == &ring && which == &op);
    is_still_there(); /* what the request names */
    asked++;
}

bool wi_ring_post_cancel(struct ring *of, struct op *which)
{
    MODEL_CHECK(of == &ring && which == &op);
    if (ring_has_ended)
        return false;
    wi_store(&mail, MAIL_CANCEL, SEQ_CST);
    wi_futex_wake(&mail, 1);
    return true;
}

static void ring_wake(struct ring *of)
{
    MODEL_CHECK(of == &ring);
    is_still_there(); /* a ring lives as long as its operations */
}

static const struct ring_type ring_type = { .name = "model", .wake = ring_wake };

/* --- threads ------------------------------------------------------------------------------------ */

static void setup(void)
{
    memset(&op, 0, sizeof op);
    memset(&ring, 0, sizeof ring);
    memset(wakers, 0, sizeof wakers);
    for (int i = 0; i < 2; i++)
        wakers[i].waker.type = &waker_type;
    ring.type = &ring_type;
    op.ring = &ring;
    op.kind = OP_OPEN;
    op.complete = wi_op_finish;
    mail = MAIL_NONE;
    ring_has_ended = is_owner = taken = false;
    put_back = closed = asked = 0;
    model_name(&op.waker, sizeof op.waker, "op.waker");
    model_name(&op.parts, sizeof op.parts, "op.parts");
    model_name(&mail, sizeof mail, "mail");
    model_name(wakers, sizeof wakers, "wakers");
}

static void reap(void)
{
    weir_wakes wakes = { .count = 0 };
    op.result = A_DESCRIPTOR;
    op.complete(&op, &wakes);
    for (unsigned i = 0; i < wakes.count; i++) {
        weir_wake(wakes.waker[i]);
        weir_waker_release(wakes.waker[i]);
    }
}

static void wait_for_waker(int i)
{
    while (wi_xchg(&wakers[i].woken, 0u, ACQUIRE) == 0)
        wi_futex_wait(&wakers[i].woken, 0, -1);
}

static void take(int64_t result)
{
    MODEL_CHECK_EQ(result, A_DESCRIPTOR);
    taken = true;
    wi_op_put(&op);
}

static void wait_and_take(void)
{
    int64_t result;
    while (!wi_op_poll(&op, &wakers[0].waker, &result))
        wait_for_waker(0);
    take(result);
}

/* As a task that moves its future into another's hands between two polls. */
static void wait_with_another_waker(void)
{
    int64_t result;
    if (!wi_op_poll(&op, &wakers[0].waker, &result))
        while (!wi_op_poll(&op, &wakers[1].waker, &result))
            wait_for_waker(1);
    take(result);
}

static void poll_and_drop(void)
{
    int64_t result;
    if (wi_op_poll(&op, &wakers[0].waker, &result)) {
        take(result);
        model_outcome(0);
    } else {
        wi_op_drop(&op);
        model_outcome(1);
    }
    uint32_t none = MAIL_NONE;
    if (wi_cas(&mail, &none, MAIL_NOT_NEEDED, ACQ_REL))
        wi_futex_wake(&mail, 1);
}

/* The owner of the ring, which another thread's drop wakes. */
static void own(void)
{
    while (wi_load(&mail, ACQUIRE) == MAIL_NONE)
        wi_futex_wait(&mail, MAIL_NONE, -1);
    if (wi_load(&mail, ACQUIRE) == MAIL_NOT_NEEDED)
        return;
    wi_ring_cancel(&ring, &op);
    wi_op_part_owner(&op);
    model_outcome(2);
}

static void check(void)
{
    MODEL_CHECK_EQ(put_back, 1);
    MODEL_CHECK_EQ(closed, op.kind == OP_OPEN && !taken); /* the descriptor that nobody took */
    for (int i = 0; i < 2; i++)
        MODEL_CHECK_EQ(wakers[i].holds, 0);
}

/* --- the tests ---------------------------------------------------------------------------------- */

static void test_who_waits_is_woken(void)
{
    MODEL_PASSES(.setup = setup, .threads = { wait_and_take, reap }, .check = check, .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup, .threads = { wait_with_another_waker, reap }, .check = check,
                 .preemptions = MODEL_UNBOUNDED);
}

static void setup_owner(void)
{
    setup();
    is_owner = true;
}

static void setup_ended(void)
{
    setup();
    ring_has_ended = true;
}

static void setup_close(void)
{
    setup();
    op.kind = OP_CLOSE;
}

static void check_not_cancelled(void)
{
    check();
    MODEL_CHECK_EQ(asked, 0);
}

/* Bits of `outcomes`: it was ready in time, it was dropped. */
static void drop_against_completion(const char *name, void (*setup_it)(void), void (*check_it)(void))
{
    const struct model_result result = model_explore(&(struct model){ .name = name,
                                                                      .setup = setup_it,
                                                                      .threads = { poll_and_drop, reap },
                                                                      .check = check_it,
                                                                      .preemptions = MODEL_UNBOUNDED });
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3u);
}

static void test_a_drop_of_the_owners_meets_the_completion(void)
{
    drop_against_completion(__func__, setup_owner, check);
}

static void test_a_drop_after_the_rings_end(void)
{
    drop_against_completion(__func__, setup_ended, check);
}

/* A close happens, whoever is there to hear of it. */
static void test_a_close_is_never_cancelled(void)
{
    drop_against_completion(__func__, setup_close, check_not_cancelled);
}

/* Completion, the one who dropped it, and the owner who has yet to cancel it: the last of them put_back it back. */
static void test_a_drop_from_elsewhere(void)
{
    const struct model_result result = model_explore(&(struct model){
        .name = __func__, .setup = setup, .threads = { poll_and_drop, reap, own }, .check = check, .preemptions = 4 });
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 7u);
}

int main(void)
{
    RUN(test_who_waits_is_woken);
    RUN(test_a_drop_of_the_owners_meets_the_completion);
    RUN(test_a_drop_after_the_rings_end);
    RUN(test_a_close_is_never_cancelled);
    RUN(test_a_drop_from_elsewhere);
    return check_done();
}
