/*
 * local_set.c - tasks that stay on one thread.
 *
 * A set is the owner of its tasks, as a runtime is of others: a task that is
 * woken is put in the set's queue if that happens on the set's thread, else in a
 * list under a lock, and the task that runs the set is woken. A set outlives
 * weir_local_set_destroy() as long as a handle of one of its tasks is out.
 *
 * While a run of it lasts the set is in a list of the runtime, for dumps: they
 * hold on to its tasks under the set's lock, and look at them one by one.
 */
#include <weir/local_set.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "task/join_members.h"
#include "task/locals.h"
#include "local_survey.h"
#include "worker.h"

/* Polls in one poll of the run; then the others of the runtime have their turn. */
#define TICK_POLLS 61

struct task_queue {
    struct inject_node *first, *last;
};

struct weir_local_set {
    struct task_owner owner;
    pthread_t thread;
    uint32_t refs; /* the creator's, and one of each task's memory */
    /* The set's thread only. */
    struct task_queue queue;
    size_t len;
    struct weir_runtime *runtime; /* in whose list it is; NULL: no run has begun */
    struct weir_task *current;    /* for whoever lands after a panic */
    bool ticking;                 /* a run is polled: what is woken needs no waker */
    /* Any thread. */
    struct lock lock;
    struct list tasks; /* that are not complete; each has a reference of the list's; changed by the set's thread only */
    struct task_queue remote;
    bool closed;
    weir_waker *waker; /* of the task that runs the set: a hold */
    /* Read by dumps. */
    struct list_node among_sets; /* under the runtime's lock */
    struct lock look_lock;       /* held while a dump owns one of the tasks; none does once `dropped` is set under it */
    bool dropped;
    bool measured;                 /* polls, by who runs it */
    const struct weir_task *polls; /* that is being polled; NULL: none */
    uint32_t worker;               /* on which */
};

struct local_task {
    struct list_node node;
    struct weir_task task;
};

static _Thread_local struct weir_local_set *set_here;

weir_local_set *weir_local_set_current(void)
{
    return set_here;
}

static bool is_here(const struct weir_local_set *set)
{
    return pthread_equal(set->thread, pthread_self());
}

static void set_unref(struct weir_local_set *set)
{
    if (wi_fetch_sub(&set->refs, 1u, ACQ_REL) == 1)
        free(set);
}

/* --- queues ----------------------------------------------------------------------- */

static void push(struct task_queue *queue, struct weir_task *task)
{
    task->link.next = NULL;
    if (queue->first == NULL)
        queue->first = &task->link;
    else
        queue->last->next = &task->link;
    queue->last = &task->link;
}

static struct weir_task *pop(struct task_queue *queue)
{
    struct inject_node *node = queue->first;
    if (node == NULL)
        return NULL;
    queue->first = node->next;
    return weir_container_of(node, struct weir_task, link);
}

/* What others woke goes behind what is queued. */
static void fetch_remote(struct weir_local_set *set)
{
    wi_lock(&set->lock);
    const struct task_queue remote = set->remote;
    set->remote = (struct task_queue){ 0 };
    wi_unlock(&set->lock);
    if (remote.first == NULL)
        return;
    if (set->queue.first == NULL)
        set->queue = remote;
    else
        set->queue.last->next = remote.first;
    set->queue.last = remote.last;
}

static void set_schedule(struct task_owner *owner, struct weir_task *task)
{
    struct weir_local_set *set = weir_container_of(owner, struct weir_local_set, owner);
    const bool here = is_here(set);
    if (wi_load(&set->measured, RELAXED))
        wi_task_trailer(task)->queued_at = wi_stamp();
    if (here)
        push(&set->queue, task);
    if (here && set->ticking)
        return;
    wi_lock(&set->lock);
    if (!here && !set->closed)
        push(&set->remote, task);
    if (set->waker != NULL)
        weir_wake(set->waker);
    wi_unlock(&set->lock);
}

static void set_free(struct task_owner *owner, struct weir_task *task)
{
    free(weir_container_of(task, struct local_task, task));
    set_unref(weir_container_of(owner, struct weir_local_set, owner));
}

/* --- tasks ------------------------------------------------------------------------ */

static weir_join_handle refuse(weir_future *frame, int error)
{
    weir_future_drop(frame);
    return (weir_join_handle){ .error = error };
}

