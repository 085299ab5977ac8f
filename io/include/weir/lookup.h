/*
 * lookup.h - from names to addresses, and connecting by name.
 */
#ifndef WEIR_LOOKUP_H
#define WEIR_LOOKUP_H

#include <weir/blocking.h>
#include <weir/net.h>

/* What a look-up found, in the order to try them. */
typedef struct weir_addrs {
    unsigned count;
    weir_addr addr[];
} weir_addrs;

/*
 * weir_lookup() - the addresses of `host` (a name, or numbers), with the port of
 * `service` (a number or a name: "80", "http"): getaddrinfo(3) on the io lane.
 *
 * Resolves to 0 and *ret_addrs, at least one, to be freed with free(3); or to a
 * negative errno: -ENOENT, no such name; -EAGAIN, the servers didn't answer, try
 * later; -EIO, they can't; -EINVAL, no such service; -ENOMEM; and as
 * weir_offload().
 *
 * Ownership:   copies the texts at its construction; what fails there (-ENOMEM)
 *              comes with the poll.
 * Cancel safe: yes. getaddrinfo(3) can't be interrupted: it ends on its thread,
 *              unobserved.
 */
typedef struct weir_lookup_future {
    weir_future future;
    int64_t output;
    struct lookup *lookup;
    weir_addrs **ret_addrs;
    weir_offload_future offload;
} weir_lookup_future;
WEIR_MUST_USE weir_lookup_future weir_lookup(const char *host, const char *service, weir_addrs **ret_addrs);

/*
 * weir_connect_host() - look a name up and connect to its addresses, one after
 * the other, until one answers.
 *
 * Resolves to 0 and *ret_stream, or to the error of the look-up, or of the last
 * address. For a limit of the whole: weir_timeout(). The texts must live until it
 * is ready or dropped.
 *
 * Cancel safe: yes.
 */
WEIR_ASYNC_DECLARE(weir_connect_host_future, int64_t, const char *host; const char *service;
                   weir_stream * *ret_stream; weir_addrs * addrs; unsigned next; weir_lookup_future lookup;
                   weir_connect_future connect;);
typedef struct weir_connect_host_future weir_connect_host_future;
WEIR_MUST_USE weir_connect_host_future weir_connect_host(const char *host, const char *service,
                                                         weir_stream **ret_stream);

#endif
