/*
 * test_batch_pick.c - batches for branches: what goes one way, with lines where they lay, and memory that can't be had.
 *
 * WRAPS: malloc calloc realloc aligned_alloc posix_memalign free mmap munmap pthread_create
 * WRAPS: strdup strndup realpath asprintf
 */
#include "check.h"
#include "fail_alloc.h"
#include "json/json_index.h"
#include "nodes/json_record.h"
#include "run/batch.h"
#include "run/row.h"

enum { ROWS = 12 };

/* Records of JSON, whose lines lie in the chunk; each third has a field that was given. */
static struct batch *create(void)
{
    struct batch *batch = wp_batch_create();
    struct json_index index = { 0 };
    CHECK(batch != NULL);
    batch->chunk = weir_chunk_try_get(4096);
    CHECK(batch->chunk != NULL);
    char *at = (char *)batch->chunk->data;
    for (int i = 0; i < ROWS; i++) {
        const int size = sprintf(at, "{\"n\":%d,\"s\":\"\\u0041\"}", i);
        struct row *row = wp_batch_add_record(batch, at, (size_t)size);
        CHECK_EQ(wp_json_index(&index, row->raw, row->raw_size), 0);
        CHECK_EQ(wp_json_record_set(batch, row, &index), 0);
        if (i % 3 == 0)
            CHECK_EQ(wp_row_set(batch, row, "given", NULL, datum_int(i)), 0);
        at += size;
    }
    batch->chunk->size = (size_t)(at - (char *)batch->chunk->data);
    wp_json_index_fini(&index);
    return batch;
}

static void is_row(const struct row *row, int number)
{
    struct arena arena = { 0 };
    const struct row_view *view = &wp_row_view;
    CHECK_EQ(view->get(row, "n", 1, &arena).number, number);
    const struct datum text = view->get(row, "s", 1, &arena);
    CHECK(text.kind == DATUM_STRING && text.size == 1 && text.text[0] == 'A');
    const struct datum given = view->get(row, "given", 5, &arena);
    CHECK_EQ(given.kind, number % 3 == 0 ? DATUM_INT : DATUM_NULL);
    wp_arena_fini(&arena);
}

/* A branch may change its rows, and the others may be long gone: but the line stays where it is, in the chunk of both.
 */
static void test_what_goes_one_way_is_a_batch_of_its_own(void)
{
    uint32_t ways[ROWS];
    struct batch *batch = create();
    for (uint32_t i = 0; i < ROWS; i++)
        ways[i] = i % 4;
    struct batch *picked = wp_batch_pick(batch, ways, 3), *twin = wp_batch_twin(batch);
    CHECK(picked != NULL && twin != NULL);
    CHECK_EQ(picked->count, ROWS / 4);
    CHECK_EQ(twin->count, ROWS);
    CHECK(twin->rows[0].raw == batch->rows[0].raw);
    CHECK(picked->chunk == batch->chunk);
    CHECK_EQ(wp_row_set(batch, &batch->rows[0], "n", NULL, datum_int(99)), 0);
    wp_batch_free(batch);
    for (int i = 0; i < ROWS; i++)
        is_row(&twin->rows[i], i);
    wp_batch_free(twin);
    for (int i = 0; i < ROWS / 4; i++)
        is_row(&picked->rows[i], 4 * i + 3);
    wp_batch_free(picked);
}

/* Nothing of a copy that can't be made is left. */
static void test_memory_that_fails_makes_no_batch(void)
{
    struct batch *batch = create();
    const size_t before = fail_alloc_outstanding();
    long requests = 1;
    for (long nth = 1; nth <= requests; nth++) {
        fail_alloc_arm(nth, false);
        struct batch *twin = wp_batch_twin(batch);
        requests = fail_alloc_disarm();
        CHECK(twin == NULL || nth > requests);
        wp_batch_free(twin);
        CHECK_EQ(fail_alloc_outstanding(), before);
    }
    CHECK(requests > 0);
    wp_batch_free(batch);
}

int main(void)
{
    RUN(test_what_goes_one_way_is_a_batch_of_its_own);
    RUN(test_memory_that_fails_makes_no_batch);
    return check_done();
}
