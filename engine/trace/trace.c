/* trace.c - begins and ends a trace, and writes it as Chrome's trace event format. */
#include <weir/trace.h>

#include <stdlib.h>
#include <time.h>

#include "sched/worker.h"
#include "text_out.h"
#include "trace_ring.h"

#define EVENTS_DEFAULT 65536u

/* The rings of one trace. They stay until the runtime goes: a worker may be about to write the end of its poll. */
struct trace_set {
    struct trace_set *next;
    int64_t began_ns;
    bool on;
    uint32_t count;
    struct trace_ring *rings[];
};

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

static void free_set(struct trace_set *set)
{
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

/* One event more than are told of: the oldest may be overwritten at any moment. */
static struct trace_set *create_set(uint32_t workers, unsigned events_max)
{
    struct trace_set *set = calloc(1, sizeof *set + workers * sizeof set->rings[0]);
    if (set == NULL)
        return NULL;
    for (; set->count < workers; set->count++) {
        struct trace_ring *ring = calloc(1, sizeof *ring + (size_t)events_max * sizeof ring->events[0]);
        if (ring == NULL) {
            free_set(set);
            return NULL;
        }
        ring->size = events_max;
        set->rings[set->count] = ring;
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
    }
    wi_unlock(&runtime->survey_lock);
    if (is_on)
        free_set(set);
    return is_on ? -EALREADY : 0;
}

/* --- JSON ---------------------------------------------------------------------------- */

static void put_string(struct text_out *out, const char *text)
{
    wi_text(out, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            wi_text_format(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            wi_text_format(out, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            wi_text_bytes(out, text, 1);
    }
    wi_text(out, "\"");
}

/* Microseconds, with three decimals. */
static void put_time(struct text_out *out, const char *key, int64_t ns)
{
    wi_text_format(out, ",\"%s\":%lld.%03lld", key, (long long)(ns / 1000), (long long)(ns % 1000));
}

static const char *end_text(uint32_t end)
{
    switch ((task_poll)end) {
    case TASK_IDLE:
        return "waits";
    case TASK_AGAIN:
        return "was woken meanwhile";
    case TASK_YIELDED:
        return "yields";
    case TASK_DONE:
        return "done";
    }
    return "";
}

static void put_event(struct text_out *out, const struct trace_event *event, uint32_t worker, int64_t began_ns)
{
    static const char *const categories[] = { "poll", "park", "spawn", "wake", "steal" };
    const bool is_span = event->kind == TRACE_POLL || event->kind == TRACE_PARK;
    wi_text(out, ",\n{\"name\":");
    put_string(out, event->name);
    wi_text_format(out, ",\"cat\":\"%s\",\"pid\":1,\"tid\":%u,\"ph\":\"%s\"", categories[event->kind], worker,
                   is_span ? "X" : "i");
    put_time(out, "ts", event->at_ns - began_ns);
    if (is_span)
        put_time(out, "dur", event->for_ns);
    else
        wi_text(out, ",\"s\":\"t\"");
    if (event->id != 0) {
        wi_text_format(out, ",\"args\":{\"task\":%llu", (unsigned long long)event->id);
        if (event->kind == TRACE_POLL)
            wi_text_format(out, ",\"end\":\"%s\"", end_text(event->end));
        wi_text(out, "}");
    }
    wi_text(out, "}");
}

static void put_ring(struct text_out *out, const struct trace_ring *ring, uint32_t worker, int64_t began_ns)
{
    wi_text_format(out,
                   "%s\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"args\":{\"name\":\"worker %u\"}}",
                   worker == 0 ? "" : ",", worker, worker);
    const uint64_t head = wi_load(&ring->head, ACQUIRE);
    for (uint64_t i = head < ring->size ? 0 : head - ring->size; i < head; i++) {
        struct trace_event event;
        if (trace_read(ring, i, &event))
            put_event(out, &event, worker, began_ns);
    }
}

int weir_trace_stop(weir_runtime *runtime, int fd)
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
    wi_unlock(&runtime->survey_lock);
    if (is_on) {
        wi_text(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
        for (uint32_t i = 0; i < set->count; i++)
            put_ring(out, set->rings[i], i, set->began_ns);
        wi_text(out, "\n]}\n");
        wi_text_flush(out);
    }
    const int error = is_on ? out->error : -EINVAL;
    free(out);
    return error;
}
