/* thread_await.h - a thread outside of any runtime waits for one of the futures of this folder. */
#ifndef WI_THREAD_AWAIT_H
#define WI_THREAD_AWAIT_H

#include <weir/future.h>

/*
 * Polls `future` to its end and sleeps in between; done with it, the slot is done. Only for leaves that borrow their
 * waker under a lock (waiters.h): the waker lives on this stack.
 */
void wi_thread_await(weir_future *future);

/* A task that would block its worker has a fault, and fails: says which call it was. */
void wi_thread_await_check(const char *function);

#endif
