/*
 * explorer_memory.c - the memory as the threads see it: x86-TSO.
 *
 * A thread's plain stores wait in its own buffer, first in, first out; its own
 * loads look there first. When they reach memory matters only to a thread that
 * then touches the same place, so that is when it is decided: an access of T to
 * x asks, for every other thread with stores to x in its buffer, how many of
 * those (and, the buffer being a queue, of the ones before) were earlier. Read-
 * modify-writes, SEQ_CST stores and fences empty the own buffer first.
 *
 * A store therefore needs no decision of its own: what others could do before
 * it reaches memory is decided at the thread's other accesses, and the store
 * just waits in the buffer meanwhile.
 *
 * Each access is an event of the happens-before order: behind what its thread
 * did before, and behind the last write to its location (a write also behind
 * the reads since). Hashes of these chains tell whether two runs are the same
 * but for the order of independent events. No address goes into a hash: what a
 * thread accesses follows from what it has seen, and malloc(3) may give out
 * another address in the next run.
 */
#include <malloc.h>

#include "base/lock.h"
#include "base/stamp.h"
#include "explorer_inner.h"

#define LOCATIONS ((size_t)1 << 12) /* touched in one run */

struct location {
    uintptr_t key; /* address / 8, or that | FUTEX_QUEUE */
    uint32_t run;  /* in which it was touched: others are empty */
    uint32_t version;
    uint64_t last_write;
    uint64_t reads_since;
};

#define FUTEX_QUEUE ((uintptr_t)1 << 63)

static struct location locations[LOCATIONS];
static size_t locations_used;

uint64_t memory_mix(uint64_t hash, uint64_t event)
{
    /* splitmix64's finish, Vigna 2015 */
    uint64_t x = (hash ^ (event * 0x9e3779b97f4a7c15u)) + 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void memory_reset(void)
{
    locations_used = 0;
    for (int i = 0; i < explorer.thread_count; i++) {
        struct thread *thread = &explorer.threads[i];
        thread->store_count = 0;
        thread->read_count = 0;
        thread->stamp = 0;
        thread->reads_overflowed = false;
        thread->history = memory_mix(1, (uint64_t)i);
        thread->flushed = memory_mix(2, (uint64_t)i);
    }
}

uint64_t memory_state_hash(void)
{
    uint64_t hash = 0;
    for (int i = 0; i < explorer.thread_count; i++)
        hash = memory_mix(memory_mix(hash, explorer.threads[i].history), explorer.threads[i].flushed);
    return hash;
}

static struct location *location_of(uintptr_t key)
{
    size_t slot = memory_mix(3, key) & (LOCATIONS - 1);
    while (locations[slot].run == explorer.run && locations[slot].key != key)
        slot = (slot + 1) & (LOCATIONS - 1);
    struct location *location = &locations[slot];
    if (location->run != explorer.run) {
        if (++locations_used > LOCATIONS / 2)
            explorer_fail(MODEL_LIVELOCK, "more than %zu words are shared in one interleaving", LOCATIONS / 2);
        *location = (struct location){ .key = key, .run = explorer.run };
    }
    return location;
}

static struct location *location_at(uintptr_t address)
{
    return location_of(address / 8);
}

static uint64_t memory_read(uintptr_t address, unsigned size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)address;
    case 2:
        return *(const uint16_t *)address;
    case 4:
        return *(const uint32_t *)address;
    default:
        return *(const uint64_t *)address;
    }
}

static void memory_write(uintptr_t address, unsigned size, uint64_t value)
{
    switch (size) {
    case 1:
        *(uint8_t *)address = (uint8_t)value;
        break;
    case 2:
        *(uint16_t *)address = (uint16_t)value;
        break;
    case 4:
        *(uint32_t *)address = (uint32_t)value;
        break;
    default:
        *(uint64_t *)address = value;
    }
}

static uint64_t truncate_to(unsigned size, uint64_t value)
{
    return size == 8 ? value : value & (((uint64_t)1 << (8 * size)) - 1);
}

/* --- events --- */

