/*
 * check.h - the few words a test program needs.
 *
 *     static void test_a_promise(void) { CHECK(1 + 1 == 2); CHECK_EQ(f(), 0); }
 *     int main(void) { RUN(test_a_promise); return check_done(); }
 *
 * A failed CHECK prints its place and ends the program with 1. check_done()
 * fails when nothing was checked. TEST_FILTER=substring runs only those.
 */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t check_count __attribute__((unused));

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        __atomic_fetch_add(&check_count, 1, __ATOMIC_RELAXED);                                    \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "%s:%d: %s: failed: %s\n", __FILE__, __LINE__, __func__, #condition); \
            fflush(NULL);                                                                         \
            _Exit(1);                                                                             \
        }                                                                                         \
    } while (0)

#define CHECK_EQ(got, wanted)                                                                                        \
    do {                                                                                                             \
        __atomic_fetch_add(&check_count, 1, __ATOMIC_RELAXED);                                                       \
        const intmax_t check_got_ = (intmax_t)(got), check_wanted_ = (intmax_t)(wanted);                             \
        if (check_got_ != check_wanted_) {                                                                           \
            fprintf(stderr, "%s:%d: %s: %s is %" PRIdMAX ", not %" PRIdMAX "\n", __FILE__, __LINE__, __func__, #got, \
                    check_got_, check_wanted_);                                                                      \
            fflush(NULL);                                                                                            \
            _Exit(1);                                                                                                \
        }                                                                                                            \
    } while (0)

#define CHECK_STR(got, wanted)                                                                           \
    do {                                                                                                 \
        __atomic_fetch_add(&check_count, 1, __ATOMIC_RELAXED);                                           \
        const char *check_got_ = (got), *check_wanted_ = (wanted);                                       \
        if (check_got_ == NULL || strcmp(check_got_, check_wanted_) != 0) {                              \
            fprintf(stderr, "%s:%d: %s: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, __func__, #got, \
                    check_got_ == NULL ? "(null)" : check_got_, check_wanted_);                          \
            fflush(NULL);                                                                                \
            _Exit(1);                                                                                    \
        }                                                                                                \
    } while (0)

#define RUN(test)                                                \
    do {                                                         \
        const char *filter_ = getenv("TEST_FILTER");             \
        if (filter_ == NULL || strstr(#test, filter_) != NULL) { \
            test();                                              \
            printf("ok %s\n", #test);                            \
            fflush(stdout);                                      \
        }                                                        \
    } while (0)

static inline int check_done(void)
{
    if (check_count == 0 && getenv("TEST_FILTER") == NULL) {
        fprintf(stderr, "nothing was checked\n");
        return 1;
    }
    return 0;
}

#endif
