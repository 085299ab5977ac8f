/*
 * restore.h - outputs become what they were at the last checkpoint: what was written since is cut off.
 *
 * A file of the checkpoint is cut to its length there. One that was complete and had
 * a name to be gets it, if it hasn't yet. One that was opened since is removed if it
 * was new then, else cut to what it had. Files of the state (state_files.h) are cut, and
 * removed if the checkpoint has none of that name. All of that may be done again and again, and is
 * on the disk when the call returns: then the journal may forget what was opened.
 */
#ifndef WP_RESTORE_H
#define WP_RESTORE_H

#include "journal/journal.h"

/*
 * 0; -ESTALE: a file has less than the journal says, -ENOENT: it isn't there: then nothing has been changed; or another
 * negative errno. Errors are appended to `errors`, a line each. Blocks.
 */
WEIR_MUST_USE int wp_restore(struct journal *journal, weir_text *errors);

/* The same without changing anything: what would be said, and (in `changes`, a line each) done. */
WEIR_MUST_USE int wp_restore_look(const struct journal *journal, weir_text *errors, weir_text *changes);

/* Complete files of a checkpoint's record, which is durable now, get their names. 0 or a negative errno. Blocks. */
WEIR_MUST_USE int wp_restore_names(const weir_text *record);

#endif
