/* synthetic.c - bytes out of a seed. */
#include "run/synthetic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const wp_synthetic_names[] = { "zero", "random", "text", "nginx", "json", NULL };

/* 2026-01-01: lines are of a time that doesn't depend on the day. */
#define EPOCH INT64_C(1767225600)

/* splitmix64 */
static uint64_t next(struct synthetic *self)
{
    uint64_t z = self->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(struct synthetic *self, uint32_t bound)
{
    return (uint32_t)(((next(self) >> 32) * bound) >> 32);
}

#define PICK(self, words) ((words)[below((self), sizeof(words) / sizeof((words)[0]))])

static const char *const words[] = {
    "the",  "of",    "water", "river", "stone", "a",     "weir", "and",   "flows", "over", "under", "slowly",
    "gate", "level", "keeps", "its",   "bed",   "never", "more", "takes", "than",  "can",  "rain",  "bridge",
};
static const char *const paths[] = { "/",           "/index.html",    "/api/v1/items",   "/api/v1/users",
                                     "/login",      "/static/app.js", "/static/app.css", "/favicon.ico",
                                     "/api/orders", "/search" };
static const char *const methods[] = { "GET", "GET", "GET", "GET", "POST", "PUT", "DELETE" };
static const int statuses[] = { 200, 200, 200, 200, 200, 200, 304, 404, 301, 500, 502, 403 };
static const char *const agents[] = { "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", "curl/8.5.0",
                                      "Mozilla/5.0 (compatible; examplebot/2.1)" };

static size_t text_line(struct synthetic *self, char *at, size_t room)
{
    size_t size = 0;
    for (uint32_t left = 4 + below(self, 12); left > 0; left--) {
        const char *word = PICK(self, words);
        size += (size_t)snprintf(at + size, room - size, "%s%s", word, left > 1 ? " " : "\n");
    }
    return size;
}

/* About a hundred lines a second. */
static struct tm time_of(const struct synthetic *self)
{
    struct tm parts;
    const time_t seconds = (time_t)(EPOCH + (int64_t)(self->line / 100));
    return *gmtime_r(&seconds, &parts);
}

/* What both kinds of log have, drawn one after the other: the order of a call's arguments is the compiler's. */
struct request {
    const char *method, *path, *agent;
    int status;
    uint32_t bytes, user, address, took;
};

static struct request draw_request(struct synthetic *self)
{
    struct request request;
    request.method = PICK(self, methods);
    request.path = PICK(self, paths);
    request.agent = PICK(self, agents);
    request.status = PICK(self, statuses);
    request.bytes = below(self, 60000);
    request.user = below(self, 5000);
    request.address = (uint32_t)next(self);
    request.took = below(self, 1000);
    return request;
}

static size_t nginx_line(struct synthetic *self, char *at, size_t room)
{
    char when[64];
    const struct tm parts = time_of(self);
    const struct request request = draw_request(self);
    (void)strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", &parts);
    return (size_t)snprintf(at, room, "10.%u.%u.%u - - [%s] \"%s %s?user=%u HTTP/1.1\" %d %u \"-\" \"%s\"\n",
                            request.address & 255, request.address >> 8 & 255, request.address >> 16 & 255, when,
                            request.method, request.path, request.user, request.status, request.bytes, request.agent);
}

static size_t json_line(struct synthetic *self, char *at, size_t room)
{
    char when[64];
    const struct tm parts = time_of(self);
    const struct request request = draw_request(self);
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
    return (size_t)snprintf(at, room,
                            "{\"ts\":\"%s.%02" PRIu64 "0Z\",\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,"
                            "\"bytes\":%u,\"request_time\":0.%03u,\"user\":\"user%u\",\"ua\":\"%s\"}\n",
                            when, self->line % 100, request.method, request.path, request.status, request.bytes,
                            request.took, request.user, request.agent);
}

static void make_more(struct synthetic *self)
{
    const uint64_t word = self->kind == SYNTHETIC_RANDOM ? next(self) : 0;
    self->done = 0;
    switch (self->kind) {
    case SYNTHETIC_ZERO:
    case SYNTHETIC_RANDOM:
        memcpy(self->text, &word, sizeof word);
        self->size = sizeof word;
        break;
    case SYNTHETIC_TEXT:
        self->size = text_line(self, self->text, sizeof self->text);
        break;
    case SYNTHETIC_NGINX:
        self->size = nginx_line(self, self->text, sizeof self->text);
        break;
    case SYNTHETIC_JSON:
        self->size = json_line(self, self->text, sizeof self->text);
        break;
    }
    self->line++;
}

void wp_synthetic_init(struct synthetic *self, enum synthetic_kind kind, uint64_t seed)
{
    *self = (struct synthetic){ .kind = kind, .state = seed };
}

void wp_synthetic_fill(struct synthetic *self, uint8_t *bytes, size_t size)
{
    if (self->kind == SYNTHETIC_ZERO) {
        memset(bytes, 0, size);
        return;
    }
    while (size > 0) {
        if (self->done == self->size && self->kind == SYNTHETIC_RANDOM && size >= 8) {
            const uint64_t word = next(self);
            memcpy(bytes, &word, 8);
            bytes += 8;
            size -= 8;
            continue;
        }
        if (self->done == self->size)
            make_more(self);
        const size_t left = self->size - self->done, taken = left < size ? left : size;
        memcpy(bytes, self->text + self->done, taken);
        self->done += taken;
        bytes += taken;
        size -= taken;
    }
}

size_t wp_synthetic_unfinished(const struct synthetic *self)
{
    const bool has_lines = self->kind != SYNTHETIC_ZERO && self->kind != SYNTHETIC_RANDOM;
    return has_lines && self->done < self->size ? self->done : 0;
}

size_t wp_synthetic_finish(struct synthetic *self, uint8_t *bytes)
{
    const size_t left = wp_synthetic_unfinished(self) > 0 ? self->size - self->done : 0;
    wp_synthetic_fill(self, bytes, left);
    return left;
}
