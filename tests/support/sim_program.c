/* sim_program.c - see sim_program.h: the world and its rules, an actor that reads its program, a run. */
#include "sim_program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <weir/io.h>
#include <weir/mpsc.h>
#include <weir/mutex.h>
#include <weir/notify.h>
#include <weir/oneshot.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/semaphore.h>
#include <weir/time.h>

#include "ring_fake.h"

#define ACTORS_MAX 40
#define ITEMS_MAX 1024
#define MUTEXES 2
#define SEMAPHORES 2
#define CHANNELS 3
#define REGION 48
#define REGIONS_MAX 512 /* more than there can be: an actor has 12 steps */

const char *const sim_event_names[SIM_EVENTS] = {
    "spawned",       "finished", "cancelled",    "panicked", "joined",    "detached",  "slept",      "locked",
    "lock late",     "acquired", "acquire late", "sent",     "send late", "received",  "recv late",  "select first",
    "select second", "oneshot",  "oneshot late", "io whole", "io short",  "io failed", "io dropped", "killed",
};

enum item_state { ITEM_NONE, ITEM_TRYING, ITEM_SENT, ITEM_RECEIVED };

/* What an actor has come to; what its joiner is told must be this. */
enum fate { FATE_RUNS, FATE_FINISHED, FATE_PANICS };

struct item {
    uint32_t number;
    uint32_t sender, order; /* the `order`th of this sender into this channel */
};

struct world {
    const uint8_t *code;
    size_t size;
    uint64_t seed, hash;
    struct sim_coverage *coverage;
    int fd;

    weir_mutex mutex[MUTEXES];
    unsigned inside[MUTEXES];
    weir_semaphore *semaphore[SEMAPHORES];
    unsigned permits[SEMAPHORES], out[SEMAPHORES];
    weir_mpsc_sender *sender[CHANNELS];
    weir_mpsc_receiver *receiver[CHANNELS];
    weir_mutex receiving[CHANNELS]; /* one receiver at a time */
    weir_notify notify;

    unsigned actors, alive;
    unsigned ended[ACTORS_MAX];
    enum fate fate[ACTORS_MAX];
    bool aborted[ACTORS_MAX];
    unsigned order[ACTORS_MAX][CHANNELS], seen[ACTORS_MAX][CHANNELS];
    unsigned items;
    uint8_t item[ITEMS_MAX];
    bool killing;
    unsigned regions;
    uint8_t write_from[REGIONS_MAX][REGION], read_to[REGIONS_MAX][REGION];
};

#define MUST(condition)                                                                                     \
    do {                                                                                                    \
        if (!(condition)) {                                                                                 \
            fprintf(stderr, "%s:%d: SEED=%" PRIu64 ": %s does not hold\n", __FILE__, __LINE__, world->seed, \
                    #condition);                                                                            \
            fflush(NULL);                                                                                   \
            abort();                                                                                        \
        }                                                                                                   \
    } while (0)

static void event(struct world *world, enum sim_event what, uint64_t who)
{
    world->coverage->events[what]++;
    world->hash = (world->hash ^ ((uint64_t)what << 32 | who)) * 0x9e3779b97f4a7c15u;
    world->hash = (world->hash ^ (uint64_t)weir_now_ns() ^ world->hash >> 29) * 0xbf58476d1ce4e5b9u;
}

/* --- an actor -------------------------------------------------------------------------- */

enum step_kind {
    STEP_YIELD,
    STEP_SLEEP,
    STEP_LOCK,
    STEP_LOCK_TIMED,
    STEP_ACQUIRE,
    STEP_ACQUIRE_TIMED,
    STEP_SEND,
    STEP_RECEIVE,
    STEP_ONESHOT,
    STEP_IO,
    STEP_IO_TIMED,
    STEP_SPAWN,
    STEP_SELECT,
    STEP_NOTIFY,
    STEP_PANIC,
    STEPS,
};

static int64_t duration(uint8_t byte)
{
    return (int64_t)(byte & 31) * 700000; /* up to some 20 ms, and often not at a tick */
}

static int expected_output(uint32_t id)
{
    return 1000 + (int)id;
}

WEIR_ASYNC(send_later, int, weir_oneshot_sender *to; int64_t after_ns; int value; weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(self->after_ns));
    self->value = 77;
    (void)weir_oneshot_send(self->to, &self->value);
    self->to = NULL;
    WEIR_FINALLY
    weir_oneshot_sender_drop(self->to);
    WEIR_END
}

