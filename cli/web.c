/* web.c - a running pipeline over HTTP, by libmicrohttpd. */
#include "web.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <weir/net.h>

#include "control.h"
#include "json_text.h"
#include "live.h"
#include "live_page.h"
#include "mhd.h"
#include "web_metrics.h"

#define TOKEN_SIZE 32
#define CONNECTIONS_MAX 64u
#define IDLE_S 30u

struct web {
    weir_pipeline *pipeline;
    struct MHD_Daemon *daemons[2];
    struct live live; /* each daemon has a thread, and only one of them answers at a time */
    pthread_mutex_t lock;
    char token[TOKEN_SIZE + 1];
};

static const struct microhttpd *mhd; /* set by web_start() */

/* One address, and what is to be had there. */
struct door {
    struct web *web;
    bool metrics, ui;
};

const char *web_backend(void)
{
    static char text[40];
    mhd = microhttpd_get();
    if (mhd == NULL)
        return "libmicrohttpd, which isn't there";
    snprintf(text, sizeof text, "libmicrohttpd %s", mhd->get_version());
    return text;
}

/* --- answers ------------------------------------------------------------------------------------------- */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, char *text,
                             size_t size)
{
    struct MHD_Response *response = mhd->create_response(size, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    (void)mhd->add_header(response, "Content-Type", type);
    (void)mhd->add_header(response, "Cache-Control", "no-store");
    (void)mhd->add_header(response, "X-Content-Type-Options", "nosniff");
    (void)mhd->add_header(response, "X-Frame-Options", "DENY");
    (void)mhd->add_header(response, "Referrer-Policy", "no-referrer");
    (void)mhd->add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    (void)mhd->add_header(response, "Content-Security-Policy",
                          "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    const enum MHD_Result result = mhd->queue_response(connection, status, response);
    mhd->destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *words)
{
    char *text = strdup(words);
    return text != NULL ? reply(connection, status, "text/plain; charset=utf-8", text, strlen(text)) : MHD_NO;
}

/* What `put` writes. */
static enum MHD_Result reply_with(struct MHD_Connection *connection, const char *type, struct web *web,
                                  void (*put)(FILE *out, struct web *web, struct MHD_Connection *connection))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return MHD_NO;
    (void)pthread_mutex_lock(&web->lock);
    put(out, web, connection);
    (void)pthread_mutex_unlock(&web->lock);
    if (fclose(out) != 0) {
        free(text);
        return MHD_NO;
    }
    return reply(connection, MHD_HTTP_OK, type, text, size);
}

static void put_metrics(FILE *out, struct web *web, struct MHD_Connection *connection)
{
    (void)connection;
    live_take(&web->live, &(struct live_of){ .pipeline = web->pipeline });
    web_metrics(out, &web->live);
}

static void put_page(FILE *out, struct web *web, struct MHD_Connection *connection)
{
    (void)web;
    (void)connection;
    (void)fwrite(live_page, 1, live_page_size, out);
}

static char own_command[300] = "?";

static void put_live(FILE *out, struct web *web, struct MHD_Connection *connection)
{
    (void)connection;
    live_take(&web->live, &(struct live_of){ .pipeline = web->pipeline });
    fputs("{\"command\":", out);
    json_text_put(out, own_command);
    fputs(",\"live\":", out);
    live_write_json(out, &web->live);
    fputs("}\n", out);
}

static unsigned long number_of(struct MHD_Connection *connection, const char *name)
{
    const char *value = mhd->lookup(connection, MHD_GET_ARGUMENT_KIND, name);
    return value != NULL ? strtoul(value, NULL, 10) : 0;
}

/* {"next":12,"missed":0,"lines":["{...}", ...]}: lines are JSON themselves, or what couldn't be. */
static void put_tap(FILE *out, struct web *web, struct MHD_Connection *connection)
{
    weir_text text = { 0 };
    uint64_t since = number_of(connection, "since"), missed = 0;
    const int error = weir_pipeline_tap(web->pipeline, number_of(connection, "stage"), WEIR_PIPELINE_TAP_FIELDS, &since,
                                        &missed, &text);
    fprintf(out, "{\"error\":%d,\"next\":%lu,\"missed\":%lu,\"lines\":[", error, (unsigned long)since,
            (unsigned long)missed);
    for (size_t at = 0; error == 0 && at < text.size;) {
        char *line = text.data + at, *newline = memchr(line, '\n', text.size - at);
        if (newline == NULL)
            break;
        *newline = '\0';
        fputs(at > 0 ? "," : "", out);
        json_text_put(out, line);
        at += (size_t)(newline - line) + 1;
    }
    fputs("]}\n", out);
    weir_text_fini(&text);
}

static void put_pause(FILE *out, struct web *web, struct MHD_Connection *connection)
{
    weir_pipeline_pause(web->pipeline, number_of(connection, "on") != 0);
    fprintf(out, "{\"paused\":%s}\n", weir_pipeline_is_paused(web->pipeline) ? "true" : "false");
}

/* --- requests -------------------------------------------------------------------------------------------- */

/* In a time that doesn't tell how much of it is right. */
static bool is_token(const struct web *web, struct MHD_Connection *connection)
{
    const char *given = mhd->lookup(connection, MHD_GET_ARGUMENT_KIND, "token");
    if (given == NULL || strlen(given) != TOKEN_SIZE)
        return false;
    unsigned wrong = 0;
    for (size_t i = 0; i < TOKEN_SIZE; i++)
        wrong |= (unsigned)(given[i] ^ web->token[i]);
    return wrong == 0;
}

static const struct route {
    const char *path, *method, *type;
    bool is_metrics;
    void (*put)(FILE *out, struct web *web, struct MHD_Connection *connection);
} routes[] = {
    { "/metrics", "GET", "text/plain; version=0.0.4; charset=utf-8", true, put_metrics },
    { "/", "GET", "text/html; charset=utf-8", false, put_page },
    { "/live", "GET", "application/json", false, put_live },
    { "/tap", "GET", "application/json", false, put_tap },
    { "/pause", "POST", "application/json", false, put_pause },
};

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *data, size_t *size, void **begun)
{
    static int mark;
    const struct door *door = arg;
    (void)version;
    (void)data;
    if (*begun == NULL) { /* the head is there, a body may follow */
        *begun = &mark;
        return MHD_YES;
    }
    if (*size > 0) { /* nobody wants a body */
        *size = 0;
        return MHD_YES;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(routes[i].path, path) != 0 || !(routes[i].is_metrics ? door->metrics : door->ui))
            continue;
        if (strcmp(routes[i].method, method) != 0)
            return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "another method\n");
        if (!routes[i].is_metrics && !is_token(door->web, connection))
            return refuse(connection, MHD_HTTP_FORBIDDEN,
                          "weir: the URL that was printed has a token; this has none\n");
        return reply_with(connection, routes[i].type, door->web, routes[i].put);
    }
    return refuse(connection, MHD_HTTP_NOT_FOUND, "weir: nothing here\n");
}

