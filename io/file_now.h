/*
 * file_now.h - file operations that needn't wait, done at once by whoever polls.
 *
 * A ring pays when it is entered for many at a time. One task that opens, reads
 * and closes file after file would enter it and sleep four times a file; what
 * lies in the caches costs it less by plain calls.
 */
#ifndef WI_FILE_NOW_H
#define WI_FILE_NOW_H

#include <weir/io.h>

#include "op.h"

/* It may have to wait: by the ring. */
#define FILE_LATER INT64_MIN

/* The result, or FILE_LATER. */
int64_t wi_file_now(enum op_kind kind, const weir_io_args *args);

/* [owner] Whether the task that polls is one of few that use files: then it pays to try. */
bool wi_file_pays_now(struct ring *ring, const weir_cx *cx);

#endif
