/*
 * test_every_stage_memory.c - memory that a stage can't have: each request of each stage fails in turn. Requests of
 * ours, that is; what libraries ask for the linker doesn't see.
 * WRAPS: malloc calloc realloc aligned_alloc posix_memalign free mmap munmap pthread_create
 * WRAPS: strdup strndup realpath asprintf
 */
#include <weir/stage.h>

#include "check.h"
#include "fail_alloc.h"

enum { TEXT = 3000, ROOM = 1 << 20, STAGES_MAX = 64 };

static uint8_t text[TEXT], wanted[ROOM], made[ROOM];

/* A text, and what each stage makes of it: so there is something whole for those that undo it. */
static struct {
    uint8_t *data;
    size_t size;
} inputs[STAGES_MAX] = { { text, TEXT } };
static size_t input_count = 1, at;

/* The whole stream in one window, which are the test's own: what asks for memory is the stage. 0 or its error. */
static int run(const weir_stage *stage, void *state, uint8_t *out, size_t *ret_size)
{
    weir_flow flow = { 0 };
    int want = stage->open != NULL ? stage->open(state, &flow) : 0;
    flow.in = inputs[at].data;
    flow.in_size = inputs[at].size;
    flow.in_last = true;
    flow.out = out;
    flow.out_size = ROOM;
    if (want == 0)
        do
            want = stage->step(state, &flow);
        while (want == WEIR_WANT_INPUT || want == WEIR_WANT_OUTPUT);
    *ret_size = flow.out_pos;
    CHECK(want >= 0 || flow.error == 0 || (flow.error == want && flow.error_text[0] != '\0'));
    if (stage->close != NULL)
        stage->close(state);
    return want < 0 ? want : 0;
}

/* With the nth request refused (0: none). How many requests there were. */
static long try(const weir_stage *stage, long nth, bool lasting, uint8_t *out, size_t *ret_size, int *ret_result)
{
    void *state = calloc(1, stage->state_size);
    CHECK(state != NULL);
    weir_stage_set_defaults(stage, state);
    const size_t before = fail_alloc_outstanding();
    fail_alloc_arm(nth, lasting);
    *ret_result = run(stage, state, out, ret_size);
    const long requests = fail_alloc_disarm();
    if (fail_alloc_outstanding() != before)
        fprintf(stderr, "%s: request %ld refused\n", stage->name, nth);
    CHECK_EQ(fail_alloc_outstanding(), before);
    free(state);
    return requests;
}

/* It says -ENOMEM, or did without and gives the same; nothing stays behind. */
static long refuse_each(const weir_stage *stage, bool lasting)
{
    size_t wanted_size, size;
    int wanted_result, result;
    const long requests = try(stage, 0, false, wanted, &wanted_size, &wanted_result);
    for (long nth = 1; nth <= requests; nth++) {
        (void)try(stage, nth, lasting, made, &size, &result);
        if (result == -ENOMEM)
            continue;
        if (result != wanted_result)
            fprintf(stderr, "%s: request %ld of %ld refused\n", stage->name, nth, requests);
        CHECK_EQ(result, wanted_result);
        CHECK(result < 0 || (size == wanted_size && memcmp(made, wanted, size) == 0));
    }
    return requests;
}

static void make_inputs(void)
{
    const weir_stage *stage;
    for (size_t i = 0; i < TEXT; i++)
        text[i] = i < 2000 ? (uint8_t) "key=value {\"n\":1}\n"[i % 18] : (uint8_t)(i * 2654435761U >> 13);
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++) {
        size_t size;
        int result;
        (void)try(stage, 0, false, made, &size, &result);
        if (result < 0 || stage->out != WEIR_BYTES)
            continue;
        CHECK(input_count < STAGES_MAX);
        inputs[input_count].data = malloc(size + 1);
        CHECK(inputs[input_count].data != NULL);
        memcpy(inputs[input_count].data, made, size);
        inputs[input_count++].size = size;
    }
}

static void test_each_request_for_memory_fails_in_turn(void)
{
    const weir_stage *stage;
    long requests = 0;
    make_inputs();
    for (size_t i = 0; (stage = weir_stage_at(i)) != NULL; i++)
        for (at = 0; at < input_count; at++) {
            requests += refuse_each(stage, false);
            (void)refuse_each(stage, true);
        }
    CHECK(requests > 0);
    printf("   %ld requests refused, each once\n", requests);
    while (--input_count > 0)
        free(inputs[input_count].data);
}

int main(void)
{
    RUN(test_each_request_for_memory_fails_in_turn);
    return check_done();
}