/* --- listening --------------------------------------------------------------------------------------------- */

int web_parse_address(const char *text, weir_addr *ret_addr)
{
    char full[64];
    const char *port = text[0] == ':' ? text + 1 : text;
    if (strspn(port, "0123456789") == strlen(port) && *port != '\0' && strlen(port) < 6)
        snprintf(full, sizeof full, "127.0.0.1:%s", port);
    else
        snprintf(full, sizeof full, "%s", text);
    const int error = weir_addr_parse(full, ret_addr);
    return error < 0 || ret_addr->at.family == AF_UNIX ? -EINVAL : 0;
}

static bool is_loopback(const weir_addr *addr)
{
    return addr->at.family == AF_INET ? (ntohl(addr->at.in.sin_addr.s_addr) >> 24) == 127
                                      : IN6_IS_ADDR_LOOPBACK(&addr->at.in6.sin6_addr);
}

static void say_where(const struct door *door, weir_addr *addr, uint16_t port)
{
    char text[WEIR_ADDR_TEXT_MAX];
    weir_addr_set_port(addr, port);
    (void)weir_addr_format(addr, text);
    if (door->metrics)
        fprintf(stderr, "weir: metrics: http://%s/metrics\n", text);
    if (door->ui)
        fprintf(stderr, "weir: live page: http://%s/?token=%s\n", text, door->web->token);
    if (!is_loopback(addr))
        fprintf(stderr, "weir: %s can be reached from other machines%s\n", text,
                door->ui ? ", by whoever has the token" : "");
}