/* Its longer steps: frames of their own, at work on the actor's fields. */
WEIR_ASYNC_DECLARE(exclusive_step, int, struct actor *actor;);
WEIR_ASYNC_DECLARE(channel_step, int, struct actor *actor;);
WEIR_ASYNC_DECLARE(io_step, int, struct actor *actor;);
WEIR_ASYNC_DECLARE(child_step, int, struct actor *actor;);

/* clang-format off */
WEIR_ASYNC_DECLARE(actor, int,
    struct world *world; uint32_t id; uint32_t at; uint32_t fuel;
    uint8_t kind, arg, which;
    struct exclusive_step exclusive; struct channel_step channel; struct io_step io; struct child_step family;
    weir_yield yield; weir_sleep nap; weir_timeout_future timed; int64_t deadline_ns; int64_t limit_ns;
    weir_mutex_lock_future lock; weir_mutex_guard guard; bool inside;
    weir_semaphore_acquire_future acquire; weir_permit permit; unsigned held;
    weir_mpsc_send_future send; weir_mpsc_recv_future recv; struct item item; bool sending;
    weir_join_handle child; uint32_t child_id; weir_join_future join; int child_output;
    weir_notify_wait_future wait; weir_select_future select;
    weir_oneshot_receiver *oneshot; weir_oneshot_sender *oneshot_tx; weir_oneshot_recv_future oneshot_recv; int value;
    weir_write write; weir_read read; uint32_t region; uint32_t done; bool io_failed;);
/* clang-format on */

static uint8_t next_byte(struct actor *self)
{
    const struct world *world = self->world;
    return world->size == 0 ? 0 : world->code[self->at++ % world->size];
}

static void next_step(struct actor *self)
{
    self->kind = next_byte(self) % STEPS;
    self->arg = next_byte(self);
    self->which = next_byte(self);
}

/* --- time --- */

static void begin_limit(struct actor *self)
{
    self->limit_ns = duration(self->arg);
    self->deadline_ns = weir_now_ns() + self->limit_ns;
}

static void slept(struct actor *self)
{
    struct world *world = self->world;
    MUST(weir_now_ns() >= self->deadline_ns);
    event(world, SIM_SLEPT, self->id);
}

/* Of a timeout. A time limit never passes early. */
static bool in_time(struct actor *self, enum sim_event late)
{
    struct world *world = self->world;
    if (self->timed.output == 0)
        return true;
    MUST(self->timed.output == -ETIMEDOUT);
    MUST(weir_now_ns() >= self->deadline_ns);
    event(world, late, self->id);
    return false;
}

/* --- mutexes and semaphores --- */

static void locked(struct actor *self)
{
    struct world *world = self->world;
    MUST(self->guard.mutex == &world->mutex[self->which % MUTEXES]);
    MUST(world->inside[self->which % MUTEXES]++ == 0);
    self->inside = true;
    event(world, SIM_LOCKED, self->id);
}

static void unlock(struct actor *self)
{
    if (self->inside)
        self->world->inside[self->which % MUTEXES]--;
    self->inside = false;
    weir_mutex_unlock(&self->guard);
}

static weir_mutex_lock_future lock_one(struct actor *self)
{
    return weir_mutex_lock(&self->world->mutex[self->which % MUTEXES], &self->guard);
}

static unsigned wanted(const struct actor *self)
{
    return 1 + self->arg % self->world->permits[self->which % SEMAPHORES];
}

static weir_semaphore_acquire_future acquire_some(struct actor *self)
{
    return weir_semaphore_acquire_owned(self->world->semaphore[self->which % SEMAPHORES], wanted(self), &self->permit);
}

