/* progress.c - one calm line on stderr while a command works. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "screen.h"

#define REDRAW_NS 100000000
#define PLAIN_NS 10000000000
/* A command that is through sooner than this shows nothing. */
#define FIRST_NS 300000000

static uint64_t read_counter(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void progress_init(struct progress *progress, enum progress_mode mode, const weir_hash_counters *counters)
{
    if (mode == PROGRESS_AUTO)
        mode = isatty(STDERR_FILENO) ? PROGRESS_ALWAYS : PROGRESS_NEVER;
    if (mode == PROGRESS_ALWAYS && !isatty(STDERR_FILENO))
        mode = PROGRESS_PLAIN;
    *progress = (struct progress){ .counters = counters, .mode = mode };
}

void progress_hide(struct progress *progress)
{
    if (!progress->drawn)
        return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
    progress->drawn = false;
}

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

/* Rates are smoothed over about two seconds, so that they can be read. */
static void measure(struct progress *progress, int64_t now_ns)
{
    const uint64_t files = read_counter(&progress->counters->files);
    const uint64_t bytes = read_counter(&progress->counters->bytes);
    const double seconds = (double)(now_ns - progress->last_ns) / 1e9;
    if (progress->last_ns != 0 && seconds > 0) {
        const double weight = progress->bytes_per_s == 0 && progress->files_per_s == 0 ? 1 : seconds / (seconds + 2);
        progress->bytes_per_s += weight * ((double)(bytes - progress->last_bytes) / seconds - progress->bytes_per_s);
        progress->files_per_s += weight * ((double)(files - progress->last_files) / seconds - progress->files_per_s);
    }
    progress->last_ns = now_ns;
    progress->last_bytes = bytes;
    progress->last_files = files;
}

static void describe(const struct progress *progress, char *text, unsigned size)
{
    const weir_hash_counters *counters = progress->counters;
    const uint64_t files = progress->last_files, found = read_counter(&counters->files_found);
    const uint64_t errors = read_counter(&counters->errors);
    char bytes[16], rate[16], time[24], left[40] = "", failed[32] = "";
    progress_bytes(bytes, sizeof bytes, (double)progress->last_bytes);
    progress_bytes(rate, sizeof rate, progress->bytes_per_s);
    progress_time(time, sizeof time, (double)(progress->last_ns - progress->started_ns) / 1e9);
    /* Time left can be told only once it is known how much there is. */
    if (read_counter(&counters->walk_done) != 0 && progress->files_per_s > 0 && found > files) {
        char eta[24];
        progress_time(eta, sizeof eta, (double)(found - files) / progress->files_per_s);
        snprintf(left, sizeof left, ", %s left", eta);
    }
    if (errors > 0)
        snprintf(failed, sizeof failed, ", %lu failed", (unsigned long)errors);
    snprintf(text, size, "%lu of %lu%s files, %s, %s/s, %.0f files/s, %s%s%s", (unsigned long)files,
             (unsigned long)found, read_counter(&counters->walk_done) != 0 ? "" : "+", bytes, rate,
             progress->files_per_s, time, left, failed);
}

static void draw(struct progress *progress)
{
    char text[256];
    describe(progress, text, sizeof text);
    if (progress->mode == PROGRESS_PLAIN) {
        fprintf(stderr, "weir: %s\n", text);
        return;
    }
    /* The width is asked each time: a window may have been resized. */
    fprintf(stderr, "\r%.*s\x1b[K", screen_width(stderr) - 1, text);
    fflush(stderr);
    progress->drawn = true;
}

WEIR_ASYNC_DEFINE(progress_run)
{
    WEIR_BEGIN
    self->progress->started_ns = weir_now_ns();
    measure(self->progress, self->progress->started_ns);
    AWAIT(self->nap, weir_sleep_for(self->progress->mode == PROGRESS_PLAIN ? PLAIN_NS : FIRST_NS));
    while (self->progress->mode != PROGRESS_NEVER) {
        measure(self->progress, weir_now_ns());
        draw(self->progress);
        AWAIT(self->nap, weir_sleep_for(self->progress->mode == PROGRESS_PLAIN ? PLAIN_NS : REDRAW_NS));
    }
    WEIR_FINALLY
    progress_hide(self->progress);
    WEIR_END
}
