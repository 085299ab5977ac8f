/* library.h - functions of a shared library that is loaded when it is needed first. */
#ifndef WEIR_LIBRARY_H
#define WEIR_LIBRARY_H

#include <dlfcn.h>
#include <string.h>

#include <weir/base.h>

/*
 * weir_library_find() - looks a function up in a library of dlopen(3), into
 * the pointer to a function at `ret_function`, whatever its type.
 *
 * Returns false where the library has no such name: the pointer is NULL then.
 * dlsym(3) gives a pointer to data, which C lets nobody cast to one to a
 * function; POSIX says that the bytes are the same.
 */
static inline bool weir_library_find(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    memcpy(ret_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

#endif
