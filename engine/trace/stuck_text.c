/* stuck_text.c - a stuck poll, to stderr: where no hook is told. */
#include <stdlib.h>
#include <unistd.h>

#include "chain.h"
#include "text_out.h"
#include "watch_polls.h"

#if defined(__has_include)
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE 1
#endif
#endif

/* The frame that runs stands behind the await of its line, not at it. */
static void put_frames(struct text_out *out, const weir_dump_task *task)
{
    for (unsigned i = 0; i < task->frame_count; i++) {
        const weir_dump_frame *frame = &task->frames[i];
        const bool runs = i + 1 == task->frame_count && !task->cut;
        wi_text_format(out, "    %s (%s", frame->type->name, wi_chain_file(frame->type));
        if (frame->line != 0)
            wi_text_format(out, "%s%u", runs ? ", after the await in line " : ":", frame->line);
        else if (runs)
            wi_text(out, ", before its first await");
        wi_text(out, ")\n");
    }
}

static void put_stack(struct text_out *out, const weir_stuck *stuck)
{
#ifdef HAS_BACKTRACE
    char **lines = backtrace_symbols(stuck->stack, stuck->stack_depth);
    if (lines == NULL)
        return;
    wi_text(out, "  native stack:\n");
    for (int i = 0; i < stuck->stack_depth; i++)
        wi_text_format(out, "    %s\n", lines[i]);
    free(lines);
#else
    (void)out;
    (void)stuck;
#endif
}

void wi_stuck_print(const weir_stuck *stuck)
{
    struct text_out *out = malloc(sizeof *out);
    if (out == NULL)
        return;
    wi_text_init(out, STDERR_FILENO);
    if (!stuck->seen) {
        wi_text_format(out, "weir: worker %u has been in one poll for ", stuck->worker);
        wi_text_duration(out, stuck->held_ns);
        wi_text(out, ", and its thread doesn't answer\n");
    } else {
        wi_text_format(out, "weir: task %llu '%s' has held worker %u for ", (unsigned long long)stuck->task.id,
                       stuck->task.name, stuck->worker);
        wi_text_duration(out, stuck->held_ns);
        wi_text(out, " in one poll; long work belongs to the blocking pool (weir/blocking.h)\n");
        put_frames(out, &stuck->task);
        if (stuck->stack_depth > 0)
            put_stack(out, stuck);
    }
    wi_text_flush(out);
    free(out);
}
