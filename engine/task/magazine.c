/* magazine.c - exchanging magazines. */
#include "magazine.h"

#include <stdlib.h>

static void put(struct magazine_depot *depot, size_t class, struct magazine *magazine)
{
    struct magazine **list = magazine->count > 0 ? &depot->stocked[class] : &depot->empty;
    magazine->next = *list;
    *list = magazine;
}

static struct magazine *take(struct magazine **list)
{
    struct magazine *magazine = *list;
    if (magazine != NULL)
        *list = magazine->next;
    return magazine;
}

static struct magazine *take_empty(struct magazine_depot *depot)
{
    struct magazine *magazine = take(&depot->empty);
    if (magazine == NULL && (magazine = malloc(sizeof *magazine)) != NULL)
        magazine->count = 0;
    return magazine;
}

bool wi_magazine_reload(struct magazine_depot *depot, size_t class, struct magazine_pair *pair)
{
    struct magazine *stocked = take(&depot->stocked[class]);
    if (stocked != NULL) {
        if (pair->loaded != NULL)
            put(depot, class, pair->loaded);
        pair->loaded = stocked;
    } else if (pair->loaded == NULL) {
        pair->loaded = take_empty(depot);
    }
    return pair->loaded != NULL;
}

bool wi_magazine_unload(struct magazine_depot *depot, size_t class, struct magazine_pair *pair)
{
    struct magazine *empty = take_empty(depot);
    if (empty == NULL)
        return false;
    if (pair->loaded != NULL)
        put(depot, class, pair->loaded);
    pair->loaded = empty;
    return true;
}

void wi_magazine_flush(struct magazine_depot *depot, size_t class, struct magazine_pair *pair)
{
    for (int i = 0; i < 2; i++, magazine_swap(pair)) {
        if (pair->loaded == NULL)
            continue;
        put(depot, class, pair->loaded);
        pair->loaded = NULL;
    }
}

static void free_list(struct magazine **list)
{
    for (struct magazine *magazine; (magazine = take(list)) != NULL;)
        free(magazine);
}

void wi_magazine_free_all(struct magazine_depot *depot)
{
    for (size_t class = 0; class < MAGAZINE_CLASSES; class ++)
        free_list(&depot->stocked[class]);
    free_list(&depot->empty);
}
