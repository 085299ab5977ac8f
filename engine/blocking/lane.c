/* lane.c - a lane's queue: into it, out of it, and the wait for admission. */
#include "lane.h"

#include <stdlib.h>

#include "base/prefetch.h"

/*
 * The slots ahead of a pusher were last touched by a taker, and the other way
 * round. Fetching them early keeps the next lock operation, which waits for
 * every store before it, from waiting for the other core each time.
 */
#define PREFETCH_SLOTS 8

int wi_lane_init(struct lane *lane, struct blocking_pool *pool, weir_lane index, uint32_t threads_max,
                 uint32_t queue_max)
{
    uint32_t capacity = 2;
    while (capacity < 2 * queue_max)
        capacity *= 2;
    *lane =
        (struct lane){ .pool = pool, .index = index, .queue_max = queue_max, .mask = capacity - 1, .room = queue_max };
    list_init(&lane->waiters);
    wi_crew_init(&lane->crew, threads_max);
    const int error = done_ring_init(&lane->done, queue_max);
    if (error < 0)
        return error;
    lane->ring = malloc(capacity * sizeof *lane->ring);
    if (lane->ring == NULL) {
        done_ring_fini(&lane->done);
        return -ENOMEM;
    }
    return 0;
}

void wi_lane_fini(struct lane *lane)
{
    job_store_fini(&lane->jobs);
    done_ring_fini(&lane->done);
    free(lane->ring);
}

static bool is_hole(const struct queue_entry *entry)
{
    return entry->job == NULL && entry->arg == NULL;
}

/* --- in ---------------------------------------------------------------------------- */

/* [both] Closes the holes. The takers' end stays, the pushers' moves down. */
static void compact(struct lane *lane)
{
    const uint32_t tail = wi_load(&lane->tail, RELAXED);
    uint32_t from = wi_load(&lane->head, RELAXED), to = from;
    for (; from != tail; from++) {
        const struct queue_entry entry = lane->ring[from & lane->mask];
        if (is_hole(&entry))
            continue;
        if (entry.job != NULL)
            entry.job->position = to;
        lane->ring[to++ & lane->mask] = entry;
    }
    wi_store(&lane->tail, to, RELEASE);
    lane->tail_seen = to;
    wi_store(&lane->holes, 0u, RELAXED);
}

/* [take] Slots in use, holes included. */
static uint32_t slots_used(const struct lane *lane)
{
    return wi_load(&lane->tail, RELAXED) - wi_load(&lane->head, RELAXED);
}

/*
 * [both] Renews `room`. With twice the room of the queue in the ring, at least
 * queue_max holes are closed at a time, so a job's removal costs no more than
 * the moving of one.
 */
static bool make_room(struct lane *lane)
{
    if (slots_used(lane) > lane->mask + 1 - lane->queue_max)
        compact(lane);
    lane->room = lane->queue_max - wi_lane_len(lane);
    return lane->room > 0;
}

/* [submit] There is room. */
static void push(struct lane *lane, struct queue_entry entry)
{
    const uint32_t tail = wi_load(&lane->tail, RELAXED);
    lane->ring[tail & lane->mask] = entry;
    if (entry.job != NULL)
        entry.job->position = tail;
    lane->room--;
    wi_prefetch_write(&lane->ring[(tail + PREFETCH_SLOTS) & lane->mask]);
    /* Before the look at `call`, see crew.h. */
    wi_store(&lane->tail, tail + 1, SEQ_CST);
}

static struct queue_entry entry_of(weir_job *job)
{
    return (struct queue_entry){ job->fn, job->arg, job };
}

/* After a push, with no lock held. */
static void call_if_needed(struct lane *lane)
{
    if (wi_load(&lane->crew.call, SEQ_CST) != 0)
        wi_crew_call(lane);
}

/* [submit] The queue looks full. Who finds it so with both locks held waits until a taker lets it in. */
static void push_or_wait(struct lane *lane, weir_job *job)
{
    wi_lock(&lane->take_lock);
    const bool waits = lane->waiting > 0 || !make_room(lane);
    if (waits) {
        list_push_back(&lane->waiters, &job->waiter);
        lane->waiting++;
    }
    wi_unlock(&lane->take_lock);
    if (!waits)
        push(lane, entry_of(job));
}

/* [submit] Can anything be pushed at all? */
static int check_open(struct lane *lane)
{
    if (lane->stopping)
        return -ECANCELED;
    return wi_crew_first(lane);
}

int wi_lane_offload(struct lane *lane, const struct job_order *order, weir_job **ret_job)
{
    wi_lock(&lane->submit_lock);
    int error = check_open(lane);
    weir_job *job = NULL;
    if (error == 0) {
        job = job_store_alloc(&lane->jobs);
        if (job == NULL)
            error = -ENOMEM;
    }
    if (job == NULL) {
        wi_unlock(&lane->submit_lock);
        return error;
    }
    const bool kept = job->kept;
    *job = (weir_job){
        .state = JOB_WAKER,
        .waker = weir_waker_hold(order->waker),
        .fn = order->fn,
        .arg = order->arg,
        .release = order->release,
        .lane = lane,
        .name = order->name,
        .mandatory = order->mandatory,
        .kept = kept,
    };
    if (weir_likely(lane->waiting == 0 && lane->room > 0))
        push(lane, entry_of(job));
    else
        push_or_wait(lane, job);
    wi_unlock(&lane->submit_lock);
    call_if_needed(lane);
    *ret_job = job;
    return 0;
}