static void acquired(struct actor *self)
{
    struct world *world = self->world;
    const unsigned at = self->which % SEMAPHORES;
    MUST(self->acquire.output == 0 && self->permit.count == wanted(self));
    self->held = wanted(self);
    world->out[at] += self->held;
    MUST(world->out[at] <= world->permits[at]);
    event(world, SIM_ACQUIRED, self->id);
}

static void release(struct actor *self)
{
    self->world->out[self->which % SEMAPHORES] -= self->held;
    self->held = 0;
    weir_permit_release(&self->permit);
}

/* --- channels --- */

static weir_mpsc_sender *sender_of(struct actor *self)
{
    return self->world->sender[self->which % CHANNELS];
}

static weir_mpsc_receiver *receiver_of(struct actor *self)
{
    return self->world->receiver[self->which % CHANNELS];
}

static weir_mutex *receiving(struct actor *self)
{
    return &self->world->receiving[self->which % CHANNELS];
}

static bool make_item(struct actor *self)
{
    struct world *world = self->world;
    if (world->items == ITEMS_MAX)
        return false;
    self->item = (struct item){ .number = world->items++,
                                .sender = self->id,
                                .order = ++world->order[self->id][self->which % CHANNELS] };
    world->item[self->item.number] = ITEM_TRYING;
    self->sending = true;
    return true;
}

/* An item that was dropped on its way has not been sent. */
static void not_sent(struct actor *self)
{
    struct world *world = self->world;
    MUST(world->item[self->item.number] == ITEM_TRYING);
    world->item[self->item.number] = ITEM_NONE;
    self->sending = false;
}

static void sent(struct actor *self)
{
    struct world *world = self->world;
    if (!in_time(self, SIM_SEND_TIMED_OUT)) {
        not_sent(self);
        return;
    }
    MUST(self->send.output == 0);
    self->sending = false;
    if (world->item[self->item.number] == ITEM_TRYING)
        world->item[self->item.number] = ITEM_SENT;
    event(world, SIM_SENT, self->id);
}

static void take_item(struct world *world, unsigned channel, const struct item *item)
{
    MUST(item->number < world->items);
    MUST(world->item[item->number] == ITEM_SENT || world->item[item->number] == ITEM_TRYING);
    world->item[item->number] = ITEM_RECEIVED;
    MUST(item->order > world->seen[item->sender][channel]); /* one sender's items stay in order */
    world->seen[item->sender][channel] = item->order;
}

static void received(struct actor *self)
{
    struct world *world = self->world;
    if (!in_time(self, SIM_RECV_TIMED_OUT))
        return;
    MUST(self->recv.output == 0);
    take_item(world, self->which % CHANNELS, &self->item);
    event(world, SIM_RECEIVED, self->id);
}

/* --- select, notify, oneshot --- */

static void selected(struct actor *self)
{
    struct world *world = self->world;
    MUST(self->select.output == 0 || self->select.output == 1);
    event(world, self->select.output == 0 ? SIM_SELECT_FIRST : SIM_SELECT_SECOND, self->id);
}

static void notify(struct actor *self)
{
    if (self->which % 2 == 0)
        weir_notify_one(&self->world->notify);
    else
        weir_notify_waiters(&self->world->notify);
}

static bool begin_oneshot(struct actor *self)
{
    weir_oneshot_sender *sender;
    if (weir_oneshot_create(sizeof(int), NULL, &sender, &self->oneshot) != 0)
        return false;
    weir_detach(weir_spawn(WEIR_CALL(send_later, .to = sender, .after_ns = duration(self->which))));
    return true;
}

static void end_oneshot(struct actor *self)
{
    struct world *world = self->world;
    if (in_time(self, SIM_ONESHOT_TIMED_OUT)) {
        const bool refused = world->killing && self->oneshot_recv.output == -EPIPE; /* no spawns any more */
        MUST((self->oneshot_recv.output == 0 && self->value == 77) || refused);
        event(world, SIM_ONESHOT, self->id);
    }
}

/* --- files: a region a step --- */

static void begin_io(struct actor *self)
{
    self->done = 0;
    self->io_failed = false;
    /* A write that was dropped may land later: no two go to the same place, and none from memory that may be gone. */
    self->region = self->world->regions++ % REGIONS_MAX;
    memset(self->world->write_from[self->region], (int)(self->id + self->arg), REGION);
}

