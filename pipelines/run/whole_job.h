/* whole_job.h - pipelines that are one job of the engine's already: run by it, and not by their nodes. */
#ifndef WP_WHOLE_JOB_H
#define WP_WHOLE_JOB_H

#include "run/run.h"

/*
 * `files "dir" | hash ALGO | write "M" format=F`, and nothing else in the chain, is
 * what the hashing job does: it reads small files through the ring, and opens them
 * from their directories. True: it does; `last` is the node that stands for all.
 */
bool wp_is_hash_job(const struct plan_chain *chain);
int wp_hash_job_spawn(struct run_node *last, const struct plan_chain *chain, weir_join_set *set);
/* With the run: after the runtime. Takes NULL. */
void wp_hash_job_free(struct whole_job *job);

#endif
