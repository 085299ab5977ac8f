/*
 * delay_queue.c - a wheel of its own, and one timer for whichever comes first.
 *
 * An entry lies in a block and keeps its place until it goes, since the wheel
 * links to it; its key is that place and a number that changes with each use of
 * it. The timer is armed only while a `next` waits: it borrows that one's waker.
 */
#include <weir/dump.h>
#include <weir/delay_queue.h>

#include <stdlib.h>
#include <string.h>

#include "timers.h"

#define BLOCK_ENTRIES 64u
#define NO_ENTRY UINT32_MAX
#define NOT_ARMED (-1)

struct delay_entry {
    struct wheel_entry place; /* linked: in use */
    int64_t deadline_ns;
    uint32_t index;
    uint32_t use; /* never 0 */
    uint32_t next_free;
    _Alignas(max_align_t) unsigned char value[];
};

struct weir_delay_queue {
    weir_timer timer;
    int64_t armed_ns; /* what the timer waits for */
    size_t value_size;
    size_t entry_size;
    void (*value_drop)(void *value);
    unsigned char **blocks;
    uint32_t block_count;
    uint32_t first_free;
    struct wheel wheel;
};

static uint64_t tick_at(int64_t now_ns)
{
    return (uint64_t)now_ns / TIMER_TICK_NS;
}

/* Rounded up: never early. */
static uint64_t tick_of(int64_t deadline_ns)
{
    return ((uint64_t)deadline_ns + TIMER_TICK_NS - 1) / TIMER_TICK_NS;
}

int weir_delay_queue_create(size_t value_size, void (*value_drop)(void *value), weir_delay_queue **ret_queue)
{
    if (value_size > SIZE_MAX / 4 / BLOCK_ENTRIES)
        return -ENOMEM;
    weir_delay_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL)
        return -ENOMEM;
    const size_t align = _Alignof(struct delay_entry);
    queue->armed_ns = NOT_ARMED;
    queue->value_size = value_size;
    queue->entry_size = (sizeof(struct delay_entry) + value_size + align - 1) / align * align;
    queue->value_drop = value_drop;
    queue->first_free = NO_ENTRY;
    wi_wheel_init(&queue->wheel, tick_at(weir_now_ns()));
    *ret_queue = queue;
    return 0;
}

/* --- entries ------------------------------------------------------------------------ */

static struct delay_entry *entry_at(const weir_delay_queue *queue, uint32_t index)
{
    unsigned char *block = queue->blocks[index / BLOCK_ENTRIES];
    return (struct delay_entry *)(void *)(block + index % BLOCK_ENTRIES * queue->entry_size);
}

static weir_delay_key key_of(const struct delay_entry *entry)
{
    return (uint64_t)entry->use << 32 | entry->index;
}

/* NULL: the key names nothing, or nothing any more. */
static struct delay_entry *find(const weir_delay_queue *queue, weir_delay_key key)
{
    const uint32_t index = (uint32_t)key;
    if (index / BLOCK_ENTRIES >= queue->block_count)
        return NULL;
    struct delay_entry *entry = entry_at(queue, index);
    return key_of(entry) == key && list_linked(&entry->place.node) ? entry : NULL;
}

static bool add_block(weir_delay_queue *queue)
{
    if (queue->block_count >= UINT32_MAX / BLOCK_ENTRIES)
        return false;
    unsigned char **blocks = realloc(queue->blocks, (queue->block_count + 1) * sizeof *blocks);
    if (blocks == NULL)
        return false;
    queue->blocks = blocks;
    blocks[queue->block_count] = calloc(BLOCK_ENTRIES, queue->entry_size);
    if (blocks[queue->block_count] == NULL)
        return false;
    const uint32_t first = queue->block_count++ * BLOCK_ENTRIES;
    for (uint32_t i = BLOCK_ENTRIES; i-- > 0;) {
        struct delay_entry *entry = entry_at(queue, first + i);
        *entry = (struct delay_entry){ .index = first + i, .use = 1, .next_free = queue->first_free };
        queue->first_free = first + i;
    }
    return true;
}

/* It is out of the wheel. */
static void free_entry(weir_delay_queue *queue, struct delay_entry *entry)
{
    entry->use += entry->use == UINT32_MAX ? 2 : 1;
    entry->next_free = queue->first_free;
    queue->first_free = entry->index;
}

static void copy_out(const weir_delay_queue *queue, struct delay_entry *entry, void *ret_value)
{
    if (queue->value_size > 0)
        memcpy(ret_value, entry->value, queue->value_size);
}

void weir_delay_queue_destroy(weir_delay_queue *queue)
{
    if (queue == NULL)
        return;
    for (uint32_t i = 0; i < queue->block_count * BLOCK_ENTRIES; i++) {
        struct delay_entry *entry = entry_at(queue, i);
        if (list_linked(&entry->place.node) && queue->value_drop != NULL)
            queue->value_drop(entry->value);
    }
    for (uint32_t i = 0; i < queue->block_count; i++)
        free(queue->blocks[i]);
    free(queue->blocks);
    free(queue);
}

/* --- in and out ----------------------------------------------------------------------- */

/* A `next` that waits for something later, or for nothing any more, looks again in time. */
static void hurry_to(weir_delay_queue *queue, int64_t due_ns)
{
    if (queue->armed_ns == NOT_ARMED || due_ns >= queue->armed_ns)
        return;
    queue->armed_ns = due_ns;
    wi_timer_reset(&queue->timer, weir_timer_at(due_ns));
}

