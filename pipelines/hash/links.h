/* links.h - symbolic links as entries: their content is the text they point to. */
#ifndef WP_LINKS_H
#define WP_LINKS_H

#include "hash/tree.h"

/* Puts down the results of the node's links. Its entries are known, its results not yet. */
void wp_links_read(struct node *node);

#endif
