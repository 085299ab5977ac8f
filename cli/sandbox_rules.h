/* sandbox_rules.h - which rules a sandbox has: those of a pipeline, and those of the process around it. */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include "sandbox.h"

/* What the pipeline reaches, each once. 0 or -ENOMEM. */
WEIR_MUST_USE int sandbox_rules_of(struct sandbox *sandbox, const weir_pipeline *pipeline);
/* What the process opens by itself: its standard streams anew, tables of the system, what a reload needs. */
WEIR_MUST_USE int sandbox_rules_of_process(struct sandbox *sandbox, const struct sandbox_options *options);
/* Makes the directory for files without names, and $TMPDIR is that; where it can't be had, all of $TMPDIR is open. */
void sandbox_rules_make_temporary(struct sandbox *sandbox);
WEIR_MUST_USE int sandbox_rules_add(struct sandbox *sandbox, weir_reach_kind kind, const char *path, const char *stage);

#endif
