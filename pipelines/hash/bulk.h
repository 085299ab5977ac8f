/* bulk.h - larger files, handed over to the cpu lane whole. */
#ifndef WP_BULK_H
#define WP_BULK_H

#include <weir/blocking.h>
#include <weir/join_set.h>

#include "hash/hashing.h"

#define BULK_ITEMS 64

/*
 * Takes files off job->bulk_out until all senders are gone and all files are
 * done. Resolves to 0 or -ENOMEM. Cancel safe: what the pool has begun ends
 * soon, unobserved.
 */
WEIR_ASYNC_DECLARE(hash_bulk, int, struct job *job; weir_join_set *set; size_t bound; int64_t at;
                   struct bulk_item items[BULK_ITEMS]; weir_mpsc_recv_many_future recv; weir_join_next_future next;);

#endif
