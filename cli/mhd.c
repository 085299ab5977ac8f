/* mhd.c - loads libmicrohttpd, by the name of the version whose headers we were built with. */
#include "mhd.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#include <weir/library.h>

#define LIBRARY "libmicrohttpd.so.12" /* since 0.9.50; the name changes with the interface */

const struct microhttpd *microhttpd_get(void)
{
    static struct microhttpd functions;
    static bool is_loaded;
    if (is_loaded)
        return &functions;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    is_loaded = library != NULL && weir_library_find(library, "MHD_start_daemon", &functions.start_daemon) &&
                weir_library_find(library, "MHD_stop_daemon", &functions.stop_daemon) &&
                weir_library_find(library, "MHD_get_daemon_info", &functions.get_daemon_info) &&
                weir_library_find(library, "MHD_get_version", &functions.get_version) &&
                weir_library_find(library, "MHD_lookup_connection_value", &functions.lookup) &&
                weir_library_find(library, "MHD_create_response_from_buffer", &functions.create_response) &&
                weir_library_find(library, "MHD_add_response_header", &functions.add_header) &&
                weir_library_find(library, "MHD_queue_response", &functions.queue_response) &&
                weir_library_find(library, "MHD_destroy_response", &functions.destroy_response);
    return is_loaded ? &functions : NULL;
}
