/* idle.c - who sleeps, who searches for work, and whom to wake. */
#include "idle.h"

#include <stdlib.h>

#define SEARCHING 1u
#define AWAKE ((uint64_t)1 << 32)

static uint32_t searching_in(uint64_t word)
{
    return (uint32_t)word;
}

static uint32_t awake_in(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

struct idle *wi_idle_create(uint32_t workers)
{
    struct idle *idle = calloc(1, sizeof *idle + workers * sizeof idle->stack[0]);
    if (idle == NULL)
        return NULL;
    idle->workers = workers;
    idle->word = workers * AWAKE;
    return idle;
}

void wi_idle_destroy(struct idle *idle)
{
    free(idle);
}

bool wi_idle_any_asleep(const struct idle *idle)
{
    return awake_in(wi_load(&idle->word, RELAXED)) < idle->workers;
}

/*
 * A look at the word that stays behind what the caller wrote before: a load could overtake it. It pairs with the
 * read-modify-write in wi_idle_sleep(): either we see the sleeper, or it sees the work.
 */
static uint64_t look(struct idle *idle)
{
    return wi_fetch_add(&idle->word, 0, SEQ_CST);
}

bool wi_idle_all_asleep(struct idle *idle)
{
    return awake_in(look(idle)) == 0;
}

uint32_t wi_idle_take_sleeper(struct idle *idle)
{
    const uint64_t word = look(idle);
    if (searching_in(word) > 0 || awake_in(word) == idle->workers)
        return IDLE_NOBODY;

    uint32_t worker = IDLE_NOBODY;
    wi_lock(&idle->lock);
    if (idle->sleepers > 0 && searching_in(wi_load(&idle->word, RELAXED)) == 0) {
        worker = idle->stack[--idle->sleepers];
        (void)wi_fetch_add(&idle->word, AWAKE + SEARCHING, SEQ_CST);
    }
    wi_unlock(&idle->lock);
    return worker;
}

bool wi_idle_search_begin(struct idle *idle)
{
    const uint64_t word = wi_load(&idle->word, RELAXED);
    if (2 * searching_in(word) >= idle->workers)
        return false;
    (void)wi_fetch_add(&idle->word, (uint64_t)SEARCHING, SEQ_CST);
    return true;
}

bool wi_idle_search_end(struct idle *idle)
{
    return searching_in(wi_fetch_sub(&idle->word, (uint64_t)SEARCHING, SEQ_CST)) == 1;
}

bool wi_idle_sleep(struct idle *idle, uint32_t worker, bool searching)
{
    wi_lock(&idle->lock);
    const uint64_t old = wi_fetch_sub(&idle->word, AWAKE + (searching ? SEARCHING : 0), SEQ_CST);
    idle->stack[idle->sleepers++] = worker;
    wi_unlock(&idle->lock);
    return searching && searching_in(old) == 1;
}

bool wi_idle_wake(struct idle *idle, uint32_t worker)
{
    bool found = false;
    wi_lock(&idle->lock);
    for (uint32_t i = 0; i < idle->sleepers; i++)
        if (idle->stack[i] == worker) {
            for (uint32_t j = i + 1; j < idle->sleepers; j++)
                idle->stack[j - 1] = idle->stack[j];
            idle->sleepers--;
            (void)wi_fetch_add(&idle->word, AWAKE, SEQ_CST);
            found = true;
            break;
        }
    wi_unlock(&idle->lock);
    return found;
}
