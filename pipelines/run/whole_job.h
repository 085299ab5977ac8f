/* whole_job.h - pipelines that are one job of the engine's already: run by it, and not by their nodes. */
#ifndef WP_WHOLE_JOB_H
#define WP_WHOLE_JOB_H

#include "run/run.h"

/*
 * Three beginnings of chains are what the hashing job does: it reads small files through
 * the ring, opens those of a tree from their directories, and large ones are many threads' work.
 *
 *     files "dir" | hash ALGO | write "M" format=F       and nothing else in the chain
 *     files "dir" | each { read | hash ALGO } | ...      whose lines go into an edge
 *     manifest "M" | check | ...                         whose files do
 *
 * How many nodes of the chain, from its first on, one job stands for; 0: it is none.
 */
unsigned wp_hash_job_nodes(const struct plan_chain *chain);
/* `last` is the node that stands for all of them. 0 or what a spawn failed with. */
int wp_hash_job_spawn(struct run_node *last, const struct plan_chain *chain, weir_join_set *set);
/* With the run: after the runtime. Takes NULL. */
void wp_hash_job_free(struct whole_job *job);

#endif
