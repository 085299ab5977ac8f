/* functions_net.c - cidr: addresses and networks as text. */
#include <arpa/inet.h>
#include <string.h>

#include "expr/functions.h"

struct address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;     /* 32 or 128: of the spelling */
};

static bool read_address(const char *text, size_t size, struct address *ret)
{
    char buffer[INET6_ADDRSTRLEN];
    if (size >= sizeof buffer || memchr(text, '\0', size) != NULL)
        return false;
    memcpy(buffer, text, size);
    buffer[size] = '\0';
    *ret = (struct address){ .bytes = { [10] = 0xff, [11] = 0xff }, .bits = 32 };
    if (inet_pton(AF_INET, buffer, ret->bytes + 12) == 1)
        return true;
    ret->bits = 128;
    return inet_pton(AF_INET6, buffer, ret->bytes) == 1;
}

/* "10.0.0.0/8", or an address alone: a network of one. The length is in bits of 128. */
static bool read_network(struct datum text, struct address *ret, unsigned *ret_length)
{
    const char *slash = memchr(text.text, '/', text.size);
    const size_t size = slash != NULL ? (size_t)(slash - text.text) : text.size;
    if (!read_address(text.text, size, ret))
        return false;
    unsigned length = 0;
    size_t at = size + 1;
    for (; at < text.size && at < size + 4 && text.text[at] >= '0' && text.text[at] <= '9'; at++)
        length = length * 10 + (unsigned)(text.text[at] - '0');
    if (slash == NULL)
        length = ret->bits;
    else if (at == size + 1 || at != text.size || length > ret->bits)
        return false;
    *ret_length = 128 - ret->bits + length;
    return true;
}

bool wp_net_is_network(struct datum text)
{
    struct address network;
    unsigned length;
    return read_network(text, &network, &length);
}

struct datum wp_net_cidr(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    struct address address, network;
    unsigned length;
    if (args[0].kind != DATUM_STRING || args[1].kind != DATUM_STRING ||
        !read_address(args[0].text, args[0].size, &address) || !read_network(args[1], &network, &length))
        return datum_null();
    const unsigned whole = length / 8, rest = length % 8;
    if (memcmp(address.bytes, network.bytes, whole) != 0)
        return datum_bool(false);
    return datum_bool(rest == 0 || ((address.bytes[whole] ^ network.bytes[whole]) >> (8 - rest)) == 0);
}
