/* address.c - a scheme and an address. */
#include "listen/address.h"

#include <stdio.h>
#include <string.h>

#define FORMS "such as tcp://127.0.0.1:514, tls://:6514, udp://:514, unix:/run/a.sock or unixgram:/run/log"

static const struct {
    const char *prefix;
    enum address_scheme scheme;
} schemes[] = {
    { "tcp://", ADDRESS_TCP }, { "tls://", ADDRESS_TLS },         { "udp://", ADDRESS_UDP },
    { "unix:", ADDRESS_UNIX }, { "unixgram:", ADDRESS_UNIXGRAM },
};

static const char *parse_host(const char *text, weir_addr *ret_addr)
{
    char full[80];
    const bool is_any = text[0] == ':' || strncmp(text, "*:", 2) == 0;
    const char *port = strrchr(text, ':');
    if (is_any)
        snprintf(full, sizeof full, "[::]%s", port);
    else if (strncmp(text, "localhost:", 10) == 0)
        snprintf(full, sizeof full, "127.0.0.1%s", port);
    else
        snprintf(full, sizeof full, "%s", text);
    if (strlen(text) + 4 >= sizeof full || weir_addr_parse(full, ret_addr) < 0 || ret_addr->at.family == AF_UNIX)
        return "it wants a number and a port behind the scheme: 127.0.0.1:514, [::1]:514, or :514 for all of this "
               "machine";
    return NULL;
}

const char *wp_address_parse(const char *text, struct address *ret_address)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const char *rest = text + strlen(schemes[i].prefix);
        if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) != 0)
            continue;
        ret_address->scheme = schemes[i].scheme;
        if (schemes[i].scheme < ADDRESS_UNIX)
            return parse_host(rest, &ret_address->addr);
        return rest[0] != '\0' && weir_addr_unix(rest, &ret_address->addr) == 0
                   ? NULL
                   : "a path of 1 to 107 bytes is wanted behind the scheme";
    }
    return "an address is " FORMS;
}
