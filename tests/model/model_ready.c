/*
 * model_ready.c - io/ready_source: whoever waits for a socket is woken, whatever comes between its try and its wait.
 *
 * The socket here holds bytes, and its events are edge-triggered: one for each that comes, none for what is left.
 *
 * ENGINE: base/lock.c
 * IO: ready_source.c
 */
#include <sys/epoll.h>

#include "explorer.h"
#include "ready_set.h"
#include "atomics/stdatomic.h" /* as ready_set.h does */

static struct ready_source source;
static uint32_t bytes;   /* in the socket */
static uint32_t to_tell; /* events that epoll has to tell of */
static uint32_t readers_left, got;

static struct model_waker {
    weir_waker waker;
    uint32_t holds, woken;
} wakers[2];

/* --- what ready_source.c asks for ----------------------------------------------------------------- */

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

/* --- threads -------------------------------------------------------------------------------------- */

static void setup(void)
{
    memset(&source, 0, sizeof source);
    memset(wakers, 0, sizeof wakers);
    for (int i = 0; i < 2; i++)
        wakers[i].waker.type = &waker_type;
    wi_source_init(&source, NULL, READY_READ, 0);
    bytes = to_tell = got = 0;
    readers_left = 1;
    model_name(&source.known, sizeof source.known, "known");
    model_name(&source.slot[0].waker, sizeof source.slot[0].waker, "slot.waker");
    model_name(&bytes, sizeof bytes, "bytes");
    model_name(&to_tell, sizeof to_tell, "to_tell");
    model_name(wakers, sizeof wakers, "wakers");
}

static void wake_all(weir_wakes *wakes)
{
    for (unsigned i = 0; i < wakes->count; i++) {
        weir_wake(wakes->waker[i]);
        weir_waker_release(wakes->waker[i]);
    }
}

/* The other side sends one byte: an event. */
static void send_one(void)
{
    (void)wi_fetch_add(&bytes, 1u, SEQ_CST);
    (void)wi_fetch_add(&to_tell, 1u, SEQ_CST);
    wi_futex_wake(&to_tell, 1);
}

static void send_two(void)
{
    send_one();
    send_one();
}

/* A worker takes events as they come, several of one socket as one. */
static void look(void)
{
    while (wi_load(&readers_left, ACQUIRE) > 0) {
        if (wi_xchg(&to_tell, 0u, SEQ_CST) == 0) {
            wi_futex_wait(&to_tell, 0, -1);
            continue;
        }
        weir_wakes wakes = { .count = 0 };
        wi_source_happened(&source, EPOLLIN, &wakes);
        wake_all(&wakes);
    }
}

static void stop_looking(void)
{
    (void)wi_fetch_sub(&readers_left, 1u, ACQ_REL);
    (void)wi_fetch_add(&to_tell, 1u, SEQ_CST);
    wi_futex_wake(&to_tell, 1);
}

static void wait_for_waker(int i)
{
    while (wi_xchg(&wakers[i].woken, 0u, ACQUIRE) == 0)
        wi_futex_wait(&wakers[i].woken, 0, -1);
}

/* As wi_ready_loop_socket(): all there is, then "it blocks". `i`: by which waker. */
static void read_one(struct ready_slot *slot, int i)
{
    for (;;) {
        const uint32_t known = wi_slot_known(slot);
        if (!wi_slot_is_blocked(slot, known)) {
            const uint32_t here = wi_xchg(&bytes, 0u, SEQ_CST);
            const bool blocks = wi_slot_block(slot, known);
            got += here;
            if (here > 0)
                return;
            if (!blocks)
                continue;
        }
        MODEL_CHECK(wi_slot_take(slot));
        while (!wi_slot_poll(slot, &wakers[i].waker))
            wait_for_waker(i);
        wi_slot_leave(slot);
    }
}

static void read_two(void)
{
    while (got < 2)
        read_one(&source.slot[READY_READ], 0);
    stop_looking();
}

