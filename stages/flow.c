/* flow.c - the few words a stage says to its host. */
#include <weir/stage.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int keep(weir_flow *flow, uint64_t offset, int error, const char *format, va_list args)
{
    if (flow->error != 0)
        return flow->error;
    (void)vsnprintf(flow->error_text, sizeof(flow->error_text), format, args);
    flow->error_offset = offset;
    flow->error = error;
    return error;
}

int weir_flow_fail(weir_flow *flow, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int kept = keep(flow, flow->in_offset + flow->in_pos, error, format, args);
    va_end(args);
    return kept;
}

int weir_flow_fail_at(weir_flow *flow, uint64_t offset, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int kept = keep(flow, offset, error, format, args);
    va_end(args);
    return kept;
}

size_t weir_flow_put(weir_flow *flow, const void *data, size_t size)
{
    const size_t room = flow->out_size - flow->out_pos;
    const size_t count = size < room ? size : room;
    if (count > 0)
        memcpy(flow->out + flow->out_pos, data, count);
    flow->out_pos += count;
    return count;
}

uint32_t weir_cost_ns_per_kib(weir_cost cost)
{
    switch (cost) {
    case WEIR_CPU_LIGHT:
        return 50;
    case WEIR_CPU_MEDIUM:
        return 800;
    case WEIR_CPU_HEAVY:
        return 4000;
    }
    return 800;
}
