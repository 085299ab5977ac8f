/* hash_lane.h - keeps a ring full of small files, and hashes them where they land. */
#ifndef WP_LANE_H
#define WP_LANE_H

#include <weir/notify.h>
#include <weir/slurp.h>

#include "hash/hashing.h"

#define LANE_SLOTS 128

/*
 * Works through the job's tree until there is nothing more to claim. Owns `job`
 * and `bulk_in`. Resolves to 0 or a negative errno. Cancel safe: buffers the
 * kernel still fills are freed when it lets go of them.
 */
/* clang-format off */
WEIR_ASYNC_DECLARE(hash_lane, int, struct job *job; weir_mpsc_sender *bulk_in; struct kit *kit; weir_slurp *slurp;
                   struct claim claim; int step; uint32_t window; uint32_t idle_flights;
                   uint32_t learn_tick; uint32_t backlog_count; struct bulk_item *flights;
                   struct bulk_item **idle; struct bulk_item *backlog;
                   weir_notify_wait_future wait; weir_slurp_next_future next; weir_mpsc_send_future send;
                   weir_yield yield; bool missed; uint64_t lap_ns; int error;);
/* clang-format on */

#endif
