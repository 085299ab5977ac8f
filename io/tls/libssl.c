/* libssl.c - loads libssl once, by the name of the version whose headers we were built with. */
#include "libssl.h"

#include <dlfcn.h>
#include <pthread.h>

#include <weir/library.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define LIBRARY "libssl.so." TEXT(OPENSSL_SHLIB_VERSION)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct libssl functions;
static bool is_loaded;

#ifndef WEIR_STATIC
/* libcrypto's are found through libssl, which needs it. */
static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    is_loaded = library != NULL;
#define X(name) is_loaded = is_loaded && weir_library_find(library, #name, &functions.name);
    WI_LIBSSL_FUNCTIONS(X)
#undef X
}
#else
static void load(void)
{
#define X(name) functions.name = name;
    WI_LIBSSL_FUNCTIONS(X)
#undef X
    is_loaded = true;
}
#endif

const struct libssl *wi_libssl(void)
{
    (void)pthread_once(&once, load);
    return is_loaded ? &functions : NULL;
}