/* Another future, by another waker, after the first one was dropped: as if each lost a select. */
static void drop_one_and_read(void)
{
    struct ready_slot *slot = &source.slot[READY_READ];
    if (wi_slot_take(slot)) {
        (void)wi_slot_poll(slot, &wakers[0].waker);
        wi_slot_unblock(slot);
        wi_slot_leave(slot);
    }
    read_one(slot, 1);
    stop_looking();
}

/* A future that another waker comes for, between two polls. */
static void read_by_two_wakers(void)
{
    struct ready_slot *slot = &source.slot[READY_READ];
    MODEL_CHECK(wi_slot_take(slot));
    if (!wi_slot_poll(slot, &wakers[0].waker))
        while (!wi_slot_poll(slot, &wakers[1].waker))
            wait_for_waker(1);
    wi_slot_leave(slot);
    read_one(slot, 1);
    stop_looking();
}

/* Writes are tried, found to block and unblocked meanwhile: none of reading's business. */
static void write_beside(void)
{
    struct ready_slot *slot = &source.slot[READY_WRITE];
    (void)wi_slot_block(slot, wi_slot_known(slot));
    wi_slot_unblock(slot);
}

static void end_it(void)
{
    wi_source_end(&source);
}

static void wait_for_the_end(void)
{
    struct ready_slot *slot = &source.slot[READY_READ];
    MODEL_CHECK(wi_slot_take(slot));
    while (!wi_slot_poll(slot, &wakers[0].waker))
        wait_for_waker(0);
    wi_slot_leave(slot);
    MODEL_CHECK(wi_slot_has_ended(slot, wi_slot_known(slot)));
    MODEL_CHECK(!wi_slot_block(slot, wi_slot_known(slot)));
}

static void check(void)
{
    MODEL_CHECK_EQ(source.slot[READY_READ].waker, 0);
    for (int i = 0; i < 2; i++)
        MODEL_CHECK_EQ(wakers[i].holds, 0);
}

static void check_got_one(void)
{
    check();
    MODEL_CHECK_EQ(got, 1);
}

static void check_got_two(void)
{
    check();
    MODEL_CHECK_EQ(got, 2);
}

/* --- the tests ------------------------------------------------------------------------------------ */

static void test_no_byte_is_waited_for_that_is_there(void)
{
    MODEL_PASSES(.setup = setup, .threads = { read_two, look, send_two }, .check = check_got_two, .preemptions = 3);
}

static void test_a_dropped_wait_leaves_the_next_one_to_try(void)
{
    MODEL_PASSES(.setup = setup, .threads = { drop_one_and_read, look, send_one }, .check = check_got_one,
                 .preemptions = 3);
}

static void test_a_second_waker_takes_the_place_of_the_first(void)
{
    MODEL_PASSES(.setup = setup, .threads = { read_by_two_wakers, look, send_one }, .check = check_got_one,
                 .preemptions = 3);
}

static void read_one_byte(void)
{
    read_one(&source.slot[READY_READ], 0);
    stop_looking();
}

static void test_the_other_way_is_no_event(void)
{
    MODEL_PASSES(.setup = setup, .threads = { read_one_byte, look, send_one, write_beside }, .check = check_got_one,
                 .preemptions = 2);
}

static void test_the_end_wakes_who_waits(void)
{
    MODEL_PASSES(.setup = setup, .threads = { wait_for_the_end, end_it }, .check = check,
                 .preemptions = MODEL_UNBOUNDED);
}

int main(void)
{
    RUN(test_no_byte_is_waited_for_that_is_there);
    RUN(test_a_dropped_wait_leaves_the_next_one_to_try);
    RUN(test_a_second_waker_takes_the_place_of_the_first);
    RUN(test_the_other_way_is_no_event);
    RUN(test_the_end_wakes_who_waits);
    return check_done();
}
