/* name_list.c - a handful of names in one node. */
#include "hash/name_list.h"

#include <stdlib.h>
#include <string.h>

#include <weir/text.h>

struct name_list {
    struct list_of_files list;
    weir_text bytes; /* the names, each with its NUL */
    weir_text expected;
    struct algo_set algos;
    uint32_t count;
    bool regular;
    size_t starts[NAME_LIST_MAX];
    const char *names[NAME_LIST_MAX]; /* once the bytes don't move any more */
};

struct name_list *wp_name_list_create(void)
{
    return calloc(1, sizeof(struct name_list));
}

bool wp_name_list_is_full(const struct name_list *list)
{
    return list->count == NAME_LIST_MAX;
}

bool wp_name_list_is_empty(const struct name_list *list)
{
    return list->count == 0;
}

int wp_name_list_add(struct name_list *list, const char *name, size_t size)
{
    const size_t start = list->bytes.size;
    if (weir_text_append(&list->bytes, name, size) < 0 || weir_text_append(&list->bytes, "", 1) < 0)
        return -ENOMEM;
    list->starts[list->count++] = start;
    return 0;
}

int wp_name_list_expect(struct name_list *list, const struct algo_set *algos, const uint8_t *expected)
{
    list->algos = *algos;
    return weir_text_append(&list->expected, expected, algos->digest_size);
}

void wp_name_list_set_regular(struct name_list *list)
{
    list->regular = true;
}

void wp_name_list_free(struct name_list *list)
{
    weir_text_fini(&list->bytes);
    weir_text_fini(&list->expected);
    free(list);
}

static void free_list(struct list_of_files *list)
{
    wp_name_list_free(weir_container_of(list, struct name_list, list));
}

int wp_name_list_node(struct name_list *list, struct tree *tree, struct node **ret_root)
{
    if (list->count == 0) {
        wp_name_list_free(list);
        return 0;
    }
    for (uint32_t i = 0; i < list->count; i++)
        list->names[i] = list->bytes.data + list->starts[i];
    list->list = (struct list_of_files){
        .count = list->count,
        .names = list->names,
        .algos = list->algos.count > 0 ? &list->algos : NULL,
        .expected = (const uint8_t *)list->expected.data,
        .regular = list->regular,
        .free = free_list,
    };
    *ret_root = wp_node_list(tree, &list->list);
    return *ret_root == NULL ? -ENOMEM : 1;
}
