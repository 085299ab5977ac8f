/* process_wait.c - waiting for a child by its pidfd, which can be read from once it has ended. */
#include <errno.h>
#include <stdlib.h>

#include "process_child.h"
#include "stream/ready.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* As waitpid(2) would have put it. */
static int as_status(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return (info->si_status & 0xff) << 8;
    return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

int64_t wi_child_reap(weir_child *self)
{
    if (self->reaped)
        return self->status;
    siginfo_t info = { .si_pid = 0 };
    int result;
    do
        result = waitid((idtype_t)P_PIDFD, (id_t)self->pidfd, &info, WEXITED | WNOHANG);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return -errno;
    if (info.si_pid == 0)
        return -EAGAIN;
    self->reaped = true;
    self->status = as_status(&info);
    return self->status;
}

int64_t weir_child_try_wait(weir_child *self)
{
    wi_child_reap_orphans();
    return wi_child_reap(self);
}

/* --- the futures ------------------------------------------------------------------------------ */

static int64_t try_reap(void *arg)
{
    return wi_child_reap(arg);
}

static weir_child_future *from_head(weir_future *future)
{
    return weir_container_of(future, weir_child_future, future);
}

static weir_poll wait_poll(weir_future *future, weir_cx *cx)
{
    weir_child_future *self = from_head(future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    weir_child_close_in(self->child);
    const weir_poll poll_ =
        wi_ready_loop(&self->wait, self->child->pidfd, POLLIN, cx, false, try_reap, self->child, &self->output);
    if (poll_ == WEIR_PENDING)
        weir_budget_give_back(cx);
    else
        wi_child_reap_orphans();
    return poll_;
}

static void wait_drop(weir_future *future)
{
    wi_ready_drop(&from_head(future)->wait);
}

static const weir_future_type wait_type = WEIR_FUTURE_TYPE(weir_child_future, "child_wait", wait_poll, wait_drop);

weir_child_future weir_child_wait(weir_child *child)
{
    return (weir_child_future){ .future = WEIR_FUTURE_INIT(&wait_type), .child = child };
}

/* A stream that isn't there is a branch that is switched off. */
static void begin_read(weir_stream_end *slot, weir_stream *stream, size_t bytes_max, uint8_t **ret_data)
{
    if (stream != NULL)
        *slot = weir_stream_read_to_end(stream, bytes_max, ret_data);
}

static void hand_over(weir_child_text *from, weir_child_text *ret_text)
{
    if (ret_text == NULL)
        return;
    *ret_text = *from;
    from->data = NULL;
}

WEIR_ASYNC_DEFINE(weir_child_output_future)
{
    WEIR_BEGIN
    weir_child_close_in(self->child);
    begin_read(&self->read_out, weir_child_out(self->child), self->bytes_max, &self->out.data);
    begin_read(&self->read_err, weir_child_err(self->child), self->bytes_max, &self->err.data);
    AWAIT(self->both, weir_join_all(self->read_out, self->read_err));
    if (self->read_out.output < 0)
        RETURN(self->read_out.output);
    if (self->read_err.output < 0)
        RETURN(self->read_err.output);
    AWAIT(self->wait, weir_child_wait(self->child));
    if (self->wait.output < 0)
        RETURN(self->wait.output);
    self->out.size = (size_t)self->read_out.output;
    self->err.size = (size_t)self->read_err.output;
    hand_over(&self->out, self->ret_out);
    hand_over(&self->err, self->ret_err);
    RETURN(self->wait.output);
    WEIR_FINALLY
    free(self->out.data);
    free(self->err.data);
    WEIR_END
}

weir_child_output_future weir_child_output(weir_child *child, size_t bytes_max, weir_child_text *ret_out,
                                           weir_child_text *ret_err)
{
    return WEIR_CALL(weir_child_output_future, .child = child, .bytes_max = bytes_max, .ret_out = ret_out,
                     .ret_err = ret_err);
}
