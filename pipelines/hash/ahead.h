/* ahead.h - directories that must come from the disk are read ahead of the lanes. */
#ifndef WP_AHEAD_H
#define WP_AHEAD_H

#include "hash/hashing.h"

/* A lane met files whose names weren't cached: if there isn't much to claim, threads of the io lane walk ahead. */
void wp_walk_ahead(struct job *job);

#endif