static void put_in(weir_delay_queue *queue, struct delay_entry *entry, int64_t deadline_ns)
{
    entry->deadline_ns = deadline_ns < 0 ? 0 : deadline_ns;
    wi_wheel_sync(&queue->wheel, tick_at(weir_now_ns()));
    wi_wheel_insert(&queue->wheel, &entry->place, tick_of(entry->deadline_ns));
    hurry_to(queue, entry->deadline_ns);
}

int weir_delay_queue_insert_at(weir_delay_queue *queue, const void *value, int64_t deadline_ns, weir_delay_key *ret_key)
{
    if (queue->first_free == NO_ENTRY && !add_block(queue))
        return -ENOMEM;
    struct delay_entry *entry = entry_at(queue, queue->first_free);
    queue->first_free = entry->next_free;
    if (queue->value_size > 0)
        memcpy(entry->value, value, queue->value_size);
    put_in(queue, entry, deadline_ns);
    if (ret_key != NULL)
        *ret_key = key_of(entry);
    return 0;
}

int weir_delay_queue_insert(weir_delay_queue *queue, const void *value, int64_t duration_ns, weir_delay_key *ret_key)
{
    return weir_delay_queue_insert_at(queue, value, wi_clock_add(weir_now_ns(), duration_ns < 0 ? 0 : duration_ns),
                                      ret_key);
}

int weir_delay_queue_reset_at(weir_delay_queue *queue, weir_delay_key key, int64_t deadline_ns)
{
    struct delay_entry *entry = find(queue, key);
    if (entry == NULL)
        return -ENOENT;
    wi_wheel_remove(&queue->wheel, &entry->place);
    put_in(queue, entry, deadline_ns);
    return 0;
}

int weir_delay_queue_reset(weir_delay_queue *queue, weir_delay_key key, int64_t duration_ns)
{
    return weir_delay_queue_reset_at(queue, key, wi_clock_add(weir_now_ns(), duration_ns < 0 ? 0 : duration_ns));
}

int weir_delay_queue_remove(weir_delay_queue *queue, weir_delay_key key, void *ret_value)
{
    struct delay_entry *entry = find(queue, key);
    if (entry == NULL)
        return -ENOENT;
    wi_wheel_remove(&queue->wheel, &entry->place);
    if (ret_value != NULL)
        copy_out(queue, entry, ret_value);
    else if (queue->value_drop != NULL)
        queue->value_drop(entry->value);
    free_entry(queue, entry);
    if (queue->wheel.count == 0)
        hurry_to(queue, 0);
    return 0;
}

int64_t weir_delay_queue_deadline(const weir_delay_queue *queue, weir_delay_key key)
{
    const struct delay_entry *entry = find(queue, key);
    return entry == NULL ? -ENOENT : entry->deadline_ns;
}

size_t weir_delay_queue_len(const weir_delay_queue *queue)
{
    return (size_t)queue->wheel.count;
}

/* --- next ------------------------------------------------------------------------------- */

static void disarm(weir_delay_queue *queue)
{
    wi_timer_cancel(&queue->timer);
    queue->armed_ns = NOT_ARMED;
}

/* True: the time to look again has come. */
static bool arm(weir_delay_queue *queue, weir_cx *cx)
{
    const uint64_t next_tick = wi_wheel_next(&queue->wheel);
    const int64_t due_ns = next_tick > INT64_MAX / TIMER_TICK_NS ? INT64_MAX : (int64_t)next_tick * TIMER_TICK_NS;
    if (queue->armed_ns != due_ns) {
        disarm(queue);
        queue->timer = weir_timer_at(due_ns);
        queue->armed_ns = due_ns;
    }
    if (!wi_timer_poll(&queue->timer, cx))
        return false;
    disarm(queue);
    return true;
}

static weir_poll next_poll(weir_future *future, weir_cx *cx)
{
    weir_delay_queue_next_future *self = (weir_delay_queue_next_future *)(void *)future;
    weir_delay_queue *queue = self->queue;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    future->line = 1;
    struct wheel_entry *place;
    while ((place = wi_wheel_pop(&queue->wheel, tick_at(wi_timers_now(cx->worker->timers)))) == NULL &&
           queue->wheel.count > 0) {
        if (!arm(queue, cx)) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
    }
    disarm(queue);
    self->output = -ENODATA;
    if (place != NULL) {
        struct delay_entry *entry = weir_container_of(place, struct delay_entry, place);
        self->output = 0;
        self->key = key_of(entry);
        copy_out(queue, entry, self->ret_value);
        free_entry(queue, entry);
    }
    return WEIR_READY;
}

static void next_drop(weir_future *future)
{
    disarm(((weir_delay_queue_next_future *)(void *)future)->queue);
}

static void next_inspect(const weir_future *future, weir_wait *ret_wait)
{
    const weir_delay_queue *queue = ((const weir_delay_queue_next_future *)(const void *)future)->queue;
    ret_wait->what = "a delay queue";
    ret_wait->object = queue;
    ret_wait->due_ns = queue->armed_ns == NOT_ARMED ? 0 : queue->armed_ns;
}

static const weir_future_type next_type =
    WEIR_FUTURE_TYPE_SEEN(weir_delay_queue_next_future, "delay_queue_next", next_poll, next_drop, next_inspect);

weir_delay_queue_next_future weir_delay_queue_next(weir_delay_queue *queue, void *ret_value)
{
    return (weir_delay_queue_next_future){
        .future = WEIR_FUTURE_INIT(&next_type),
        .queue = queue,
        .ret_value = ret_value,
    };
}
