/*
 * join_map.h - a set of tasks, each under a key of its own.
 *
 *     (void)weir_join_map_spawn(self->map, host, strlen(host), WEIR_CALL(probe, .host = host));
 *     ...
 *     weir_join_map_abort(self->map, host, strlen(host));
 *     ...
 *     AWAIT(self->next, weir_join_map_next(self->map, &self->result));
 *     if (self->next.output == 1) -> self->next.key, self->next.key_size, self->next.status
 *
 * Keys are bytes, and are copied. A map belongs to one task at a time.
 */
#ifndef WEIR_JOIN_MAP_H
#define WEIR_JOIN_MAP_H

#include <weir/join_set.h>

typedef struct weir_join_map weir_join_map;

/* A map that never holds more than `bound` tasks. Returns 0, -EINVAL (bound 0) or -ENOMEM. */
WEIR_MUST_USE int weir_join_map_create(size_t bound, weir_join_map **ret_map);
/* Aborts every task of the map and frees it, without waiting. Takes NULL. For FINALLY. */
void weir_join_map_destroy(weir_join_map *map);

/*
 * weir_join_map_spawn() - spawn a task under a key.
 *
 * A task that is there under that key already is aborted, and its result never
 * comes; it counts towards the bound until it is gone and weir_join_map_next()
 * was called.
 *
 * Returns 0, -EAGAIN (full: the future was dropped), -ENOMEM, or -ECANCELED (the
 * runtime is shutting down); in each of these nothing was replaced.
 */
#define weir_join_map_spawn(map, key, key_size, ...)                                                                \
    __extension__({                                                                                                 \
        __typeof__(__VA_ARGS__) weir_frame_ = (__VA_ARGS__);                                                        \
        _Static_assert(WEIR_IS_SEND(weir_frame_), "only a Send future can be spawned: another thread may poll it"); \
        weir_join_map_spawn_frame((map), (key), (key_size), WEIR_HEAD(weir_frame_));                                \
    })
int weir_join_map_spawn_frame(weir_join_map *map, const void *key, size_t key_size, weir_future *frame);

/* As weir_join_set_reserve(): room for the next spawn. */
WEIR_MUST_USE weir_join_set_room weir_join_map_reserve(weir_join_map *map);

/*
 * weir_join_map_next() - await whichever task of the map ends first.
 *
 * Resolves to 1, with the task's key, `status` and output as weir_join_next()
 * gives them; or to 0 when the map is empty. The key is the map's, until the next
 * call with it.
 *
 * Cancel safe: a task that ended is still in the map.
 */
typedef struct weir_join_map_next_future {
    weir_future future;
    int output;
    int status;
    const void *key;
    size_t key_size;
    weir_join_map *map;
    weir_join_next_future next;
} weir_join_map_next_future;
WEIR_MUST_USE weir_join_map_next_future weir_join_map_next(weir_join_map *map, void *ret_output);

/* Aborts the task under a key; its result comes as -ECANCELED, unless it has ended. False: there is none. */
bool weir_join_map_abort(weir_join_map *map, const void *key, size_t key_size);
/* Aborts those whose key the function says true to. Returns how many. */
size_t weir_join_map_abort_matching(weir_join_map *map, bool (*matches)(void *arg, const void *key, size_t key_size),
                                    void *arg);
void weir_join_map_abort_all(weir_join_map *map);
/* Lets all run on unobserved; the map is empty, and may be used again. */
void weir_join_map_detach_all(weir_join_map *map);

bool weir_join_map_contains(const weir_join_map *map, const void *key, size_t key_size);
/* Keys in the map, those of ended tasks that were not joined included. */
size_t weir_join_map_len(const weir_join_map *map);

#endif
