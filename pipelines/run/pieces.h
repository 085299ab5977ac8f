/*
 * pieces.h - a stage whose input can be cut (weir_cut) works on several pieces at once: @par.
 *
 *            +-> lane 0 -+
 *     cut ---+-> lane 1 -+---> join
 *            +-> ...    -+
 *
 * A task cuts and deals the pieces out in turn, one a lane works on them with a
 * state of its own, and one joins what they give: in the same turn, or
 * (@order=any) as pieces get ready. All between them is bounded channels, so a
 * lane that runs ahead of its turn stops when its output is full; the one whose
 * turn it is never waits for another.
 */
#ifndef WP_PIECES_H
#define WP_PIECES_H

#include "run/run.h"

/* What a lane's channels want to hold, given the memory: of what is compressed the next piece, which is 4 MiB; and what
 * a frame expands to, while another lane has its turn. */
#define PIECES_IN_BYTES ((size_t)4 << 20)
#define PIECES_OUT_BYTES ((size_t)8 << 20)

/* How many lanes the plan wants for this stage; 0: it isn't cut. `cores` always cuts: the output is the same anywhere.
 */
unsigned wp_pieces_par(const struct plan_node *node);

/* 0 or -ENOMEM. Capacities of each lane, in chunks. */
WEIR_MUST_USE int wp_pieces_create(struct run_node *node, size_t in, size_t out, struct pieces **ret_pieces);
void wp_pieces_destroy(struct pieces *self); /* takes NULL; when no task is left */
/* wp_pieces_par() + 2 tasks. 0 or what a spawn failed with. */
WEIR_MUST_USE int wp_pieces_spawn(struct pieces *self, weir_join_set *set);

#endif
