/* manifest_file.h - the entries of a manifest that lies in a file, one after the other. */
#ifndef WP_MANIFEST_FILE_H
#define WP_MANIFEST_FILE_H

#include "hash/hashing.h"

#define MANIFEST_READ_BYTES (128u * 1024)

struct manifest_file {
    struct job *job; /* bad lines go to its hook and counter */
    weir_manifest_reader *reader;
    int fd;
    bool ended;
    weir_manifest_entry entry;
    char buffer[MANIFEST_READ_BYTES];
};

/* "-": standard input. 0 or a negative errno. */
WEIR_MUST_USE int wp_manifest_file_open(struct job *job, const char *path, struct manifest_file **ret_file);
void wp_manifest_file_close(struct manifest_file *file); /* takes NULL */

/* 1: file->entry is the next one; 0: there is none; or a negative errno. Blocks. */
WEIR_MUST_USE int wp_manifest_file_next(struct manifest_file *file);
/* The digests that the entry has. */
void wp_manifest_file_set(const struct manifest_file *file, struct algo_set *ret_set);
/* And they, one behind the other. */
void wp_manifest_file_digests(const struct manifest_file *file, uint8_t *ret_packed);

bool wp_algo_sets_equal(const struct algo_set *a, const struct algo_set *b);

#endif
