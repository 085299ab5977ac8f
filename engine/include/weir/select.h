/*
 * select.h - several futures in one await: the first that is ready, or all.
 *
 *     self->message = weir_mpsc_recv(...);
 *     self->nap = weir_sleep_for(WEIR_SEC(30));
 *     AWAIT(self->which, weir_select(self->message, self->nap));
 *     if (self->which.output == 0) -> self->message.output
 *
 * The branches are slots of the caller's frame that hold futures already,
 * started or not. A slot that is empty or done is a branch that is switched off
 * (by weir_drop(), say): it is never polled and never waited for.
 *
 * The combinators are Send if all their branches are, lossy if dropping one of
 * these would lose data; their type says so: weir_select_future,
 * weir_local_select_future, weir_lossy_select_future,
 * weir_local_lossy_select_future, and the same with join_all and try_join_all.
 * They take up to 64 slots; with more, those with _array. With more than 8 the
 * field is a weir_wide_select_future (weir_local_wide_select_future, ...), which
 * has room for 64.
 */
#ifndef WEIR_SELECT_H
#define WEIR_SELECT_H

#include <weir/combine.h>

#define WEIR_BRANCHES_NEAR 8
#define WEIR_BRANCHES_WIDE 64

/* What a combinator polls. The fields are the engine's. */
typedef struct weir_branches {
    weir_future *const *far; /* NULL: they are in near[] */
    unsigned count;
    unsigned flags;
    unsigned turn; /* who is polled first next time */
    weir_future *near[WEIR_BRANCHES_NEAR];
} weir_branches;

/* The same with room for more: it begins as that does. */
typedef struct weir_wide_branches {
    weir_future *const *far;
    unsigned count;
    unsigned flags;
    unsigned turn;
    weir_future *near[WEIR_BRANCHES_WIDE];
} weir_wide_branches;

WEIR_COMBINATOR_TYPES_(select, int output; weir_branches branches;);
WEIR_COMBINATOR_TYPES_(join_all, weir_unit output; weir_branches branches;);
WEIR_COMBINATOR_TYPES_(try_join_all, int output; weir_branches branches;);
WEIR_COMBINATOR_TYPES_(wide_select, int output; weir_wide_branches branches;);
WEIR_COMBINATOR_TYPES_(wide_join_all, weir_unit output; weir_wide_branches branches;);
WEIR_COMBINATOR_TYPES_(wide_try_join_all, int output; weir_wide_branches branches;);

/*
 * weir_select() - wait for the first of several futures; the others are dropped.
 *
 * Resolves to the index of the branch that was ready (its output is in its
 * slot), or to -1 when all of them are switched off. Each poll starts at a
 * random branch, so none can starve another; weir_select_biased() tries them in
 * order each time: for when the first ones matter more (a shutdown signal
 * before the work) and are not always ready.
 *
 * Ownership:   owns the branches: drops them when it is itself dropped.
 * Cancel safe: as its branches are. A branch that loses data when it is dropped
 *              is refused at compile time; weir_select_lossy() takes it.
 */
#define weir_select(...) weir_select_with(0u, __VA_ARGS__)
#define weir_select_biased(...) weir_select_with(WEIR_SELECT_BIASED, __VA_ARGS__)
#define weir_select_lossy(...) weir_select_with(WEIR_SELECT_LOSSY, __VA_ARGS__)

/*
 * weir_select_ref() - the same, but the losers STAY in their slots, as they are.
 *
 * For a future that outlives one turn of a loop. It never drops a branch, not
 * even when it is dropped itself: weir_drop() every slot in your FINALLY. And a
 * loser is not polled between two selects: if it holds what others queue for (a
 * permit, a lock, a place in a channel), they wait until you poll it again.
 */
#define weir_select_ref(...) weir_select_with(WEIR_SELECT_REF, __VA_ARGS__)

/* Any of these at once, for weir_select_with() and weir_select_array(). */
#define WEIR_SELECT_BIASED 1u
#define WEIR_SELECT_LOSSY 2u
#define WEIR_SELECT_REF 4u

#define weir_select_with(flags_, ...)                                                                      \
    __extension__({                                                                                        \
        WEIR_CHECK_COUNT_(select, __VA_ARGS__);                                                            \
        WEIR_EACH_(WEIR_CHECK_KEEP_, ((flags_) & (WEIR_SELECT_LOSSY | WEIR_SELECT_REF)) != 0, __VA_ARGS__) \
        WEIR_COMBINE_BRANCHES_(select, ((flags_)&WEIR_SELECT_REF) == 0, flags_, __VA_ARGS__);              \
    })

/*
 * WEIR_IF() - a branch only while `condition` holds, for the macros above and those of join below.
 *
 *     AWAIT(self->which, weir_select(WEIR_IF(self->queued > 0, self->write), self->read));
 *
 * Looked at once, when the select is made. A slot that is switched off so is
 * neither polled nor dropped: it stays yours.
 */
#define WEIR_IF(condition, slot) (*((condition) ? &(slot) : (__typeof__(&(slot)))(void *)(uintptr_t)weir_switched_off))
extern const unsigned char weir_switched_off[]; /* an empty slot of any type */

