/* lookup.c - getaddrinfo on the io lane, and connecting by name. */
#include <weir/lookup.h>

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* Belongs to the job once it is offloaded, and to the future, too: the last one frees it. */
struct lookup {
    uint32_t refs;
    weir_addrs *addrs; /* what was found, until somebody takes it */
    const char *service;
    char host[];
};

static void lookup_put(void *arg)
{
    struct lookup *self = arg;
    if (self == NULL || __atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    free(self->addrs);
    free(self);
}

static int to_errno(int error)
{
    switch (error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return -ENOENT;
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_SERVICE:
    case EAI_BADFLAGS:
    case EAI_SOCKTYPE:
    case EAI_FAMILY:
        return -EINVAL;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return errno == 0 ? -EIO : -errno;
    default:
        return -EIO;
    }
}

static int copy_addrs(const struct addrinfo *list, weir_addrs **ret_addrs)
{
    unsigned count = 0;
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next)
        count++;
    weir_addrs *addrs = calloc(1, sizeof *addrs + count * sizeof addrs->addr[0]);
    if (addrs == NULL)
        return -ENOMEM;
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        weir_addr *addr = &addrs->addr[addrs->count];
        if (at->ai_addrlen > sizeof addr->at)
            continue;
        addr->size = at->ai_addrlen;
        memcpy(&addr->at, at->ai_addr, at->ai_addrlen);
        addrs->count++;
    }
    *ret_addrs = addrs;
    return 0;
}

static int64_t run_lookup(void *arg, weir_job *job)
{
    (void)job;
    struct lookup *self = arg;
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    const int error = getaddrinfo(self->host, self->service, &hints, &found);
    if (error != 0)
        return to_errno(error);
    const int result = copy_addrs(found, &self->addrs);
    freeaddrinfo(found);
    return result;
}

/* --- the look-up ----------------------------------------------------------------------- */

static weir_lookup_future *lookup_from(weir_future *future)
{
    return weir_container_of(future, weir_lookup_future, future);
}

static void lookup_release(weir_lookup_future *self)
{
    weir_drop(self->offload);
    lookup_put(self->lookup);
    self->lookup = NULL;
}

static weir_poll lookup_poll(weir_future *future, weir_cx *cx)
{
    weir_lookup_future *self = lookup_from(future);
    if (self->lookup == NULL) {
        self->output = -ENOMEM;
        return WEIR_READY;
    }
    if (weir_future_poll(WEIR_HEAD(self->offload), cx) == WEIR_PENDING)
        return WEIR_PENDING;
    WEIR_HEAD(self->offload)->line = WEIR_AT_DONE;
    self->output = self->offload.output;
    if (self->output == 0) {
        *self->ret_addrs = self->lookup->addrs;
        self->lookup->addrs = NULL;
    }
    lookup_release(self);
    return WEIR_READY;
}

static void lookup_drop(weir_future *future)
{
    lookup_release(lookup_from(future));
}

static const weir_future_type lookup_type = WEIR_FUTURE_TYPE(weir_lookup_future, "lookup", lookup_poll, lookup_drop);

weir_lookup_future weir_lookup(const char *host, const char *service, weir_addrs **ret_addrs)
{
    weir_lookup_future future = { .future = WEIR_FUTURE_INIT(&lookup_type), .ret_addrs = ret_addrs };
    const size_t host_size = strlen(host) + 1;
    const size_t service_size = strlen(service) + 1;
    struct lookup *lookup = malloc(sizeof *lookup + host_size + service_size);
    if (lookup == NULL)
        return future;
    *lookup = (struct lookup){ .refs = 2, .service = lookup->host + host_size };
    memcpy(lookup->host, host, host_size);
    memcpy(lookup->host + host_size, service, service_size);
    future.lookup = lookup;
    future.offload = weir_offload(WEIR_LANE_IO, run_lookup, lookup, lookup_put);
    return future;
}

/* --- connecting by name ------------------------------------------------------------------- */

WEIR_ASYNC_DEFINE(weir_connect_host_future)
{
    WEIR_BEGIN
    AWAIT(self->lookup, weir_lookup(self->host, self->service, &self->addrs));
    if (self->lookup.output != 0)
        RETURN(self->lookup.output);
    self->output = -ENOENT;
    for (; self->next < self->addrs->count; self->next++) {
        AWAIT(self->connect, weir_connect(&self->addrs->addr[self->next], NULL, self->ret_stream));
        self->output = self->connect.output;
        if (self->output == 0 || self->output == -ECANCELED)
            break;
    }
    WEIR_FINALLY
    free(self->addrs);
    WEIR_END
}

struct weir_connect_host_future weir_connect_host(const char *host, const char *service, weir_stream **ret_stream)
{
    return WEIR_CALL(weir_connect_host_future, .host = host, .service = service, .ret_stream = ret_stream);
}
