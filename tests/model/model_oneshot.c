/*
 * model_oneshot.c - sync/oneshot: the value arrives, is destroyed, or stays with its sender.
 *
 * ENGINE: base/lock.c task/future.c sync/thread_await.c
 */
#include "model_waits.h"

/* Memory doesn't change hands before the stores of the one who frees it have reached it. */
static void free_flushed(void *memory)
{
    wi_fence(SEQ_CST);
    free(memory);
}
#define free(memory) free_flushed(memory)
#include "../../engine/sync/oneshot.c"
#undef free

static weir_oneshot_sender *sender;
static weir_oneshot_receiver *receiver;
static int sent, received, destroyed;

static void destroy(void *value)
{
    destroyed += *(int *)value;
}

static void setup(void)
{
    waits_reset();
    sent = received = destroyed = 0;
    if (weir_oneshot_create(sizeof(int), destroy, &sender, &receiver) != 0)
        abort();
}

static void send_value(void)
{
    const int value = 7;
    if (weir_oneshot_send(sender, &value) == 0)
        sent += value;
}

static void drop_sender(void)
{
    weir_oneshot_sender_drop(sender);
}

/* Sends only if it is still wanted; what it waited for in vain is dropped. */
static void look_and_send(void)
{
    struct wait *wait = wait_start(0, weir_oneshot_closed(sender));
    const bool closed = wait_poll(wait);
    if (closed)
        wait_end(wait);
    else
        wait_drop(wait);
    if (closed)
        drop_sender();
    else
        send_value();
}

static void wait_until_closed(void)
{
    struct wait *wait = wait_start(0, weir_oneshot_closed(sender));
    wait_finish(wait);
    wait_end(wait);
    const int value = 7;
    MODEL_CHECK_EQ(weir_oneshot_send(sender, &value), -EPIPE);
}

static void receive(void)
{
    int value = 0;
    struct wait *wait = wait_start(0, weir_oneshot_recv(receiver, &value));
    wait_finish(wait);
    const int error = wait_output(wait, weir_oneshot_recv_future);
    wait_end(wait);
    MODEL_CHECK_EQ(error, value != 0 ? 0 : -EPIPE);
    received += value;
    weir_oneshot_receiver_drop(receiver);
}

static void receive_in_a_thread(void)
{
    int value = 0;
    const int error = weir_oneshot_blocking_recv(receiver, &value);
    MODEL_CHECK_EQ(error, value != 0 ? 0 : -EPIPE);
    received += value;
    weir_oneshot_receiver_drop(receiver);
}

static void receive_or_drop(void)
{
    int value = 0;
    struct wait *wait = wait_start(0, weir_oneshot_recv(receiver, &value));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    received += value;
    weir_oneshot_receiver_drop(receiver);
}

static void close_and_receive(void)
{
    weir_oneshot_close(receiver);
    int value = 0;
    const int error = weir_oneshot_try_recv(receiver, &value);
    MODEL_CHECK_EQ(error, value != 0 ? 0 : -EPIPE);
    received += value;
    weir_oneshot_receiver_drop(receiver);
}

static void drop_receiver(void)
{
    weir_oneshot_receiver_drop(receiver);
}

static void check(void)
{
    waits_check();
    MODEL_CHECK_EQ(sent, received + destroyed);
}

static void check_received(void)
{
    check();
    MODEL_CHECK_EQ(received, 7);
}

#define PASSES(sender_part, receiver_part, check_) \
    MODEL_PASSES(.setup = setup, .threads = { sender_part, receiver_part }, .check = check_, .preemptions = 5)

static void test_what_is_sent_arrives(void)
{
    PASSES(send_value, receive, check_received);
    PASSES(look_and_send, receive, check_received);
    PASSES(send_value, receive_in_a_thread, check_received);
    PASSES(drop_sender, receive_in_a_thread, check);
    PASSES(drop_sender, receive, check);
}

static void test_what_is_sent_is_not_lost(void)
{
    PASSES(send_value, receive_or_drop, check);
    PASSES(send_value, close_and_receive, check);
    PASSES(send_value, drop_receiver, check);
    PASSES(look_and_send, receive_or_drop, check);
    PASSES(look_and_send, drop_receiver, check);
    PASSES(drop_sender, drop_receiver, check);
    PASSES(drop_sender, receive_or_drop, check);
}

static void test_a_sender_is_told_of_the_end(void)
{
    PASSES(wait_until_closed, drop_receiver, check);
    PASSES(wait_until_closed, close_and_receive, check);
    PASSES(wait_until_closed, receive_or_drop, check);
}

int main(void)
{
    RUN(test_what_is_sent_arrives);
    RUN(test_what_is_sent_is_not_lost);
    RUN(test_a_sender_is_told_of_the_end);
    return check_done();
}