weir_join_handle weir_local_set_spawn_frame_named(weir_local_set *set, weir_future *frame, const char *name)
{
    if (set == NULL || !is_here(set))
        return refuse(frame, -EINVAL);
    if (set->closed)
        return refuse(frame, -ECANCELED);
    const size_t size = offsetof(struct local_task, task) + wi_task_size(frame->type);
    struct local_task *local = malloc(size + sizeof(struct task_trailer));
    if (local == NULL)
        return refuse(frame, -ENOMEM);
    *(struct task_trailer *)(void *)((char *)local + size) = (struct task_trailer){ .name = name };
    wi_task_init(&local->task, &set->owner, frame, wi_task_next_id() | TASK_HAS_TRAILER);
    (void)wi_fetch_add(&set->refs, 1u, RELAXED);
    (void)wi_task_pin(&local->task); /* the list's */
    wi_lock(&set->lock);
    list_push_back(&set->tasks, &local->node);
    wi_unlock(&set->lock);
    set->len++;
    set_schedule(&set->owner, &local->task);
    return (weir_join_handle){ .task = &local->task };
}

weir_join_handle weir_local_set_spawn_frame(weir_local_set *set, weir_future *frame)
{
    return weir_local_set_spawn_frame_named(set, frame, NULL);
}

static weir_join_handle spawn_for_join_set(void *local_set, weir_future *frame)
{
    return weir_local_set_spawn_frame(local_set, frame);
}

int weir_join_set_spawn_local_frame(weir_join_set *set, weir_local_set *local_set, weir_future *frame)
{
    return wi_join_set_spawn_by(set, spawn_for_join_set, local_set, frame, NULL);
}

size_t weir_local_set_len(const weir_local_set *set)
{
    return set->len;
}

static void forget(struct weir_local_set *set, struct weir_task *task)
{
    wi_lock(&set->lock);
    list_remove(&weir_container_of(task, struct local_task, task)->node);
    wi_unlock(&set->lock);
    set->len--;
    wi_task_unpin(task);
}

/* What this thread is in besides the tasks of a set, and comes back to. */
struct surroundings {
    struct weir_local_set *set;
    struct weir_task *task;
    struct locals *locals;
    struct panic_landing *landing;
};

static struct surroundings go_in(struct weir_local_set *set, struct panic_landing *landing)
{
    const struct surroundings outer = { set_here, wi_task_current, wi_locals, wi_panic_landing };
    set_here = set;
    wi_locals = NULL;
    wi_panic_landing = landing;
    return outer;
}

static void go_out(const struct surroundings *outer)
{
    set_here = outer->set;
    wi_task_current = outer->task;
    wi_locals = outer->locals;
    wi_panic_landing = outer->landing;
}

/* The poll or the drop of `current` panicked. */
static void recover(struct weir_local_set *set, const weir_cx *cx, const struct panic_landing *landing)
{
    wi_locals = NULL;
    wi_store(&set->polls, (const struct weir_task *)NULL, RELAXED);
    wi_panic_tell(cx != NULL && cx->worker != NULL ? cx->worker->runtime : NULL, set->current, landing);
    wi_task_fail(set->current);
    forget(set, set->current);
}

/* As a worker's own tasks are measured. `stats` is the worker's. */
static task_poll run_measured(struct task_stats *stats, struct weir_task *task, weir_cx *cx)
{
    struct task_trailer *trailer = wi_task_trailer(task);
    const char *name = wi_task_name(task);
    const uint64_t begun = wi_stamp();
    const uint64_t queued = trailer->queued_at != 0 ? trailer->queued_at : begun; /* before anybody measured */
    const task_poll poll = wi_task_run(task, cx);
    const uint64_t ended = wi_stamp();
    if (poll == TASK_AGAIN || poll == TASK_YIELDED) /* else it isn't ours any more */
        trailer->queued_at = ended;
    wi_task_stats_note(stats, name, queued, begun, ended);
    return poll;
}

static void run_one(struct weir_local_set *set, struct weir_task *task, weir_cx *cx)
{
    weir_cx inner = { .worker = cx->worker, .budget = cx->budget };
    set->current = task;
    wi_store(&set->polls, (const struct weir_task *)task, RELAXED);
    const task_poll poll = set->measured && set->runtime != NULL
                               ? run_measured(((struct worker *)(void *)cx->worker)->stats, task, &inner)
                               : wi_task_run(task, &inner);
    wi_store(&set->polls, (const struct weir_task *)NULL, RELAXED);
    cx->budget = inner.budget;
    switch (poll) {
    case TASK_IDLE:
        break;
    case TASK_AGAIN:
    case TASK_YIELDED:
        push(&set->queue, task);
        break;
    case TASK_DONE:
        forget(set, task);
        break;
    }
}

