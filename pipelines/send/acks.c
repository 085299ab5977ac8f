/* acks.c - the session and the length of the spool, in the journal. */
#include "send/acks.h"

#include <stdlib.h>
#include <string.h>
#include <weir/blocking.h>
#include <weir/time.h>

#include "run/checkpoint.h"

struct saved_session {
    unsigned char session[SESSION_ID_BYTES];
    uint64_t appended; /* the last record in the spool */
};

static int save(void *arg, struct wp_save *save)
{
    struct sending *self = arg;
    struct greeting *greeting = self->greeting;
    struct saved_session saved = { .appended = self->spool->appended };
    memcpy(saved.session, greeting->session, sizeof saved.session);
    greeting->marked = saved.appended;
    greeting->marked_at = wp_checkpoint_number(self->node);
    return wp_save_bytes(save, &saved, sizeof saved) < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

struct cutting {
    struct spool *spool;
    uint64_t number;
};

static int64_t cut(void *arg)
{
    const struct cutting *self = arg;
    return wp_spool_cut(self->spool, self->number);
}

static int load(void *arg, struct wp_load *load)
{
    struct sending *self = arg;
    struct saved_session saved;
    const void *data;
    size_t size;
    if (wp_load_bytes(load, &data, &size) != 1 || size != sizeof saved)
        return wp_run_fail(self->node, -EBADMSG, "the journal has no session of this send");
    memcpy(&saved, data, sizeof saved);
    struct cutting cutting = { self->spool, saved.appended };
    const int error = (int)weir_block_in_place(cut, &cutting);
    if (error < 0)
        return wp_run_fail(self->node, error,
                           "spool: %s: the two don't belong together; another --state begins another session, and what "
                           "is in the spool may come twice then",
                           self->spool->fault);
    memcpy(self->greeting->session, saved.session, sizeof saved.session);
    self->greeting->is_kept = true;
    self->greeting->marked = saved.appended;
    return 0;
}

static int64_t begin(void *arg)
{
    return wp_spool_begin(arg);
}

static const struct wp_kept kept = { save, load };

int wp_sending_set_up_acks(struct sending *self)
{
    struct run_node *node = self->node;
    if (node->plan->in == WEIR_BYTES)
        return wp_run_fail(node, -EINVAL, "ack=true is for records, which can be sent again: lines | send");
    if (wp_plan_setting(node->plan, "framing") != NULL && self->form.framing != FRAMING_OCTETS)
        return wp_run_fail(node, -EINVAL, "with ack=true records are counted, so framing= is octets");
    self->greeting = calloc(1, sizeof *self->greeting);
    if (self->greeting == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->form.framing = FRAMING_OCTETS;
    const int64_t probe = self->timeout_ns / WEIR_SEC(3);
    self->target.probe_seconds = probe > 0 ? (int)probe : 1;
    wp_greeting_begin_session(self->greeting);
    self->greeting->is_exact = self->spool != NULL && wp_checkpoint_is_on(node);
    if (!self->greeting->is_exact)
        return 0;
    int error = wp_checkpoint_keep(node, &kept, self);
    if (error == 0 && (error = (int)weir_block_in_place(begin, self->spool)) < 0)
        return wp_run_fail(node, error, "spool: %s", self->spool->fault);
    self->outbox.limit = error > 0 ? self->spool->appended : self->spool->acked; /* what the journal has */
    return error < 0 ? error : 0;
}