static void event_read(struct thread *thread, struct location *location)
{
    thread->history = memory_mix(thread->history, memory_mix(location->last_write, 4));
    location->reads_since += thread->history; /* a sum: reads commute */
    if (thread->reads_overflowed)
        return;
    for (unsigned i = 0; i < thread->read_count; i++)
        if (thread->reads[i].location == location->key)
            return; /* the first one counts: a change since then is a change */
    if (thread->read_count == READS_MAX) {
        thread->reads_overflowed = true;
        return;
    }
    thread->reads[thread->read_count].location = location->key;
    thread->reads[thread->read_count++].version = location->version;
}

/* *chain is the history of a thread, or of what leaves its buffer. */
static void event_write(uint64_t *chain, uint64_t what, struct location *location)
{
    *chain = memory_mix(memory_mix(*chain, what), memory_mix(location->last_write, location->reads_since));
    location->last_write = *chain;
    location->reads_since = 0;
}

bool memory_reads_changed(const struct thread *thread)
{
    if (thread->reads_overflowed)
        return true;
    for (unsigned i = 0; i < thread->read_count; i++)
        if (location_of(thread->reads[i].location)->version != thread->reads[i].version)
            return true;
    return false;
}

static void write_through(uintptr_t address, unsigned size, uint64_t value, struct location *location)
{
    if (memory_read(address, size) != truncate_to(size, value))
        location->version++;
    memory_write(address, size, value);
}

/* --- store buffers --- */

static bool overlaps(const struct pending *store, uintptr_t address, unsigned size)
{
    return store->address < address + size && address < store->address + store->size;
}

static void settle(unsigned busy, uintptr_t address, unsigned size);

/* The oldest store of this buffer reaches memory. `busy` are the threads whose buffers are being emptied. */
static void flush_oldest(int index, unsigned busy)
{
    struct thread *thread = &explorer.threads[index];
    const struct pending store = thread->stores[0];
    settle(busy | 1u << index, store.address, store.size);
    thread->store_count--;
    memmove(&thread->stores[0], &thread->stores[1], thread->store_count * sizeof thread->stores[0]);
    struct location *location = location_at(store.address);
    event_write(&thread->flushed, store.event, location);
    trace(index, TRACE_FLUSH, store.address, memory_read(store.address, store.size), store.value);
    write_through(store.address, store.size, store.value, location);
}

/* Which stores of other threads to this place come before what is about to be done there? */
static void settle(unsigned busy, uintptr_t address, unsigned size)
{
    for (int i = 0; i < explorer.thread_count; i++) {
        struct thread *other = &explorer.threads[i];
        unsigned conflicts = 0;
        for (unsigned j = 0; j < other->store_count; j++)
            conflicts += overlaps(&other->stores[j], address, size);
        if (conflicts == 0 || (busy & 1u << i) != 0)
            continue;
        unsigned before = conflicts - explorer_decide(conflicts + 1);
        while (before > 0) {
            before -= overlaps(&other->stores[0], address, size);
            flush_oldest(i, busy);
        }
    }
}

void memory_flush_one(int index)
{
    flush_oldest(index, 0);
}

void memory_flush_all(int index)
{
    while (explorer.threads[index].store_count > 0)
        flush_oldest(index, 0);
}

/* --- memory that ends --- */

#define FREED_MAX 256 /* in one run */

static struct {
    void *block;
    size_t size;
} freed[FREED_MAX];
static unsigned freed_count;

void __real_free(void *block);
void __wrap_free(void *block);

/*
 * Stores of this thread's own that are still in its buffer: what it does to the memory next comes behind them. Those
 * of another thread must have left: it would write to what is somebody else's by then.
 */
void model_ends(const void *object, size_t size)
{
    struct thread *self = explorer.current == SETUP ? NULL : &explorer.threads[explorer.current];
    if (self == NULL)
        return;
    unsigned kept = 0;
    for (unsigned i = 0; i < self->store_count; i++)
        if (!overlaps(&self->stores[i], (uintptr_t)object, (unsigned)size))
            self->stores[kept++] = self->stores[i];
    self->store_count = kept;
    for (int i = 0; i < explorer.thread_count; i++)
        for (unsigned j = 0; j < explorer.threads[i].store_count; j++)
            if (overlaps(&explorer.threads[i].stores[j], (uintptr_t)object, (unsigned)size))
                explorer_fail(MODEL_CHECK_FAILED, "T%d's store to %p comes after the end of that memory", i,
                              (void *)explorer.threads[i].stores[j].address);
}

