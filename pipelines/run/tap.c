/* tap.c - samples of what a node gives: the last lines, under a lock that nobody waits for long. */
#include "run/tap.h"

#include <stdlib.h>
#include <string.h>

#include <weir/time.h>

#include "lang/quote.h"
#include "run/batch.h"
#include "run/row.h"

/* Nobody asks any more. */
#define TAP_FORGOTTEN_NS WEIR_SEC(2)
/* Of a chunk of bytes so many are shown. */
#define TAP_HEAD_BYTES 256u

struct tap {
    weir_pipeline_tap_form form;
    int64_t asked_ns; /* [atomic] */
    pthread_mutex_t lock;
    uint64_t next;      /* the number of the next line: lines[number % TAP_LINES] */
    uint64_t asked_for; /* what `next` was when it was asked last */
    uint64_t missed;
    weir_text lines[TAP_LINES];
};

void wp_tap_destroy(struct tap *tap)
{
    if (tap == NULL)
        return;
    for (unsigned i = 0; i < TAP_LINES; i++)
        weir_text_fini(&tap->lines[i]);
    (void)pthread_mutex_destroy(&tap->lock);
    free(tap);
}

/* A record or a file, with all its fields. */
static int put_row(weir_text *line, const struct row *row)
{
    struct arena arena = { 0 };
    int error = wp_datum_append_json(line, wp_row_view.all(row, &arena));
    if (arena.failed)
        error = -ENOMEM;
    wp_arena_fini(&arena);
    return error;
}

static int put_bytes(weir_text *line, const weir_chunk *chunk)
{
    const size_t head = chunk->size < TAP_HEAD_BYTES ? chunk->size : TAP_HEAD_BYTES;
    int error = weir_text_append(line, "{", 1);
    if (error == 0)
        error = wp_json_member(line, "bytes", datum_int((int64_t)chunk->size));
    if (error == 0)
        error = weir_text_append(line, ",", 1);
    if (error == 0)
        error = wp_json_member(line, "head", datum_string((const char *)chunk->data, head));
    return error == 0 ? weir_text_append(line, "}", 1) : error;
}

/* As a test is given it. */
static int put_input(weir_text *line, const struct row *row)
{
    const int error = weir_text_append(line, "in ", 3);
    return error == 0 ? wp_quote(line, row->raw, row->raw_size) : error;
}

/* With the lock held. `row` or `chunk`. */
static void keep_line(struct tap *tap, const struct row *row, const weir_chunk *chunk)
{
    weir_text *line = &tap->lines[tap->next % TAP_LINES];
    line->size = 0;
    int error = row == NULL ? put_bytes(line, chunk) : 0;
    if (row != NULL)
        error = tap->form == WEIR_PIPELINE_TAP_INPUT ? put_input(line, row) : put_row(line, row);
    if (error == 0 && line->size <= TAP_LINE_BYTES)
        tap->next++;
    else
        tap->missed++;
}

static void see(struct tap *tap, const struct parcel *parcel)
{
    if (weir_now_ns() - __atomic_load_n(&tap->asked_ns, __ATOMIC_RELAXED) > TAP_FORGOTTEN_NS)
        return;
    (void)pthread_mutex_lock(&tap->lock);
    const uint32_t rows = parcel->batch != NULL ? parcel->batch->count : 0;
    uint32_t i = 0;
    for (; i < rows && tap->next - tap->asked_for < TAP_LINES; i++)
        keep_line(tap, &parcel->batch->rows[i], NULL);
    tap->missed += rows - i;
    if (parcel->chunk != NULL && parcel->batch == NULL) {
        if (tap->next - tap->asked_for < TAP_LINES)
            keep_line(tap, NULL, parcel->chunk);
        else
            tap->missed++;
    }
    (void)pthread_mutex_unlock(&tap->lock);
}

void wp_tap_pass(struct run_node *node, const struct parcel *parcel, bool got)
{
    const struct run_node *counted = wp_run_twin(node); /* blocks are tapped where they are counted */
    for (unsigned form = 0; form < WEIR_PIPELINE_TAP_FORMS && node->taps_input == got; form++) {
        struct tap *tap = __atomic_load_n(&counted->taps[form], __ATOMIC_ACQUIRE);
        if (tap != NULL)
            see(tap, parcel);
    }
}

/* The node's tap, made when it is asked for first; it goes with the run. NULL: no memory. */
static struct tap *tap_of(struct run *run, unsigned index, weir_pipeline_tap_form form)
{
    struct run_node *node = &run->nodes[index];
    (void)pthread_mutex_lock(&run->lock);
    struct tap *tap = node->taps[form];
    if (tap == NULL && (tap = calloc(1, sizeof *tap)) != NULL) {
        (void)pthread_mutex_init(&tap->lock, NULL);
        tap->form = form;
        tap->asked_ns = weir_now_ns();
        __atomic_store_n(&node->taps[form], tap, __ATOMIC_RELEASE);
    }
    (void)pthread_mutex_unlock(&run->lock);
    return tap;
}

int wp_tap_take(struct run *run, unsigned index, weir_pipeline_tap_form form, uint64_t *since, uint64_t *ret_missed,
                weir_text *out)
{
    struct tap *tap = tap_of(run, index, form);
    if (tap == NULL)
        return -ENOMEM;
    int error = 0;
    (void)pthread_mutex_lock(&tap->lock);
    __atomic_store_n(&tap->asked_ns, weir_now_ns(), __ATOMIC_RELAXED);
    const uint64_t oldest = tap->next > TAP_LINES ? tap->next - TAP_LINES : 0;
    for (uint64_t i = *since > oldest ? *since : oldest; error == 0 && i < tap->next; i++) {
        const weir_text *line = &tap->lines[i % TAP_LINES];
        error = weir_text_append(out, line->data, line->size);
        if (error == 0)
            error = weir_text_append(out, "\n", 1);
    }
    *since = tap->asked_for = tap->next;
    *ret_missed = tap->missed;
    (void)pthread_mutex_unlock(&tap->lock);
    return error;
}