static int open_door(struct door *door, const char *option, const char *address, struct MHD_Daemon **ret_daemon)
{
    weir_addr addr;
    if (web_parse_address(address, &addr) < 0) {
        fprintf(stderr, "weir run: --%s wants an address such as 127.0.0.1:8080, or a port, not '%s'\n", option,
                address);
        return -EINVAL;
    }
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (addr.at.family == AF_INET6 ? MHD_USE_IPv6 : 0u);
    errno = 0;
    *ret_daemon = mhd->start_daemon(flags, weir_addr_port(&addr), NULL, NULL, answer, door, MHD_OPTION_SOCK_ADDR,
                                    &addr.at.any, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_END);
    if (*ret_daemon == NULL) {
        const int error = errno != 0 ? errno : EADDRNOTAVAIL;
        fprintf(stderr, "weir run: --%s %s: %s\n", option, address, strerror(error));
        return -error;
    }
    const union MHD_DaemonInfo *info = mhd->get_daemon_info(*ret_daemon, MHD_DAEMON_INFO_BIND_PORT);
    say_where(door, &addr, info != NULL ? info->port : weir_addr_port(&addr));
    return 0;
}

static int make_token(char token[TOKEN_SIZE + 1])
{
    unsigned char random[TOKEN_SIZE / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return -errno;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(token + 2 * i, 3, "%02x", random[i]);
    return 0;
}

void web_warm_up(void)
{
    (void)microhttpd_get();
    (void)control_command(getpid(), own_command, sizeof own_command);
    web_metrics_warm_up();
}

int web_start(const struct web_options *options, struct web **ret_web)
{
    static struct door doors[2]; /* daemons look at theirs as long as they run */
    *ret_web = NULL;
    if (options->metrics == NULL && options->ui == NULL)
        return 0;
    mhd = microhttpd_get();
    struct web *web = mhd != NULL ? calloc(1, sizeof *web) : NULL;
    if (web == NULL) {
        fprintf(stderr, "weir run: %s\n",
                mhd == NULL ? "--metrics and --ui need libmicrohttpd, which isn't there" : "no memory");
        return mhd == NULL ? -ENOTSUP : -ENOMEM;
    }
    web->pipeline = options->pipeline;
    web->live.began_ns = options->began_ns;
    web->live.input_bytes = options->input_bytes;
    (void)pthread_mutex_init(&web->lock, NULL);
    const bool same = options->metrics != NULL && options->ui != NULL && strcmp(options->metrics, options->ui) == 0;
    doors[0] = (struct door){ .web = web, .metrics = true, .ui = same };
    doors[1] = (struct door){ .web = web, .ui = true };
    int error = make_token(web->token);
    if (error == 0 && options->metrics != NULL)
        error = open_door(&doors[0], "metrics", options->metrics, &web->daemons[0]);
    if (error == 0 && options->ui != NULL && !same)
        error = open_door(&doors[1], "ui", options->ui, &web->daemons[1]);
    if (error < 0)
        web_stop(web);
    else
        *ret_web = web;
    return error;
}

void web_stop(struct web *web)
{
    if (web == NULL)
        return;
    for (size_t i = 0; i < 2; i++)
        if (web->daemons[i] != NULL)
            mhd->stop_daemon(web->daemons[i]);
    (void)pthread_mutex_destroy(&web->lock);
    free(web);
}
