/* test_patience.c - @rate, @timeout and @retry, by a clock that stands still until nothing else can happen. */
#include <sys/stat.h>
#include <unistd.h>
#include <weir/io.h>
#include <weir/pipeline.h>
#include <weir/runtime.h>
#include <weir/time.h>

#include "run/batch.h"
#include "run_rig.h"

#define KIB ((uint64_t)1024)

/* --- rates ------------------------------------------------------------------------------------------- */

/* A source of chunks, each after a pause, and a sink, with the edges and stages of `text` between them. */
struct flow {
    const char *text;
    unsigned chunks;
    uint64_t lines; /* a chunk, each of 8 bytes */
    int64_t pause_ns;
    struct run_rig of;
    struct run_node sink;
    int64_t took_ns, last_took_ns; /* all, and since the last pause */
    uint64_t rows, bytes, rows_max;
};

WEIR_ASYNC(feeder, int, struct flow *flow; unsigned sent; weir_chunk *chunk; weir_sleep nap; weir_chunk_get_future get;
           struct wp_edge_send send;)
{
    WEIR_BEGIN
    for (; self->sent < self->flow->chunks; self->sent++) {
        AWAIT(self->nap, weir_sleep_for(self->flow->pause_ns));
        AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
        self->chunk = self->get.output;
        CHECK(self->chunk != NULL);
        self->flow->last_took_ns = weir_now_ns();
        for (uint64_t i = 0; i < self->flow->lines; i++)
            memcpy(self->chunk->data + i * 8, "7 chars\n", 8);
        self->chunk->size = self->flow->lines * 8;
        AWAIT(self->send, run_rig_send(&self->flow->of.run->nodes[0], &self->chunk));
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = &self->flow->of.run->nodes[0], .parcel = { .last = true }));
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    WEIR_END
}

WEIR_ASYNC(drain, int, struct flow *flow; struct parcel parcel; struct wp_edge_recv recv;)
{
    WEIR_BEGIN
    while (!self->parcel.last) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = &self->flow->sink, .ret_parcel = &self->parcel));
        CHECK_EQ(self->recv.output, 0);
        self->flow->bytes += self->parcel.chunk != NULL ? self->parcel.chunk->size : 0;
        const uint64_t rows = self->parcel.batch != NULL ? self->parcel.batch->count : 0;
        self->flow->rows += rows;
        self->flow->rows_max = rows > self->flow->rows_max ? rows : self->flow->rows_max;
        wp_parcel_put(&self->parcel);
    }
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    WEIR_END
}

WEIR_ASYNC(all_of_it, int, struct flow *flow; weir_join_set *set; int64_t began_ns; int status;
           weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(3, &self->set), 0);
    self->began_ns = weir_now_ns();
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(feeder, .flow = self->flow)), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(drain, .flow = self->flow)), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(wp_run_all, .run = self->flow->of.run)), 0);
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, &self->status));
        if (self->next.output == 0)
            break;
        CHECK_EQ(self->next.status, 0);
        CHECK_EQ(self->status, 0);
    }
    self->flow->took_ns = weir_now_ns() - self->began_ns;
    self->flow->last_took_ns = weir_now_ns() - self->flow->last_took_ns;
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static weir_runtime *create_runtime(const weir_driver_factory *drivers)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    options.drivers = drivers;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    return runtime;
}

static void run_flow(struct flow *flow)
{
    size_t needed;
    weir_runtime *runtime = create_runtime(NULL);
    run_rig_plan(&flow->of, flow->text, strlen(flow->text));
    CHECK_EQ(run_rig_create(&flow->of, &needed), 0);
    struct run_node *last = &flow->of.run->nodes[flow->of.run->count - 1];
    flow->sink = *last;
    last->from = NULL; /* or the run would let it go when its own nodes have ended */
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(all_of_it, .flow = flow), NULL), 0);
    weir_mpsc_receiver_drop(flow->sink.from);
    run_rig_close(&flow->of);
    weir_runtime_destroy(runtime);
}

