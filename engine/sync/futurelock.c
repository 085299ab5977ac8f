/* futurelock.c - a list of grants that nobody has looked at; see futurelock.h. */
#include "futurelock.h"

#ifdef WEIR_DEBUG
#include <unistd.h>

#include "trace/chain.h"
#include "trace/survey.h"
#include "trace/text_out.h"

#define GRANTS_MAX 1024 /* more at a time aren't looked after */

static struct grant {
    const weir_waiter *waiter; /* NULL: free. Its memory may go; it is only compared */
    const void *task;
    int64_t at_ns;
    bool told;
} grants[GRANTS_MAX];
static uint32_t grant_count;
static struct lock lock;

/* [lock] */
static struct grant *find(const weir_waiter *waiter)
{
    for (uint32_t i = 0; i < grant_count; i++)
        if (grants[i].waiter == waiter)
            return &grants[i];
    return NULL;
}

void wi_futurelock_granted(const weir_waiter *waiter)
{
    const struct clock real = { .is_virtual = false };
    const struct clock *clock = wi_clock_current != NULL ? wi_clock_current : &real;
    wi_lock(&lock);
    if (grant_count < GRANTS_MAX)
        grants[grant_count++] =
            (struct grant){ .waiter = waiter, .task = waiter->waker, .at_ns = wi_clock_coarse(clock) };
    wi_unlock(&lock);
}

void wi_futurelock_taken(const weir_waiter *waiter)
{
    wi_lock(&lock);
    struct grant *grant = find(waiter);
    if (grant != NULL)
        *grant = grants[--grant_count];
    wi_unlock(&lock);
}

/* --- the watchdog's look ------------------------------------------------------------ */

struct look {
    struct weir_runtime *runtime;
    struct grant grant;
    bool is_one;
};

static bool is_its_task(const struct weir_task *task, void *arg)
{
    return task == ((const struct look *)arg)->grant.task;
}

static void tell(struct look *look, const weir_dump_task *task)
{
    static struct text_out out; /* the watchdog is one thread */
    wi_text_init(&out, STDERR_FILENO);
    wi_text_format(&out, "weir: task %llu '%s' was given what others wait for, ", (unsigned long long)task->id,
                   task->name);
    wi_text_duration(&out, wi_clock_coarse(&look->runtime->clock) - look->grant.at_ns);
    wi_text(&out, " ago, by a future that it has not polled since, though it was polled: it must poll it or drop it "
                  "(weir_select_ref() in weir/select.h). It stands at:\n");
    for (unsigned i = 0; i < task->frame_count; i++) {
        const weir_dump_frame *frame = &task->frames[i];
        if (frame->line != 0)
            wi_text_format(&out, "    %s (%s:%u)\n", frame->type->name, wi_chain_file(frame->type), frame->line);
        else
            wi_text_format(&out, "    %s\n", frame->type->name);
    }
    wi_text_flush(&out);
}

/* It waits, and was polled after the grant (the times are of ticks of some milliseconds). */
static void judge(const weir_dump_task *task, void *arg)
{
    struct look *look = arg;
    look->is_one = task->doing == WEIR_TASK_WAITS && task->polled_ns > look->grant.at_ns;
    if (!look->is_one)
        return;
    if (look->runtime->options.on_futurelock != NULL)
        look->runtime->options.on_futurelock(look->runtime->options.hook_arg, task);
    else
        tell(look, task);
}

/* One that is old enough, from `*from` on. */
static bool next_old(const struct weir_runtime *runtime, uint32_t *from, struct grant *ret_grant)
{
    const int64_t before_ns = wi_clock_coarse(&runtime->clock) - runtime->options.watchdog_ns;
    bool found = false;
    wi_lock(&lock);
    for (; *from < grant_count && !found; ++*from)
        if (!grants[*from].told && grants[*from].at_ns < before_ns) {
            *ret_grant = grants[*from];
            found = true;
        }
    wi_unlock(&lock);
    return found;
}

static void mark_told(const weir_waiter *waiter)
{
    wi_lock(&lock);
    struct grant *grant = find(waiter);
    if (grant != NULL)
        grant->told = true;
    wi_unlock(&lock);
}

void wi_futurelock_look(struct weir_runtime *runtime)
{
    struct look look = { .runtime = runtime };
    for (uint32_t from = 0; next_old(runtime, &from, &look.grant);) {
        look.is_one = false;
        (void)wi_survey(runtime, is_its_task, judge, &look);
        if (look.is_one)
            mark_told(look.grant.waiter);
    }
}
#endif
