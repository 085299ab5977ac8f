/* pread_full.h - as many bytes as there are: a read that comes short is no end. */
#ifndef WP_PREAD_FULL_H
#define WP_PREAD_FULL_H

#include <weir/base.h>

#include <sys/types.h>

/* Bytes read, fewer than `size` at the end of the file only; or a negative errno. */
ssize_t wp_pread_full(int fd, void *buffer, size_t size, uint64_t offset);

#endif
