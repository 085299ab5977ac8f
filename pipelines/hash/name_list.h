/* name_list.h - a handful of names in one node: short enough to bound memory, long enough to keep a lane busy. */
#ifndef WP_NAME_LIST_H
#define WP_NAME_LIST_H

#include "hash/tree.h"

#define NAME_LIST_MAX 512

struct name_list;

struct name_list *wp_name_list_create(void);
bool wp_name_list_is_full(const struct name_list *list);
bool wp_name_list_is_empty(const struct name_list *list);
/* Copies the name; it ends at its first NUL. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_name_list_add(struct name_list *list, const char *name, size_t size);
/* For a check: all names of a list have the same digests; `expected` is those of the name added last, packed. */
WEIR_MUST_USE int wp_name_list_expect(struct name_list *list, const struct algo_set *algos, const uint8_t *expected);
/* Its names are those of regular files, not of links to them. */
void wp_name_list_set_regular(struct name_list *list);
void wp_name_list_free(struct name_list *list);

/* Takes the list. 1 and a node of it, 0 when it is empty, or -ENOMEM. */
int wp_name_list_node(struct name_list *list, struct tree *tree, struct node **ret_root);

#endif
