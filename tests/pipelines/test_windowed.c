/* test_windowed.c - windows by arrival, by a clock that stands still until nothing else can happen. */
#include <weir/runtime.h>
#include <weir/time.h>

#include "run/batch.h"
#include "run_rig.h"

/* A source that sends the line "x" after each pause, and a sink that writes down what came when, in tenths of a second.
 */
struct flow {
    const char *text;
    const int64_t *pauses_ms; /* 0 at the end */
    struct run_rig of;
    struct run_node sink;
    int64_t began_ns;
    weir_text got;
};

WEIR_ASYNC(feeder, int, struct flow *flow; unsigned sent; weir_chunk *chunk; weir_sleep nap; weir_chunk_get_future get;
           struct wp_edge_send send;)
{
    WEIR_BEGIN
    for (; self->flow->pauses_ms[self->sent] != 0; self->sent++) {
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(self->flow->pauses_ms[self->sent])));
        AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
        self->chunk = self->get.output;
        CHECK(self->chunk != NULL);
        memcpy(self->chunk->data, "x\n", 2);
        self->chunk->size = 2;
        AWAIT(self->send, run_rig_send(&self->flow->of.run->nodes[0], &self->chunk));
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = &self->flow->of.run->nodes[0], .parcel = { .last = true }));
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    WEIR_END
}

static void note(struct flow *flow, const struct row *row)
{
    char words[64];
    const int64_t tenths = (weir_now_ns() - flow->began_ns + WEIR_MS(50)) / WEIR_MS(100);
    const int size = snprintf(words, sizeof words, "%" PRId64 ":%" PRId64 " ", tenths, wp_row_get(row, "count").number);
    CHECK_EQ(weir_text_append(&flow->got, words, (size_t)size), 0);
    CHECK(wp_row_get(row, "window").kind == DATUM_TIME);
}

WEIR_ASYNC(taker, int, struct flow *flow; struct parcel parcel; struct wp_edge_recv recv;)
{
    WEIR_BEGIN
    while (!self->parcel.last) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = &self->flow->sink, .ret_parcel = &self->parcel));
        CHECK_EQ(self->recv.output, 0);
        for (uint32_t i = 0; self->parcel.batch != NULL && i < self->parcel.batch->count; i++)
            note(self->flow, &self->parcel.batch->rows[i]);
        wp_parcel_put(&self->parcel);
    }
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    WEIR_END
}

WEIR_ASYNC(all_of_it, int, struct flow *flow; weir_join_set *set; int status; weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(3, &self->set), 0);
    self->flow->began_ns = weir_now_ns();
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(wp_run_all, .run = self->flow->of.run)), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(feeder, .flow = self->flow)), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(taker, .flow = self->flow)), 0);
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, &self->status));
        if (self->next.output == 0)
            break;
        CHECK_EQ(self->next.status, 0);
        CHECK_EQ(self->status, 0);
    }
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static void flow_gives(const char *text, const int64_t *pauses_ms, const char *wanted)
{
    struct flow flow = { .text = text, .pauses_ms = pauses_ms };
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    weir_runtime *runtime;
    size_t needed;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    run_rig_plan(&flow.of, text, strlen(text));
    CHECK_EQ(run_rig_create(&flow.of, &needed), 0);
    struct run_node *last = &flow.of.run->nodes[flow.of.run->count - 1];
    flow.sink = *last;
    last->from = NULL; /* or the run would let it go when its own nodes have ended */
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(all_of_it, .flow = &flow), NULL), 0);
    weir_mpsc_receiver_drop(flow.sink.from);
    run_rig_close(&flow.of);
    weir_runtime_destroy(runtime);
    CHECK_EQ(weir_text_append(&flow.got, "", 1), 0);
    CHECK_STR(flow.got.data, wanted);
    weir_text_fini(&flow.got);
}

/* The timer ends a window, not the record behind it; what is open at the end of the input comes then. */
static void test_a_window_by_arrival_ends_by_the_clock(void)
{
    const int64_t pauses_ms[] = { 1000, 1000, 1000, 9000, 1000, 0 };
    flow_gives("stdin | lines | count every 10s | null", pauses_ms, "100:3 130:2 ");
}

/* Windows stay where they would have been, however long nothing came. */
static void test_a_window_in_which_nothing_came_gives_nothing(void)
{
    const int64_t pauses_ms[] = { 1000, 34000, 4000, 3000, 0 };
    flow_gives("stdin | lines | count every 10s | null", pauses_ms, "100:1 400:2 420:1 ");
}

static void test_no_input_gives_nothing(void)
{
    const int64_t pauses_ms[] = { 0 };
    flow_gives("stdin | lines | stats count, p50(.x) every 1s | null", pauses_ms, "");
}

int main(void)
{
    RUN(test_a_window_by_arrival_ends_by_the_clock);
    RUN(test_a_window_in_which_nothing_came_gives_nothing);
    RUN(test_no_input_gives_nothing);
    return check_done();
}
