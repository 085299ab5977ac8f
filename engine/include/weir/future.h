/*
 * future.h - futures: state machines that have run nothing until polled.
 *
 * A future is a struct whose first member is `future` (its head) and, where it
 * resolves to something, a member `output`. Its constructor returns it by value
 * and runs nothing. AWAIT(slot, constructor(...)) puts it in its place in the
 * frame and polls it. From its first poll on a future may not move.
 *
 *     WEIR_ASYNC(twice, int, int x; weir_sleep nap;)
 *     {
 *         WEIR_BEGIN
 *         AWAIT(self->nap, weir_sleep_for(1000000));
 *         RETURN(2 * self->x);
 *         WEIR_FINALLY
 *         WEIR_END
 *     }
 *     ...
 *     AWAIT(self->call, WEIR_CALL(twice, .x = 21));
 *
 * Rules of a body, all checked by the compiler or by a debug build: what lives
 * across an AWAIT is a field of the frame; no `switch` around one; one AWAIT a
 * line; no AWAIT after WEIR_FINALLY.
 *
 * Who owns what: a future owns its arguments. FINALLY runs exactly once for
 * every future that finished or was dropped, also for one that was dropped
 * before its first poll. The output belongs to whoever awaited.
 */
#ifndef WEIR_FUTURE_H
#define WEIR_FUTURE_H

#include <weir/base.h>

typedef enum weir_poll {
    WEIR_PENDING, /* the waker will be woken when it pays to poll again */
    WEIR_READY,   /* `output` is there; the future may not be polled again */
} weir_poll;

/*
 * A waker is the first member of whatever it wakes (a task, a parked thread, a
 * mock). wake() may be called from any thread, any number of times, under any
 * lock: it makes one atomic transition and puts the task in a queue, no more.
 *
 * Who keeps a waker past the poll that showed it calls weir_waker_hold() and
 * later weir_waker_release(). There is one exception: a waiter inside the
 * future's own frame, which the future's drop unlinks under a lock, may borrow
 * the waker if it is woken under that same lock.
 */
typedef struct weir_waker weir_waker;

typedef struct weir_waker_type {
    void (*wake)(weir_waker *waker);
    void (*hold)(weir_waker *waker);
    void (*release)(weir_waker *waker);
} weir_waker_type;

struct weir_waker {
    const weir_waker_type *type;
};

static inline void weir_wake(weir_waker *waker)
{
    waker->type->wake(waker);
}

static inline weir_waker *weir_waker_hold(weir_waker *waker)
{
    waker->type->hold(waker);
    return waker;
}

/* Takes NULL. */
static inline void weir_waker_release(weir_waker *waker)
{
    if (waker != NULL)
        waker->type->release(waker);
}

/* What a poll may use. It lives for the length of one poll. */
typedef struct weir_cx {
    weir_waker *waker;          /* borrowed, see above */
    struct weir_worker *worker; /* who polls; NULL in a mock without a runtime */
    uint32_t budget;            /* steps of runtime primitives left in this poll */
    bool yielded;               /* poll me again after the others had a turn */
    bool forced;                /* ... since the budget is used up */
} weir_cx;

#define WEIR_BUDGET_FULL 128u
#define WEIR_BUDGET_UNCONSTRAINED UINT32_MAX

/*
 * weir_budget_take() - one step of cooperative budget, for the authors of leaf futures.
 *
 * A leaf that is about to make progress takes a step first. False means that
 * the task had its share: return WEIR_PENDING at once, the poll is repeated
 * after the other tasks. A leaf that took a step and then turns out to be
 * pending gives it back.
 */
static inline bool weir_budget_take(weir_cx *cx)
{
    if (weir_unlikely(cx->budget == 0)) {
        cx->yielded = true;
        cx->forced = true;
        return false;
    }
    cx->budget -= cx->budget != WEIR_BUDGET_UNCONSTRAINED;
    return true;
}

