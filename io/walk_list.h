/* walk_list.h - the middle of weir_dir_read(): what is in the open directory, and what of it is wanted. */
#ifndef WI_WALK_LIST_H
#define WI_WALK_LIST_H

#include "walk_node.h"
#include "walk_scratch.h"

/* A directory that is being read. */
struct walk_list {
    weir_walk_node *node;
    const struct walk_rules *rules;
    struct walk_scratch *scratch;
    struct walk_place place;
    int fd;
    int error; /* what ended the listing, noted */
    uint32_t count;
    uint32_t links_skipped;
    uint32_t longest_name;
    size_t names_len;
    bool has_ignore_file;
};

/*
 * Gathers the names: scratch->entries[0..count) with the d_type as their kind,
 * scratch->names. Returns 0 or a negative errno, noted unless it is a shortage.
 */
int wi_list_gather(struct walk_list *list);

/*
 * Leaves those that are wanted, in the same order; their kinds are
 * weir_entry_kind now, scratch->meta goes with them if it is wanted. Returns
 * 0 or a shortage.
 */
int wi_list_choose(struct walk_list *list);

#endif
