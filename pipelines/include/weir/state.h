/*
 * state.h - state directories of pipelines, looked at from outside: what is kept, whether it is whole, and back to an
 * older checkpoint.
 *
 * All of it blocks. Texts are lines; with `json` they are one JSON object. Errors are
 * appended to `errors`, a line each that names the place, the fault and the way out.
 */
#ifndef WEIR_STATE_H
#define WEIR_STATE_H

#include <stdbool.h>
#include <weir/text.h>

#pragma GCC visibility push(default)

/*
 * weir_state_list() - the last checkpoint: where sources are, how long outputs are, which stages have a state.
 *
 * With `all` every checkpoint that the journal still has. A process may have it.
 * Returns 0 or a negative errno: -ENOENT (no state there), -EBADMSG (no journal).
 */
WEIR_MUST_USE int weir_state_list(const char *dir, bool all, bool json, weir_text *out, weir_text *errors);

/*
 * weir_state_check() - is the journal whole, are the outputs what it says, and what would the next start do?
 *
 * Returns 0: all is well; 1: something isn't, and `out` says what; or a negative
 * errno. With `repair` (no process may have it) a damaged journal is written anew from
 * its last whole checkpoint, and the old one kept beside it.
 */
WEIR_MUST_USE int weir_state_check(const char *dir, bool repair, bool json, weir_text *out, weir_text *errors);

/*
 * weir_state_rewind() - the next start goes on from another place.
 *
 * From the checkpoint of record `record` (as weir_state_list() numbers them), to which
 * outputs are cut then; or, with record 0, from where the last one is, but for the
 * file `source`, which is read from `offset` on while outputs stay. Returns 0 or a
 * negative errno: -ENOENT (there is no such record, or source), -EBUSY (a process has it).
 */
WEIR_MUST_USE int weir_state_rewind(const char *dir, uint64_t record, const char *source, uint64_t offset,
                                    weir_text *out, weir_text *errors);

#pragma GCC visibility pop

#endif
