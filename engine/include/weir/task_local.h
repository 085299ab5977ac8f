/*
 * task_local.h - values that a future and all it awaits can see, without being handed them.
 *
 *     static const weir_task_local request_id = { "request_id" };
 *     ...
 *     self->call = WEIR_CALL(serve, .socket = socket);
 *     AWAIT(self->scope, weir_with_local(&request_id, &self->id, &self->call));
 *     ...
 *     const uint64_t *id = weir_local_get(&request_id);         anywhere below: in polls, in FINALLYs
 */
#ifndef WEIR_TASK_LOCAL_H
#define WEIR_TASK_LOCAL_H

#include <weir/combine.h>

/* A key: what counts is its address. */
typedef struct weir_task_local {
    const char *name;
} weir_task_local;

/*
 * weir_local_get() - the value of the innermost scope that sets `key`; NULL: none does.
 *
 * Also while the scope's future is dropped, be that by an abort, a panic or the
 * end of the runtime. A task that is spawned inside of a scope is not in it.
 */
void *weir_local_get(const weir_task_local *key);

/*
 * weir_with_local() - await the future in *slot, inside of which `key` has `value`.
 *
 * Resolves when that future is ready. The field is a weir_with_local_future, with
 * _local_, _lossy_ or _local_lossy_ after weir as *slot is.
 *
 * Ownership:   owns what is in the slot: drops it when it is itself dropped. The
 *              value is borrowed until then.
 * Cancel safe: as *slot is.
 */
#define weir_with_local(key, value, slot_ptr)                                           \
    WEIR_COMBINATOR_(with_local, WEIR_IS_SEND(*(slot_ptr)), WEIR_IS_LOSSY(*(slot_ptr)), \
                     weir_with_local_frame((key), (value), WEIR_HEAD(*(slot_ptr))))

WEIR_COMBINATOR_TYPES_(with_local, weir_unit output; const weir_task_local *key; void *value; weir_future * inner;);
WEIR_MUST_USE weir_with_local_future weir_with_local_frame(const weir_task_local *key, void *value, weir_future *inner);

/* The same around a call that doesn't await: fn(arg) sees `value`. */
void weir_with_local_call(const weir_task_local *key, void *value, void (*fn)(void *arg), void *arg);

#endif
