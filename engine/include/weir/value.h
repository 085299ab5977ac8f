/* value.h - how to copy and destroy values that a channel gives to several receivers (broadcast, watch). */
#ifndef WEIR_VALUE_H
#define WEIR_VALUE_H

#include <weir/base.h>

/*
 * Either may be NULL: values are then copied byte by byte, and nothing is done
 * with one that goes. For a value that owns something, such as a reference.
 * Both are called under the channel's lock: they may neither use the channel,
 * nor block, nor panic.
 */
typedef struct weir_value_ops {
    void (*copy)(void *to, const void *from);
    void (*drop)(void *value);
} weir_value_ops;

#endif
