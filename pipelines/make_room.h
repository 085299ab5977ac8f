/*
 * make_room.h - arrays that grow by doubling.
 *
 *     if (WP_MAKE_ROOM(self->files, self->count, self->room, 16) < 0)
 *         return -ENOMEM;
 *     self->files[self->count++] = file;
 */
#ifndef WP_MAKE_ROOM_H
#define WP_MAKE_ROOM_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Room for at least one more of `items`, a pointer to malloc's memory or NULL, of which `count` are there and `room`
 * would fit; there is room for `first` when it begins. All but `first` are lvalues, used more than once. 0, or -ENOMEM:
 * nothing has changed.
 */
#define WP_MAKE_ROOM(items, count, room, first)                                                                    \
    ({                                                                                                             \
        int error_ = 0;                                                                                            \
        if ((count) == (room)) {                                                                                   \
            const size_t wanted_ = (room) > 0 ? 2 * (size_t)(room) : (size_t)(first);                              \
            const __typeof__(room) room_ = (__typeof__(room))wanted_;                                              \
            __typeof__(items) larger_ = room_ == wanted_ ? reallocarray((items), wanted_, sizeof *(items)) : NULL; \
            if (larger_ != NULL) {                                                                                 \
                (items) = larger_;                                                                                 \
                (room) = room_;                                                                                    \
            } else {                                                                                               \
                error_ = -ENOMEM;                                                                                  \
            }                                                                                                      \
        }                                                                                                          \
        error_;                                                                                                    \
    })

#endif