static bool io_goes_on(const struct actor *self)
{
    return self->done < REGION && !self->io_failed;
}

static uint64_t region_at(const struct actor *self)
{
    return (uint64_t)self->region * REGION + self->done;
}

static weir_write write_more(struct actor *self)
{
    return weir_write_at(self->world->fd, self->world->write_from[self->region] + self->done, REGION - self->done,
                         region_at(self), WEIR_IO_NO_HOLD);
}

static weir_read read_more(struct actor *self)
{
    return weir_read_at(self->world->fd, self->world->read_to[self->region] + self->done, REGION - self->done,
                        region_at(self), WEIR_IO_NO_HOLD);
}

static void dropped_io(struct actor *self)
{
    if (!in_time(self, SIM_IO_DROPPED)) {
        self->io_failed = true;
        self->write.output = 0;
    }
}

static void io_moved(struct actor *self, int64_t moved)
{
    struct world *world = self->world;
    if (self->io_failed)
        return;
    if (moved < 0) {
        MUST(moved == -EIO);
        self->io_failed = true;
        event(world, SIM_IO_FAILED, self->id);
        return;
    }
    MUST(moved > 0 && (uint64_t)moved <= REGION - self->done);
    self->done += (uint32_t)moved;
    if (self->done < REGION)
        event(world, SIM_IO_SHORT, self->id);
}

static void check_io(struct actor *self)
{
    struct world *world = self->world;
    if (self->io_failed)
        return;
    for (unsigned i = 0; i < REGION; i++)
        MUST(world->read_to[self->region][i] == (uint8_t)(self->id + self->arg));
    event(world, SIM_IO_WHOLE, self->id);
}

/* --- children --- */

static bool new_actor(struct world *world, uint32_t *ret_id)
{
    if (world->actors == ACTORS_MAX)
        return false;
    *ret_id = world->actors++;
    world->alive++;
    event(world, SIM_SPAWNED, *ret_id);
    return true;
}

static bool spawn_child(struct actor *self)
{
    if (!new_actor(self->world, &self->child_id))
        return false;
    self->child = weir_spawn(WEIR_CALL(actor, .world = self->world, .id = self->child_id, .at = self->at + self->which,
                                       .fuel = self->fuel / 2 + 1));
    return true;
}

static void abort_child(struct actor *self)
{
    if (self->arg % 3 != 0)
        return;
    self->world->aborted[self->child_id] = true;
    weir_abort(self->child);
}

static weir_join_handle take_child(struct actor *self)
{
    const weir_join_handle child = self->child;
    self->child = (weir_join_handle){ 0 };
    return child;
}

static void detach_child(struct actor *self)
{
    weir_detach(take_child(self));
    event(self->world, SIM_DETACHED, self->id);
}

static void check_join(struct world *world, uint32_t id, int status, int output)
{
    MUST(world->ended[id] == 1);
    if (status == 0)
        MUST(world->fate[id] == FATE_FINISHED && output == expected_output(id));
    else if (status == -ENOTRECOVERABLE)
        MUST(world->fate[id] == FATE_PANICS);
    else
        MUST(status == -ECANCELED && world->fate[id] == FATE_RUNS && (world->aborted[id] || world->killing));
    event(world, SIM_JOINED, id);
}

static void joined(struct actor *self)
{
    check_join(self->world, self->child_id, self->join.output, self->child_output);
}

/* FINALLY: whatever it was at. */
static void ended(struct actor *self)
{
    struct world *world = self->world;
    MUST(self->id < world->actors);
    MUST(++world->ended[self->id] == 1);
    world->alive--;
    const enum fate fate = world->fate[self->id];
    if (fate == FATE_RUNS)
        MUST(world->aborted[self->id] || world->killing);
    event(world, fate == FATE_FINISHED ? SIM_FINISHED : fate == FATE_PANICS ? SIM_PANICKED : SIM_CANCELLED, self->id);
}

/* --- steps that are more than one await ----------------------------------------------------- */

