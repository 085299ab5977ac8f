/* links.c - symbolic links as entries. */
#include "hash/links.h"

#include <limits.h>
#include <unistd.h>

static int read_link(struct node *node, uint32_t entry)
{
    char target[PATH_MAX];
    uint8_t *digest = wp_node_digests(node, entry);
    const ssize_t size = readlinkat(node->dir->fd, wp_node_name(node, entry), target, sizeof target);
    if (size < 0)
        return errno == EINVAL ? -ESTALE : -errno; /* it was a link when its directory was read */
    node->results[entry].size = (uint64_t)size;
    for (uint32_t i = 0; i < node->algos->count; i++) {
        const int error = node->algos->algos[i]->oneshot(target, (size_t)size, digest);
        if (error < 0)
            return error;
        digest += node->algos->algos[i]->digest_size;
    }
    return 0;
}

void wp_links_read(struct node *node)
{
    for (uint32_t i = 0; node->list == NULL && i < node->count; i++)
        if (wp_node_is_link(node, i)) {
            node->results[i].is_known = true;
            node->results[i].error = read_link(node, i);
        }
}
