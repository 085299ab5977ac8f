/*
 * model_trace_ring.c - trace/trace_ring: who reads while the worker writes sees whole events, and the newest of them.
 *
 * ENGINE: base/lock.c
 */
#include <stdlib.h>

#include "explorer.h"
#include "trace/trace_ring.h"

#define EVENTS_MAX 2u /* that are told of; the ring holds one more, which may be overwritten at any moment */

static struct trace_ring *ring;
static const char *const names[] = { "first", "second", "third", "fourth" };

static void write_event(uint64_t number)
{
    trace_write(ring, &(struct trace_event){ .at_ns = (int64_t)number,
                                             .for_ns = (int64_t)number,
                                             .id = number,
                                             .name = names[number],
                                             .kind = (uint32_t)number,
                                             .end = (uint32_t)number });
}

static void setup(void)
{
    const size_t size = sizeof *ring + (EVENTS_MAX + 1) * sizeof ring->events[0];
    if (ring == NULL)
        ring = malloc(size);
    MODEL_CHECK(ring != NULL);
    memset(ring, 0, size);
    ring->size = EVENTS_MAX + 1;
    for (uint64_t i = 0; i < EVENTS_MAX; i++)
        write_event(i);
    model_name(&ring->head, sizeof ring->head, "head");
    model_name(ring->events, (EVENTS_MAX + 1) * sizeof ring->events[0], "events");
}

static void write_two(void)
{
    write_event(EVENTS_MAX);
    write_event(EVENTS_MAX + 1);
}

static void expect_whole(uint64_t number, const struct trace_event *event)
{
    MODEL_CHECK_EQ(event->id, number);
    MODEL_CHECK_EQ(event->at_ns, number);
    MODEL_CHECK_EQ(event->for_ns, number);
    MODEL_CHECK(event->name == names[number]);
    MODEL_CHECK_EQ(event->kind, number);
    MODEL_CHECK_EQ(event->end, number);
}

/* As trace.c does. */
static void read_all(void)
{
    const uint64_t head = wi_load(&ring->head, ACQUIRE);
    unsigned told = 0;
    for (uint64_t i = head < ring->size ? 0 : head - ring->size; i < head; i++) {
        struct trace_event event;
        if (!trace_read(ring, i, &event))
            continue;
        expect_whole(i, &event);
        told++;
    }
    model_outcome(told);
}

/* All that may be told of, fewer that were overwritten meanwhile, or none: each happens, and none is torn. */
static void test_events_are_whole(void)
{
    const struct model_result result = model_explore(
        &(struct model){ .name = __func__, .setup = setup, .threads = { write_two, read_all }, .preemptions = 4 });
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes & 7u, 7u);
}

static void read_when_it_is_over(void)
{
    while (wi_load(&ring->head, ACQUIRE) < EVENTS_MAX + 2)
        wi_relax();
    struct trace_event event;
    for (uint64_t i = 2; i < EVENTS_MAX + 2; i++) {
        MODEL_CHECK(trace_read(ring, i, &event));
        expect_whole(i, &event);
    }
}

/* Once `head` says that it is there, an event is. */
static void test_the_newest_are_there(void)
{
    MODEL_PASSES(.setup = setup, .threads = { write_two, read_when_it_is_over }, .preemptions = 4);
}

int main(void)
{
    RUN(test_events_are_whole);
    RUN(test_the_newest_are_there);
    free(ring);
    return check_done();
}
