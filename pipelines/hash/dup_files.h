/* dup_files.h - files that may be duplicates, and the groups they turn out to be. */
#ifndef WP_DUP_FILES_H
#define WP_DUP_FILES_H

#include <weir/text.h>
#include <weir/walk.h>

#define DUP_NONE UINT32_MAX

struct dup_file {
    size_t path;   /* where it begins in `paths`; a NUL ends it */
    uint32_t root; /* which of the paths that were named it is below */
    weir_file_meta meta;
    uint32_t next;    /* of its group; DUP_NONE: the last */
    uint32_t link_of; /* an earlier one that is the same file under another name; DUP_NONE: none */
};

struct dup_group {
    uint32_t first;
    uint32_t names; /* how many */
    uint32_t files; /* different ones: other names of the same don't count */
};

struct dup_files {
    weir_text paths;
    weir_text digests; /* digest_size bytes each */
    uint32_t digest_size;
    struct dup_file *files;
    uint32_t count, room;
    struct dup_group *groups;
    uint32_t group_count;
};

static inline const char *wp_dup_path(const struct dup_files *files, uint32_t i)
{
    return files->paths.data + files->files[i].path;
}

static inline const uint8_t *wp_dup_digest(const struct dup_files *files, uint32_t i)
{
    return (const uint8_t *)files->digests.data + (size_t)i * files->digest_size;
}

/* Copies all; `digest` is NULL where there are none. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_dup_files_add(struct dup_files *files, uint32_t root, const char *path, size_t size,
                                   const weir_file_meta *meta, const uint8_t *digest);
/*
 * Groups of the same size and digest with several names; in the order of their roots and paths, as are the files of
 * a group. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_dup_files_group(struct dup_files *files);
void wp_dup_files_fini(struct dup_files *files);

#endif
