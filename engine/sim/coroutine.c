/*
 * coroutine.c - x86-64 switches with a dozen instructions, others with ucontext
 * (two system calls a switch, which a million interleavings would feel).
 */
#include "coroutine.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#define STACK_SIZE ((size_t)256 << 10)

static _Thread_local struct coroutine *switching_from;

/* First thing after a switch, on the new stack. */
static void landed(struct coroutine *self)
{
#ifdef __SANITIZE_ADDRESS__
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(self->asan_fake_stack, &bottom, &size);
    if (switching_from->stack == NULL) { /* the thread's own: now we know where it is */
        switching_from->stack = (void *)(uintptr_t)bottom;
        switching_from->stack_size = size;
    }
#else
    (void)self;
#endif
}

static void first_landing(struct coroutine *self)
{
    landed(self);
    self->entry(self->arg);
    __builtin_trap(); /* it never returns */
}

#if defined(__x86_64__) && !defined(COROUTINE_UCONTEXT)

/* Saves what the System V ABI lets a callee keep; the rest is the caller's affair. */
void wi_coroutine_swap(void **ret_stack_pointer, void *stack_pointer);
void wi_coroutine_trampoline(void);
__asm__(".text\n"
        ".globl wi_coroutine_swap\n"
        ".hidden wi_coroutine_swap\n"
        ".type wi_coroutine_swap, @function\n"
        "wi_coroutine_swap:\n"
        "    pushq %rbp\n    pushq %rbx\n    pushq %r12\n    pushq %r13\n    pushq %r14\n    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n    popq %r14\n    popq %r13\n    popq %r12\n    popq %rbx\n    popq %rbp\n"
        "    ret\n"
        ".size wi_coroutine_swap, .-wi_coroutine_swap\n"
        ".globl wi_coroutine_trampoline\n"
        ".hidden wi_coroutine_trampoline\n"
        ".type wi_coroutine_trampoline, @function\n"
        "wi_coroutine_trampoline:\n"
        "    movq %rbx, %rdi\n"
        "    callq *%r12\n"
        "    ud2\n"
        ".size wi_coroutine_trampoline, .-wi_coroutine_trampoline\n");

static int prepare(struct coroutine *co)
{
    /* What wi_coroutine_swap() pops: r15 r14 r13 r12 rbx rbp, the address to return to; aligned as at a call. */
    uintptr_t *top = (uintptr_t *)((char *)co->stack + co->stack_size) - 11;
    top[0] = top[1] = top[2] = top[5] = 0;
    top[3] = (uintptr_t)first_landing;
    top[4] = (uintptr_t)co;
    top[6] = (uintptr_t)wi_coroutine_trampoline;
    top[7] = 0;
    co->context = top;
    return 0;
}

static void swap(struct coroutine *from, struct coroutine *to)
{
    wi_coroutine_swap(&from->context, to->context);
}

static void release(struct coroutine *co)
{
    co->context = NULL;
}

#else

#include <ucontext.h>

static void ucontext_landing(unsigned high, unsigned low)
{
    first_landing((struct coroutine *)(uintptr_t)((uint64_t)high << 32 | low));
}

static void *context_of(struct coroutine *co)
{
    if (co->context == NULL)
        co->context = malloc(sizeof(ucontext_t));
    return co->context;
}

static int prepare(struct coroutine *co)
{
    ucontext_t *context = context_of(co);
    if (context == NULL)
        return -ENOMEM;
    getcontext(context);
    context->uc_stack.ss_sp = co->stack;
    context->uc_stack.ss_size = co->stack_size;
    context->uc_link = NULL;
    const uint64_t address = (uintptr_t)co;
    makecontext(context, (void (*)(void))ucontext_landing, 2, (unsigned)(address >> 32), (unsigned)address);
    return 0;
}

static void swap(struct coroutine *from, struct coroutine *to)
{
    if (context_of(from) == NULL)
        __builtin_trap(); /* no memory for the place to come back to */
    swapcontext(from->context, to->context);
}

static void release(struct coroutine *co)
{
    free(co->context);
    co->context = NULL;
}

#endif

int coroutine_start(struct coroutine *co, void (*entry)(void *arg), void *arg)
{
    const size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    if (co->stack == NULL) {
        char *memory = mmap(NULL, guard + STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return -ENOMEM;
        if (mprotect(memory, guard, PROT_NONE) != 0) {
            (void)munmap(memory, guard + STACK_SIZE);
            return -ENOMEM;
        }
        co->stack = memory + guard;
        co->stack_size = STACK_SIZE;
    }
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(co->stack, co->stack_size); /* what an abandoned run left behind */
    co->asan_fake_stack = NULL;
#endif
#ifdef __SANITIZE_THREAD__
    if (co->tsan_fiber != NULL)
        __tsan_destroy_fiber(co->tsan_fiber);
    co->tsan_fiber = __tsan_create_fiber(0);
#endif
    co->entry = entry;
    co->arg = arg;
    return prepare(co);
}

void coroutine_switch(struct coroutine *from, struct coroutine *to)
{
    switching_from = from;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->asan_fake_stack, to->stack, to->stack_size);
#endif
#ifdef __SANITIZE_THREAD__
    from->tsan_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
    swap(from, to);
    landed(from);
}

void coroutine_fini(struct coroutine *co)
{
    const size_t guard = (size_t)sysconf(_SC_PAGESIZE);
#ifdef __SANITIZE_THREAD__
    if (co->entry != NULL)
        __tsan_destroy_fiber(co->tsan_fiber);
#endif
    release(co);
    if (co->entry != NULL)
        (void)munmap((char *)co->stack - guard, guard + co->stack_size);
    *co = (struct coroutine){ 0 };
}