#define CHECK_TOOK(took_ns_, from_ns, to_ns)                         \
    do {                                                             \
        const int64_t took_ = (took_ns_);                            \
        if (took_ < (from_ns) || took_ > (to_ns))                    \
            fprintf(stderr, "%" PRId64 " ms\n", took_ / WEIR_MS(1)); \
        CHECK(took_ >= (from_ns) && took_ <= (to_ns));               \
    } while (0)

/* What may pass at once, before the first wait, is a tenth of a second's; the last that passed is waited for by nobody.
 */
#define CHECK_TEN_SECONDS(took_ns_) CHECK_TOOK(took_ns_, WEIR_MS(9700), WEIR_MS(10000))

static void test_rows_pass_at_the_rate(void)
{
    struct flow flow = { .text = "stdin | lines | null @rate=100/s", .chunks = 1, .lines = 1000 };
    run_flow(&flow);
    CHECK_EQ(flow.rows, 1000);
    CHECK_TEN_SECONDS(flow.took_ns);
    CHECK(flow.rows_max <= 10); /* and not all of a second's at once */
}

static void test_bytes_pass_at_the_rate(void)
{
    struct flow flow = { .text = "stdin | null @rate=1MiB/s", .chunks = 40, .lines = 32 * KIB };
    run_flow(&flow);
    CHECK_EQ(flow.bytes, 10240 * KIB);
    CHECK_TOOK(flow.took_ns, WEIR_MS(9600), WEIR_MS(10000));
}

/* The bytes of records are those of their lines. */
static void test_records_pass_at_a_rate_of_bytes(void)
{
    struct flow flow = { .text = "stdin | lines | null @rate=70kB/s", .chunks = 10, .lines = 10000 };
    run_flow(&flow);
    CHECK_EQ(flow.rows, 100000);
    CHECK_TEN_SECONDS(flow.took_ns);
}

static void test_a_source_gives_at_the_rate(void)
{
    struct flow flow = { .text = "stdin @rate=1MiB/s | null", .chunks = 40, .lines = 32 * KIB };
    run_flow(&flow);
    CHECK_TOOK(flow.took_ns, WEIR_MS(9600), WEIR_MS(10000));
}

static void test_what_is_slower_than_the_rate_is_not_held_up(void)
{
    struct flow flow = { .text = "stdin | lines | null @rate=10/s", .chunks = 20, .lines = 1, .pause_ns = WEIR_SEC(1) };
    run_flow(&flow);
    CHECK_EQ(flow.rows, 20);
    CHECK_TOOK(flow.took_ns, WEIR_SEC(20), WEIR_MS(20001));
}

/* Or whoever slept for a night would send a night's worth at once. */
static void test_what_was_not_used_is_not_saved_up(void)
{
    struct flow flow = {
        .text = "stdin | lines | null @rate=100/s", .chunks = 2, .lines = 500, .pause_ns = WEIR_SEC(3600)
    };
    run_flow(&flow);
    CHECK_TOOK(flow.last_took_ns, WEIR_MS(4700), WEIR_MS(5000));
}

/* --- patience ----------------------------------------------------------------------------------------- */

/* Makes a folder after a while. */
WEIR_ASYNC(maker, int, const char *folder; weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(250)));
    CHECK_EQ(mkdir(self->folder, 0700), 0);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(timed, int, weir_pipeline *pipeline; int64_t *ret_took_ns; const char *folder; struct weir_pipeline_run run;)
{
    WEIR_BEGIN
    *self->ret_took_ns = weir_now_ns();
    if (self->folder != NULL)
        weir_detach(weir_spawn(WEIR_CALL(maker, .folder = self->folder)));
    AWAIT(self->run, WEIR_CALL(weir_pipeline_run, .pipeline = self->pipeline));
    *self->ret_took_ns = weir_now_ns() - *self->ret_took_ns;
    RETURN(self->run.output);
    WEIR_FINALLY
    WEIR_END
}