int wi_lane_post(struct lane *lane, weir_lane_job *post)
{
    wi_lock(&lane->submit_lock);
    int error = check_open(lane);
    if (error == -EAGAIN)
        error = -ENOMEM; /* no thread can be started, which isn't full: there is nobody to wait for */
    if (error == 0 && (lane->waiting > 0 || lane->room == 0)) {
        wi_lock(&lane->take_lock);
        if (lane->waiting > 0 || !make_room(lane))
            error = -EAGAIN;
        wi_unlock(&lane->take_lock);
    }
    if (error == 0)
        push(lane, (struct queue_entry){ .arg = post });
    wi_unlock(&lane->submit_lock);
    if (error == 0)
        call_if_needed(lane);
    return error;
}

/* [both] Those who wait longest take what places are free. */
static void admit(struct lane *lane)
{
    while (lane->waiting > 0 && (lane->room > 0 || make_room(lane))) {
        struct list_node *node = list_pop_front(&lane->waiters);
        lane->waiting--;
        push(lane, entry_of(weir_container_of(node, weir_job, waiter)));
    }
}

void wi_lane_admit(struct lane *lane)
{
    wi_lock(&lane->submit_lock);
    wi_lock(&lane->take_lock);
    admit(lane);
    wi_unlock(&lane->take_lock);
    wi_unlock(&lane->submit_lock);
    call_if_needed(lane);
}

/* --- out --------------------------------------------------------------------------- */

bool wi_lane_take(struct lane *lane, struct queue_entry *ret_entry)
{
    for (;;) {
        const uint32_t head = wi_load(&lane->head, RELAXED);
        if (head == lane->tail_seen) {
            lane->tail_seen = wi_load(&lane->tail, ACQUIRE);
            if (head == lane->tail_seen)
                return false;
        }
        const struct queue_entry entry = lane->ring[head & lane->mask];
        if (lane->tail_seen - head > PREFETCH_SLOTS)
            wi_prefetch_read(&lane->ring[(head + PREFETCH_SLOTS) & lane->mask]);
        wi_store(&lane->head, head + 1, RELAXED);
        if (is_hole(&entry)) {
            wi_store(&lane->holes, wi_load(&lane->holes, RELAXED) - 1, RELAXED);
            continue;
        }
        *ret_entry = entry;
        return true;
    }
}

/* [both] */
static void punch_hole(struct lane *lane, struct queue_entry *slot)
{
    *slot = (struct queue_entry){ 0 };
    wi_store(&lane->holes, wi_load(&lane->holes, RELAXED) + 1, RELAXED);
}

/* [both] The slot of a job that is queued, or NULL: it was taken, and other jobs may lie where it lay. */
static struct queue_entry *find_slot(struct lane *lane, const weir_job *job)
{
    struct queue_entry *slot = &lane->ring[job->position & lane->mask];
    const bool in_use = job->position - wi_load(&lane->head, RELAXED) < slots_used(lane);
    return in_use && slot->job == job ? slot : NULL;
}

bool wi_lane_remove(struct lane *lane, weir_job *job)
{
    bool removed = false, admitted = false;
    wi_lock(&lane->submit_lock);
    wi_lock(&lane->take_lock);
    struct queue_entry *slot = NULL;
    if (list_linked(&job->waiter)) {
        list_remove(&job->waiter);
        lane->waiting--;
        removed = true;
    } else if (!job->mandatory && (slot = find_slot(lane, job)) != NULL) {
        punch_hole(lane, slot);
        removed = true;
        admitted = lane->waiting > 0;
        admit(lane);
    }
    wi_unlock(&lane->take_lock);
    wi_unlock(&lane->submit_lock);
    if (admitted)
        call_if_needed(lane);
    return removed;
}

void wi_lane_stop(struct lane *lane, struct list *cancelled)
{
    wi_lock(&lane->submit_lock);
    wi_lock(&lane->take_lock);
    wi_store(&lane->stopping, true, RELAXED);
    const uint32_t head = wi_load(&lane->head, RELAXED), used = slots_used(lane);
    for (uint32_t i = 0; i < used; i++) {
        struct queue_entry *slot = &lane->ring[(head + i) & lane->mask];
        if (slot->job == NULL || slot->job->mandatory)
            continue;
        list_push_back(cancelled, &slot->job->waiter);
        punch_hole(lane, slot);
    }
    lane->waiting = 0;
    list_splice(cancelled, &lane->waiters);
    wi_unlock(&lane->take_lock);
    wi_unlock(&lane->submit_lock);
}
