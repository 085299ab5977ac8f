/*
 * progress.h - one calm line on stderr while a command works: files, bytes,
 * rate, time left. Nothing where stderr is no terminal, unless asked for; then
 * a plain line every ten seconds.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/hash_job.h>
#include <weir/time.h>

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER, PROGRESS_PLAIN };

struct progress {
    const weir_hash_counters *counters;
    enum progress_mode mode; /* resolved: ALWAYS (a line that is redrawn), PLAIN or NEVER */
    int64_t started_ns;
    int64_t last_ns;
    uint64_t last_bytes, last_files;
    double bytes_per_s, files_per_s; /* smoothed */
    bool drawn;
};

void progress_init(struct progress *progress, enum progress_mode mode, const weir_hash_counters *counters);
/* Takes the line off the screen, so that other text can be printed; the next tick draws it again. */
void progress_hide(struct progress *progress);

/* Draws until it is dropped. */
WEIR_ASYNC_DECLARE(progress_run, weir_unit, struct progress *progress; weir_sleep nap;);

/* "1.23 GB", "45.6 MB/s": three figures, decimal units. Returns buffer. */
const char *progress_bytes(char *buffer, unsigned size, double bytes);
/* "01:23", "2:03:04". */
const char *progress_time(char *buffer, unsigned size, double seconds);

#endif