WEIR_ASYNC_DEFINE(exclusive_step)
{
    WEIR_BEGIN
    if (self->actor->kind == STEP_LOCK) {
        AWAIT(self->actor->lock, lock_one(self->actor));
        locked(self->actor);
        AWAIT(self->actor->nap, weir_sleep_for(duration(self->actor->arg)));
    } else if (self->actor->kind == STEP_LOCK_TIMED) {
        self->actor->lock = lock_one(self->actor);
        begin_limit(self->actor);
        AWAIT(self->actor->timed, weir_timeout(self->actor->limit_ns, &self->actor->lock));
        if (in_time(self->actor, SIM_LOCK_TIMED_OUT)) {
            locked(self->actor);
            AWAIT(self->actor->yield, weir_yield_now());
        }
    } else if (self->actor->kind == STEP_ACQUIRE) {
        AWAIT(self->actor->acquire, acquire_some(self->actor));
        acquired(self->actor);
        AWAIT(self->actor->nap, weir_sleep_for(duration(self->actor->arg)));
    } else if (self->actor->kind == STEP_ACQUIRE_TIMED) {
        self->actor->acquire = acquire_some(self->actor);
        begin_limit(self->actor);
        AWAIT(self->actor->timed, weir_timeout(self->actor->limit_ns, &self->actor->acquire));
        if (in_time(self->actor, SIM_ACQUIRE_TIMED_OUT)) {
            acquired(self->actor);
            AWAIT(self->actor->yield, weir_yield_now());
        }
    }
    WEIR_FINALLY
    unlock(self->actor);
    release(self->actor);
    WEIR_END
}

WEIR_ASYNC_DEFINE(channel_step)
{
    WEIR_BEGIN
    if (self->actor->kind == STEP_SEND && make_item(self->actor)) {
        self->actor->send = weir_mpsc_send(sender_of(self->actor), &self->actor->item);
        begin_limit(self->actor);
        AWAIT(self->actor->timed, weir_timeout(self->actor->limit_ns, &self->actor->send));
        sent(self->actor);
    } else if (self->actor->kind == STEP_RECEIVE) {
        AWAIT(self->actor->lock, weir_mutex_lock(receiving(self->actor), &self->actor->guard));
        self->actor->recv = weir_mpsc_recv(receiver_of(self->actor), &self->actor->item);
        begin_limit(self->actor);
        AWAIT(self->actor->timed, weir_timeout(self->actor->limit_ns, &self->actor->recv));
        received(self->actor);
    } else if (self->actor->kind == STEP_ONESHOT && begin_oneshot(self->actor)) {
        self->actor->oneshot_recv = weir_oneshot_recv(self->actor->oneshot, &self->actor->value);
        begin_limit(self->actor);
        AWAIT(self->actor->timed, weir_timeout(self->actor->limit_ns, &self->actor->oneshot_recv));
        end_oneshot(self->actor);
    }
    WEIR_FINALLY
    if (self->actor->sending)
        not_sent(self->actor);
    unlock(self->actor);
    weir_oneshot_receiver_drop(self->actor->oneshot);
    self->actor->oneshot = NULL;
    WEIR_END
}

