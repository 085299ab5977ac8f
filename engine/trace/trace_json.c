/* trace_json.c - recorded events as Chrome's trace event format, a line an event. */
#include "trace_json.h"

#include <stdio.h>

#include <weir/blocking.h>

#include "task/task_core.h"
#include "trace_ring.h"

/* Rows of threads are one process, those of stages another. */
#define PID_THREADS 1
#define PID_STAGES 2

/* Threads of the pool whose names were written: a table by their low bits, a name written twice does no harm. */
#define NAMED_MAX 256u

struct trace_out {
    struct text_out *text;
    int64_t began_ns;
    uint32_t track; /* of the ring's thread; of the shared ring each event has its own */
    bool is_shared;
    bool has_events;
    weir_trace_kept *kept;
    uint32_t named[NAMED_MAX];
};

static void put_string(struct text_out *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            wi_text_format(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            wi_text_format(out, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            wi_text_bytes(out, text, 1);
    }
}

static void begin_event(struct trace_out *self)
{
    wi_text(self->text, self->has_events ? ",\n{" : "\n{");
    self->has_events = true;
}

/* What a process or a thread is called, which is an event, too. */
static void put_name(struct trace_out *self, const char *what, unsigned pid, uint32_t tid, const char *name)
{
    begin_event(self);
    wi_text_format(self->text, "\"name\":\"%s\",\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"args\":{\"name\":\"", what, pid,
                   tid);
    put_string(self->text, name);
    wi_text(self->text, "\"}}");
}

static void put_thread_name(struct trace_out *self, const char *kind, uint32_t tid, uint32_t number)
{
    char name[32];
    snprintf(name, sizeof name, "%s %u", kind, number);
    put_name(self, "thread_name", PID_THREADS, tid, name);
}

static void name_pool_thread(struct trace_out *self, uint32_t tid)
{
    if (self->named[tid % NAMED_MAX] == tid)
        return;
    self->named[tid % NAMED_MAX] = tid;
    put_thread_name(self, trace_track_lane(tid) == WEIR_LANE_CPU ? "cpu lane" : "io lane", tid,
                    trace_track_number(tid));
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

static const char *wait_text(uint32_t reason)
{
    switch ((weir_trace_reason)reason) {
    case WEIR_TRACE_FOR_INPUT:
        return " waits for input";
    case WEIR_TRACE_FOR_ROOM:
        return " waits for room";
    case WEIR_TRACE_FOR_IO:
        return " waits for io";
    }
    return "";
}

/* Waits of many overlap, so each is a pair of its own, on the row of whoever waits. */
static void put_wait_end(struct trace_out *self, const struct trace_event *event, char phase, int64_t at_ns)
{
    begin_event(self);
    wi_text(self->text, "\"name\":\"");
    put_string(self->text, event->name);
    wi_text_format(self->text, "%s\",\"cat\":\"wait\",\"ph\":\"%c\",\"id\":\"0x%llx\",\"pid\":%u,\"tid\":0",
                   wait_text(event->end), phase, (unsigned long long)event->id, PID_STAGES);
    put_time(self->text, "ts", at_ns);
    wi_text(self->text, "}");
}

static void put_track(struct trace_out *self, const struct trace_event *event)
{
    put_name(self, "thread_name", PID_STAGES, event->end + 1, event->name);
}

/* One of a thread. */
static void put_thread_event(struct trace_out *self, const struct trace_event *event, int64_t from_ns, int64_t to_ns)
{
    static const char *const categories[] = {
        "poll", "park", "spawn", "wake", "steal", "job", "step", "wait", "stage"
    };
    const bool is_moment = event->kind == TRACE_SPAWN || event->kind == TRACE_WAKE || event->kind == TRACE_STEAL;
    const bool is_stage = event->kind == TRACE_TRACK;
    const uint32_t tid = is_stage ? event->end + 1 : self->is_shared ? event->end : self->track;
    if (is_stage)
        put_track(self, event);
    else if (self->is_shared)
        name_pool_thread(self, tid);
    begin_event(self);
    wi_text(self->text, "\"name\":\"");
    put_string(self->text, event->name);
    wi_text_format(self->text, "\",\"cat\":\"%s\",\"pid\":%u,\"tid\":%u,\"ph\":\"%s\"", categories[event->kind],
                   is_stage ? PID_STAGES : PID_THREADS, tid, is_moment ? "i" : "X");
    put_time(self->text, "ts", from_ns);
    if (is_moment)
        wi_text(self->text, ",\"s\":\"t\"");
    else
        put_time(self->text, "dur", to_ns - from_ns);
    if (event->id != 0) {
        wi_text_format(self->text, ",\"args\":{\"task\":%llu", (unsigned long long)event->id);
        if (event->kind == TRACE_POLL)
            wi_text_format(self->text, ",\"end\":\"%s\"", end_text(event->end));
        wi_text(self->text, "}");
    }
    wi_text(self->text, "}");
}

static void put_event(struct trace_out *self, const struct trace_event *event)
{
    /* What began before the trace did is there from its beginning on. */
    const int64_t from_ns = event->at_ns < self->began_ns ? 0 : event->at_ns - self->began_ns,
                  to_ns = event->at_ns + event->for_ns - self->began_ns;
    self->kept->events++;
    if (event->kind != TRACE_WAIT) {
        put_thread_event(self, event, from_ns, to_ns);
        return;
    }
    put_wait_end(self, event, 'b', from_ns);
    put_wait_end(self, event, 'e', to_ns);
}

static void put_ring(struct trace_out *self, const struct trace_ring *ring)
{
    const uint64_t head = wi_load(&ring->head, ACQUIRE);
    uint64_t told = 0;
    for (uint64_t i = head < ring->size ? 0 : head - ring->size; i < head; i++) {
        struct trace_event event;
        if (!trace_read(ring, i, &event))
            continue;
        put_event(self, &event);
        told++;
    }
    self->kept->dropped += head - told;
}

void wi_trace_json(struct text_out *text, const struct trace_set *set, weir_trace_kept *ret_kept)
{
    struct trace_out self = { .text = text, .began_ns = set->began_ns, .kept = ret_kept };
    *ret_kept = (weir_trace_kept){ 0 };
    wi_text(text, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    put_name(&self, "process_name", PID_THREADS, 0, "threads");
    put_name(&self, "process_name", PID_STAGES, 0, "stages");
    for (; self.track < set->count; self.track++) {
        put_thread_name(&self, "worker", self.track, self.track);
        put_ring(&self, set->rings[self.track]);
    }
    self.is_shared = true;
    put_ring(&self, set->shared);
    wi_text_format(text, "\n],\"otherData\":{\"events\":%llu,\"dropped\":%llu}}\n",
                   (unsigned long long)ret_kept->events, (unsigned long long)ret_kept->dropped);
}