static inline void weir_budget_give_back(weir_cx *cx)
{
    cx->budget += cx->budget != WEIR_BUDGET_UNCONSTRAINED;
}

typedef struct weir_future weir_future;
typedef struct weir_wait weir_wait;

typedef struct weir_future_type {
    const char *name;
    const char *file;
    weir_poll (*poll)(weir_future *self, weir_cx *cx);
    void (*drop)(weir_future *self); /* never blocks, never awaits; NULL: nothing to release */
    uint32_t size;                   /* of the whole frame */
    uint32_t output_offset;
    uint32_t output_size;
    /*
     * For dumps (weir/dump.h), may be NULL: says what a suspended leaf waits for. Nobody polls or drops it
     * meanwhile, but whoever wakes it may be at it: what those write is read with atomics, or not at all.
     */
    void (*inspect)(const weir_future *self, weir_wait *ret_wait);
} weir_future_type;

struct weir_future {
    const weir_future_type *type; /* NULL: an empty slot */
    weir_future *awaiting;        /* the child this frame is suspended on */
    uint32_t line;                /* the resume point: the line of the await, or one of the two below */
    uint32_t home;                /* debug: low half of the address of the first poll */
};

#define WEIR_AT_START 0u
#define WEIR_AT_FINALLY (UINT32_MAX - 1)
#define WEIR_AT_DONE UINT32_MAX

/*
 * The head's type is what the compiler checks (see WEIR_IS_SEND, WEIR_IS_LOSSY):
 *
 *   weir_future              may be polled by any thread; losing it loses nothing
 *   weir_lossy_future        Send; dropping it half-way loses data (select refuses it)
 *   weir_local_future        not Send: only for its own thread
 *   weir_local_lossy_future  both
 */
typedef struct weir_lossy_future {
    weir_future base;
} weir_lossy_future;
typedef struct weir_local_future {
    weir_future base;
} weir_local_future;
typedef struct weir_local_lossy_future {
    weir_future base;
} weir_local_lossy_future;

/* Laid out by hand, since clang-format takes the types of a _Generic for labels. */
/* clang-format off */
#define WEIR_IS_SEND(object) \
    _Generic((object).future, weir_future: 1, weir_lossy_future: 1, weir_local_future: 0, weir_local_lossy_future: 0)
#define WEIR_IS_LOSSY(object) \
    _Generic((object).future, weir_future: 0, weir_lossy_future: 1, weir_local_future: 0, weir_local_lossy_future: 1)
/* clang-format on */

/* The head of `object`, whatever its type. */
#define WEIR_HEAD(object) ((weir_future *)(void *)&(object).future)

#ifdef WEIR_DEBUG
void wi_future_check_poll(weir_future *future, weir_cx *cx);
#else
static inline void wi_future_check_poll(weir_future *future, weir_cx *cx)
{
    (void)future;
    (void)cx;
}
#endif

static inline weir_poll weir_future_poll(weir_future *future, weir_cx *cx)
{
    wi_future_check_poll(future, cx);
    return future->type->poll(future, cx);
}

/*
 * weir_future_drop() - release all that a future holds, innermost frame first.
 *
 * Takes an empty slot, a future that never ran, one that is suspended anywhere
 * and one that is done: the last two releases are one. Afterwards the slot is
 * done and may be filled anew.
 */
static inline void weir_future_drop(weir_future *future)
{
    if (future->type == NULL || future->line == WEIR_AT_DONE)
        return;
    if (future->type->drop != NULL)
        future->type->drop(future);
    future->line = WEIR_AT_DONE;
}

#define weir_drop(object) weir_future_drop(WEIR_HEAD(object))

/* The head of a leaf future written by hand, for its constructor. */
#define WEIR_FUTURE_INIT(future_type) \
    {                                 \
        .type = (future_type)         \
    }

