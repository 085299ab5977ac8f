/*
 * memory_file.h - a file whose bytes are memory and nothing else (tmpfs): reading it is copying.
 *
 * The ring would hand such a copy to a thread of the kernel's, which competes with
 * the workers for their cores; a worker that copies itself waits for nothing (but
 * for what was swapped out).
 */
#ifndef WP_MEMORY_FILE_H
#define WP_MEMORY_FILE_H

#include <weir/base.h>

/* A regular file: a FIFO has its name there, and its bytes come from elsewhere. */
bool wp_is_memory_file(int fd);

/* Bytes or a negative errno, as of pread(2); an offset of UINT64_MAX is where the file stands. */
int64_t wp_memory_file_read(int fd, void *data, size_t size, uint64_t offset);

#endif
