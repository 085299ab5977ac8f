/* mhd.c - loads libmicrohttpd, by the name of the version whose headers we were built with. */
#include "mhd.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libmicrohttpd.so.12" /* since 0.9.50; the name changes with the interface */

static bool find(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    memcpy(ret_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

const struct microhttpd *microhttpd_get(void)
{
    static struct microhttpd functions;
    static bool is_loaded;
    if (is_loaded)
        return &functions;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    is_loaded = library != NULL && find(library, "MHD_start_daemon", &functions.start_daemon) &&
                find(library, "MHD_stop_daemon", &functions.stop_daemon) &&
                find(library, "MHD_get_daemon_info", &functions.get_daemon_info) &&
                find(library, "MHD_get_version", &functions.get_version) &&
                find(library, "MHD_lookup_connection_value", &functions.lookup) &&
                find(library, "MHD_create_response_from_buffer", &functions.create_response) &&
                find(library, "MHD_add_response_header", &functions.add_header) &&
                find(library, "MHD_queue_response", &functions.queue_response) &&
                find(library, "MHD_destroy_response", &functions.destroy_response);
    return is_loaded ? &functions : NULL;
}
