/*
 * walk_sort.c - merge sort over (key, index) pairs: eight bytes of a name in the
 * key settle nearly every comparison without a look at the names.
 */
#include "walk_sort.h"

#include <string.h>

#define INSERTION_MAX 12

struct names {
    const weir_entry *entries; /* NULL: equal keys are equal */
    const char *bytes;
};

static unsigned byte_at(const weir_entry *entry, const char *name, size_t at)
{
    if (at < entry->name_len)
        return (uint8_t)name[at];
    return at == entry->name_len && entry->kind == WEIR_ENTRY_DIR ? '/' : 0;
}

static int compare_names(const struct names *names, uint32_t a_index, uint32_t b_index)
{
    const weir_entry *const a = &names->entries[a_index], *const b = &names->entries[b_index];
    const char *const a_name = names->bytes + a->name, *const b_name = names->bytes + b->name;
    const size_t shorter = a->name_len < b->name_len ? a->name_len : b->name_len;
    const int order = memcmp(a_name, b_name, shorter);
    if (order != 0)
        return order;
    return (int)byte_at(a, a_name, shorter) - (int)byte_at(b, b_name, shorter);
}

static inline bool is_after(const struct names *names, const struct sort_item *a, const struct sort_item *b)
{
    if (a->key != b->key)
        return a->key > b->key;
    return names->entries != NULL && compare_names(names, a->index, b->index) > 0;
}

static void insertion_sort(const struct names *names, struct sort_item *items, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const struct sort_item item = items[i];
        uint32_t at = i;
        for (; at > 0 && is_after(names, &items[at - 1], &item); at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static void merge_sort(const struct names *names, struct sort_item *items, struct sort_item *spare, uint32_t count)
{
    if (count <= INSERTION_MAX) {
        insertion_sort(names, items, count);
        return;
    }
    const uint32_t half = count / 2;
    merge_sort(names, items, spare, half);
    merge_sort(names, items + half, spare, count - half);
    if (!is_after(names, &items[half - 1], &items[half]))
        return;

    memcpy(spare, items, half * sizeof *items);
    uint32_t left = 0, right = half, at = 0;
    while (left < half && right < count)
        items[at++] = is_after(names, &spare[left], &items[right]) ? items[right++] : spare[left++];
    memcpy(items + at, spare + left, (half - left) * sizeof *items);
}

static size_t common_prefix(const weir_entry *entries, const char *names, uint32_t count)
{
    const char *const first = names + entries[0].name;
    size_t common = entries[0].name_len;
    for (uint32_t i = 1; i < count; i++) {
        const char *const name = names + entries[i].name;
        if (entries[i].name_len < common)
            common = entries[i].name_len;
        if (memcmp(first, name, common) == 0)
            continue;
        for (common = 0; first[common] == name[common];)
            common++;
    }
    return common;
}

void wi_sort_by_name(const weir_entry *entries, const char *names, uint32_t count, struct sort_item *items)
{
    if (count == 0)
        return;
    const size_t skip = common_prefix(entries, names, count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = 0;
        for (size_t at = skip; at < skip + 8; at++)
            key = key << 8 | byte_at(&entries[i], names + entries[i].name, at);
        items[i] = (struct sort_item){ key, i };
    }
    merge_sort(&(struct names){ entries, names }, items, items + count, count);
}

void wi_sort_by_inode(const weir_entry *entries, uint32_t count, struct sort_item *items)
{
    for (uint32_t i = 0; i < count; i++)
        items[i] = (struct sort_item){ entries[i].ino, i };
    merge_sort(&(struct names){ NULL, NULL }, items, items + count, count);
}
