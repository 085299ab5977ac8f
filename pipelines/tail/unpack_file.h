/*
 * unpack_file.h - what is in a compressed file, for a follower of files: weir_tail_options.unpack.
 */
#ifndef WP_UNPACK_FILE_H
#define WP_UNPACK_FILE_H

#include <weir/tail.h>

/* gzip, zstd and LZ4, by the file's first bytes. Blocks. 0 or a negative errno: -EBADMSG, it is none of these. */
int wp_unpack_file(void *arg, int fd, uint64_t skip, int to_fd, weir_tail_unpacked *ret_unpacked);

#endif
