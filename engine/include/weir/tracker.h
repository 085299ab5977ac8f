/*
 * tracker.h - how many tasks of some kind there are, and a wait until there are none: for a graceful shutdown.
 *
 *     weir_detach(weir_tracker_spawn(tracker, WEIR_CALL(serve, .socket = socket)));
 *     ...
 *     weir_tracker_close(tracker);
 *     AWAIT(self->wait, weir_tracker_wait(tracker));
 *
 * Unlike a join set it keeps no results, aborts nothing, and may be used by many
 * tasks and threads at once.
 */
#ifndef WEIR_TRACKER_H
#define WEIR_TRACKER_H

#include <weir/combine.h>
#include <weir/notify.h>
#include <weir/task.h>

typedef struct weir_tracker weir_tracker;

/* 0 or -ENOMEM. What is tracked has a reference of its own. Any thread, all calls. */
WEIR_MUST_USE int weir_tracker_create(weir_tracker **ret_tracker);
weir_tracker *weir_tracker_ref(weir_tracker *tracker);
/* Takes NULL. */
void weir_tracker_unref(weir_tracker *tracker);

/* What is tracked now and has not ended. */
uint64_t weir_tracker_len(const weir_tracker *tracker);

/* From now on a wait ends when nothing is tracked; more may be tracked all the same. False: it was closed already. */
bool weir_tracker_close(weir_tracker *tracker);
bool weir_tracker_reopen(weir_tracker *tracker);
bool weir_tracker_is_closed(const weir_tracker *tracker);

/*
 * weir_tracker_wait() - wait until the tracker is closed and nothing is tracked.
 *
 * That both were so at one moment since the call is enough. Cancel safe.
 */
typedef struct weir_tracker_wait_future {
    weir_future future;
    weir_unit output;
    weir_tracker *tracker;
    weir_notify_wait_future wait;
} weir_tracker_wait_future;
WEIR_MUST_USE weir_tracker_wait_future weir_tracker_wait(weir_tracker *tracker);

/*
 * weir_track() - await the future in *slot, tracked from this call on until it has ended or was dropped.
 *
 * Resolves when that future is ready. The field is a weir_track_future, with
 * _local_, _lossy_ or _local_lossy_ after weir as *slot is.
 *
 * Ownership:   owns what is in the slot: drops it when it is itself dropped.
 * Cancel safe: as *slot is.
 */
#define weir_track(tracker, slot_ptr)                                              \
    WEIR_COMBINATOR_(track, WEIR_IS_SEND(*(slot_ptr)), WEIR_IS_LOSSY(*(slot_ptr)), \
                     weir_track_frame((tracker), WEIR_HEAD(*(slot_ptr))))

WEIR_COMBINATOR_TYPES_(track, weir_unit output; weir_tracker * tracker; weir_future * inner;);
WEIR_MUST_USE weir_track_future weir_track_frame(weir_tracker *tracker, weir_future *inner);

/*
 * weir_tracker_spawn() - as weir_spawn(), tracked until the future has ended or
 * was dropped: when its join handle says that it is finished it is tracked no more.
 */
#define weir_tracker_spawn(tracker_, ...)                                                              \
    __extension__({                                                                                    \
        typedef __typeof__(__VA_ARGS__) weir_inner_;                                                   \
        struct {                                                                                       \
            weir_track_future track;                                                                   \
            weir_inner_ inner;                                                                         \
        } weir_frame_ = { .inner = (__VA_ARGS__) };                                                    \
        _Static_assert(WEIR_IS_SEND(weir_frame_.inner),                                                \
                       "only a Send future can be spawned: another thread may poll it");               \
        _Static_assert(offsetof(__typeof__(weir_frame_), inner) == sizeof(weir_track_future),          \
                       "aligned as any future");                                                       \
        static const weir_future_type weir_type_ = {                                                   \
            .name = "tracked",                                                                         \
            .file = __FILE__,                                                                          \
            .poll = weir_tracked_poll,                                                                 \
            .drop = weir_tracked_drop,                                                                 \
            .size = sizeof weir_frame_,                                                                \
            .output_offset = offsetof(__typeof__(weir_frame_), inner) + offsetof(weir_inner_, output), \
            .output_size = sizeof(((weir_inner_ *)0)->output),                                         \
        };                                                                                             \
        weir_tracker_spawn_frame((tracker_), &weir_frame_.track, &weir_type_);                         \
    })
weir_join_handle weir_tracker_spawn_frame(weir_tracker *tracker, weir_track_future *frame,
                                          const weir_future_type *type);
weir_poll weir_tracked_poll(weir_future *future, weir_cx *cx);
void weir_tracked_drop(weir_future *future);

#endif