static void tick(struct weir_local_set *set, weir_cx *cx)
{
    struct panic_landing landing;
    const struct surroundings outer = go_in(set, &landing);
    if (wi_panic_land(&landing) != 0)
        recover(set, cx, &landing);
    fetch_remote(set);
    struct weir_task *task;
    for (uint32_t polls = 0; polls < TICK_POLLS && cx->budget > 0 && (task = pop(&set->queue)) != NULL; polls++)
        run_one(set, task, cx);
    go_out(&outer);
    if (set->queue.first != NULL) {
        cx->yielded = true;
        cx->forced |= cx->budget == 0;
    }
}

/* --- runs ------------------------------------------------------------------------- */

static void set_waker(struct weir_local_set *set, weir_waker *waker)
{
    wi_lock(&set->lock);
    weir_waker *old = set->waker;
    set->waker = waker == NULL ? NULL : weir_waker_hold(waker);
    wi_unlock(&set->lock);
    weir_waker_release(old);
}

/* From here on dumps of the runtime see the tasks. A worker without one is a test's. */
static void enlist(struct weir_local_set *set, const struct weir_worker *env)
{
    struct weir_runtime *runtime = env != NULL ? env->runtime : NULL;
    if (runtime == NULL)
        return;
    wi_store(&set->worker, ((const struct worker *)(const void *)env)->index, RELAXED);
    if (set->runtime != NULL)
        return;
    set->runtime = runtime;
    wi_store(&set->measured, runtime->options.task_stats, RELAXED);
    wi_lock(&runtime->local_sets_lock);
    list_push_back(&runtime->local_sets, &set->among_sets);
    wi_unlock(&runtime->local_sets_lock);
}

static void delist(struct weir_local_set *set)
{
    if (set->runtime == NULL)
        return;
    wi_lock(&set->runtime->local_sets_lock);
    list_remove(&set->among_sets);
    wi_unlock(&set->runtime->local_sets_lock);
    set->runtime = NULL;
}

/* Before anything is looked at: what is woken from here on wakes us. */
static void begin(struct weir_local_set *set, weir_cx *cx)
{
    if (!is_here(set))
        weir_panic("a local set is run on a thread that isn't its own");
    if (set->waker != cx->waker) /* written here only */
        set_waker(set, cx->waker);
    enlist(set, cx->worker);
    set->ticking = true;
}

static void end(struct weir_local_set *set)
{
    set->ticking = false;
}

/* The run is over, or dropped, maybe in a poll that panicked. */
static void leave(struct weir_local_set *set)
{
    set->ticking = false;
    delist(set);
    set_waker(set, NULL);
}

static weir_poll until_poll(weir_future *future, weir_cx *cx)
{
    weir_run_until_future *self = (weir_run_until_future *)(void *)future;
    struct weir_local_set *set = self->set;
    future->line = 1;
    future->awaiting = self->inner;
    begin(set, cx);
    struct weir_local_set *outer = set_here;
    set_here = set;
    const weir_poll poll = weir_future_poll(self->inner, cx);
    set_here = outer;
    if (poll == WEIR_READY) {
        self->inner->line = WEIR_AT_DONE;
        future->awaiting = NULL;
        leave(set);
        return WEIR_READY;
    }
    tick(set, cx);
    end(set);
    return WEIR_PENDING;
}

static void until_drop(weir_future *future)
{
    weir_run_until_future *self = (weir_run_until_future *)(void *)future;
    struct weir_local_set *outer = set_here;
    future->awaiting = NULL;
    set_here = self->set;
    weir_future_drop(self->inner);
    set_here = outer == self->set ? NULL : outer;
    if (future->line != WEIR_AT_START)
        leave(self->set);
}

static const weir_future_type until_type =
    WEIR_FUTURE_TYPE(weir_run_until_future, "local_run_until", until_poll, until_drop);

weir_run_until_future weir_local_run_until_frame(weir_local_set *set, weir_future *inner)
{
    return (weir_run_until_future){ .future = WEIR_FUTURE_INIT(&until_type), .set = set, .inner = inner };
}