/* free(3) of the code under test: the block stays until the run is over, so that whoever touches it is seen. */
void __wrap_free(void *block)
{
    if (block == NULL || !explorer.running || explorer.current == SETUP) {
        __real_free(block);
        return;
    }
    if (freed_count == FREED_MAX)
        explorer_fail(MODEL_TOO_MANY, "more than %d blocks are freed in one interleaving", FREED_MAX);
    const size_t size = malloc_usable_size(block);
    model_ends(block, size);
    freed[freed_count].block = block;
    freed[freed_count++].size = size;
}

void memory_free_all(void)
{
    while (freed_count > 0)
        __real_free(freed[--freed_count].block);
}

static void check_alive(uintptr_t address)
{
    for (unsigned i = 0; i < freed_count; i++)
        if (address - (uintptr_t)freed[i].block < freed[i].size)
            explorer_fail(MODEL_CHECK_FAILED, "T%d touches %p, which is freed", explorer.current, (void *)address);
}

/* --- the hooks of base/atomic.h --- */

static struct thread *self(void)
{
    return explorer.current == SETUP ? NULL : &explorer.threads[explorer.current];
}

static void step(void)
{
    const uint32_t max = explorer.model->steps_max;
    if (++explorer.steps > (max == 0 ? 20000 : max))
        explorer_fail(MODEL_LIVELOCK, "no end after %u steps", explorer.steps - 1);
}

/* The newest store in the own buffer that this load would have to do with; -1: none. */
static int own_store(const struct thread *thread, uintptr_t address, unsigned size)
{
    for (int i = (int)thread->store_count - 1; i >= 0; i--)
        if (overlaps(&thread->stores[i], address, size))
            return i;
    return -1;
}

static bool others_store(uintptr_t address, unsigned size)
{
    for (int i = 0; i < explorer.thread_count; i++)
        if (i != explorer.current && own_store(&explorer.threads[i], address, size) >= 0)
            return true;
    return false;
}

/* True when the load is answered by the own buffer. */
static bool load_forwarded(struct thread *thread, uintptr_t address, unsigned size, uint64_t *ret_value)
{
    const int i = own_store(thread, address, size);
    if (i < 0)
        return false;
    const struct pending store = thread->stores[i];
    const bool whole = store.address == address && store.size == size;
    /*
     * A part can't be forwarded: such a load waits for the store to leave. A whole one may have left, too, which
     * makes a difference only if another thread's store can have come after it.
     */
    if (!whole || (others_store(address, size) && explorer_decide(2) == 1)) {
        for (int left = i + 1; left > 0; left--)
            flush_oldest(explorer.current, 0);
        return false;
    }
    thread->history = memory_mix(thread->history, store.event);
    *ret_value = truncate_to(size, store.value);
    trace(explorer.current, TRACE_FORWARD, address, *ret_value, *ret_value);
    return true;
}

uint64_t wi_model_load(const void *ptr, unsigned size)
{
    struct thread *thread = self();
    const uintptr_t address = (uintptr_t)ptr;
    if (thread == NULL)
        return memory_read(address, size);
    step();
    explorer_point();
    check_alive(address);
    uint64_t value;
    if (load_forwarded(thread, address, size, &value))
        return value;
    settle(0, address, size);
    event_read(thread, location_at(address));
    value = memory_read(address, size);
    trace(explorer.current, TRACE_LOAD, address, value, value);
    return value;
}

static void write_now(int index, enum trace_kind kind, uintptr_t address, unsigned size, uint64_t value)
{
    struct thread *thread = &explorer.threads[index];
    struct location *location = location_at(address);
    trace(index, kind, address, memory_read(address, size), truncate_to(size, value));
    event_write(&thread->history, thread->flushed, location);
    write_through(address, size, value, location);
}

