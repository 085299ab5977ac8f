/*
 * manifest_index.h - a manifest in memory: found by name, and by digest.
 *
 * It takes about what the file takes, and some 30 bytes an entry for the tables.
 */
#ifndef WP_MANIFEST_INDEX_H
#define WP_MANIFEST_INDEX_H

#include "hash/hashing.h"

#define INDEX_NONE UINT32_MAX

enum index_state {
    INDEX_UNSEEN,
    INDEX_OK,      /* a file of this name has this content */
    INDEX_CHANGED, /* a file of this name has another */
    INDEX_MOVED,   /* its content was found under another name */
};

struct manifest_index {
    struct algo_set set; /* of all entries */
    weir_text names;     /* each with its NUL */
    uint32_t count, room;
    size_t *starts;  /* of the names */
    uint8_t *states; /* enum index_state */
    weir_text digests;
    uint32_t *by_name, *by_digest;        /* entries, +1; open addressing */
    uint32_t *same;                       /* the next entry with the same digest, +1 */
    uint32_t slots;                       /* a power of two */
    bool has_inner_dirs, has_inner_files; /* below directories that are listed, too; see wp_index_roots() */
};

/*
 * Reads the manifest. The first entry says by which algorithms; of a file that is listed by several, each on a line of
 * its own, the first counts. 0, -EMEDIUMTYPE: other files are listed by others; or another negative errno. Blocks.
 */
WEIR_MUST_USE int wp_manifest_index_load(struct job *job, const char *path, struct manifest_index **ret_index);
void wp_manifest_index_free(struct manifest_index *index); /* takes NULL */

static inline const char *wp_index_name(const struct manifest_index *index, uint32_t entry)
{
    return index->names.data + index->starts[entry];
}

static inline const uint8_t *wp_index_digest(const struct manifest_index *index, uint32_t entry)
{
    return (const uint8_t *)index->digests.data + (size_t)entry * index->set.digest_size;
}

/* What is listed and not below a directory that is: as paths, which belong to the index. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_index_roots(struct manifest_index *index, const char ***ret_roots, size_t *ret_count);

/* By name, a "./" in front of either aside; INDEX_NONE: it isn't listed. */
uint32_t wp_index_find(const struct manifest_index *index, const char *name, size_t size);
/*
 * An entry with this content whose content was not found yet (UNSEEN or CHANGED), for you to mark as MOVED. INDEX_NONE:
 * there is none; *ret_known says whether any entry has it.
 */
uint32_t wp_index_take_content(struct manifest_index *index, const uint8_t *digest, bool *ret_known);

#endif
