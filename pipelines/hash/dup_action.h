/* dup_action.h - one file in place of several: each compared byte by byte first. */
#ifndef WP_DUP_ACTION_H
#define WP_DUP_ACTION_H

#include <weir/blocking.h>
#include <weir/hash_job.h>

#include "hash/dup_files.h"

/*
 * Of each group and each device on its own: nothing is ever linked, shared or removed for a copy that is elsewhere.
 * Appends a line for each file that was dealt with; what could not be goes to on_error, and is left as it is. 0,
 * -ENOMEM, or -ECANCELED: `cancel` says so. Blocks.
 */
WEIR_MUST_USE int wp_dup_act(const struct dup_files *files, const weir_dups_options *options, const weir_job *cancel,
                             weir_text *out);

#endif
