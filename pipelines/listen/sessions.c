/* sessions.c - the table of them; a look into it is one per connection, so it is a list. */
#include "listen/sessions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "make_room.h"

struct sessions *wp_sessions_create(unsigned most, bool keeps)
{
    struct sessions *self = malloc(sizeof *self);
    if (self == NULL)
        return NULL;
    *self = (struct sessions){ .most = most, .keeps = keeps };
    (void)pthread_mutex_init(&self->lock, NULL);
    return self;
}

void wp_sessions_destroy(struct sessions *self)
{
    if (self == NULL)
        return;
    for (unsigned i = 0; i < self->count; i++)
        free(self->list[i]);
    free(self->list);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

static int64_t clock_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static void remove_at(struct sessions *self, unsigned at)
{
    free(self->list[at]);
    self->list[at] = self->list[--self->count];
}

static struct session *find(const struct sessions *self, const unsigned char id[SESSION_ID_BYTES])
{
    for (unsigned i = 0; i < self->count; i++)
        if (memcmp(self->list[i]->id, id, SESSION_ID_BYTES) == 0)
            return self->list[i];
    return NULL;
}

/* The one that was away for the longest, and long enough, goes; what of it is under way may still come back to it. */
static bool make_room(struct sessions *self)
{
    const int64_t before = clock_seconds() - SESSION_KEPT_SECONDS;
    unsigned oldest = self->count;
    for (unsigned i = 0; i < self->count; i++) {
        const struct session *session = self->list[i];
        const bool may_go = session->fd < 0 && session->seen < before && session->handed == session->taken;
        if (may_go && (oldest == self->count || session->seen < self->list[oldest]->seen))
            oldest = i;
    }
    if (oldest == self->count)
        return false;
    remove_at(self, oldest);
    return true;
}

static int add(struct sessions *self, const unsigned char id[SESSION_ID_BYTES], struct session **ret_session)
{
    if (self->count >= self->most && !make_room(self))
        return -ENOSPC;
    if (WP_MAKE_ROOM(self->list, self->count, self->room, 16) < 0)
        return -ENOMEM;
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return -ENOMEM;
    memcpy(session->id, id, SESSION_ID_BYTES);
    session->fd = -1;
    session->seen = clock_seconds();
    weir_notify_init(&session->came);
    self->list[self->count++] = session;
    *ret_session = session;
    return 0;
}

int wp_sessions_enter(struct sessions *self, const unsigned char id[SESSION_ID_BYTES], int fd,
                      struct session **ret_session)
{
    (void)pthread_mutex_lock(&self->lock);
    struct session *session = find(self, id);
    int error = session == NULL ? add(self, id, &session) : 0;
    if (error == 0 && session->fd >= 0) {
        /* One whose peer is gone, and which hasn't heard of it: it leaves when it is told, and its descriptor is open
         * until then. */
        (void)shutdown(session->fd, SHUT_RDWR);
        error = -EBUSY;
    }
    if (error == 0) {
        session->fd = fd;
        *ret_session = session;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return error;
}

void wp_sessions_leave(struct sessions *self, struct session *session)
{
    if (session == NULL)
        return;
    (void)pthread_mutex_lock(&self->lock);
    session->fd = -1;
    session->seen = clock_seconds();
    for (unsigned i = 0; session->taken == 0 && i < self->count; i++)
        if (self->list[i] == session) {
            remove_at(self, i);
            break;
        }
    (void)pthread_mutex_unlock(&self->lock);
}

void wp_sessions_took(struct sessions *self, struct session *session, uint64_t number)
{
    (void)pthread_mutex_lock(&self->lock);
    session->taken = number;
    (void)pthread_mutex_unlock(&self->lock);
}

uint64_t wp_session_durable(const struct session *session)
{
    return __atomic_load_n(&session->durable, __ATOMIC_ACQUIRE);
}

static void set_durable(struct session *session, uint64_t number)
{
    if (number <= session->durable)
        return;
    __atomic_store_n(&session->durable, number, __ATOMIC_RELEASE);
    weir_notify_one(&session->came);
}

void wp_sessions_handed(struct sessions *self, struct session *session, uint64_t number)
{
    (void)pthread_mutex_lock(&self->lock);
    session->handed = number;
    if (!self->keeps)
        set_durable(session, number);
    (void)pthread_mutex_unlock(&self->lock);
}

/* --- the journal ------------------------------------------------------------------------------------------------ */

int wp_sessions_save(struct sessions *self, struct wp_save *save, uint64_t checkpoint)
{
    int error = 0;
    (void)pthread_mutex_lock(&self->lock);
    for (unsigned i = 0; error == 0 && i < self->count; i++) {
        char name[SESSION_ID_DIGITS + 1];
        struct session *session = self->list[i];
        if (session->fd >= 0)
            session->seen = clock_seconds();
        session->saved = session->handed;
        if (session->handed == 0)
            continue;
        wp_session_name(session->id, name);
        const struct wp_position position = {
            .path = name, .offset = session->handed, .identity = &session->seen, .identity_size = sizeof session->seen
        };
        error = wp_save_position(save, &position);
    }
    self->saved_for = checkpoint;
    (void)pthread_mutex_unlock(&self->lock);
    return error;
}

int wp_sessions_load(struct sessions *self, struct wp_load *load)
{
    struct wp_position position;
    unsigned char id[SESSION_ID_BYTES];
    int more;
    while ((more = wp_load_position(load, &position)) == 1) {
        struct session *session = NULL;
        if (wp_session_parse(position.path, strlen(position.path), id) < 0)
            return -EBADMSG;
        if (self->most <= self->count) /* fewer than were allowed when it was written: those that are there stay */
            self->most = self->count + 1;
        const int error = add(self, id, &session);
        if (error < 0)
            return error;
        session->taken = session->handed = session->saved = session->durable = position.offset;
        if (position.identity_size == sizeof session->seen)
            memcpy(&session->seen, position.identity, sizeof session->seen);
    }
    return more;
}

void wp_sessions_are_durable(struct sessions *self, uint64_t checkpoint)
{
    (void)pthread_mutex_lock(&self->lock);
    if (self->saved_for != 0 && checkpoint >= self->saved_for) {
        self->saved_for = 0;
        for (unsigned i = 0; i < self->count; i++)
            set_durable(self->list[i], self->list[i]->saved);
    }
    (void)pthread_mutex_unlock(&self->lock);
}