WEIR_ASYNC_DEFINE(io_step)
{
    WEIR_BEGIN
    begin_io(self->actor);
    while (io_goes_on(self->actor)) {
        self->actor->write = write_more(self->actor);
        if (self->actor->kind == STEP_IO_TIMED) {
            begin_limit(self->actor);
            AWAIT(self->actor->timed, weir_timeout(self->actor->limit_ns, &self->actor->write));
            dropped_io(self->actor);
        } else {
            AWAIT_SLOT(self->actor->write);
        }
        io_moved(self->actor, self->actor->write.output);
    }
    self->actor->done = 0;
    while (io_goes_on(self->actor)) {
        AWAIT(self->actor->read, read_more(self->actor));
        io_moved(self->actor, self->actor->read.output);
    }
    check_io(self->actor);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC_DEFINE(child_step)
{
    WEIR_BEGIN
    if (!spawn_child(self->actor))
        RETURN(0);
    AWAIT(self->actor->yield, weir_yield_now());
    abort_child(self->actor);
    if (self->actor->which % 4 == 0) {
        detach_child(self->actor);
    } else {
        self->actor->join = weir_join(take_child(self->actor), &self->actor->child_output);
        AWAIT_SLOT(self->actor->join);
        joined(self->actor);
    }
    WEIR_FINALLY
    weir_detach(take_child(self->actor));
    WEIR_END
}

WEIR_ASYNC_DEFINE(actor)
{
    WEIR_BEGIN
    while (self->fuel-- > 0) {
        next_step(self);
        if (self->kind == STEP_YIELD) {
            AWAIT(self->yield, weir_yield_now());
        } else if (self->kind == STEP_SLEEP) {
            begin_limit(self);
            AWAIT(self->nap, weir_sleep_for(self->limit_ns));
            slept(self);
        } else if (self->kind <= STEP_ACQUIRE_TIMED) {
            AWAIT(self->exclusive, WEIR_CALL(exclusive_step, .actor = self));
        } else if (self->kind <= STEP_ONESHOT) {
            AWAIT(self->channel, WEIR_CALL(channel_step, .actor = self));
        } else if (self->kind <= STEP_IO_TIMED) {
            AWAIT(self->io, WEIR_CALL(io_step, .actor = self));
        } else if (self->kind == STEP_SPAWN) {
            AWAIT(self->family, WEIR_CALL(child_step, .actor = self));
        } else if (self->kind == STEP_SELECT) {
            self->nap = weir_sleep_for(duration(self->arg));
            self->wait = weir_notify_wait(&self->world->notify);
            AWAIT(self->select, weir_select(self->nap, self->wait));
            selected(self);
        } else if (self->kind == STEP_NOTIFY) {
            notify(self);
        } else if (self->arg < 24) {
            self->world->fate[self->id] = FATE_PANICS;
            weir_panic("as the program says");
        }
    }
    self->world->fate[self->id] = FATE_FINISHED;
    RETURN(expected_output(self->id));
    WEIR_FINALLY
    ended(self);
    WEIR_END
}

/* --- a run ------------------------------------------------------------------------------- */

#define ROOTS_MAX 6

static struct actor root(struct world *world, unsigned number)
{
    uint32_t id;
    MUST(new_actor(world, &id));
    return WEIR_CALL(actor, .world = world, .id = id, .at = number * 97, .fuel = 12);
}

WEIR_ASYNC(whole_program, int, struct world *world; unsigned roots; unsigned i; weir_join_handle handle[ROOTS_MAX];
           weir_join_handle taken; weir_join_future join; int result; weir_sleep nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < self->roots; self->i++)
        self->handle[self->i] = weir_spawn(root(self->world, self->i));
    if (self->world->killing) { /* in the middle of everything */
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(8)));
        RETURN(0);
    }
    for (self->i = 0; self->i < self->roots; self->i++) {
        self->taken = self->handle[self->i];
        self->handle[self->i] = (weir_join_handle){ 0 };
        AWAIT(self->join, weir_join(self->taken, &self->result));
        check_join(self->world, self->i, self->join.output, self->result);
    }
    /* Those that were detached. All that a program can wait for is over within its few seconds, or will never be. */
    for (self->i = 0; self->world->alive > 0; self->i++) {
        if (self->i == 1000)
            RETURN(-ETIME);
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(50)));
    }
    RETURN(0);
    WEIR_FINALLY
    for (unsigned i = 0; i < self->roots; i++)
        weir_detach(self->handle[i]);
    WEIR_END
}

static int create_fake(void *arg, unsigned index, unsigned workers, weir_driver **ret_driver)
{
    (void)workers;
    const struct world *world = arg;
    const uint64_t seed = world->seed;
    struct ring *ring;
    const struct ring_fake_options options = {
        .seed = seed * 31 + index + 1,
        .delay_max = (unsigned)(seed % 5),
        .bytes_max = seed % 3 == 0 ? 0 : 1 + (unsigned)(seed % 47),
        .fail_every = seed % 2 == 0 ? 0 : 3 + (unsigned)(seed % 9),
        .fail_error = -EIO,
    };
    const int error = ring_fake_create(&options, NULL, &ring);
    return error < 0 ? error : wi_driver_create(ring, ret_driver);
}