static weir_poll run_poll(weir_future *future, weir_cx *cx)
{
    struct weir_local_set *set = ((weir_local_run_future *)(void *)future)->set;
    future->line = 1;
    begin(set, cx);
    tick(set, cx);
    end(set);
    if (set->len > 0)
        return WEIR_PENDING;
    leave(set);
    return WEIR_READY;
}

static void run_drop(weir_future *future)
{
    if (future->line != WEIR_AT_START)
        leave(((weir_local_run_future *)(void *)future)->set);
}

static const weir_future_type run_type = WEIR_FUTURE_TYPE(weir_local_run_future, "local_run", run_poll, run_drop);

weir_local_run_future weir_local_run(weir_local_set *set)
{
    return (weir_local_run_future){ .future = { WEIR_FUTURE_INIT(&run_type) }, .set = set };
}

/* --- dumps ------------------------------------------------------------------------ */

/* Under the set's lock. False: no memory. */
static bool pin_tasks_locked(const struct weir_local_set *set, struct pinned_tasks *pinned)
{
    for (struct list_node *node = set->tasks.head.next; node != &set->tasks.head; node = node->next) {
        struct weir_task *task = &weir_container_of(node, struct local_task, node)->task;
        if (pinned->count == pinned->room) {
            const size_t room = pinned->room == 0 ? 64 : 2 * pinned->room;
            struct weir_task **tasks = realloc(pinned->tasks, room * sizeof *tasks);
            if (tasks == NULL)
                return false;
            pinned->tasks = tasks;
            pinned->room = room;
        }
        if (wi_task_pin(task))
            pinned->tasks[pinned->count++] = task;
    }
    return true;
}

bool wi_local_sets_pin(struct weir_runtime *runtime, struct pinned_tasks *ret_pinned)
{
    bool all = true;
    *ret_pinned = (struct pinned_tasks){ 0 };
    wi_lock(&runtime->local_sets_lock);
    for (struct list_node *node = runtime->local_sets.head.next; node != &runtime->local_sets.head; node = node->next) {
        struct weir_local_set *set = weir_container_of(node, struct weir_local_set, among_sets);
        wi_lock(&set->lock);
        all &= pin_tasks_locked(set, ret_pinned);
        wi_unlock(&set->lock);
    }
    wi_unlock(&runtime->local_sets_lock);
    return all;
}

bool wi_local_look_begin(const struct weir_task *task)
{
    struct weir_local_set *set = weir_container_of(wi_task_owner(task), struct weir_local_set, owner);
    wi_lock(&set->look_lock);
    if (!set->dropped)
        return true;
    wi_unlock(&set->look_lock);
    return false;
}

void wi_local_look_end(const struct weir_task *task)
{
    wi_unlock(&weir_container_of(wi_task_owner(task), struct weir_local_set, owner)->look_lock);
}

int wi_local_polled_by(const struct weir_task *task)
{
    const struct weir_local_set *set = weir_container_of(wi_task_owner(task), struct weir_local_set, owner);
    return wi_load(&set->polls, RELAXED) == task ? (int)wi_load(&set->worker, RELAXED) : -1;
}

/* --- beginning and end ------------------------------------------------------------- */

int weir_local_set_create(weir_local_set **ret_set)
{
    struct weir_local_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return -ENOMEM;
    set->owner = (struct task_owner)TASK_OWNER_INIT(set_schedule, set_free);
    set->thread = pthread_self();
    set->refs = 1;
    list_init(&set->tasks);
    *ret_set = set;
    return 0;
}

static void drop_tasks(struct weir_local_set *set)
{
    struct panic_landing landing;
    const struct surroundings outer = go_in(set, &landing);
    if (wi_panic_land(&landing) != 0)
        recover(set, NULL, &landing);
    struct list_node *node;
    while ((node = list_front(&set->tasks)) != NULL) {
        set->current = &weir_container_of(node, struct local_task, node)->task;
        wi_task_shutdown(set->current);
        forget(set, set->current);
    }
    go_out(&outer);
}

void weir_local_set_destroy(weir_local_set *set)
{
    if (set == NULL)
        return;
    if (!is_here(set))
        weir_panic("a local set is destroyed on a thread that isn't its own");
    wi_lock(&set->lock);
    set->closed = true;
    set->remote = (struct task_queue){ 0 }; /* they are in `tasks`, too */
    wi_unlock(&set->lock);
    set_waker(set, NULL);
    wi_lock(&set->look_lock);
    set->dropped = true;
    wi_unlock(&set->look_lock);
    drop_tasks(set);
    set_unref(set);
}
