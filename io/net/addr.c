/* addr.c - addresses from text and to text. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/net.h>

static bool parse_port(const char *text, uint16_t *ret_port)
{
    unsigned value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && value <= UINT16_MAX; at++)
        value = value * 10 + (unsigned)(*at - '0');
    if (at == text || *at != '\0' || value > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)value;
    return true;
}

static bool parse_v4(const char *host, uint16_t port, weir_addr *addr)
{
    addr->size = sizeof addr->at.in;
    addr->at.in.sin_family = AF_INET;
    addr->at.in.sin_port = htons(port);
    return inet_pton(AF_INET, host, &addr->at.in.sin_addr) == 1;
}

static bool parse_v6(char *host, uint16_t port, weir_addr *addr)
{
    addr->size = sizeof addr->at.in6;
    addr->at.in6.sin6_family = AF_INET6;
    addr->at.in6.sin6_port = htons(port);
    char *scope = strchr(host, '%');
    if (scope != NULL) {
        *scope++ = '\0';
        char *end;
        unsigned long number = if_nametoindex(scope);
        if (number == 0) {
            number = strtoul(scope, &end, 10);
            if (end == scope || *end != '\0' || number > UINT32_MAX)
                return false;
        }
        addr->at.in6.sin6_scope_id = (uint32_t)number;
    }
    return inet_pton(AF_INET6, host, &addr->at.in6.sin6_addr) == 1;
}

static int parse_inet(const char *text, weir_addr *addr)
{
    const bool v6 = text[0] == '[';
    const char *colon = strrchr(text, ':');
    uint16_t port;
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
    if (colon == NULL || !parse_port(colon + 1, &port) || (v6 && (colon == text || colon[-1] != ']')))
        return -EINVAL;
    const char *from = v6 ? text + 1 : text;
    const size_t size = (size_t)(colon - from) - (v6 ? 1 : 0);
    if (size >= sizeof host)
        return -EINVAL;
    memcpy(host, from, size);
    host[size] = '\0';
    return (v6 ? parse_v6(host, port, addr) : parse_v4(host, port, addr)) ? 0 : -EINVAL;
}

int weir_addr_parse(const char *text, weir_addr *ret_addr)
{
    if (strncmp(text, "unix:@", 6) == 0)
        return weir_addr_abstract(text + 6, strlen(text + 6), ret_addr);
    if (strncmp(text, "unix:", 5) == 0)
        return weir_addr_unix(text + 5, ret_addr);
    weir_addr addr;
    memset(&addr, 0, sizeof addr);
    const int error = parse_inet(text, &addr);
    if (error == 0)
        *ret_addr = addr;
    return error;
}

int weir_addr_unix(const char *path, weir_addr *ret_addr)
{
    const size_t length = strlen(path);
    if (length == 0)
        return -EINVAL;
    if (length >= sizeof ret_addr->at.un.sun_path)
        return -ENAMETOOLONG;
    memset(ret_addr, 0, sizeof *ret_addr);
    ret_addr->at.un.sun_family = AF_UNIX;
    memcpy(ret_addr->at.un.sun_path, path, length);
    ret_addr->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 0;
}

int weir_addr_abstract(const void *name, size_t size, weir_addr *ret_addr)
{
    if (size == 0) /* bind(2) would take it for a wish to be given a name */
        return -EINVAL;
    if (size >= sizeof ret_addr->at.un.sun_path)
        return -ENAMETOOLONG;
    memset(ret_addr, 0, sizeof *ret_addr);
    ret_addr->at.un.sun_family = AF_UNIX;
    memcpy(ret_addr->at.un.sun_path + 1, name, size);
    ret_addr->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
    return 0;
}

/* Bytes of a name as text: what isn't printable as \xNN, so that no name plays tricks on a terminal. */
static size_t put_escaped(char *text, size_t room, const char *name, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < size && length + 5 <= room; i++) {
        const unsigned char byte = (unsigned char)name[i];
        if (byte >= ' ' && byte < 127 && byte != '\\')
            text[length++] = (char)byte;
        else
            length += (size_t)snprintf(text + length, room - length, "\\x%02x", byte);
    }
    return length;
}

static size_t format_unix(const weir_addr *addr, char *text)
{
    const size_t offset = offsetof(struct sockaddr_un, sun_path);
    const char *path = addr->at.un.sun_path;
    const size_t size = addr->size > offset ? addr->size - offset : 0;
    size_t length = (size_t)snprintf(text, WEIR_ADDR_TEXT_MAX, "unix:");
    const size_t room = WEIR_ADDR_TEXT_MAX - 1;
    if (size > 0 && path[0] == '\0') {
        text[length++] = '@';
        length += put_escaped(text + length, room - length, path + 1, size - 1);
    } else {
        length += put_escaped(text + length, room - length, path, strnlen(path, size));
    }
    text[length] = '\0';
    return length;
}

size_t weir_addr_format(const weir_addr *addr, char text[WEIR_ADDR_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN];
    const struct sockaddr_in6 *in6 = &addr->at.in6;
    int length = 0;
    switch (addr->at.family) {
    case AF_UNIX:
        return format_unix(addr, text);
    case AF_INET:
        (void)inet_ntop(AF_INET, &addr->at.in.sin_addr, host, sizeof host);
        length = snprintf(text, WEIR_ADDR_TEXT_MAX, "%s:%u", host, ntohs(addr->at.in.sin_port));
        break;
    case AF_INET6:
        (void)inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        if (in6->sin6_scope_id != 0)
            length = snprintf(text, WEIR_ADDR_TEXT_MAX, "[%s%%%u]:%u", host, in6->sin6_scope_id, ntohs(in6->sin6_port));
        else
            length = snprintf(text, WEIR_ADDR_TEXT_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
        break;
    default:
        length = snprintf(text, WEIR_ADDR_TEXT_MAX, "family %u", addr->at.family);
        break;
    }
    return (size_t)length;
}

uint16_t weir_addr_port(const weir_addr *addr)
{
    if (addr->at.family == AF_INET)
        return ntohs(addr->at.in.sin_port);
    return addr->at.family == AF_INET6 ? ntohs(addr->at.in6.sin6_port) : 0;
}

void weir_addr_set_port(weir_addr *addr, uint16_t port)
{
    if (addr->at.family == AF_INET)
        addr->at.in.sin_port = htons(port);
    else if (addr->at.family == AF_INET6)
        addr->at.in6.sin6_port = htons(port);
}