/* Runs it with io; what it ended with. */
static int run_text_and(const char *text, const char *wanted_words, int64_t *ret_took_ns, const char *folder)
{
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime *runtime = create_runtime(&drivers);
    weir_pipeline *pipeline;
    weir_text errors = { 0 };
    int output = 0;
    CHECK_EQ(weir_pipeline_create(&(weir_pipeline_text){ .name = "test", .data = text, .size = strlen(text) }, NULL, 0,
                                  &errors, &pipeline),
             0);
    CHECK_EQ(weir_block_on(runtime,
                           WEIR_CALL(timed, .pipeline = pipeline, .ret_took_ns = ret_took_ns, .folder = folder),
                           &output),
             0);
    CHECK((wanted_words == NULL) == (weir_pipeline_error(pipeline) == NULL));
    if (wanted_words != NULL)
        CHECK_STR(weir_pipeline_error(pipeline), wanted_words);
    CHECK_EQ(weir_pipeline_troubles(pipeline), 0);
    weir_runtime_destroy(runtime);
    weir_pipeline_destroy(pipeline);
    return output;
}

static int run_text(const char *text, const char *wanted_words, int64_t *ret_took_ns)
{
    return run_text_and(text, wanted_words, ret_took_ns, NULL);
}

/* 100, 200 and 400 ms lie between the four tries. */
static void test_a_retry_waits_longer_each_time(void)
{
    int64_t took_ns;
    CHECK_EQ(run_text("read \"/nothere\" @retry=3 | null", "read: /nothere: No such file or directory", &took_ns),
             -ENOENT);
    CHECK_TOOK(took_ns, WEIR_MS(700), WEIR_MS(702));
    CHECK_EQ(run_text("read \"/nothere\" | null", "read: /nothere: No such file or directory", &took_ns), -ENOENT);
    CHECK_TOOK(took_ns, 0, WEIR_MS(1));
}

/* From the eighth on it is 10 s. */
static void test_retries_are_never_far_apart(void)
{
    int64_t took_ns;
    CHECK_EQ(run_text("read \"/nothere\" @retry=10 | null", "read: /nothere: No such file or directory", &took_ns),
             -ENOENT);
    CHECK_TOOK(took_ns, WEIR_MS(12700 + 30000), WEIR_MS(12700 + 30011));
}

/* The block of a file begins anew, once its folder is there at the latest. */
static void test_a_file_gets_another_try(void)
{
    char dir[] = "/tmp/weir-patience-XXXXXX", folder[64], source[64], copy[64], text[300];
    int64_t took_ns;
    CHECK(mkdtemp(dir) != NULL);
    (void)snprintf(folder, sizeof folder, "%s/folder", dir);
    (void)snprintf(source, sizeof source, "%s/source", dir);
    (void)snprintf(copy, sizeof copy, "%s/folder/source", dir);
    FILE *file = fopen(source, "we");
    CHECK(file != NULL && fputs("text", file) >= 0 && fclose(file) == 0);
    (void)snprintf(text, sizeof text, "files \"%s\" | each { read | write \"%s/{.name}\" } @retry=5", source, folder);
    CHECK_EQ(run_text_and(text, NULL, &took_ns, folder), 0);
    CHECK_EQ(unlink(copy), 0);
    CHECK_EQ(rmdir(folder), 0);
    CHECK_EQ(unlink(source), 0);
    CHECK_EQ(rmdir(dir), 0);
}

static void test_a_silent_input_ends_by_the_limit(void)
{
    int ends[2];
    int64_t took_ns;
    CHECK_EQ(pipe(ends), 0);
    const int kept = dup(STDIN_FILENO);
    CHECK(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    CHECK_EQ(run_text("stdin @timeout=5s | null",
                      "stdin: standard input: the next bytes: took longer than @timeout says", &took_ns),
             -ETIMEDOUT);
    CHECK_TOOK(took_ns, WEIR_SEC(5), WEIR_MS(5002));
    CHECK(dup2(kept, STDIN_FILENO) == STDIN_FILENO);
    (void)close(kept);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    RUN(test_rows_pass_at_the_rate);
    RUN(test_bytes_pass_at_the_rate);
    RUN(test_records_pass_at_a_rate_of_bytes);
    RUN(test_a_source_gives_at_the_rate);
    RUN(test_what_is_slower_than_the_rate_is_not_held_up);
    RUN(test_what_was_not_used_is_not_saved_up);
    RUN(test_a_retry_waits_longer_each_time);
    RUN(test_retries_are_never_far_apart);
    RUN(test_a_file_gets_another_try);
    RUN(test_a_silent_input_ends_by_the_limit);
    return check_done();
}
