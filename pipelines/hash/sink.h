/* sink.h - what becomes of a result: a line of a manifest or of JSON, a row, or the verdict of a check. */
#ifndef WP_SINK_H
#define WP_SINK_H

#include <weir/text.h>

#include "hash/hashing.h"

struct sink {
    /* Appends what comes before the first file. May be NULL. */
    int (*head)(struct sink *sink, weir_text *out);
    /* Appends what there is to say of one file, at its turn. `path` ends in a NUL. 0 or a negative errno. */
    int (*file)(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                weir_text *out);
    /*
     * Everything in a directory has had its turn, its subdirectories included. `path` ends in '/'. May be NULL. For a
     * list of files it isn't called.
     */
    int (*leave)(struct sink *sink, const struct node *node, const char *path, size_t path_size, weir_text *out);
    /* Appends what comes behind the last file. May be NULL. */
    int (*finish)(struct sink *sink, weir_text *out);
    void (*free)(struct sink *sink);
};

int wp_sink_manifest(struct job *job, struct sink **ret_sink);
int wp_sink_check(struct job *job, struct sink **ret_sink);
int wp_sink_audit(struct job *job, struct sink **ret_sink);
int wp_sink_dups(struct job *job, struct sink **ret_sink);
int wp_sink_tree(struct job *job, struct sink **ret_sink);
int wp_sink_lines(struct job *job, struct sink **ret_sink);
int wp_sink_rows(struct job *job, struct sink **ret_sink);

#endif
