/* panic.c - weir_panic(): write the message into this thread's landing, and jump there. */
#include "panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Thread_local struct panic_landing *wi_panic_landing;

void wi_panic_report(const struct panic_landing *landing, const char *what)
{
    fprintf(stderr, "weir: %s panicked at %s:%d: %s\n", what, landing->file, landing->line, landing->message);
}

void weir_panic_at(const char *file, int line, const char *format, ...)
{
    /* Not straight into the landing: the arguments may be the message of an earlier panic, which lies there. */
    char message[PANIC_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    if (vsnprintf(message, sizeof message, format, args) < 0)
        message[0] = '\0';
    va_end(args);

    struct panic_landing *const landing = wi_panic_landing;
    if (landing == NULL) {
        /* The one line a library of ours prints by itself: nobody is left to be told. */
        fprintf(stderr, "weir: panic at %s:%d: %s\n", file, line, message);
        abort();
    }
    memcpy(landing->message, message, sizeof message);
    landing->file = file;
    landing->line = line;
    longjmp(landing->place, 1);
}
