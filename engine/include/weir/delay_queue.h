/*
 * delay_queue.h - values that come out when their time has come.
 *
 * For what waits by the thousand, such as the entries of a cache that expire or
 * requests to be tried again: one timer for all, each with a key by which it
 * can be put off or taken back. The values come in the order of their times, to
 * the millisecond. After tokio-util's DelayQueue.
 *
 * It belongs to one task at a time: nothing here may be called at once.
 */
#ifndef WEIR_DELAY_QUEUE_H
#define WEIR_DELAY_QUEUE_H

#include <weir/time.h>

typedef struct weir_delay_queue weir_delay_queue;

/* Names a value as long as it is in the queue, and nothing afterwards. 0 names none. */
typedef uint64_t weir_delay_key;

/*
 * A queue of values of value_size bytes (0 is fine). value_drop (may be NULL)
 * is called with those that never come out. 0 or -ENOMEM.
 */
WEIR_MUST_USE int weir_delay_queue_create(size_t value_size, void (*value_drop)(void *value),
                                          weir_delay_queue **ret_queue);
/* Takes NULL. No weir_delay_queue_next() may be under way. */
void weir_delay_queue_destroy(weir_delay_queue *queue);

/*
 * A copy of *value, to come out in duration_ns, counted from now, or at
 * deadline_ns. 0 with its key in *ret_key (may be NULL), or -ENOMEM: then what
 * the value owns is still the caller's.
 */
WEIR_MUST_USE int weir_delay_queue_insert(weir_delay_queue *queue, const void *value, int64_t duration_ns,
                                          weir_delay_key *ret_key);
WEIR_MUST_USE int weir_delay_queue_insert_at(weir_delay_queue *queue, const void *value, int64_t deadline_ns,
                                             weir_delay_key *ret_key);

/* Another time for it, earlier or later; the key stays. 0, or -ENOENT: it isn't there any more. */
int weir_delay_queue_reset(weir_delay_queue *queue, weir_delay_key key, int64_t duration_ns);
int weir_delay_queue_reset_at(weir_delay_queue *queue, weir_delay_key key, int64_t deadline_ns);

/* Takes it back into *ret_value, or destroys it where that is NULL. 0, or -ENOENT. */
int weir_delay_queue_remove(weir_delay_queue *queue, weir_delay_key key, void *ret_value);

/* When it is to come out; -ENOENT. */
int64_t weir_delay_queue_deadline(const weir_delay_queue *queue, weir_delay_key key);

size_t weir_delay_queue_len(const weir_delay_queue *queue);

/*
 * weir_delay_queue_next() - wait for the next value whose time has come.
 *
 * Resolves to 0 with the value in *ret_value and its key, which names it no
 * more, in `key`; or to -ENODATA: the queue is empty. One that is inserted while
 * this waits is waited for, too.
 *
 * Ownership:   borrows `queue` and `ret_value`; the value is the caller's.
 * Cancel safe: yes; no value is lost. One `next` of a queue at a time.
 */
typedef struct weir_delay_queue_next_future {
    weir_future future;
    int output;
    weir_delay_key key;
    weir_delay_queue *queue;
    void *ret_value;
} weir_delay_queue_next_future;

WEIR_MUST_USE weir_delay_queue_next_future weir_delay_queue_next(weir_delay_queue *queue, void *ret_value);

#endif
