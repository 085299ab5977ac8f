/* libcrypto.c - loads libcrypto once, by the name of the version whose headers we were built with. */
#include "libcrypto.h"

#include <dlfcn.h>
#include <pthread.h>

#include <weir/library.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define LIBRARY "libcrypto.so." TEXT(OPENSSL_SHLIB_VERSION)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct libcrypto functions;
static bool is_loaded;

#ifndef WEIR_STATIC
static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    is_loaded = library != NULL && weir_library_find(library, "EVP_MD_fetch", &functions.md_fetch) &&
                weir_library_find(library, "EVP_MD_free", &functions.md_free) &&
                weir_library_find(library, "EVP_MD_CTX_new", &functions.ctx_new) &&
                weir_library_find(library, "EVP_MD_CTX_free", &functions.ctx_free) &&
                weir_library_find(library, "EVP_DigestInit_ex2", &functions.init) &&
                weir_library_find(library, "EVP_DigestUpdate", &functions.update) &&
                weir_library_find(library, "EVP_DigestFinal_ex", &functions.final) &&
                weir_library_find(library, "EVP_Digest", &functions.digest);
}
#else
static void load(void)
{
    functions = (struct libcrypto){ EVP_MD_fetch,       EVP_MD_free,      EVP_MD_CTX_new,     EVP_MD_CTX_free,
                                    EVP_DigestInit_ex2, EVP_DigestUpdate, EVP_DigestFinal_ex, EVP_Digest };
    is_loaded = true;
}
#endif

const struct libcrypto *libcrypto_get(void)
{
    (void)pthread_once(&once, load);
    return is_loaded ? &functions : NULL;
}
