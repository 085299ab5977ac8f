/*
 * mhd.h - libmicrohttpd, loaded when --metrics or --ui is asked for: with what it needs (GnuTLS and its
 * libraries) it would cost every start of weir some milliseconds.
 */
#ifndef MHD_H
#define MHD_H

#include <microhttpd.h>

struct microhttpd {
    __typeof__(MHD_start_daemon) *start_daemon;
    __typeof__(MHD_stop_daemon) *stop_daemon;
    __typeof__(MHD_get_daemon_info) *get_daemon_info;
    __typeof__(MHD_get_version) *get_version;
    __typeof__(MHD_lookup_connection_value) *lookup;
    __typeof__(MHD_create_response_from_buffer) *create_response;
    __typeof__(MHD_add_response_header) *add_header;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_destroy_response) *destroy_response;
};

/* NULL: this machine has none that fits. One thread. Stays loaded. */
const struct microhttpd *microhttpd_get(void);

#endif
