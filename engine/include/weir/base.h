/* base.h - what every header of weir needs: attributes, container_of, the unit type. */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_VERSION "0.1.0"

#ifdef __cplusplus
#error "weir is C; its headers use _Generic and statement expressions"
#endif

/* The address of the structure that `member` at `ptr` lies in. */
#define weir_container_of(ptr, type, member) ((type *)(void *)((char *)(uintptr_t)(ptr)-offsetof(type, member)))

#define WEIR_MUST_USE __attribute__((warn_unused_result))
#define WEIR_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#define WEIR_PUBLIC __attribute__((visibility("default"))) /* seen by plugins, too */
#define WEIR_NORETURN __attribute__((noreturn))

#define weir_likely(condition) __builtin_expect(!!(condition), 1)
#define weir_unlikely(condition) __builtin_expect(!!(condition), 0)

/* The output of a future that resolves to nothing but the fact. */
typedef struct weir_unit {
    char nothing[0];
} weir_unit;

#endif