/*
 * weir_select_array() - a select over any number of slots; a poll polls all of them.
 *
 *     self->arm[i] = WEIR_BRANCH(self->call[i]);
 *     AWAIT(self->which, weir_select_array(0, self->arm, ARMS));
 *
 * The array is read until the select is ready or dropped. WEIR_BRANCH() takes
 * Send futures that lose nothing when dropped.
 */
WEIR_MUST_USE weir_select_future weir_select_array(unsigned flags, weir_future *const *branches, unsigned count);

#define WEIR_BRANCH(slot)                                                                            \
    __extension__({                                                                                  \
        _Static_assert(WEIR_IS_SEND(slot), "a branch in an array must be Send");                     \
        _Static_assert(!WEIR_IS_LOSSY(slot), "a branch in an array must lose nothing when dropped"); \
        WEIR_HEAD(slot);                                                                             \
    })

/*
 * weir_join_all() - wait until all of several futures are ready.
 *
 * Resolves to nothing; each output is in its slot. Each poll starts at the
 * branch after the one the last poll started at, so that no branch uses up the
 * budget of the others for good.
 *
 * Ownership:   owns the branches: drops those that are not done when it is
 *              itself dropped.
 * Cancel safe: as its branches are; done ones keep their outputs.
 */
#define weir_join_all(...)                                   \
    __extension__({                                          \
        WEIR_CHECK_COUNT_(join_all, __VA_ARGS__);            \
        WEIR_COMBINE_BRANCHES_(join_all, 1, 0, __VA_ARGS__); \
    })
WEIR_MUST_USE weir_join_all_future weir_join_all_array(weir_future *const *branches, unsigned count);

/*
 * weir_try_join_all() - the same for futures whose output is a signed integer,
 * negative for an error: the first error ends it, and the rest are dropped.
 *
 * Resolves to that error (negative), or to 0 when all were ready without one.
 *
 * Since it drops, it refuses branches that lose data by that;
 * weir_try_join_all_lossy() takes them.
 */
#define weir_try_join_all(...)                       \
    __extension__({                                  \
        WEIR_EACH_(WEIR_CHECK_KEEP_, 0, __VA_ARGS__) \
        weir_try_join_all_lossy(__VA_ARGS__);        \
    })
#define weir_try_join_all_lossy(...)                             \
    __extension__({                                              \
        WEIR_CHECK_COUNT_(try_join_all, __VA_ARGS__);            \
        WEIR_EACH_(WEIR_CHECK_STATUS_, 0, __VA_ARGS__)           \
        WEIR_COMBINE_BRANCHES_(try_join_all, 1, 0, __VA_ARGS__); \
    })
/* -EINVAL: one of the branches has an output that is neither an int nor as wide as an int64_t. */
WEIR_MUST_USE weir_try_join_all_future weir_try_join_all_array(weir_future *const *branches, unsigned count);

/* --- behind the macros ----------------------------------------------------------- */

#define WEIR_CHECK_COUNT_(name_, ...) \
    _Static_assert(WEIR_COUNT_(__VA_ARGS__) <= WEIR_BRANCHES_WIDE, "more than 64 slots: use weir_" #name_ "_array")
#define WEIR_CHECK_KEEP_(allowed_, slot)                                       \
    _Static_assert((allowed_) || !WEIR_IS_LOSSY(slot),                         \
                   "dropping this future loses data, and a loser is dropped: " \
                   "keep it with weir_select_ref, or use the _lossy variant if it may be lost");
/* Laid out by hand, since clang-format takes the types of a _Generic for labels. */
/* clang-format off */
#define WEIR_CHECK_STATUS_(unused_, slot)                                                  \
    _Static_assert(_Generic((slot).output, int: 1, long: 1, long long: 1, default: 0), \
                   "try_join_all needs outputs that are an int or an int64_t: a negative one is an error");
/* clang-format on */

#define WEIR_COMBINE_BRANCHES_(name_, drops_, flags_, ...) \
    WEIR_COMBINE_AS_(WEIR_NAME_(WEIR_WIDTH_(__VA_ARGS__), name_), drops_, flags_, __VA_ARGS__)
#define WEIR_NAME_(width_, name_) WEIR_NAME_PASTE_(width_, name_)
#define WEIR_NAME_PASTE_(width_, name_) WEIR_NAME_##width_##_(name_)
#define WEIR_NAME_0_(name_) name_
#define WEIR_NAME_1_(name_) wide_##name_
#define WEIR_COMBINE_AS_(name_, drops_, flags_, ...)                                 \
    WEIR_COMBINATOR_OF_(name_, WEIR_EVERY_(WEIR_SLOT_IS_SEND_, 0, __VA_ARGS__),      \
                        (drops_) && WEIR_ANY_(WEIR_SLOT_IS_LOSSY_, 0, __VA_ARGS__),  \
                        .branches = {                                                \
                            .count = WEIR_COUNT_(__VA_ARGS__),                       \
                            .flags = (flags_),                                       \
                            .near = { WEIR_LIST_(WEIR_SLOT_HEAD_, 0, __VA_ARGS__) }, \
                        })

extern const weir_future_type weir_select_type;
extern const weir_future_type weir_join_all_type;
extern const weir_future_type weir_try_join_all_type;
extern const weir_future_type weir_wide_select_type;
extern const weir_future_type weir_wide_join_all_type;
extern const weir_future_type weir_wide_try_join_all_type;

#endif
