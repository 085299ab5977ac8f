/* address.h - where `listen` and `send` meet their peers: a scheme and an address. */
#ifndef WP_ADDRESS_H
#define WP_ADDRESS_H

#include <weir/net.h>

enum address_scheme { ADDRESS_TCP, ADDRESS_TLS, ADDRESS_UDP, ADDRESS_UNIX, ADDRESS_UNIXGRAM };

struct address {
    enum address_scheme scheme;
    weir_addr addr;
};

/*
 * "tcp://127.0.0.1:514", "tcp://:514" (all of this machine), "tls://:6514", "udp://[::1]:514", "unix:/run/a.sock",
 * "unixgram:/run/log". NULL; or what is wrong with it, half a sentence.
 */
const char *wp_address_parse(const char *text, struct address *ret_address);

#endif
