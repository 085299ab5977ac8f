/*
 * web.h - a running pipeline over HTTP: figures for Prometheus, and the live page. libmicrohttpd does the protocol, on
 * a thread of its own.
 *
 * GET /metrics     the text format of Prometheus, version 0.0.4
 * GET /            the page (live.html); it and what follows want ?token=, which is in the URL that is printed
 * GET /live        what the page shows, JSON
 * GET /tap?stage=N&since=N   samples, JSON
 * POST /pause      ?on=1 or 0
 *
 * Nobody else's page can read these: no answer says that other origins may, and without the token there is none. ADDR
 * is "127.0.0.1:8080", "[::1]:8080", or a port alone, which is on the loopback; port 0 is any that is free.
 */
#ifndef WEB_H
#define WEB_H

#include <stdbool.h>

#include <weir/net.h>
#include <weir/pipeline.h>

struct web;

struct web_options {
    const char *metrics, *ui; /* ADDR or NULL; may be the same one */
    weir_pipeline *pipeline;
    uint64_t began_ns, input_bytes;
};

/*
 * Listens, and says on stderr where. *ret_web is NULL if nothing was asked for. 0; else it was told, and a negative
 * errno: -EINVAL no address, -ENOTSUP this weir was built without it, or what listening gave.
 */
int web_start(const struct web_options *options, struct web **ret_web);
/* Takes NULL. */
void web_stop(struct web *web);

/* Loads and opens what web_start() and requests would: a sandbox lets nobody do so later. */
void web_warm_up(void);

/* An address, or a port of the loopback. -EINVAL: neither. */
int web_parse_address(const char *text, weir_addr *ret_addr);

/* "libmicrohttpd 0.9.75", or "none" */
const char *web_backend(void);

#endif
