/*
 * relay.h - one large file on two threads: each reads every other block into
 * its own buffer, and they hash in file order, passing the state on. Reading
 * takes longer than hashing, so twice the threads is half the time; filling
 * buffers for another thread to hash is slower than one thread alone, since the
 * data changes cores.
 */
#ifndef WP_RELAY_H
#define WP_RELAY_H

#include "hash/large.h"

#define RELAY_RUNNERS 2

struct relay;

/* Takes a reference of its own to `large`. NULL: no memory. */
struct relay *wp_relay_create(struct large *large);
struct relay *wp_relay_ref(struct relay *relay);
void wp_relay_unref(void *relay); /* takes NULL */

/* For weir_offload(): one runner. */
int64_t wp_relay_run(void *relay, weir_job *job);

#endif
