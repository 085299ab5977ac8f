/* acking.c - a `listen ack=true`: its sessions, and that they outlive the run. */
#include <errno.h>
#include <stdlib.h>

#include "listen/listening.h"

/* A sender keeps 4 MiB under way and no more: whom it waits for doesn't let it wait for a checkpoint's time. */
#define UNACKED_BYTES ((uint64_t)1 << 20)

static int save(void *arg, struct wp_save *save)
{
    struct listening *shared = arg;
    const int error = wp_sessions_save(shared->sessions, save, wp_checkpoint_number(shared->node));
    return error < 0 ? wp_run_fail(shared->node, error, "no memory") : 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct listening *shared = arg;
    const int error = wp_sessions_load(shared->sessions, load);
    return error < 0 ? wp_run_fail(shared->node, error, "%s",
                                   error == -EBADMSG ? "the journal has a session without its number" : "no memory")
                     : 0;
}

static const struct wp_kept kept = { save, load };

int wp_listening_set_up_acks(struct listening *shared, enum address_scheme scheme)
{
    struct run_node *node = shared->node;
    const bool is_stream = scheme != ADDRESS_UDP && scheme != ADDRESS_UNIXGRAM;
    if (wp_plan_number(node->plan, "ack") == 0)
        return wp_plan_setting(node->plan, "sessions") != NULL
                   ? wp_run_fail(node, -EINVAL, "sessions= is that of ack=true")
                   : 0;
    if (!is_stream)
        return wp_run_fail(node, -EINVAL, "ack=true is of streams: tcp://, tls:// and unix:");
    if (wp_plan_setting(node->plan, "framing") != NULL && shared->framing != FRAMING_OCTETS)
        return wp_run_fail(node, -EINVAL, "with ack=true records are counted, so framing= is octets");
    shared->framing = FRAMING_OCTETS;
    shared->sessions = wp_sessions_create((unsigned)wp_plan_number(node->plan, "sessions"), wp_checkpoint_is_on(node));
    if (shared->sessions == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    node->seat.bytes_max = UNACKED_BYTES;
    const int error = wp_checkpoint_keep(node, &kept, shared);
    return error < 0 ? error : 0;
}
