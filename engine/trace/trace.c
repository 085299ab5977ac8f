/* trace.c - begins and ends a trace, and what is recorded meanwhile. */
#include <weir/trace.h>

#include <stdlib.h>
#include <time.h>

#include "blocking/pool_thread.h"
#include "sched/worker.h"
#include "trace_json.h"
#include "trace_ring.h"

#define EVENTS_DEFAULT 65536u

int64_t wi_trace_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void wi_trace_moment(struct trace_ring *ring, enum trace_kind kind, uint64_t id, const char *name)
{
    if (ring != NULL)
        trace_write(ring, &(struct trace_event){ .at_ns = wi_trace_now(), .id = id, .name = name, .kind = kind });
}

void wi_trace_span(struct trace_ring *ring, enum trace_kind kind, int64_t began_ns, uint64_t id, const char *name,
                   uint32_t end)
{
    trace_write(
        ring,
        &(struct trace_event){
            .at_ns = began_ns, .for_ns = wi_trace_now() - began_ns, .id = id, .name = name, .kind = kind, .end = end });
}

/* --- by whom ---------------------------------------------------------------------------- */

void wi_trace_share(struct trace_share *share, const struct trace_event *event)
{
    wi_lock(&share->lock);
    if (share->ring != NULL)
        trace_write(share->ring, event);
    wi_unlock(&share->lock);
}

/* Of the thread that calls it, if it is in a poll or in a blocking job, and a trace is on: it ends now, which is the
 * result; else 0. */
static int64_t record(struct trace_event *event)
{
    struct worker *worker = wi_worker_current;
    if (worker != NULL) {
        struct trace_ring *ring = wi_load(&worker->trace, ACQUIRE);
        if (ring == NULL)
            return 0;
        event->at_ns = wi_trace_now() - event->for_ns;
        trace_write(ring, event);
        return event->at_ns + event->for_ns;
    }
    struct pool_thread *thread = wi_pool_thread_current;
    if (thread == NULL || !trace_is_shared(&thread->lane->pool->trace) || event->kind == TRACE_WAIT)
        return 0;
    event->at_ns = wi_trace_now() - event->for_ns;
    event->end = trace_track_of(thread->lane->index, thread->number);
    wi_trace_share(&thread->lane->pool->trace, event);
    return event->at_ns + event->for_ns;
}

int64_t weir_trace_step(const char *name, int64_t took_ns)
{
    return record(&(struct trace_event){ .for_ns = took_ns, .name = name, .kind = TRACE_STEP });
}

int64_t weir_trace_wait(const char *name, const void *who, weir_trace_reason reason, int64_t took_ns)
{
    return record(&(struct trace_event){
        .for_ns = took_ns, .id = (uintptr_t)who, .name = name, .kind = TRACE_WAIT, .end = (uint32_t)reason });
}

void weir_trace_track(weir_runtime *runtime, unsigned track, const char *name, int64_t took_ns)
{
    if (runtime->blocking != NULL)
        wi_trace_share(&runtime->blocking->trace, &(struct trace_event){ .at_ns = wi_trace_now() - took_ns,
                                                                         .for_ns = took_ns,
                                                                         .name = name,
                                                                         .kind = TRACE_TRACK,
                                                                         .end = track });
}

const char *wi_trace_task_name(void)
{
    const struct worker *worker = wi_worker_current;
    return worker == NULL || worker->current == NULL ? NULL : wi_task_name(worker->current);
}

/* --- its beginning and its end ------------------------------------------------------------ */

static void free_set(struct trace_set *set)
{
    free(set->shared);
    for (uint32_t i = 0; i < set->count; i++)
        free(set->rings[i]);
    free(set);
}

void wi_trace_free(struct trace_set *traces)
{
    while (traces != NULL) {
        struct trace_set *next = traces->next;
        free_set(traces);
        traces = next;
    }
}

static struct trace_ring *create_ring(unsigned events_max)
{
    struct trace_ring *ring = calloc(1, sizeof *ring + (size_t)events_max * sizeof ring->events[0]);
    if (ring != NULL)
        ring->size = events_max;
    return ring;
}

/* From now on who has no ring of its own writes to this one; NULL: to none. */
static void set_share(struct weir_runtime *runtime, struct trace_ring *ring)
{
    if (runtime->blocking == NULL)
        return;
    struct trace_share *share = &runtime->blocking->trace;
    wi_lock(&share->lock);
    wi_store(&share->ring, ring, RELAXED);
    wi_unlock(&share->lock);
}

/* One event more than are told of: the oldest may be overwritten at any moment. */
static struct trace_set *create_set(uint32_t workers, unsigned events_max)
{
    struct trace_set *set = calloc(1, sizeof *set + workers * sizeof set->rings[0]);
    if (set == NULL)
        return NULL;
    set->shared = create_ring(events_max);
    bool whole = set->shared != NULL;
    for (; whole && set->count < workers; set->count += whole) {
        set->rings[set->count] = create_ring(events_max);
        whole = set->rings[set->count] != NULL;
    }
    if (!whole) {
        free_set(set);
        return NULL;
    }
    set->began_ns = wi_trace_now();
    set->on = true;
    return set;
}

int weir_trace_start(weir_runtime *runtime, unsigned events_max)
{
    struct trace_set *set = create_set(runtime->worker_count, (events_max == 0 ? EVENTS_DEFAULT : events_max) + 1);
    if (set == NULL)
        return -ENOMEM;
    wi_lock(&runtime->survey_lock);
    const bool is_on = runtime->traces != NULL && runtime->traces->on;
    if (!is_on) {
        set->next = runtime->traces;
        runtime->traces = set;
        for (uint32_t i = 0; i < set->count; i++)
            wi_store(&runtime->workers[i].trace, set->rings[i], RELEASE);
        set_share(runtime, set->shared);
    }
    wi_unlock(&runtime->survey_lock);
    if (is_on)
        free_set(set);
    return is_on ? -EALREADY : 0;
}

int weir_trace_stop(weir_runtime *runtime, int fd, weir_trace_kept *ret_kept)
{
    struct text_out *out = malloc(sizeof *out);
    if (out == NULL)
        return -ENOMEM;
    wi_text_init(out, fd);
    wi_lock(&runtime->survey_lock);
    struct trace_set *set = runtime->traces;
    const bool is_on = set != NULL && set->on;
    if (is_on)
        set->on = false;
    for (uint32_t i = 0; is_on && i < set->count; i++)
        wi_store(&runtime->workers[i].trace, NULL, RELEASE);
    if (is_on)
        set_share(runtime, NULL);
    wi_unlock(&runtime->survey_lock);
    if (is_on) {
        weir_trace_kept kept;
        wi_trace_json(out, set, &kept);
        wi_text_flush(out);
        if (ret_kept != NULL && out->error == 0)
            *ret_kept = kept;
    }
    const int error = is_on ? out->error : -EINVAL;
    free(out);
    return error;
}
