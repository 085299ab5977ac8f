/* fail_alloc.c - the linker's --wrap sends every request here; a table knows what is out. */
#include "fail_alloc.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **ret_memory, size_t alignment, size_t size);
void __real_free(void *memory);
void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **ret_memory, size_t alignment, size_t size);
void __wrap_free(void *memory);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t size);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
char *__wrap_realpath(const char *path, char *room);
int __wrap_asprintf(char **ret_text, const char *format, ...);

#define SLOTS (1u << 16)

struct piece {
    void *memory;
    size_t size;
    uint64_t serial;
};

static struct {
    pthread_mutex_t lock;
    long nth, seen;
    bool lasting;
    size_t count;
    uint64_t serial, printed;
    struct piece slots[SLOTS]; /* by address, linear probing */
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

void fail_alloc_arm(long nth, bool lasting)
{
    (void)pthread_mutex_lock(&table.lock);
    table.nth = nth;
    table.lasting = lasting;
    table.seen = 0;
    (void)pthread_mutex_unlock(&table.lock);
}

long fail_alloc_disarm(void)
{
    (void)pthread_mutex_lock(&table.lock);
    const long seen = table.seen;
    table.nth = 0;
    table.seen = 0;
    (void)pthread_mutex_unlock(&table.lock);
    return seen;
}

size_t fail_alloc_outstanding(void)
{
    (void)pthread_mutex_lock(&table.lock);
    const size_t count = table.count;
    (void)pthread_mutex_unlock(&table.lock);
    return count;
}

void fail_alloc_print(void)
{
    (void)pthread_mutex_lock(&table.lock);
    for (size_t i = 0; i < SLOTS; i++)
        if (table.slots[i].memory != NULL && table.slots[i].serial >= table.printed)
            fprintf(stderr, "  out: %p, %zu bytes\n", table.slots[i].memory, table.slots[i].size);
    table.printed = table.serial;
    (void)pthread_mutex_unlock(&table.lock);
}

static bool refused(void)
{
    (void)pthread_mutex_lock(&table.lock);
    table.seen++;
    const bool no = table.nth > 0 && (table.lasting ? table.seen >= table.nth : table.seen == table.nth);
    (void)pthread_mutex_unlock(&table.lock);
    return no;
}

static size_t home_of(const void *memory)
{
    return (size_t)(((uintptr_t)memory >> 4) * 0x9e3779b97f4a7c15u >> 40) % SLOTS;
}

static void *note(void *memory, size_t size)
{
    if (memory == NULL)
        return NULL;
    (void)pthread_mutex_lock(&table.lock);
    if (++table.count > SLOTS / 2)
        abort();
    size_t at = home_of(memory);
    while (table.slots[at].memory != NULL)
        at = (at + 1) % SLOTS;
    table.slots[at] = (struct piece){ memory, size, table.serial++ };
    (void)pthread_mutex_unlock(&table.lock);
    return memory;
}

/* Before it is given back: afterwards another thread may have been given it anew. Libraries' memory isn't known here.
 */
static void forget(const void *memory)
{
    (void)pthread_mutex_lock(&table.lock);
    size_t at = home_of(memory);
    while (table.slots[at].memory != NULL && table.slots[at].memory != memory)
        at = (at + 1) % SLOTS;
    if (table.slots[at].memory != NULL) {
        table.count--;
        table.slots[at].memory = NULL;
        /* Those behind it may have wanted its place. */
        for (size_t i = (at + 1) % SLOTS; table.slots[i].memory != NULL; i = (i + 1) % SLOTS) {
            const struct piece piece = table.slots[i];
            table.slots[i].memory = NULL;
            size_t to = home_of(piece.memory);
            while (table.slots[to].memory != NULL)
                to = (to + 1) % SLOTS;
            table.slots[to] = piece;
        }
    }
    (void)pthread_mutex_unlock(&table.lock);
}

static void *out_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? out_of_memory() : note(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? out_of_memory() : note(__real_calloc(count, size), count * size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (refused())
        return out_of_memory();
    if (memory != NULL)
        forget(memory);
    return note(__real_realloc(memory, size), size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? out_of_memory() : note(__real_aligned_alloc(alignment, size), size);
}

int __wrap_posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    if (refused())
        return ENOMEM;
    const int error = __real_posix_memalign(ret_memory, alignment, size);
    if (error == 0)
        (void)note(*ret_memory, size);
    return error;
}

void __wrap_free(void *memory)
{
    if (memory != NULL)
        forget(memory);
    __real_free(memory);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (refused()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *memory = __real_mmap(address, size, protection, flags, fd, offset);
    if (memory != MAP_FAILED)
        (void)note(memory, size);
    return memory;
}

int __wrap_munmap(void *address, size_t size)
{
    forget(address);
    return __real_munmap(address, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
    return refused() ? EAGAIN : __real_pthread_create(thread, attributes, run, arg);
}

char *__wrap_strndup(const char *text, size_t size)
{
    const size_t length = strnlen(text, size);
    char *copy = __wrap_malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

char *__wrap_strdup(const char *text)
{
    return __wrap_strndup(text, strlen(text));
}

/* The library allocates in these, where the linker doesn't reach; what comes out is ours to free. */
char *__wrap_realpath(const char *path, char *room)
{
    if (room != NULL || refused())
        return out_of_memory();
    char *real = canonicalize_file_name(path);
    return real == NULL ? NULL : note(real, strlen(real) + 1);
}

int __wrap_asprintf(char **ret_text, const char *format, ...)
{
    if (refused())
        return -1;
    va_list args;
    va_start(args, format);
    const int length = vasprintf(ret_text, format, args);
    va_end(args);
    if (length >= 0)
        (void)note(*ret_text, (size_t)length + 1);
    return length;
}