/* The shape of a type record: WEIR_FUTURE_TYPE(struct foo, "foo", foo_poll, foo_drop). */
#define WEIR_FUTURE_TYPE(struct_, name_, poll_, drop_)                                                \
    {                                                                                                 \
        .name = (name_), .file = __FILE__, .poll = (poll_), .drop = (drop_), .size = sizeof(struct_), \
        .output_offset = offsetof(struct_, output), .output_size = sizeof(((struct_ *)0)->output),    \
    }

/* The same for a leaf that can say what it waits for. */
#define WEIR_FUTURE_TYPE_SEEN(struct_, name_, poll_, drop_, inspect_)                                 \
    {                                                                                                 \
        .name = (name_), .file = __FILE__, .poll = (poll_), .drop = (drop_), .size = sizeof(struct_), \
        .output_offset = offsetof(struct_, output), .output_size = sizeof(((struct_ *)0)->output),    \
        .inspect = (inspect_),                                                                        \
    }

/* --- writing an async function ------------------------------------------------ */

#define WEIR_ASYNC_FRAME_(name_, output_, head_, ...) \
    struct name_ {                                    \
        head_ future;                                 \
        output_ output;                               \
        __VA_ARGS__                                   \
    }

#define WEIR_ASYNC_BODY_(name_, storage_)                                                                              \
    static weir_poll name_##_run(struct name_ *self, weir_cx *cx);                                                     \
    static weir_poll name_##_poll(weir_future *future, weir_cx *cx)                                                    \
    {                                                                                                                  \
        return name_##_run((struct name_ *)(void *)future, cx);                                                        \
    }                                                                                                                  \
    static void name_##_drop(weir_future *future)                                                                      \
    {                                                                                                                  \
        if (future->awaiting != NULL)                                                                                  \
            weir_future_drop(future->awaiting);                                                                        \
        future->awaiting = NULL;                                                                                       \
        future->line = WEIR_AT_FINALLY;                                                                                \
        (void)name_##_run((struct name_ *)(void *)future, NULL);                                                       \
    }                                                                                                                  \
    storage_ const weir_future_type name_##_type = WEIR_FUTURE_TYPE(struct name_, #name_, name_##_poll, name_##_drop); \
    static weir_poll name_##_run(struct name_ *self, weir_cx *cx)

/* An async function of this file. What follows is its body. */
#define WEIR_ASYNC(name_, output_, ...)                          \
    WEIR_ASYNC_FRAME_(name_, output_, weir_future, __VA_ARGS__); \
    WEIR_ASYNC_BODY_(name_, static)
/* One that loses data when it is dropped half-way. */
#define WEIR_ASYNC_LOSSY(name_, output_, ...)                          \
    WEIR_ASYNC_FRAME_(name_, output_, weir_lossy_future, __VA_ARGS__); \
    WEIR_ASYNC_BODY_(name_, static)
/* One that must stay on its thread (not Send). */
#define WEIR_ASYNC_LOCAL(name_, output_, ...)                          \
    WEIR_ASYNC_FRAME_(name_, output_, weir_local_future, __VA_ARGS__); \
    WEIR_ASYNC_BODY_(name_, static)

/* The same in two halves, for one that other files call: declare in the header, define in one file. */
#define WEIR_ASYNC_DECLARE(name_, output_, ...)                  \
    WEIR_ASYNC_FRAME_(name_, output_, weir_future, __VA_ARGS__); \
    extern const weir_future_type name_##_type
#define WEIR_ASYNC_DECLARE_LOSSY(name_, output_, ...)                  \
    WEIR_ASYNC_FRAME_(name_, output_, weir_lossy_future, __VA_ARGS__); \
    extern const weir_future_type name_##_type
#define WEIR_ASYNC_DEFINE(name_) WEIR_ASYNC_BODY_(name_, )

