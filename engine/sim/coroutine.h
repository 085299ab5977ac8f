/*
 * coroutine.h - a stack of its own, switched by hand: the workers of a simulation
 * are coroutines on one thread, and so are the threads of the interleaving explorer.
 */
#ifndef WI_COROUTINE_H
#define WI_COROUTINE_H

#include <stddef.h>

struct coroutine {
    void *context; /* where it stands while another runs */
    void *stack;
    size_t stack_size;
    void (*entry)(void *arg);
    void *arg;
    void *asan_fake_stack;
    void *tsan_fiber;
};

/*
 * 0 or -ENOMEM. Makes `co` start in entry(arg), which never returns, at the next switch to
 * it. Again on the same coroutine: forgets where it stood, keeps the stack.
 */
int coroutine_start(struct coroutine *co, void (*entry)(void *arg), void *arg);
/* `from` is what runs now; for the thread's own stack it may be all zeros. Returns when something switches back. */
void coroutine_switch(struct coroutine *from, struct coroutine *to);
void coroutine_fini(struct coroutine *co);

#endif
