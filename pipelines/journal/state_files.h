/*
 * state_files.h - files beside the journal, for what a stage has no room for in memory: spill.1, spill.2 and so on.
 *
 * One is only ever appended to, and a checkpoint lists it with its length (ITEM_SPILLED). What was appended since is
 * cut off at a restart. A file that the last checkpoint doesn't list, and that was there before it, is nobody's: it is
 * removed behind each checkpoint, and at a start. So who needs one lists it each time, and giving it up is to list it
 * no more. No opening is journaled: nobody else makes such names here.
 */
#ifndef WP_STATE_FILES_H
#define WP_STATE_FILES_H

#include "journal/journal.h"

/* All of these block. */

/* A new one, with a number that none has had: its descriptor, for reading and appending; or a negative errno. */
WEIR_MUST_USE int wp_state_file_create(struct journal *journal, uint64_t *ret_number);
/* One that is there: its descriptor, or a negative errno. */
WEIR_MUST_USE int wp_state_file_open(const struct journal *journal, uint64_t number);

/* Its name in the directory; and back, 0: that is no such name. */
#define STATE_FILE_NAME_BYTES 32
void wp_state_file_name(uint64_t number, char ret_name[STATE_FILE_NAME_BYTES]);
uint64_t wp_state_file_number(struct item_name name);

/* All that the checkpoint lists are there, with what it says they have. */
bool wp_state_files_are_there(const struct journal *journal, const struct record *checkpoint);

/* The names of those made since are on the disk: before a checkpoint lists one. 0 or a negative errno. */
WEIR_MUST_USE int wp_state_files_sync(struct journal *journal);

/* The number of the next one: those below it are older than what comes. */
uint64_t wp_state_files_next(struct journal *journal);
/*
 * Those below `next` that the last checkpoint doesn't list are removed; UINT64_MAX: all such, and numbers go on behind
 * what is there. 0 or a negative errno: one that can't be removed stays for the next time.
 */
WEIR_MUST_USE int wp_state_files_sweep(struct journal *journal, uint64_t next);

#endif
