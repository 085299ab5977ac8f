/* acks.h - a `send ack=true`: what of it outlives the run. */
#ifndef WP_ACKS_H
#define WP_ACKS_H

#include "send/sending.h"

/*
 * Records are acknowledged by who gets them. With a journal and a spool the session and how long the spool is are in
 * each checkpoint: a start cuts the spool to that, and nothing behind it was sent. 0 or a negative errno that was told.
 */
WEIR_MUST_USE int wp_sending_set_up_acks(struct sending *self);

#endif
