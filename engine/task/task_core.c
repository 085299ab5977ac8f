/* task_core.c - poll a task, drop it, finish it, free it. */
#include "task_core.h"

#include <string.h>
#include <weir/dump.h>

#include "lock_held_check.h"
#include "task_state.h"
#include "time/timers.h"

static void schedule(struct weir_task *task)
{
    struct task_owner *owner = wi_task_owner(task);
    owner->schedule(owner, task);
}

void wi_task_wake(weir_waker *waker)
{
    struct weir_task *task = weir_container_of(waker, struct weir_task, waker);
    if (state_notify(&task->state))
        schedule(task);
}

void wi_task_hold(weir_waker *waker)
{
    state_ref(&weir_container_of(waker, struct weir_task, waker)->state);
}

static void task_free(struct weir_task *task)
{
    struct task_owner *owner = wi_task_owner(task);
    owner->free(owner, task);
}

void wi_task_release(weir_waker *waker)
{
    struct weir_task *task = weir_container_of(waker, struct weir_task, waker);
    if (state_unref(&task->state))
        task_free(task);
}

/*
 * Word by word, as it has just been written: a wide load of what lies in several entries of the store buffer waits
 * until they are in the cache.
 */
static void move_frame(weir_future *to, const weir_future *from, size_t size)
{
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const char *)from + at, sizeof word);
        __asm__("" : "+r"(word)); /* or the compiler makes a memcpy() of the loop */
        memcpy((char *)to + at, &word, sizeof word);
    }
}

static inline void init(struct weir_task *task, struct task_owner *owner, weir_future *frame, uint64_t id,
                        uint64_t state)
{
    task->waker.type = &owner->waker;
    task->link.next = NULL;
    task->join_waker = NULL;
    task->id = id;
    move_frame(&task->frame, frame, frame->type->size);
    wi_store(&task->state, state, RELEASE); /* from here on a dump looks at it */
}

void wi_task_init(struct weir_task *task, struct task_owner *owner, weir_future *frame, uint64_t id)
{
    init(task, owner, frame, id, STATE_INITIAL);
}

void wi_task_init_detached(struct weir_task *task, struct task_owner *owner, weir_future *frame, uint64_t id)
{
    init(task, owner, frame, id, STATE_DETACHED);
}

/* What a finished task keeps for its join handle besides the output: 0 or a negative errno, in the root's head. */
static void set_status(struct weir_task *task, int status)
{
    task->frame.line = WEIR_AT_DONE;
    task->frame.home = (uint32_t)-status;
}

static int get_status(const struct weir_task *task)
{
    return -(int)task->frame.home;
}

static void finish(struct weir_task *task, int status)
{
    set_status(task, status);
    switch (state_complete(&task->state)) {
    case STATE_DONE:
        break;
    case STATE_DONE_FREE:
        task_free(task);
        break;
    case STATE_DONE_WAKE:
        wi_task_current = NULL; /* the scheduler goes by it: who awaits this one waits its turn */
        weir_wake(task->join_waker);
        weir_waker_release(task->join_waker);
        if (state_unref(&task->state))
            task_free(task);
        break;
    }
}

/* The turn of a task whose frame is to be dropped. */
static task_poll run_cancelled(struct weir_task *task)
{
    weir_future_drop(&task->frame);
    finish(task, -ECANCELED);
    wi_task_current = NULL;
    return TASK_DONE;
}

task_poll wi_task_run(struct weir_task *task, weir_cx *cx)
{
    wi_task_current = task;
    if (weir_unlikely(state_run_begin(&task->state) == STATE_RUN_CANCEL))
        return run_cancelled(task);
    cx->waker = &task->waker;
    cx->yielded = false;
    const weir_poll poll = weir_future_poll(&task->frame, cx);
    wi_task_current = NULL;
    if (poll == WEIR_READY) {
        finish(task, 0);
        return TASK_DONE;
    }
    wi_lock_held_check(task);
    if (cx->worker != NULL && cx->worker->timers != NULL)
        wi_timers_settle(cx->worker->timers); /* the last moment at which only this thread can reach them */
    if (cx->yielded)
        return TASK_YIELDED;
    task->polled_ns = cx->worker != NULL ? cx->worker->now_ns : 0;
    return state_run_end(&task->state) ? TASK_AGAIN : TASK_IDLE;
}

void wi_task_fail(struct weir_task *task)
{
    weir_future_drop(&task->frame);
    finish(task, -ENOTRECOVERABLE);
}

bool wi_task_pin(struct weir_task *task)
{
    return state_pin(&task->state);
}

void wi_task_unpin(struct weir_task *task)
{
    wi_task_release(&task->waker);
}

void wi_task_shutdown(struct weir_task *task)
{
    if (!state_shutdown(&task->state))
        return;
    wi_task_current = task;
    weir_future_drop(&task->frame);
    finish(task, -ECANCELED);
}