/* What a locked instruction does before it reads. */
static void lock_bus(struct thread *thread, uintptr_t address, unsigned size)
{
    step();
    explorer_point();
    check_alive(address);
    memory_flush_all((int)(thread - explorer.threads));
    settle(0, address, size);
}

void wi_model_store(void *ptr, unsigned size, uint64_t value, bool seq_cst)
{
    struct thread *thread = self();
    const uintptr_t address = (uintptr_t)ptr;
    if (thread == NULL) {
        memory_write(address, size, value);
        return;
    }
    if (seq_cst) {
        lock_bus(thread, address, size);
        write_now(explorer.current, TRACE_STORE_SEQ_CST, address, size, value);
        return;
    }
    step();
    check_alive(address);
    if (thread->store_count == STORES_MAX) {
        explorer_point();
        memory_flush_one(explorer.current);
    }
    explorer.just_chosen = false; /* what it stores may be seen before its next access */
    thread->history = memory_mix(thread->history, 11);
    thread->stores[thread->store_count++] = (struct pending){ address, size, value, thread->history };
    trace(explorer.current, TRACE_STORE, address, 0, truncate_to(size, value));
}

static uint64_t combine(char op, uint64_t old, uint64_t value)
{
    switch (op) {
    case '+':
        return old + value;
    case '-':
        return old - value;
    case '|':
        return old | value;
    case '&':
        return old & value;
    default:
        return value;
    }
}

uint64_t wi_model_rmw(void *ptr, unsigned size, char op, uint64_t value)
{
    struct thread *thread = self();
    const uintptr_t address = (uintptr_t)ptr;
    if (thread != NULL)
        lock_bus(thread, address, size);
    const uint64_t old = memory_read(address, size);
    if (thread == NULL) {
        memory_write(address, size, combine(op, old, value));
        return old;
    }
    event_read(thread, location_at(address));
    write_now(explorer.current, TRACE_RMW, address, size, combine(op, old, value));
    return old;
}

bool wi_model_cas(void *ptr, unsigned size, void *expected, uint64_t desired)
{
    struct thread *thread = self();
    const uintptr_t address = (uintptr_t)ptr;
    if (thread != NULL)
        lock_bus(thread, address, size);
    const uint64_t old = memory_read(address, size);
    const bool equal = old == memory_read((uintptr_t)expected, size);
    if (!equal)
        memory_write((uintptr_t)expected, size, old);
    if (thread == NULL) {
        if (equal)
            memory_write(address, size, desired);
        return equal;
    }
    event_read(thread, location_at(address));
    if (equal) {
        write_now(explorer.current, TRACE_CAS, address, size, desired);
    } else {
        thread->history = memory_mix(thread->history, thread->flushed);
        trace(explorer.current, TRACE_CAS_FAILED, address, old, truncate_to(size, desired));
    }
    return equal;
}

/* --- base/lock.h --- */

/* True when the lock is free, or its unlock waits in the buffer of the one who had it: nothing hinders that to leave.
 */
bool memory_lock_can_be_had(const struct thread *thread)
{
    const uintptr_t address = thread->lock;
    if (memory_read(address, 4) == 0)
        return true;
    for (int i = 0; i < explorer.thread_count; i++)
        if (&explorer.threads[i] != thread && own_store(&explorer.threads[i], address, 4) >= 0)
            return true;
    return false;
}

/*
 * A try that fails changes nothing and is followed by another, so only the one that succeeds is a step; the one who
 * waits for it can't be run. (That base/lock.c gives no more and no less is what model_lock shows.)
 */
void wi_model_lock(uint32_t *word)
{
    struct thread *thread = self();
    const uintptr_t address = (uintptr_t)word;
    if (thread == NULL) {
        if (*word != 0)
            explorer_fail(MODEL_DEADLOCK, "setup or check would wait for a lock");
        *word = 1;
        return;
    }
    step();
    explorer_point();
    memory_flush_all(explorer.current);
    thread->lock = address;
    while (!memory_lock_can_be_had(thread)) {
        thread->status = THREAD_LOCKING;
        explorer_block();
    }
    explorer.just_chosen = false;
    check_alive(address);
    for (int i = 0; i < explorer.thread_count; i++)
        while (own_store(&explorer.threads[i], address, 4) >= 0)
            memory_flush_one(i);
    if (*word != 0)
        explorer_fail(MODEL_CHECK_FAILED, "a lock is unlocked to %u", *word);
    event_read(thread, location_at(address));
    write_now(explorer.current, TRACE_CAS, address, 4, 1);
}

