/* recall.c - files whose digests are known already needn't be read. */
#include "hash/recall.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    uint64_t parts[2] = { hash, 0 };
    uint8_t digest[WEIR_DIGEST_SIZE_MAX];
    (void)weir_digest_find("xxh3")->oneshot(data, size, digest);
    memcpy(&parts[1], digest, sizeof parts[1]);
    (void)weir_digest_find("xxh3")->oneshot(parts, sizeof parts, digest);
    memcpy(&hash, digest, sizeof hash);
    return hash;
}

static uint64_t mix_texts(uint64_t hash, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = mix(hash, texts[i], strlen(texts[i]) + 1);
    return mix(hash, &count, sizeof count);
}

uint32_t wp_cache_owner(const weir_hash_options *options)
{
    struct stat here = { 0 };
    const weir_walk_rules *rules = &options->rules;
    (void)!stat(".", &here);
    const uint64_t numbers[] = { (uint64_t)here.st_ino, rules->size_min,    rules->size_max, rules->depth_max,
                                 rules->skip_hidden,    rules->same_device, rules->follow,   rules->gitignore };
    uint64_t hash = mix(0, numbers, sizeof numbers);
    hash = mix_texts(hash, rules->match, rules->match_count);
    hash = mix_texts(hash, rules->exclude, rules->exclude_count);
    hash = mix_texts(hash, &options->list_path, options->list_path != NULL);
    hash = mix_texts(hash, options->paths, options->list_path == NULL ? options->path_count : 0);
    return (uint32_t)(hash >> 32);
}

/* And its size, for a result that nobody will write. */
static struct cache_key key_of(struct node *node, uint32_t i, int64_t looked_ns)
{
    weir_file_meta meta;
    if (wp_node_is_dir(node, i) || node->results[i].is_known || wp_node_meta(node, i, &meta) < 0 || !S_ISREG(meta.mode))
        return (struct cache_key){ .volume = 0 };
    if (node->tree->head > 0 && meta.size >= node->tree->head)
        return (struct cache_key){ .volume = 0 }; /* what is kept is of whole files */
    node->results[i].size = meta.size;
    return wp_hash_cache_key(node->tree->cache, &meta, wp_node_fd(node), wp_node_name(node, i), looked_ns);
}

int wp_recall(struct node *node)
{
    weir_hash_counters *counters = node->tree->counters;
    const int64_t looked_ns = node->list != NULL ? wp_hash_cache_clock() : node->looked_ns;
    uint32_t known = 0;
    if (node->tree->cache == NULL || (node->list != NULL && node->list->streams))
        return 0;
    node->keys = malloc((node->count + 1) * sizeof *node->keys);
    if (node->keys == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < node->count; i++) {
        node->keys[i] = key_of(node, i, looked_ns);
        wp_hash_cache_prefetch(node->tree->cache, &node->keys[i]);
    }
    for (uint32_t i = 0; i < node->count; i++)
        if (!node->results[i].is_known &&
            wp_hash_cache_find(node->tree->cache, &node->keys[i], wp_node_digests(node, i))) {
            node->results[i].is_known = true;
            known++;
        }
    wp_count(&counters->files_found, known);
    wp_count(&counters->files, known);
    wp_count(&counters->recalled, known);
    return 0;
}

/* It differs from what was remembered, though it looked the same: does it still, or was it changed meanwhile? */
static bool is_unchanged(const struct node *node, uint32_t entry)
{
    weir_file_meta meta;
    const int64_t looked_ns = wp_hash_cache_clock();
    const bool follow =
        node->list != NULL ? !node->list->regular : (node->dir->entries[entry].flags & WEIR_ENTRY_LINK) != 0;
    if (weir_file_meta_at(wp_node_fd(node), wp_node_name(node, entry), follow ? 0 : AT_SYMLINK_NOFOLLOW, &meta) < 0)
        return false;
    const struct cache_key key =
        wp_hash_cache_key(node->tree->cache, &meta, wp_node_fd(node), wp_node_name(node, entry), looked_ns);
    return memcmp(&key.print, &node->keys[entry].print, sizeof key.print) == 0;
}

void wp_remember(struct node *node, uint32_t entry)
{
    weir_hash_counters *counters = node->tree->counters;
    if (node->keys == NULL)
        return;
    switch (wp_hash_cache_add(node->tree->cache, &node->keys[entry], wp_node_digests(node, entry))) {
    case CACHE_NEW:
        break;
    case CACHE_CONFIRMED:
        wp_count(&counters->reread, 1);
        break;
    case CACHE_DIFFERS:
        node->results[entry].is_rotten = is_unchanged(node, entry);
        wp_count(&counters->reread, 1);
        wp_count(&counters->rotten, node->results[entry].is_rotten);
        break;
    }
}
