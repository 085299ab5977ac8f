/* sieve.c - which files of a tree can have a duplicate at all. */
#include "hash/sieve.h"

#include <string.h>
#include <sys/stat.h>

void wp_sieve_init(struct sieve *sieve)
{
    *sieve = (struct sieve){ 0 };
    (void)pthread_mutex_init(&sieve->lock, NULL);
}

void wp_sieve_fini(struct sieve *sieve)
{
    wp_pair_set_fini(&sieve->sizes);
    wp_pair_set_fini(&sieve->inodes);
    wp_dup_files_fini(&sieve->aside);
    weir_text_fini(&sieve->path);
    (void)pthread_mutex_destroy(&sieve->lock);
}

bool wp_sieve_has_several(const struct sieve *sieve, uint64_t size)
{
    return wp_pair_set_has(&sieve->sizes, (struct pair){ size, 1 });
}

/* [lock] 1: another has its size; 0: none has, as far as we know; or -ENOMEM. */
static int pass(struct sieve *sieve, const weir_file_meta *meta)
{
    if (wp_sieve_has_several(sieve, meta->size))
        return 1;
    if (meta->nlink > 1) {
        const int is_new = wp_pair_set_add(&sieve->inodes, (struct pair){ meta->dev, meta->ino });
        if (is_new <= 0)
            return is_new; /* another name of one that is aside, and goes with it */
    }
    const int is_first = wp_pair_set_add(&sieve->sizes, (struct pair){ meta->size, 0 });
    if (is_first != 0)
        return is_first < 0 ? is_first : 0;
    return wp_pair_set_add(&sieve->sizes, (struct pair){ meta->size, 1 });
}

/* [lock] */
static int put_aside(struct sieve *sieve, const struct node *node, uint32_t i, const weir_file_meta *meta)
{
    const char *name = wp_node_name(node, i);
    const size_t name_size = strlen(name);
    if (node->list != NULL)
        return wp_dup_files_add(&sieve->aside, node->root, name, name_size, meta, NULL);
    const size_t size = weir_walk_path(node->place, name, name_size, NULL, 0);
    sieve->path.size = 0;
    if (weir_text_reserve(&sieve->path, size + 1) < 0)
        return -ENOMEM;
    (void)weir_walk_path(node->place, name, name_size, sieve->path.data, size + 1);
    return wp_dup_files_add(&sieve->aside, node->root, sieve->path.data, size, meta, NULL);
}

/* [lock] */
static int sift(struct sieve *sieve, struct node *node, uint32_t i)
{
    weir_file_meta meta;
    if (wp_node_is_dir(node, i) || wp_node_meta(node, i, &meta) < 0)
        return 0; /* what can't be looked at is told when it is read */
    int passes = 0;
    if (S_ISREG(meta.mode) && meta.size > 0) { /* nothing is won by an empty one */
        passes = pass(sieve, &meta);
        if (passes == 0)
            passes = put_aside(sieve, node, i, &meta);
    }
    if (passes == 0)
        node->results[i] = (struct result){ .is_known = true, .is_left_out = true };
    return passes < 0 ? passes : 0;
}

int wp_sieve_node(struct sieve *sieve, struct node *node)
{
    int error = 0;
    (void)pthread_mutex_lock(&sieve->lock);
    for (uint32_t i = 0; error == 0 && i < node->count; i++)
        error = sift(sieve, node, i);
    (void)pthread_mutex_unlock(&sieve->lock);
    return error;
}
