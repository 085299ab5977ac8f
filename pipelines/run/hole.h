/*
 * hole.h - zeros that a new file doesn't hold: where nothing was written it reads as zeros, and takes no room.
 *
 * By blocks of 4 KiB of the file, which is what file systems leave out.
 */
#ifndef WP_HOLE_H
#define WP_HOLE_H

#include "output_at.h"

/* How much of the data, from its beginning on, is blocks of zeros: the output's offset moves behind them. */
size_t wp_hole_skip(weir_output *output, const uint8_t *data, size_t size);
/* How much of the data, which begins at the output's offset, comes before the next block of zeros. */
size_t wp_hole_before(const weir_output *output, const uint8_t *data, size_t size);
/* The file is as long as the output's offset says, also where nothing was written behind a hole. 0 or an errno. */
int wp_hole_close(const weir_output *output);

#endif