/* Constructs a call: WEIR_CALL(copy_file, .from = a, .to = b). Runs nothing. */
#define WEIR_CALL(name_, ...) \
    ((struct name_){ .future = WEIR_HEAD_INIT_(((struct name_ *)0)->future, name_##_type), ##__VA_ARGS__ })
/* clang-format off */
#define WEIR_HEAD_INIT_(head_, type_) \
    _Generic((head_), weir_future: (weir_future){ .type = &(type_) }, \
             weir_lossy_future: (weir_lossy_future){ { .type = &(type_) } }, \
             weir_local_future: (weir_local_future){ { .type = &(type_) } }, \
             weir_local_lossy_future: (weir_local_lossy_future){ { .type = &(type_) } })
/* clang-format on */

#define WEIR_BEGIN                    \
    switch (WEIR_HEAD(*self)->line) { \
    default:                          \
        __builtin_trap();             \
    case WEIR_AT_START:

#define WEIR_CHECK_SEND_(slot)                                 \
    _Static_assert(WEIR_IS_SEND(slot) || !WEIR_IS_SEND(*self), \
                   "a Send future may not await a local one: make this one WEIR_ASYNC_LOCAL")

/* Puts the future in its slot of the frame, polls it, suspends until it is ready. */
#define AWAIT(slot, ...)        \
    do {                        \
        WEIR_CHECK_SEND_(slot); \
        (slot) = (__VA_ARGS__); \
        AWAIT_SLOT_(slot);      \
    } while (0)

/* Awaits what already lies in its slot, started or not. */
#define AWAIT_SLOT(slot)        \
    do {                        \
        WEIR_CHECK_SEND_(slot); \
        AWAIT_SLOT_(slot);      \
    } while (0)

#define AWAIT_SLOT_(slot)                                          \
    WEIR_HEAD(*self)->awaiting = WEIR_HEAD(slot);                  \
    WEIR_HEAD(*self)->line = __LINE__;                             \
    __attribute__((fallthrough));                                  \
    case __LINE__:                                                 \
        if (weir_future_poll(WEIR_HEAD(slot), cx) == WEIR_PENDING) \
            return WEIR_PENDING;                                   \
        WEIR_HEAD(slot)->line = WEIR_AT_DONE;                      \
        WEIR_HEAD(*self)->awaiting = NULL

/* Ends the function with `value` (or with nothing, for weir_unit); FINALLY runs. */
#define RETURN(...)                               \
    do {                                          \
        __VA_OPT__(self->output = (__VA_ARGS__);) \
        goto weir_finally_;                       \
    } while (0)

/* What follows runs once: finished, failed or cancelled, and also if it fails itself. It may not await. */
#define WEIR_FINALLY      \
    goto weir_finally_;   \
    case WEIR_AT_FINALLY: \
    weir_finally_:        \
        WEIR_HEAD(*self)->line = WEIR_AT_DONE;

#define WEIR_END \
    }            \
    (void)cx;    \
    return WEIR_READY;

/* --- two leaves everybody needs ------------------------------------------------ */

/* Is never ready. Cancel safe. */
typedef struct weir_never {
    weir_future future;
    weir_unit output;
} weir_never;
WEIR_MUST_USE weir_never weir_never_ready(void);

/*
 * weir_yield_now() - let every other task that is ready have a turn, then go on.
 *
 * Costs no atomic operation. Cancel safe.
 */
typedef struct weir_yield {
    weir_future future;
    weir_unit output;
} weir_yield;
extern const weir_future_type weir_yield_type;

WEIR_MUST_USE static inline weir_yield weir_yield_now(void)
{
    weir_yield self = { .future = WEIR_FUTURE_INIT(&weir_yield_type) };
    return self;
}

/*
 * weir_consume_budget() - a point where a busy task may yield: for loops of pure
 * computation, once an item. Cancel safe.
 */
extern const weir_future_type weir_consume_budget_type;

WEIR_MUST_USE static inline weir_yield weir_consume_budget(void)
{
    weir_yield self = { .future = WEIR_FUTURE_INIT(&weir_consume_budget_type) };
    return self;
}

#endif
