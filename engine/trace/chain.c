/* chain.c - follows `awaiting` from the root, into every branch of a select or a join. */
#include "chain.h"

#include <string.h>

#include "sync/branches.h"

static weir_dump_frame *add_frame(weir_dump_task *task, const weir_future *future, unsigned depth)
{
    if (task->frame_count == WEIR_DUMP_FRAMES_MAX) {
        task->cut = true;
        return NULL;
    }
    weir_dump_frame *frame = &task->frames[task->frame_count++];
    *frame = (weir_dump_frame){ .type = future->type, .depth = (uint16_t)depth, .wait = -1 };
    return frame;
}

static void add_wait(weir_dump_task *task, weir_dump_frame *frame, const weir_future *future)
{
    if (task->wait_count == WEIR_DUMP_WAITS_MAX) {
        task->cut = true;
        return;
    }
    frame->wait = (int16_t)task->wait_count;
    struct weir_wait *wait = &task->waits[task->wait_count++];
    *wait = (struct weir_wait){ .what = future->type->name };
    future->type->inspect(future, wait);
}

static void read_from(const weir_future *future, unsigned depth, weir_dump_task *task);

static void read_branches(const weir_future *future, const weir_branches *branches, unsigned depth,
                          weir_dump_task *task)
{
    task->any |= branches_of_select(future) && branches->count > 1;
    for (unsigned i = 0; i < branches->count; i++) {
        const weir_future *branch = branches_at(branches, i);
        if (branches_is_on(branch))
            read_from(branch, depth + 1, task);
    }
}

static void read_from(const weir_future *future, unsigned depth, weir_dump_task *task)
{
    for (; future != NULL && future->type != NULL; future = future->awaiting) {
        weir_dump_frame *frame = add_frame(task, future, depth);
        if (frame == NULL)
            return;
        const weir_branches *branches = wi_branches_of(future);
        if (branches != NULL) {
            read_branches(future, branches, depth, task);
            return;
        }
        if (future->type->inspect != NULL) {
            add_wait(task, frame, future);
            task->any |= future->awaiting != NULL; /* a timeout */
        } else if (future->awaiting != NULL) {
            frame->line = future->line;
        }
    }
}

void wi_chain_read(const weir_future *root, weir_dump_task *task)
{
    task->frame_count = 0;
    task->wait_count = 0;
    task->any = false;
    task->cut = false;
    read_from(root, 0, task);
}

const char *wi_chain_file(const weir_future_type *type)
{
    const char *slash = strrchr(type->file, '/');
    return slash == NULL ? type->file : slash + 1;
}
