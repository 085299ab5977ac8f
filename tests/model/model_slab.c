/*
 * model_slab.c - task/slab: a cell belongs to one at a time, whoever frees it, and the last one back frees all.
 *
 * A magazine holds 2 cells here.
 *
 * ENGINE: task/slab.c task/magazine.c base/lock.c
 */
#include "explorer.h"
#include "task/slab.h"

#define CELL_SIZE SLAB_CELL_MAX /* few to a chunk */
#define CELLS_MAX 8

static struct slab *slab;
static struct slab_cache caches[2];
static void *mail[CELLS_MAX]; /* cells on their way from one thread to another */
static int ended;
static char mark; /* what a cell in use points at */

static void on_end(struct slab *of)
{
    MODEL_CHECK(of == slab);
    MODEL_CHECK_EQ(ended, 0);
    ended++;
    slab = NULL;
}

static void *take(struct slab_cache *cache)
{
    struct slab_cell *cell = wi_slab_alloc(slab, cache, CELL_SIZE);
    MODEL_CHECK(cell != NULL);
    MODEL_CHECK(cell->live == NULL); /* nobody else has it */
    cell->live = &mark;
    return cell;
}

static void give(struct slab_cache *cache, void *cell)
{
    wi_slab_free(slab, cache, cell, CELL_SIZE);
}

static void setup(void)
{
    memset(caches, 0, sizeof caches);
    memset(mail, 0, sizeof mail);
    ended = 0;
    slab = wi_slab_create(sizeof *slab);
    MODEL_CHECK(slab != NULL);
    slab->on_end = on_end;
    model_name(&slab->lock, sizeof slab->lock, "slab.lock");
    model_name(mail, sizeof mail, "mail");
}

/* The runtime goes: every cache is empty, and of the cells some may be out. */
static void close_slab(void)
{
    for (int i = 0; i < 2; i++)
        wi_slab_cache_flush(slab, &caches[i]);
    wi_slab_close(slab);
}

static void *take_from_mail(int i)
{
    void *cell;
    while ((cell = wi_load(&mail[i], ACQUIRE)) == NULL)
        wi_relax();
    return cell;
}

/* --- cells that one worker takes and another frees ---------------------------------------------- */

/* More than two magazines hold, so that some go through the depot. */
static void take_five(void)
{
    for (int i = 0; i < 5; i++)
        wi_store(&mail[i], take(&caches[0]), RELEASE);
    give(&caches[0], take(&caches[0]));
}

static void free_five(void)
{
    for (int i = 0; i < 5; i++)
        give(&caches[1], take_from_mail(i));
    give(&caches[1], take(&caches[1]));
}

static void check_all_are_back(void)
{
    void *cells[CELLS_MAX];
    for (int i = 0; i < CELLS_MAX; i++) /* take() looks whether one is given out twice */
        cells[i] = take(&caches[i % 2]);
    for (int i = 0; i < CELLS_MAX; i++)
        give(NULL, cells[i]);
    close_slab();
    MODEL_CHECK_EQ(ended, 1);
}

static void test_cells_flow_back_through_the_depot(void)
{
    MODEL_PASSES(.setup = setup, .threads = { take_five, free_five }, .check = check_all_are_back, .preemptions = 3);
}

/* --- cells that threads without a cache free ---------------------------------------------------- */

static void setup_with_cells_out(void)
{
    setup();
    for (int i = 0; i < 4; i++)
        mail[i] = take(&caches[0]);
}

static void free_two_from_outside(void)
{
    const int first = 2 * (model_self() - 1);
    for (int i = first; i < first + 2; i++)
        give(NULL, mail[i]);
    give(NULL, take(NULL));
}

static void take_and_free(void)
{
    for (int i = 0; i < 3; i++)
        mail[4 + i] = take(&caches[0]);
    for (int i = 0; i < 3; i++)
        give(&caches[0], mail[4 + i]);
}

static void test_outside_and_a_worker_meet(void)
{
    MODEL_PASSES(.setup = setup_with_cells_out,
                 .threads = { take_and_free, free_two_from_outside, free_two_from_outside },
                 .check = check_all_are_back);
}

/* --- the end ------------------------------------------------------------------------------------ */

static void free_one_from_outside(void)
{
    give(NULL, mail[model_self() - 1]);
}

static void setup_with_two_out(void)
{
    setup();
    for (int i = 0; i < 2; i++)
        mail[i] = take(&caches[0]);
    wi_slab_hold(slab);
}

static void release_hold(void)
{
    wi_slab_release(slab);
}

static void check_ended(void)
{
    MODEL_CHECK_EQ(ended, 1);
}

/* Who comes last frees it: the runtime, a thread that has a handle of a task, or one that holds the runtime. */
static void test_the_last_one_frees_it(void)
{
    MODEL_PASSES(.setup = setup_with_two_out,
                 .threads = { close_slab, free_one_from_outside, free_one_from_outside, release_hold },
                 .check = check_ended);
}

int main(void)
{
    RUN(test_cells_flow_back_through_the_depot);
    RUN(test_outside_and_a_worker_meet);
    RUN(test_the_last_one_frees_it);
    return check_done();
}