/* --- the join handle ----------------------------------------------------------- */

void weir_abort(weir_join_handle handle)
{
    struct weir_task *task = handle.task;
    if (task != NULL && state_cancel(&task->state))
        schedule(task);
}

bool weir_is_finished(weir_join_handle handle)
{
    return handle.task == NULL || state_is_complete(&handle.task->state);
}

void weir_detach(weir_join_handle handle)
{
    if (handle.task != NULL && state_drop_join(&handle.task->state))
        task_free(handle.task);
}

static weir_join_handle same_task(weir_abort_handle handle)
{
    return (weir_join_handle){ .task = handle.task };
}

weir_abort_handle weir_abort_handle_of(weir_join_handle handle)
{
    if (handle.task != NULL)
        state_ref(&handle.task->state);
    return (weir_abort_handle){ .task = handle.task };
}

weir_abort_handle weir_abort_handle_clone(weir_abort_handle handle)
{
    return weir_abort_handle_of(same_task(handle));
}

void weir_abort_handle_drop(weir_abort_handle handle)
{
    if (handle.task != NULL)
        wi_task_release(&handle.task->waker);
}

void weir_abort_handle_abort(weir_abort_handle handle)
{
    weir_abort(same_task(handle));
}

bool weir_abort_handle_is_finished(weir_abort_handle handle)
{
    return weir_is_finished(same_task(handle));
}

uint64_t weir_abort_handle_id(weir_abort_handle handle)
{
    return weir_task_id(same_task(handle));
}

uint64_t weir_task_id(weir_join_handle handle)
{
    return handle.task == NULL ? 0 : wi_task_id(handle.task);
}

uint64_t weir_task_id_current(void)
{
    return wi_task_current == NULL ? 0 : wi_task_id(wi_task_current);
}

int wi_task_take(struct weir_task *task, void *ret)
{
    const int status = get_status(task);
    if (status == 0 && ret != NULL)
        memcpy(ret, (char *)&task->frame + task->frame.type->output_offset, task->frame.type->output_size);
    weir_detach((weir_join_handle){ .task = task });
    return status;
}

/* States of a join future's `line`, besides start and done. */
#define JOIN_REGISTERED 1u

/* True: the waker in the task is ours again (and released), or there was none. False: the task has finished meanwhile.
 */
static bool take_waker_back(weir_join_future *self)
{
    struct weir_task *task = self->handle.task;
    if (self->future.line != JOIN_REGISTERED)
        return true;
    if (!state_unset_join_waker(&task->state))
        return false;
    weir_waker_release(task->join_waker);
    self->future.line = WEIR_AT_START;
    return true;
}

static weir_poll join_poll(weir_future *future, weir_cx *cx)
{
    weir_join_future *self = (weir_join_future *)(void *)future;
    struct weir_task *task = self->handle.task;
    if (task == NULL) {
        self->output = self->handle.error;
        return WEIR_READY;
    }
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    if (!state_is_complete(&task->state)) {
        if (future->line == JOIN_REGISTERED && task->join_waker == cx->waker) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (take_waker_back(self)) {
            task->join_waker = weir_waker_hold(cx->waker);
            if (state_set_join_waker(&task->state)) {
                future->line = JOIN_REGISTERED;
                weir_budget_give_back(cx);
                return WEIR_PENDING;
            }
            weir_waker_release(cx->waker); /* it finished while we looked: the waker stayed ours */
        }
    }
    self->output = wi_task_take(task, self->ret);
    self->handle.task = NULL;
    return WEIR_READY;
}

bool weir_join_now(weir_join_handle handle, void *ret, size_t ret_size, int *ret_status, weir_cx *cx)
{
    if (handle.task == NULL || cx->budget == 0 || !state_is_complete(&handle.task->state))
        return false;
    if (ret != NULL && ret_size != 0)
        weir_join_check_size(handle, ret_size);
    (void)weir_budget_take(cx);
    *ret_status = wi_task_take(handle.task, ret);
    return true;
}

static void join_drop(weir_future *future)
{
    weir_join_future *self = (weir_join_future *)(void *)future;
    if (self->handle.task == NULL)
        return;
    (void)take_waker_back(self);
    weir_detach(self->handle);
    self->handle.task = NULL;
}

static void join_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "the end of a task";
    ret_wait->holder = ((const weir_join_future *)(const void *)future)->handle.task;
}

const weir_future_type weir_join_type =
    WEIR_FUTURE_TYPE_SEEN(weir_join_future, "join", join_poll, join_drop, join_inspect);

void weir_join_check_size(weir_join_handle handle, size_t ret_size)
{
    /* A pointer to something smaller than the output would be written past its end. */
    if (handle.task != NULL && ret_size != handle.task->frame.type->output_size)
        weir_panic("join: the task's output has %u bytes, the variable %zu", handle.task->frame.type->output_size,
                   ret_size);
}
