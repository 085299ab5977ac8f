/*
 * combine.h - what the macros of combinators (select, join, timeout) share: a
 * combinator is Send if all its branches are, and loses data if one of them
 * does. So it comes in four types that differ in their head only, and the
 * compiler picks the one.
 */
#ifndef WEIR_COMBINE_H
#define WEIR_COMBINE_H

#include <weir/future.h>

/* weir_X_future, weir_local_X_future, weir_lossy_X_future and weir_local_lossy_X_future, with the same fields. */
#define WEIR_COMBINATOR_TYPES_(name_, ...)                                              \
    WEIR_COMBINATOR_TYPE_(weir_##name_##_future, weir_future, __VA_ARGS__);             \
    WEIR_COMBINATOR_TYPE_(weir_local_##name_##_future, weir_local_future, __VA_ARGS__); \
    WEIR_COMBINATOR_TYPE_(weir_lossy_##name_##_future, weir_lossy_future, __VA_ARGS__); \
    WEIR_COMBINATOR_TYPE_(weir_local_lossy_##name_##_future, weir_local_lossy_future, __VA_ARGS__)
#define WEIR_COMBINATOR_TYPE_(type_, head_, ...) \
    typedef struct type_ {                       \
        head_ future;                            \
        __VA_ARGS__                              \
    } type_

/* The value `frame` (a weir_X_future) as the type that fits; is_send and is_lossy are constants. */
#define WEIR_COMBINATOR_(name_, is_send_, is_lossy_, ...)                                                         \
    __extension__({                                                                                               \
        const weir_##name_##_future weir_combined_ = (__VA_ARGS__);                                               \
        __builtin_choose_expr(                                                                                    \
            (is_send_),                                                                                           \
            __builtin_choose_expr((is_lossy_), WEIR_REHEAD_(name_, weir_lossy_##name_##_future), weir_combined_), \
            __builtin_choose_expr((is_lossy_), WEIR_REHEAD_(name_, weir_local_lossy_##name_##_future),            \
                                  WEIR_REHEAD_(name_, weir_local_##name_##_future)));                             \
    })
#define WEIR_REHEAD_(name_, type_)   \
    (((union {                       \
         weir_##name_##_future from; \
         type_ to;                   \
     }){ .from = weir_combined_ })   \
         .to)

/*
 * The same from the fields besides the head. Each type has a literal of its own, which the compiler builds where it is
 * to lie: a copy would read with wide loads what narrow stores have just written, and wait for them every time.
 */
#define WEIR_COMBINATOR_OF_(name_, is_send_, is_lossy_, ...)                                                      \
    __builtin_choose_expr(                                                                                        \
        (is_send_),                                                                                               \
        __builtin_choose_expr((is_lossy_), WEIR_COMBINED_(name_, weir_lossy_##name_##_future, __VA_ARGS__),       \
                              WEIR_COMBINED_(name_, weir_##name_##_future, __VA_ARGS__)),                         \
        __builtin_choose_expr((is_lossy_), WEIR_COMBINED_(name_, weir_local_lossy_##name_##_future, __VA_ARGS__), \
                              WEIR_COMBINED_(name_, weir_local_##name_##_future, __VA_ARGS__)))
#define WEIR_COMBINED_(name_, type_, ...) \
    ((type_){ .future = WEIR_HEAD_INIT_(((type_ *)0)->future, weir_##name_##_type), __VA_ARGS__ })

/* m(arg, slot) for each of up to 8 slots: one after the other, with commas between, and with && or ||. */
#define WEIR_EACH_(m, arg, ...) WEIR_FOLD_(m, arg, WEIR_NOTHING_, __VA_ARGS__)
#define WEIR_LIST_(m, arg, ...) WEIR_FOLD_(m, arg, WEIR_COMMA_, __VA_ARGS__)
#define WEIR_EVERY_(m, arg, ...) (WEIR_FOLD_(m, arg, WEIR_AND_, __VA_ARGS__))
#define WEIR_ANY_(m, arg, ...) (WEIR_FOLD_(m, arg, WEIR_OR_, __VA_ARGS__))

#define WEIR_NOTHING_()
#define WEIR_COMMA_() ,
#define WEIR_AND_() &&
#define WEIR_OR_() ||

#define WEIR_COUNT_(...) WEIR_TENTH_(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WEIR_TENTH_(a, b, c, d, e, f, g, h, i, n, ...) n
#define WEIR_FOLD_(m, arg, sep, ...) WEIR_FOLD_PICK_(WEIR_COUNT_(__VA_ARGS__))(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_PICK_(n) WEIR_FOLD_PASTE_(n)
#define WEIR_FOLD_PASTE_(n) WEIR_FOLD_##n##_
#define WEIR_FOLD_1_(m, arg, sep, a) m(arg, a)
#define WEIR_FOLD_2_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_1_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_3_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_2_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_4_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_3_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_5_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_4_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_6_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_5_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_7_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_6_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_8_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_7_(m, arg, sep, __VA_ARGS__)

#define WEIR_SLOT_HEAD_(arg, slot) WEIR_HEAD(slot)
#define WEIR_SLOT_IS_SEND_(arg, slot) WEIR_IS_SEND(slot)
#define WEIR_SLOT_IS_LOSSY_(arg, slot) WEIR_IS_LOSSY(slot)

#endif