static void ignore_panic(void *arg, const char *task_name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)task_name;
    (void)file;
    (void)line;
    (void)message;
}

static void begin_world(struct world *world)
{
    static int fd = -1; /* a program's actors write before they read, so the next one may have it */
    if (fd < 0)
        fd = memfd_create("sim", MFD_CLOEXEC);
    MUST(fd >= 0);
    world->fd = fd;
    for (unsigned i = 0; i < MUTEXES; i++)
        weir_mutex_init(&world->mutex[i]);
    for (unsigned i = 0; i < SEMAPHORES; i++) {
        world->permits[i] = 1 + 2 * i;
        MUST(weir_semaphore_create(world->permits[i], &world->semaphore[i]) == 0);
    }
    for (unsigned i = 0; i < CHANNELS; i++) {
        weir_mutex_init(&world->receiving[i]);
        MUST(weir_mpsc_create(sizeof(struct item), 1 + i, NULL, &world->sender[i], &world->receiver[i]) == 0);
    }
    weir_notify_init(&world->notify);
}

/* What must hold when nothing runs any more. */
static void end_world(struct world *world)
{
    MUST(world->alive == 0);
    for (unsigned i = 0; i < world->actors; i++)
        MUST(world->ended[i] == 1);
    for (unsigned i = 0; i < MUTEXES; i++)
        MUST(world->inside[i] == 0);
    for (unsigned i = 0; i < SEMAPHORES; i++) {
        MUST(world->out[i] == 0);
        MUST(weir_semaphore_available(world->semaphore[i]) == world->permits[i]);
        weir_semaphore_unref(world->semaphore[i]);
    }
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct item item;
        while (weir_mpsc_try_recv(world->receiver[i], &item) == 0)
            take_item(world, i, &item);
        weir_mpsc_sender_unref(world->sender[i]);
        weir_mpsc_receiver_drop(world->receiver[i]);
    }
    for (unsigned i = 0; i < world->items; i++) /* none was lost */
        MUST(world->item[i] == ITEM_RECEIVED || world->item[i] == ITEM_NONE);
}

static void add_report(struct sim_coverage *coverage, weir_runtime *runtime)
{
    weir_sim_report report;
    (void)weir_sim_report_get(runtime, &report);
    coverage->report.steps += report.steps;
    coverage->report.sleeps += report.sleeps;
    coverage->report.clock_jumps += report.clock_jumps;
    coverage->report.drifts += report.drifts;
    coverage->report.spurious += report.spurious;
    coverage->report.reaps_waiting += report.reaps_waiting;
    coverage->report.virtual_ns += report.virtual_ns;
}

void sim_program_run(const uint8_t *code, size_t size, uint64_t seed, struct sim_coverage *coverage)
{
    struct world *const world = calloc(1, sizeof *world);
    if (world == NULL)
        abort();
    *world = (struct world){ .code = code, .size = size, .seed = seed, .coverage = coverage, .hash = seed };
    world->killing = seed % 8 == 3;
    begin_world(world);
    const weir_driver_factory drivers = { create_fake, world };
    const weir_sim_options sim = {
        .seed = seed,
        .spurious_percent = seed % 3 == 0 ? 5 : 0,
        .drift_percent = seed % 5 < 2 ? 10 : 0,
    };
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 1 + (unsigned)(seed % 4);
    options.simulate = &sim;
    options.drivers = &drivers;
    options.on_panic = ignore_panic;
    weir_runtime *runtime;
    MUST(weir_runtime_create(&options, &runtime) == 0);
    const unsigned roots = 2 + (unsigned)(seed / 4 % (ROOTS_MAX - 1));
    int status = -1;
    MUST(weir_block_on(runtime, WEIR_CALL(whole_program, .world = world, .roots = roots), &status) == 0);
    MUST(status == 0);
    add_report(coverage, runtime);
    if (world->alive > 0)
        coverage->events[SIM_KILLED]++;
    weir_runtime_destroy(runtime);
    end_world(world);
    coverage->programs++;
    coverage->hash = world->hash;
    free(world);
}
