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

/* m(arg, slot) for each of up to 64 slots: one after the other, with commas between, and with && or ||. */
#define WEIR_EACH_(m, arg, ...) WEIR_FOLD_(m, arg, WEIR_NOTHING_, __VA_ARGS__)
#define WEIR_LIST_(m, arg, ...) WEIR_FOLD_(m, arg, WEIR_COMMA_, __VA_ARGS__)
#define WEIR_EVERY_(m, arg, ...) (WEIR_FOLD_(m, arg, WEIR_AND_, __VA_ARGS__))
#define WEIR_ANY_(m, arg, ...) (WEIR_FOLD_(m, arg, WEIR_OR_, __VA_ARGS__))

#define WEIR_NOTHING_()
#define WEIR_COMMA_() ,
#define WEIR_AND_() &&
#define WEIR_OR_() ||

/* clang-format off */
#define WEIR_COUNT_(...) \
    WEIR_66TH_(__VA_ARGS__, \
               65, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, \
               40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, \
               15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WEIR_66TH_( \
                   a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, \
                   a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, \
                   a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, \
                   a59, a60, a61, a62, a63, a64, n, ...) \
    n
/* Of the same slots: 0 for up to 8, 1 for up to 64, 2 for more. */
#define WEIR_WIDTH_(...) \
    WEIR_66TH_(__VA_ARGS__, \
               2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, \
               1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, \
               0, 0)
/* clang-format on */
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
#define WEIR_FOLD_9_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_8_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_10_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_9_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_11_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_10_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_12_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_11_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_13_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_12_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_14_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_13_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_15_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_14_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_16_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_15_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_17_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_16_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_18_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_17_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_19_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_18_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_20_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_19_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_21_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_20_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_22_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_21_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_23_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_22_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_24_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_23_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_25_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_24_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_26_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_25_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_27_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_26_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_28_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_27_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_29_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_28_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_30_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_29_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_31_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_30_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_32_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_31_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_33_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_32_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_34_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_33_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_35_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_34_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_36_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_35_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_37_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_36_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_38_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_37_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_39_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_38_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_40_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_39_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_41_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_40_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_42_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_41_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_43_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_42_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_44_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_43_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_45_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_44_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_46_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_45_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_47_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_46_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_48_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_47_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_49_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_48_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_50_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_49_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_51_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_50_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_52_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_51_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_53_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_52_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_54_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_53_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_55_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_54_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_56_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_55_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_57_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_56_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_58_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_57_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_59_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_58_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_60_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_59_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_61_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_60_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_62_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_61_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_63_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_62_(m, arg, sep, __VA_ARGS__)
#define WEIR_FOLD_64_(m, arg, sep, a, ...) m(arg, a) sep() WEIR_FOLD_63_(m, arg, sep, __VA_ARGS__)

#define WEIR_SLOT_HEAD_(arg, slot) WEIR_HEAD(slot)
#define WEIR_SLOT_IS_SEND_(arg, slot) WEIR_IS_SEND(slot)
#define WEIR_SLOT_IS_LOSSY_(arg, slot) WEIR_IS_LOSSY(slot)

#endif
