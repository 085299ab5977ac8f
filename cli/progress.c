/* progress.c - sizes and times for human eyes. */
#include "progress.h"

#include <stdio.h>

const char *progress_bytes(char *buffer, unsigned size, double bytes)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
    unsigned unit = 0;
    while (bytes >= 999.5 && unit < 5) {
        bytes /= 1000;
        unit++;
    }
    snprintf(buffer, size, "%.*f %s", unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2, bytes, units[unit]);
    return buffer;
}

const char *progress_time(char *buffer, unsigned size, double seconds)
{
    const unsigned long s = seconds < 0 ? 0 : seconds > 1e8 ? 100000000ul : (unsigned long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(buffer, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(buffer, size, "%02lu:%02lu", s / 60, s % 60);
    return buffer;
}