static void drain(struct thread *thread)
{
    memory_flush_all(explorer.current);
    thread->history = memory_mix(thread->history, thread->flushed);
}

void wi_model_fence(bool seq_cst)
{
    struct thread *thread = self();
    if (thread == NULL || !seq_cst) /* on x86 the weaker ones bind only the compiler */
        return;
    step();
    if (thread->store_count > 0)
        explorer_point();
    drain(thread);
    trace(explorer.current, TRACE_FENCE, 0, 0, 0);
}

/*
 * A round of a spinning loop is over. If nothing that it has read has changed,
 * the next round would read the same: it waits until something does.
 */
void wi_model_relax(void)
{
    struct thread *thread = self();
    if (thread == NULL)
        return;
    step();
    thread->history = memory_mix(thread->history, 5);
    trace(explorer.current, TRACE_RELAX, 0, 0, 0);
    if ((thread->read_count > 0 || thread->reads_overflowed) && !memory_reads_changed(thread)) {
        thread->status = THREAD_RELAXING;
        explorer_block();
    }
    thread->read_count = 0;
    thread->reads_overflowed = false;
}

/*
 * base/stamp.h: a loop that spins for STAMPS_TO_WAKE goes round once, as more rounds show nothing new. The machine's
 * own clock would make as many as there happens to be time for, and the same decisions would not lead to the same run.
 */
uint64_t wi_stamp(void)
{
    struct thread *thread = self();
    return thread == NULL ? 0 : (thread->stamp += STAMPS_TO_WAKE / 2);
}

/* --- base/futex.h --- */

void memory_woken(int index, uint64_t event)
{
    struct thread *thread = &explorer.threads[index];
    thread->status = THREAD_READY;
    thread->history = memory_mix(thread->history, event);
}

/* The kernel has full fences on both sides of a futex call, and a lock around the queue of a word. */
static void enter_kernel(struct thread *thread)
{
    step();
    explorer_point();
    drain(thread);
}

void wi_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    struct thread *thread = self();
    const uintptr_t address = (uintptr_t)word;
    if (thread == NULL)
        explorer_fail(MODEL_DEADLOCK, "setup or check would sleep on a futex");
    enter_kernel(thread);
    settle(0, address, sizeof *word);
    event_read(thread, location_at(address));
    if (*word != expected) {
        trace(explorer.current, TRACE_NO_SLEEP, address, *word, expected);
        return;
    }
    event_write(&thread->history, 6, location_of(address / 8 | FUTEX_QUEUE));
    trace(explorer.current, TRACE_SLEEP, address, *word, 0);
    thread->status = THREAD_ASLEEP;
    thread->futex = address;
    thread->timed = timeout_ns >= 0;
    explorer_block();
}

void wi_futex_wake(uint32_t *word, int count)
{
    struct thread *thread = self();
    const uintptr_t address = (uintptr_t)word;
    if (thread == NULL)
        return; /* nobody sleeps before the start or after the end */
    enter_kernel(thread);
    event_write(&thread->history, 7, location_of(address / 8 | FUTEX_QUEUE));
    trace(explorer.current, TRACE_WAKE, address, 0, (uint64_t)count);
    for (; count > 0; count--) {
        int sleepers[MODEL_THREADS_MAX];
        unsigned sleeper_count = 0;
        for (int i = 0; i < explorer.thread_count; i++)
            if (explorer.threads[i].status == THREAD_ASLEEP && explorer.threads[i].futex == address)
                sleepers[sleeper_count++] = i;
        if (sleeper_count == 0)
            return;
        /* Which one first, nobody promises; when all are woken it doesn't matter. */
        const unsigned which = (unsigned)count >= sleeper_count ? 0 : explorer_decide(sleeper_count);
        memory_woken(sleepers[which], thread->history);
    }
}
